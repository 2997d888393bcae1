"""What each arm's records call a session that was missed, and to whom of each arm a medication was prescribed.

Two systems write the same week down differently: one has no-shows and cancellations, the other knows only who came.
What is made of either is then a difference between systems. Here only the words are counted, by arm.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.tables.canonical import SESSION_STATUSES
from iop_outcomes.tables.lookup import among

STATUS, PRESCRIBED = "session status", "prescribed"
#: Medications for addiction, as a source may name them in a test that is prescribed or in a code of a service.
MEDICATIONS = ("buprenorphine", "methadone", "naltrexone", "disulfiram", "acamprosate")


def words_by_arm(members: pd.DataFrame, records: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the ``recording`` table: by arm how often a session has a status, and a member a medication.

    Parameters
    ----------
    members : DataFrame
        Table ``cohort``.
    records : mapping of str to DataFrame
        Canonical tables.

    Returns
    -------
    DataFrame
        ``arm``, ``what`` (session status or prescribed), ``level``, ``n`` (sessions, or people) and ``n_all``.
    """
    arms = sorted(members["arm"].astype("str").unique())
    parts = [_statuses(members, records.get("session"), arms), _medications(members, records, arms)]
    parts = [part for part in parts if len(part)]
    columns = ["arm", "what", "level", "n", "n_all"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _statuses(members: pd.DataFrame, session: pd.DataFrame | None, arms: list[str]) -> pd.DataFrame:
    if session is None or not len(session):
        return pd.DataFrame()
    who = members.set_index("member_id")
    own = session[among(session["episode_id"], who.index)]
    since = own["day"].to_numpy() - who["time_zero_day"].reindex(own["episode_id"]).to_numpy()
    last = who["follow_up_end_day"].reindex(own["episode_id"]).to_numpy()
    own = own[(since >= 0) & (since <= last)]
    arm = who["arm"].astype("str").reindex(own["episode_id"]).to_numpy()
    table = pd.crosstab(arm, own["status"].astype("str").to_numpy())
    return _long(table.reindex(index=arms, columns=list(SESSION_STATUSES), fill_value=0), STATUS)


def _medications(members: pd.DataFrame, records: Mapping[str, pd.DataFrame], arms: list[str]) -> pd.DataFrame:
    arm = members.set_index("person_id")["arm"].astype("str")
    zero = members.set_index("person_id")["time_zero_day"]
    sizes = arm.value_counts().reindex(arms, fill_value=0)
    found = {}
    for name in MEDICATIONS:
        treated = _given(records, name)
        treated = treated[among(treated["person_id"], arm.index)]
        late = treated["day"].to_numpy() >= zero.reindex(treated["person_id"]).to_numpy()
        people = arm.reindex(treated.loc[late, "person_id"].unique())
        found[name] = people.value_counts().reindex(arms, fill_value=0)
    table = pd.DataFrame(found)
    table = table.loc[:, table.sum() > 0]
    if table.shape[1] == 0:
        return pd.DataFrame()
    return _long(table, PRESCRIBED, sizes)


def _given(records: Mapping[str, pd.DataFrame], medication: str) -> pd.DataFrame:
    """Return person and day of what says that a medication was prescribed: tests flagged so, and codes of services."""
    parts = [pd.DataFrame({"person_id": pd.Series(dtype="str"), "day": pd.Series(dtype=float)})]
    tests, services = records.get("drug_test"), records.get("service")
    if tests is not None and "prescribed" in tests:
        flagged = tests["prescribed"].fillna(False).to_numpy(bool)
        parts.append(tests.loc[flagged & _names(tests["substance"], medication), ["person_id", "day"]])
    if services is not None and "code" in services:
        parts.append(services.loc[_names(services["code"], medication), ["person_id", "day"]])
    return pd.concat([part.astype({"person_id": "str", "day": float}) for part in parts], ignore_index=True)


def _names(values: pd.Series, word: str) -> np.ndarray:
    return values.astype("str").str.casefold().str.contains(word, regex=False).fillna(False).to_numpy(bool)


def _long(table: pd.DataFrame, what: str, n_all: pd.Series | None = None) -> pd.DataFrame:
    every = table.sum(axis=1) if n_all is None else n_all
    cells = [(arm, level) for arm in table.index for level in table]
    rows = [(arm, what, str(level), int(table.loc[arm, level]), int(every[arm])) for arm, level in cells]
    return pd.DataFrame(rows, columns=["arm", "what", "level", "n", "n_all"])
