"""Do people assigned to an Intensive Outpatient Program do better than similar people in outpatient care?

For analysts: ``estimate``, ``survival``, ``weigh``, ``match`` and ``balance`` take a data frame with one row per person
and return tables; ``endpoints.score`` scores urine results. For whole studies: ``load_study`` reads a study file or a
mapping, ``run_study`` makes every table of it, ``release_study`` writes what may be shared. Everything else is one
import further down.
"""

import importlib

_HOMES = {
    **dict.fromkeys(("balance", "estimate", "match", "survival", "weigh"), "analyst"),
    **dict.fromkeys(("load_study", "release_study"), "road"),
    "run_study": "stages",
}
_MODULES = ("endpoints",)
__all__ = [*_HOMES, *_MODULES]


def __getattr__(name: str):
    """Import what is asked for when it is asked for, so that importing the package costs nothing (PEP 562)."""
    if name in _HOMES:
        return getattr(importlib.import_module(f"iop_outcomes.{_HOMES[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"iop_outcomes.{name}")
    raise AttributeError(f"module 'iop_outcomes' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
