"""What each arm plans: how soon care begins, sessions and hours due in it; if the first is missed, or the last ends it.

Whoever is due three sessions a week comes to more of them, and leaves shorter gaps, than somebody due one, though both
miss every fourth. What is planned is the arm itself, and no outcome of it.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.tables.canonical import CAME, NOT_OFFERED
from iop_outcomes.tables.follow_up import DUE, FIRST, HOURS, LAST, LATER, SESSIONS, WAITING
from iop_outcomes.tables.lookup import Held
from iop_outcomes.tables.parts import Table, parts_of

COUNTED = ["arm", "what", "level", "n", "n_all"]


def due_by_arm(
    members: pd.DataFrame, records: Mapping[str, Table], assigned: pd.DataFrame, stay: np.ndarray
) -> pd.DataFrame:
    """Return rows of the ``recording`` table: by arm what was due while people were in care.

    Parameters
    ----------
    members : DataFrame
        Table ``cohort``.
    records : mapping of str to DataFrame
        Canonical tables.
    assigned : DataFrame
        Of ``cohort.build.candidates_of``.
    stay : ndarray, shape (members,)
        Days in care from time zero, missing where nothing says.

    Returns
    -------
    DataFrame
        ``arm``, ``what``, ``level``, ``n`` and ``n_all``: sessions and hours due on so many days in care; people who
        came to the first session due, of all who were due any; sessions attended after it, of all due after it; and
        people who left on the day of the last session they came to, of all who came and left before completing. No
        rows where the source has no sessions.
    """
    session = records.get("session")
    if session is None or not len(session):
        return pd.DataFrame(columns=COUNTED)
    own = assigned.reindex(members["member_id"])
    last = np.fmin(stay, members["follow_up_end_day"].to_numpy(float))
    waited = np.nan_to_num(own["began_day"].to_numpy(float) - members["time_zero_day"].to_numpy())
    due = _due_by_member(members, session, last).assign(days=np.maximum(last + 1 - np.maximum(waited, 0), 0))
    hours = due["minutes"] / 60
    if not due["timed"].any() and "prescribed_hours_per_week" in own:
        hours = own["prescribed_hours_per_week"].to_numpy(float) * due["days"] / 7
    due["hours"] = hours.where((due["timed"] > 0) | ~due["timed"].any())
    due["days_of_hours"] = due["days"].where(due["hours"].notna())
    due["left"] = _left(own, stay, members) & due["last_came"].notna()
    due["left_at_last"] = due["left"] & (due["last_came"] == stay)
    total = due.astype(float).groupby(members["arm"].astype("str").to_numpy()).sum()
    cells = {
        SESSIONS: ("due", "days"),
        HOURS: ("hours", "days_of_hours"),
        FIRST: ("came_first", "any"),
        LATER: ("came_later", "later"),
        LAST: ("left_at_last", "left"),
    }
    rows = [
        (arm, DUE, level, round(row[n]), round(row[n_all]))
        for arm, row in total.iterrows()
        for level, (n, n_all) in cells.items()
        if row[n_all] > 0
    ]
    return pd.DataFrame(rows, columns=COUNTED)


def waiting_by_arm(members: pd.DataFrame, began: np.ndarray) -> pd.DataFrame:
    """Return rows of the ``recording`` table: by arm the days from time zero until care began, and the people who came.

    Parameters
    ----------
    members : DataFrame
        Table ``cohort``.
    began : ndarray, shape (members,)
        Day on which the care of each began, in the days of the person; missing of those who never came.
    """
    waited = began - members["time_zero_day"].to_numpy()
    came = ~np.isnan(waited) & (waited <= members["follow_up_end_day"].to_numpy(float))
    days = pd.Series(np.maximum(waited[came], 0)).groupby(members["arm"].astype("str").to_numpy()[came])
    counted = days.agg(n="sum", n_all="size").astype(int).rename_axis("arm").reset_index()
    return counted.assign(what=DUE, level=WAITING)[COUNTED]


def _left(own: pd.DataFrame, stay: np.ndarray, members: pd.DataFrame) -> np.ndarray:
    """Return who left care before its end and that of observation; completed treatment may end with a session."""
    reason = own.reindex(columns=["discharge_reason"])["discharge_reason"].astype("str").to_numpy()
    return (stay < members["follow_up_end_day"].to_numpy(float)) & (reason != "completed")


def _due_by_member(members: pd.DataFrame, session: Table, last: np.ndarray) -> pd.DataFrame:
    """Return by member what was due on days 0 to ``last``, and what of it was attended."""
    zero, n = members["time_zero_day"].to_numpy(), len(members)
    held, columns = Held(members["member_id"]), ("due", "came", "minutes", "timed")
    found = {name: np.zeros(n) for name in columns}
    (first, first_came), last_came = np.full((2, n), np.inf), np.full(n, -np.inf)
    for part in parts_of(session):
        at = held.positions(part["episode_id"])
        since = part["day"].to_numpy(float) - zero[at]
        offered = ~part["status"].isin(NOT_OFFERED).to_numpy(bool)
        own = (at >= 0) & (since >= 0) & (since <= last[at]) & offered
        at, since, came = at[own], since[own], part["status"].isin(CAME).to_numpy(bool)[own]
        minutes = _minutes(part)[own]
        for name, weights in zip(columns, (None, came, np.nan_to_num(minutes), ~np.isnan(minutes)), strict=True):
            found[name] += np.bincount(at, None if weights is None else weights.astype(float), minlength=n)
        np.minimum.at(first, at, since)
        np.minimum.at(first_came, at[came], since[came])
        np.maximum.at(last_came, at[came], since[came])
    table = pd.DataFrame(found)
    # What became of sessions without minutes is not known to be shorter: the others speak for them.
    table["minutes"] *= (table["due"] / table["timed"]).where(table["timed"] > 0)
    table["any"] = np.isfinite(first).astype(float)
    table["came_first"] = (np.isfinite(first) & (first == first_came)).astype(float)
    table["came_later"], table["later"] = table["came"] - table["came_first"], table["due"] - table["any"]
    table["last_came"] = np.where(np.isfinite(last_came), last_came, np.nan)
    return table


def _minutes(part: pd.DataFrame) -> np.ndarray:
    """Return the minutes planned of each session, or else those attended, missing where neither is on record."""
    known = [part[c].astype(float) for c in ("minutes_scheduled", "minutes_attended") if c in part]
    if not known:
        return np.full(len(part), np.nan)
    return known[0].fillna(known[-1]).to_numpy()
