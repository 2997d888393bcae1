"""Week by week: what came of the sessions and tests of each member, for figures and tables."""

from functools import partial

import numpy as np
import pandas as pd

from iop_outcomes import tables
from iop_outcomes.endpoints.matrix import SYMBOLS
from iop_outcomes.history.history import History
from iop_outcomes.history.outcome_rules import Panel
from iop_outcomes.history.sessions import in_shards, shards
from iop_outcomes.history.urine_weeks import urine_weeks_or_none
from iop_outcomes.metrics.weekly_hours import weekly_attendance
from iop_outcomes.tables.capability import unmet
from iop_outcomes.tables.parts import Parts, Table


def weekly_records(history: History, capability: pd.DataFrame, substance: Panel = None) -> Table:
    """Return the ``weekly`` table: one row per member and whole week observed, with what the source can give.

    Where members are taken a shard at a time it comes in parts, each made when it is asked for.

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
    if urine is None and in_shards(history):
        return Parts(lambda: (partial(_attendance, shard) for _, shard in shards(history)), int(weeks.sum()))
    if urine is None:
        return _attendance(history)
    observed = np.flatnonzero((np.arange(n_weeks) < weeks[:, None]).ravel())
    if has_sessions:
        frame = _attendance(history)
    else:
        who = history.members.index.to_numpy()[observed // n_weeks]
        frame = pd.DataFrame({"member_id": who, "week": observed % n_weeks + 1})
    symbol = np.full(max(SYMBOLS.values()) + 1, "_", dtype=object)
    for text, code in SYMBOLS.items():
        symbol[code] = text
    frame["urine"] = symbol[urine.found.ravel()[observed]]
    return frame


def _attendance(history: History) -> pd.DataFrame:
    """Return what came of the sessions of each member and week."""
    attendance = weekly_attendance(history)
    who = history.members.index.take(attendance.pop("member").to_numpy())
    attendance.insert(0, "member_id", who)
    return attendance.drop(columns="hours_offered")
