"""Metrics: what happened to a person, one small function each, one file per family."""

from iop_outcomes.kernel import lazy

_HOMES = dict.fromkeys(("first_use_interval", "relapse_times"), "relapse")
__all__ = [*_HOMES]
__getattr__, __dir__ = lazy.public(__name__, _HOMES)
