"""How each arm writes down that care ended: when, for what reason, and whether an episode is one treatment.

One programme closes a client's record a month after the last visit, or never, another calls whoever finished "other", a
third opens a new episode at every authorisation, or where people step down. What is read from the day or the reason of
discharge then differs between arms in which the same happened. Here it is only counted, by arm.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.tables.canonical import CAME, DISCHARGE_REASONS
from iop_outcomes.tables.follow_up import DISCHARGE, GONE, LATE, NEVER_CLOSED, REASON, REOPENED, SOON
from iop_outcomes.tables.lookup import Held, all_different, among, rows_of
from iop_outcomes.tables.parts import Table, parts_of

COUNTED = ["arm", "what", "level", "n", "n_all"]
UNKNOWN = "unknown"
SAME, ANOTHER = "the same level of care", "another outpatient level of care"
#: Levels between which one treatment goes on. Whoever is admitted to detox or to a ward is treated for something new.
OUTPATIENT = ("0.5", "1", "2.1", "2.5")


def discharges_by_arm(members: pd.DataFrame, records: Mapping[str, Table]) -> pd.DataFrame:
    """Return rows of the ``recording`` table: by arm how the end of care was written down.

    Parameters
    ----------
    members : DataFrame
        Table ``cohort``.
    records : mapping of str to DataFrame
        Canonical tables.

    Returns
    -------
    DataFrame
        ``arm``, ``what``, ``level``, ``n`` and ``n_all``, in people: by reason, those discharged more than ``LATE``
        days after the last session they came to, of all discharged so; those discharged for a reason, of all
        discharged; those admitted to the same or to another outpatient level of care within ``SOON`` days, of all
        discharged; and those without an end on record, of all who came last more than ``GONE`` days before the end of
        their observation.
    """
    episode, session = records.get("episode"), records.get("session")
    if episode is None or "discharge_day" not in episode:
        return pd.DataFrame(columns=COUNTED)
    asked = ("episode_id", "person_id", "level_of_care", "discharge_day", "discharge_reason", "last_contact_day")
    own = rows_of(episode[[c for c in asked if c in episode]], "episode_id", pd.Index(members["member_id"]))
    reason = own.reindex(columns=["discharge_reason"])["discharge_reason"].astype("str")
    people = pd.DataFrame(
        {
            "arm": members["arm"].astype("str").to_numpy(),
            "level": reason.where(reason.isin(DISCHARGE_REASONS), UNKNOWN).to_numpy(),
            "left": own["discharge_day"].to_numpy(float),
        }
    )
    zero, observed = members["time_zero_day"].to_numpy(float), members["follow_up_end_day"].to_numpy(float)
    # Where one arm is observed for less time, only endings that could be seen in both are held against each other.
    both = members.groupby(people["arm"].to_numpy())["follow_up_end_day"].max().min() if len(members) else 0
    discharged = people[people["left"] - zero <= np.minimum(observed, both)]
    parts = [_reasons(discharged), _reopened(discharged, own, episode)]
    if session is not None and len(session):
        last = _last_attended(people["left"].to_numpy(), members, session)
        no_end = own.reindex(columns=["discharge_day", "discharge_reason", "last_contact_day"]).isna().all(axis=1)
        gone = zero + observed - last > GONE
        parts += [_late(people, last), _never_closed(people[gone & np.isfinite(last)], no_end.to_numpy())]
    return pd.concat([part[COUNTED] for part in parts], ignore_index=True)


def _reasons(people: pd.DataFrame) -> pd.DataFrame:
    if (people["level"] == UNKNOWN).all():
        return pd.DataFrame(columns=COUNTED)
    n_all = people.groupby("arm").size()
    table = people.groupby(["arm", "level"]).size().rename("n").reset_index()
    return table.assign(what=REASON, n_all=table["arm"].map(n_all))


def _reopened(people: pd.DataFrame, own: pd.DataFrame, episode: pd.DataFrame) -> pd.DataFrame:
    """Count who was admitted again, to the same level of care or another, on the day of discharge or soon after."""
    if not {"admission_day", "level_of_care"} <= set(episode) or not len(people):
        return pd.DataFrame(columns=COUNTED)
    own = own.iloc[people.index]
    columns = ["episode_id", "person_id", "admission_day", "level_of_care"]
    # Most people have one episode, and some sources know no person: then there is nothing to look up.
    several = not all_different(episode["person_id"])
    others = (
        episode.loc[among(episode["person_id"], own["person_id"]), columns] if several else episode.iloc[:0][columns]
    )
    repeated = others["person_id"].duplicated(keep=False).to_numpy()
    level = own["level_of_care"].astype("str").to_numpy()
    mine = pd.DataFrame(
        {
            "person_id": own["person_id"].to_numpy(),
            "level": level,
            "episode_id": own.index,
            "left": people["left"].to_numpy(),
        }
    )
    pairs = mine.merge(others[repeated], on="person_id", suffixes=("", "_other"))
    since = pairs["admission_day"].astype(float) - pairs["left"]
    pairs = pairs[(since >= 0) & (since <= SOON) & (pairs["episode_id"] != pairs["episode_id_other"])]
    to = pairs["level_of_care"].astype("str")
    again = {
        SAME: pairs.loc[pairs["level"] == to, "episode_id"],
        ANOTHER: pairs.loc[
            (pairs["level"] != to) & pairs["level"].isin(OUTPATIENT) & to.isin(OUTPATIENT), "episode_id"
        ],
    }
    tables = []
    for where, who in again.items():
        reopened = pd.Series(among(mine["episode_id"], who)).groupby(people["arm"].to_numpy())
        tables.append(reopened.agg(n="sum", n_all="size").rename_axis("arm").reset_index().assign(level=where))
    return pd.concat(tables).astype({"n": int, "n_all": int}).assign(what=REOPENED)


def _last_attended(left: np.ndarray, members: pd.DataFrame, session: Table) -> np.ndarray:
    """Return the day of the last session that each member came to by the discharge, or the end of observation."""
    until = np.where(np.isnan(left), members["time_zero_day"] + members["follow_up_end_day"], left)
    held, last = Held(members["member_id"]), np.full(len(members), -np.inf)
    for part in parts_of(session):
        came = part[part["status"].isin(CAME).to_numpy()]
        at = held.positions(came["episode_id"])
        day = came["day"].to_numpy(float)
        before = (at >= 0) & (day <= np.append(until, np.nan)[at])
        np.maximum.at(last, at[before], day[before])
    return last


def _late(people: pd.DataFrame, last: np.ndarray) -> pd.DataFrame:
    left = people["left"].to_numpy()
    known = people.assign(late=left - last > LATE)[np.isfinite(left) & np.isfinite(last)]
    table = known.groupby(["arm", "level"])["late"].agg(n="sum", n_all="size").astype(int).reset_index()
    return table.assign(what=DISCHARGE)


def _never_closed(gone: pd.DataFrame, no_end: np.ndarray) -> pd.DataFrame:
    open_ = pd.Series(no_end[gone.index], dtype=bool).groupby(gone["arm"].to_numpy())
    table = open_.agg(n="sum", n_all="size").astype(int).rename_axis("arm").reset_index()
    return table.assign(what=NEVER_CLOSED, level=NEVER_CLOSED)
