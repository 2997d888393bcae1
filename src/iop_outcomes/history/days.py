"""Days of an episode that say less, or other, than they should: what is read instead, and how often that was.

What cannot be (a discharge before admission, an assignment after death) never gets here: the door sets such a record
aside (``ingest.crosschecks``). What is merely incomplete is answered here, by rules that the report counts.
"""

import numpy as np
import pandas as pd

from iop_outcomes.tables.answered import EARLY_CONTACT, FIRST_SERVICE, LAST_SERVICE
from iop_outcomes.tables.canonical import CAME
from iop_outcomes.tables.lookup import among
from iop_outcomes.tables.parts import Table, parts_of


def days_mended(members: pd.DataFrame, session: Table | None) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the members with the days the records imply, and how many of them each rule answered.

    Parameters
    ----------
    members : pandas.DataFrame
        Indexed by ``member_id``, which is the episode's; all days on one clock.
    session : pandas.DataFrame, Parts or None
        Sessions with ``episode_id``, ``day`` on the same clock and ``status``.

    Returns
    -------
    members : pandas.DataFrame
    counts : dict of str to int
        Rule -> episodes.
    """
    members, counts = members.copy(), dict.fromkeys((FIRST_SERVICE, EARLY_CONTACT, LAST_SERVICE), 0)
    if "admission_day" in members and session is not None and len(session):
        first = _first_service(session, members["assignment_day"][members["admission_day"].isna()])
        members.loc[first.index, "admission_day"] = first
        counts[FIRST_SERVICE] = len(first)
    if {"admission_day", "last_contact_day"} <= set(members):
        early = (members["last_contact_day"] < members["assignment_day"]) & members["admission_day"].isna()
        members.loc[early, "last_contact_day"] = np.nan
        seen = members["admission_day"].isna() & members["last_contact_day"].notna()
        members.loc[seen, "admission_day"] = members.loc[seen, "last_contact_day"]
        counts |= {EARLY_CONTACT: int(early.sum()), LAST_SERVICE: int(seen.sum())}
    return members, counts


def _first_service(session: Table, assignment_day: pd.Series) -> pd.Series:
    """Return the day of the first session attended of those episodes that have one.

    What was attended before the assignment is no service of the level assigned.
    """
    found = []
    for part in parts_of(session) if len(assignment_day) else ():
        rows = part[part["status"].isin(CAME).to_numpy() & among(part["episode_id"], assignment_day.index)]
        names = rows["episode_id"].astype("str")
        rows = rows.assign(episode_id=names)[rows["day"].to_numpy() >= assignment_day.reindex(names).to_numpy()]
        found.append(rows.groupby("episode_id")["day"].min())
    first = pd.concat(found) if found else pd.Series(dtype=float)
    return first.groupby(level=0).min().astype(float)
