"""Synthetic studies with a known true effect.

``simulate(settings, seed)`` makes a ``World``; its ``tables()`` are canonical tables like those of any source, and
``tables('iop')`` and ``tables('outpatient')`` are what the same people would have gone through in either arm.
"""

from iop_outcomes.simulate.settings import Settings
from iop_outcomes.simulate.truth import truth
from iop_outcomes.simulate.world import World, simulate

__all__ = ["Settings", "World", "simulate", "truth"]
