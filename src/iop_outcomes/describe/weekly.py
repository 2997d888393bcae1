"""Week by week: what came of the sessions and tests of each member, for figures and tables."""

import numpy as np
import pandas as pd

from iop_outcomes import tables
from iop_outcomes.endpoints.matrix import SYMBOLS
from iop_outcomes.history.history import History
from iop_outcomes.metrics.urine import weekly_results
from iop_outcomes.metrics.weekly_hours import weekly_attendance
from iop_outcomes.tables.capability import unmet


def weekly_records(history: History, capability: pd.DataFrame, substance: str | None = None) -> pd.DataFrame:
    """Return the ``weekly`` table: one row per member and whole week observed, with what the source can give.

    Parameters
    ----------
    history : History
        Members and their records.
    capability : pandas.DataFrame
        Table of that contract; a source without sessions or tests leaves those columns out.
    substance : str, optional
        Substance or panel whose tests count; all that are not prescribed when left out.
    """
    weeks = history.follow_up_days // 7
    n_weeks = int(weeks.max(initial=0))
    has_sessions = not unmet(("session.status",), capability)
    has_tests = not unmet(("drug_test.result",), capability)
    if n_weeks == 0 or not (has_sessions or has_tests):
        return tables.empty("weekly")
    observed = np.flatnonzero((np.arange(n_weeks) < weeks[:, None]).ravel())
    frame = pd.DataFrame(
        {"member_id": history.members.index.to_numpy()[observed // n_weeks], "week": observed % n_weeks + 1}
    )
    if has_sessions:
        attendance = weekly_attendance(history)
        frame = frame.assign(**{c: attendance[c] for c in ("n_eligible", "n_attended", "hours_attended")})
    if has_tests:
        symbol = np.full(max(SYMBOLS.values()) + 1, "_", dtype=object)
        for text, code in SYMBOLS.items():
            symbol[code] = text
        frame["urine"] = symbol[weekly_results(history, substance=substance).ravel()[observed]]
    return frame
