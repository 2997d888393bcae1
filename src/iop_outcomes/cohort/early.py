"""Who left care in its first days, by arm: an arm that nobody leaves then may be one of those who had stayed.

A level of care that is written over when somebody steps up, or a record that is opened at the second week, makes an arm
of those who were still there, with the first day of care as its beginning. Nothing in the dates says so but that nobody
of that arm ever left before.
"""

import numpy as np
import pandas as pd

from iop_outcomes.tables.canonical import CAME
from iop_outcomes.tables.follow_up import EARLY, EARLY_DAYS
from iop_outcomes.tables.lookup import Held
from iop_outcomes.tables.parts import Table, parts_of

COUNTED = ["arm", "what", "level", "n", "n_all"]


def early_by_arm(members: pd.DataFrame, session: Table | None, began: np.ndarray, stay: np.ndarray) -> pd.DataFrame:
    """Return rows of the ``recording`` table: by arm the people who left within so many days of care since time zero.

    Whoever came last in those days has left in them, too, whenever the record was closed.

    Parameters
    ----------
    members : DataFrame
        Table ``cohort``.
    session : DataFrame or Parts, optional
        Table ``session``.
    began : ndarray, shape (members,)
        Day on which the care of each began, in the days of the person; missing of those who never came.
    stay : ndarray, shape (members,)
        Days in care from time zero, missing where nothing says.

    Returns
    -------
    DataFrame
        ``arm``, ``what``, ``level`` (a number of days), ``n`` who left before, and ``n_all`` of whom it is known.
    """
    zero, observed = members["time_zero_day"].to_numpy(float), members["follow_up_end_day"].to_numpy(float)
    # Assignments after care had begun are on record as such, and are for the grace to judge.
    until, start = np.fmin(stay, observed), np.maximum(began - zero, 0)
    if session is not None and len(session):
        until = np.fmin(until, _last_came(members, session, until))
    left, seen = until - start, observed - start
    arm, rows = members["arm"].astype("str").to_numpy(), []
    for days in EARLY_DAYS:
        known = ~np.isnan(left) & (seen >= days)
        of_arm = pd.Series(left[known] < days).groupby(arm[known]).agg(n="sum", n_all="size")
        rows.append(of_arm.astype(int).rename_axis("arm").reset_index().assign(what=EARLY, level=str(days)))
    return pd.concat(rows, ignore_index=True)[COUNTED]


def _last_came(members: pd.DataFrame, session: Table, until: np.ndarray) -> np.ndarray:
    """Return the day since time zero on which each member came last while in care, missing of whoever never did."""
    zero, last = members["time_zero_day"].to_numpy(float), np.full(len(members), np.nan)
    held = Held(members["member_id"])
    for part in parts_of(session):
        came = part[part["status"].isin(CAME).to_numpy()]
        at = held.positions(came["episode_id"])
        since = came["day"].to_numpy(float) - zero[at]
        own = (at >= 0) & (since <= until[at])
        np.fmax.at(last, at[own], since[own])
    return last
