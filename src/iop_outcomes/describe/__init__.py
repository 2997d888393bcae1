"""What a report says of a cohort beside its metrics: week by week, still in care, tests against reports."""

from iop_outcomes.kernel import lazy

_HOMES = dict.fromkeys(("care_states", "retention_by_arm", "states_by_arm"), "retention")
_HOMES |= {"intercurrent_events": "intercurrent"}
__all__ = [*_HOMES]
__getattr__, __dir__ = lazy.public(__name__, _HOMES)
