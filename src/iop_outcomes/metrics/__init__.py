"""Metrics: what happened to a person, one small function each, one file per family.

A study names metrics; the calls below give what a metric, which is one number, cannot: times for models of survival.

Examples
--------
One person reports no use for seven days, and two days of use in the next seven; another no use for fourteen days, and
nothing afterwards. First use lies between two days, for ``stats.interval_censored``; or it is the day by which it is
certain, or censored with the last day known, for ``iop_outcomes.survival``. ``cohort`` and ``records`` are tables that
``run_study`` returns.

>>> import pandas as pd
>>> from iop_outcomes import history, metrics
>>> cohort = pd.DataFrame({"member_id": ["a", "b"], "person_id": ["a", "b"], "arm": ["iop", "outpatient"]})
>>> cohort = cohort.assign(time_zero_day=0, follow_up_end_day=27, end_reason="end_of_follow_up")
>>> records = {
...     "episode": pd.DataFrame({"episode_id": ["a", "b"], "person_id": ["a", "b"]}),
...     "use_report": pd.DataFrame(
...         {"person_id": ["a", "a", "b"], "day": [0, 7, 0], "window_days": [7, 7, 14], "days_used": [0, 2, 0]}
...     ).assign(substance="any"),
... }
>>> calendar = history.use_calendar(history.History.of(cohort, records))
>>> earliest, latest = metrics.first_use_interval(calendar, 28)
>>> earliest.tolist(), latest.tolist()
([7.0, 14.0], [12.0, inf])
>>> days, used = metrics.relapse_times(calendar, "first_use", 28)
>>> days.tolist(), used.tolist()
([12.0, 14.0], [True, False])
"""

from iop_outcomes.kernel import lazy

_HOMES = dict.fromkeys(("first_use_interval", "relapse_times"), "relapse")
__all__ = [*_HOMES]
__getattr__, __dir__ = lazy.public(__name__, _HOMES)
