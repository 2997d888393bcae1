"""Do people assigned to an Intensive Outpatient Program do better than similar people in outpatient care?

For analysts: ``estimate``, ``survival``, ``weigh``, ``match`` and ``balance`` take a data frame with one row per person
and return tables; ``endpoints.score`` scores urine results. Everything else is one import further down.
"""

import importlib

_FUNCTIONS = ("balance", "estimate", "match", "survival", "weigh")
_MODULES = ("endpoints",)
__all__ = [*_FUNCTIONS, *_MODULES]


def __getattr__(name: str):
    """Import what is asked for when it is asked for, so that importing the package costs nothing (PEP 562)."""
    if name in _FUNCTIONS:
        return getattr(importlib.import_module("iop_outcomes.analyst"), name)
    if name in _MODULES:
        return importlib.import_module(f"iop_outcomes.{name}")
    raise AttributeError(f"module 'iop_outcomes' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
