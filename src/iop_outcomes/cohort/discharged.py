"""How each arm writes down that care ended: when, for what reason, and whether an episode is one treatment.

One programme closes a client's record a month after the last visit, another calls whoever finished "other", a third
opens a new episode at every authorisation. What is read from the day or the reason of discharge then differs between
arms in which the same happened. Here it is only counted, by arm.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.tables.canonical import CAME, DISCHARGE_REASONS
from iop_outcomes.tables.follow_up import DISCHARGE, LATE, REASON, REOPENED, SOON
from iop_outcomes.tables.lookup import Held, all_different, among, rows_of
from iop_outcomes.tables.parts import Table, parts_of

COUNTED = ["arm", "what", "level", "n", "n_all"]
UNKNOWN = "unknown"


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
        discharged; and those admitted to the same level of care again within ``SOON`` days, of all discharged.
    """
    episode, session = records.get("episode"), records.get("session")
    if episode is None or "discharge_day" not in episode:
        return pd.DataFrame(columns=COUNTED)
    asked = ("episode_id", "person_id", "level_of_care", "discharge_day", "discharge_reason")
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
        parts.append(_late(people, members, session))
    return pd.concat([part[COUNTED] for part in parts], ignore_index=True)


def _reasons(people: pd.DataFrame) -> pd.DataFrame:
    if (people["level"] == UNKNOWN).all():
        return pd.DataFrame(columns=COUNTED)
    n_all = people.groupby("arm").size()
    table = people.groupby(["arm", "level"]).size().rename("n").reset_index()
    return table.assign(what=REASON, n_all=table["arm"].map(n_all))


def _reopened(people: pd.DataFrame, own: pd.DataFrame, episode: pd.DataFrame) -> pd.DataFrame:
    """Count who was admitted again, to the same level of care, on the day of discharge or within ``SOON`` days."""
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
    mine = pd.DataFrame(
        {
            "person_id": own["person_id"].to_numpy(),
            "level_of_care": own["level_of_care"].to_numpy(),
            "episode_id": own.index,
            "left": people["left"].to_numpy(),
        }
    )
    pairs = mine.merge(others[repeated], on=["person_id", "level_of_care"], suffixes=("", "_other"))
    since = pairs["admission_day"].astype(float) - pairs["left"]
    again = pairs.loc[(since >= 0) & (since <= SOON) & (pairs["episode_id"] != pairs["episode_id_other"]), "episode_id"]
    reopened = pd.Series(among(mine["episode_id"], again)).groupby(people["arm"].to_numpy())
    table = reopened.agg(n="sum", n_all="size").rename_axis("arm")
    return table.astype(int).reset_index().assign(what=REOPENED, level="the same level of care")


def _late(people: pd.DataFrame, members: pd.DataFrame, session: Table) -> pd.DataFrame:
    left = people["left"].to_numpy()
    held, last = Held(members["member_id"]), np.full(len(members), -np.inf)
    for part in parts_of(session):
        came = part[part["status"].isin(CAME).to_numpy()]
        at = held.positions(came["episode_id"])
        day = came["day"].to_numpy(float)
        before = (at >= 0) & (day <= np.append(left, np.nan)[at])
        np.maximum.at(last, at[before], day[before])
    known = people.assign(late=left - last > LATE)[np.isfinite(left) & np.isfinite(last)]
    table = known.groupby(["arm", "level"])["late"].agg(n="sum", n_all="size").astype(int).reset_index()
    return table.assign(what=DISCHARGE)
