"""Week by week: what came of the sessions and tests of each member, for figures and tables."""

import numpy as np
import pandas as pd

from iop_outcomes import tables
from iop_outcomes.endpoints.matrix import SYMBOLS
from iop_outcomes.history.history import History
from iop_outcomes.history.outcome_rules import Panel
from iop_outcomes.history.urine_weeks import urine_weeks_or_none
from iop_outcomes.metrics.weekly_hours import weekly_attendance
from iop_outcomes.tables.capability import unmet


def weekly_records(history: History, capability: pd.DataFrame, substance: Panel = None) -> pd.DataFrame:
    """Return the ``weekly`` table: one row per member and whole week observed, with what the source can give.

    Parameters
    ----------
    history : History
        Members and their records.
    capability : pandas.DataFrame
        Table of that contract; a source without sessions or tests leaves those columns out.
    substance : str or list of str, optional
        Target substances; the study's when left out. Without tests for them that column is left out.
    """
    weeks = history.follow_up_days // 7
    n_weeks = int(weeks.max(initial=0))
    urine = urine_weeks_or_none(history, capability, substance)
    has_sessions = not unmet(("session.status",), capability)
    if n_weeks == 0 or not (has_sessions or urine is not None):
        return tables.empty("weekly")
    observed = np.flatnonzero((np.arange(n_weeks) < weeks[:, None]).ravel())
    frame = pd.DataFrame(
        {"member_id": history.members.index.to_numpy()[observed // n_weeks], "week": observed % n_weeks + 1}
    )
    if has_sessions:
        attendance = weekly_attendance(history)
        frame = frame.assign(**{c: attendance[c] for c in ("n_eligible", "n_attended", "hours_attended")})
    if urine is not None:
        symbol = np.full(max(SYMBOLS.values()) + 1, "_", dtype=object)
        for text, code in SYMBOLS.items():
            symbol[code] = text
        frame["urine"] = symbol[urine.found.ravel()[observed]]
    return frame
