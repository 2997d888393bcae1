"""How people of each arm came in: who was assigned when care had begun, and who was lost before time zero.

Both are decided after the assignment, so that they can make the arms unlike however well their baseline is balanced.
"""

from collections.abc import Mapping

import pandas as pd

from iop_outcomes.cohort.build import assigned_late, candidates_of, watched
from iop_outcomes.study import Cohort
from iop_outcomes.study import before_time_zero as timing
from iop_outcomes.tables.canonical import MEASURED_DAY
from iop_outcomes.tables.lookup import rows_of


def entry_by_arm(
    records: Mapping[str, pd.DataFrame], cohort: Cohort, assigned: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return the ``entry`` table: of the episodes assigned to each arm, before eligibility, how they came in.

    Parameters
    ----------
    records : mapping of str to DataFrame
        Canonical tables.
    cohort : Cohort
        The section of the study.
    assigned : DataFrame, optional
        Of :func:`candidates_of`, if it is at hand.
    """
    assigned = candidates_of(records, cohort) if assigned is None else assigned
    reached = assigned["time_zero_day"].notna() & watched(assigned)
    late, after = assigned_late(assigned, cohort), assigned_late(assigned, cohort, grace_days=0)
    told = pd.DataFrame(
        {
            "arm": assigned["arm"],
            "n_assigned": True,
            "n_begun": assigned["began_day"].notna(),
            "n_lost": ~reached,
            "n_late": late,
            "n_in_grace": after & ~late,
            "n_baseline_late": _baseline_late(assigned, records, cohort),
        }
    )
    return told.groupby("arm").sum().reindex(list(cohort.arms), fill_value=0).astype(int).reset_index()


def _baseline_late(assigned: pd.DataFrame, records: Mapping[str, pd.DataFrame], cohort: Cohort) -> pd.Series:
    """Return whose baseline was measured after time zero, and so is not used."""
    baseline = records.get("baseline")
    if baseline is None or MEASURED_DAY not in baseline:
        return pd.Series(False, index=assigned.index)
    measured = rows_of(baseline[["episode_id", MEASURED_DAY]], "episode_id", assigned.index)[MEASURED_DAY]
    return ~timing.known_by(measured, assigned["time_zero_day"], cohort.assignment.grace_days)
