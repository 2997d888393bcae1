"""Synthetic studies with a known true effect.

``simulate(settings, seed)`` makes a ``World``; its ``tables()`` are canonical tables like those of any source, and
``tables('iop')`` and ``tables('outpatient')`` are what the same people would have gone through in either arm.
"""

import importlib

_HOMES = {"Settings": "settings", "World": "world", "simulate": "world"}
__all__ = ["Settings", "World", "simulate"]


def __getattr__(name: str):
    """Import what is asked for when it is asked for: a study file needs the settings and not the simulator."""
    if name not in _HOMES:
        raise AttributeError(f"module 'iop_outcomes.simulate' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"iop_outcomes.simulate.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
