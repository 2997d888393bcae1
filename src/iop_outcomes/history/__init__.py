"""What is known of a member over time: sessions, contacts, tests and reports on days since time zero."""

from iop_outcomes.kernel import lazy

_HOMES = {"EventRules": "intercurrent", "History": "history", "use_calendar": "evidence"}
__all__ = [*_HOMES]
__getattr__, __dir__ = lazy.public(__name__, _HOMES)
