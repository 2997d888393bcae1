"""What became of sessions by each arm's records: by status, and how many of each kind were missed."""

import numpy as np
import pandas as pd

from iop_outcomes.tables.canonical import CAME, MISSED, SESSION_KINDS, SESSION_STATUSES
from iop_outcomes.tables.follow_up import BY_KIND, STATUS
from iop_outcomes.tables.lookup import Held
from iop_outcomes.tables.parts import Table, parts_of


def sessions_by_arm(members: pd.DataFrame, session: Table | None, arms: list[str]) -> pd.DataFrame:
    """Return rows of the ``recording`` table: sessions of each status, and missed ones of each kind.

    Parameters
    ----------
    members : DataFrame
        Table ``cohort``.
    session : DataFrame or Parts, optional
        Table ``session``; those within the follow-up of members count.
    arms : list of str

    Returns
    -------
    DataFrame
        ``arm``, ``what``, ``level`` (a status; a mode or a type), ``n`` (sessions; missed ones) and ``n_all`` (all of
        the arm; those of the kind that were missed or came to).
    """
    if session is None or not len(session):
        return pd.DataFrame()
    counts = _counted(members, session, arms)
    rows = [
        (arm, STATUS, status, n, of_arm.sum())
        for arm, of_arm in zip(arms, counts["mode"].sum(axis=1), strict=True)
        for status, n in zip(SESSION_STATUSES, of_arm, strict=True)
    ]
    missed, due = (np.isin(SESSION_STATUSES, words) for words in (MISSED, MISSED + CAME))
    for kind, levels in SESSION_KINDS.items():
        for arm, of_arm in zip(arms, counts[kind][:, 1:], strict=True):
            each = zip(levels, of_arm[:, missed].sum(axis=1), of_arm[:, due].sum(axis=1), strict=True)
            rows += [(arm, BY_KIND, level, n, n_all) for level, n, n_all in each if n_all]
    table = pd.DataFrame(rows, columns=["arm", "what", "level", "n", "n_all"])
    return table.astype({"n": int, "n_all": int})


def _counted(members: pd.DataFrame, session: Table, arms: list[str]) -> dict[str, np.ndarray]:
    """Return sessions by arm, level and status for each column of kinds; the first level is of those without one."""
    zero, last = members["time_zero_day"].to_numpy(), members["follow_up_end_day"].to_numpy()
    arm = pd.Categorical(members["arm"].astype("str"), categories=arms).codes
    shapes = {kind: (len(arms), len(levels) + 1, len(SESSION_STATUSES)) for kind, levels in SESSION_KINDS.items()}
    held, counts = Held(members["member_id"]), {kind: np.zeros(shape, dtype=int) for kind, shape in shapes.items()}
    for part in parts_of(session):
        at = held.positions(part["episode_id"])
        since = part["day"].to_numpy() - zero[at]
        status = pd.Categorical(part["status"], categories=SESSION_STATUSES).codes
        own = (at >= 0) & (since >= 0) & (since <= last[at]) & (status >= 0)
        for kind, levels in SESSION_KINDS.items():
            there = part[kind] if kind in part else np.full(len(part), None)
            level = pd.Categorical(there, categories=levels).codes
            place = np.ravel_multi_index((arm[at[own]], level[own] + 1, status[own]), shapes[kind])
            counts[kind] += np.bincount(place, minlength=counts[kind].size).reshape(shapes[kind])
    return counts
