"""What each arm's records call a session that was missed, who was prescribed a medication, who has any service.

Two systems write the same week down differently: one has no-shows and cancellations, the other knows only who came.
What is made of either is then a difference between systems. Here only the words are counted, by arm.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from iop_outcomes.cohort.session_words import sessions_by_arm
from iop_outcomes.tables.follow_up import PRESCRIBED, SERVED
from iop_outcomes.tables.lookup import among, positions

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
        ``arm``, ``what`` (session status, missed of a kind, prescribed or served), ``level``, ``n`` (sessions, or
        people) and ``n_all``.
    """
    arms = sorted(members["arm"].astype("str").unique())
    parts = [sessions_by_arm(members, records.get("session"), arms), _medications(members, records, arms)]
    parts.append(_served(members, records.get("service")))
    parts = [part for part in parts if len(part)]
    columns = ["arm", "what", "level", "n", "n_all"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _medications(members: pd.DataFrame, records: Mapping[str, pd.DataFrame], arms: list[str]) -> pd.DataFrame:
    given = _prescriptions(records)
    if given.empty:
        return pd.DataFrame()
    who = members.set_index(members["person_id"].astype("str"))
    given = given[among(given["person_id"], who.index)]
    late = given["day"].to_numpy() >= who["time_zero_day"].reindex(given["person_id"]).to_numpy()
    people = given[late].drop_duplicates(["person_id", "medication"])
    arm = who["arm"].astype("str")
    table = pd.crosstab(arm.reindex(people["person_id"]).to_numpy(), people["medication"].to_numpy())
    named = [name for name in MEDICATIONS if name in table]
    table = table.reindex(index=arms, columns=named, fill_value=0)
    return _long(table, PRESCRIBED, arm.value_counts().reindex(arms, fill_value=0))


def _served(members: pd.DataFrame, service: pd.DataFrame | None) -> pd.DataFrame:
    if service is None or not len(service):
        return pd.DataFrame()
    at = positions(members["person_id"], service["person_id"])
    since = service["day"].to_numpy(float) - members["time_zero_day"].to_numpy(float)[at]
    own = at[(at >= 0) & (since >= 0) & (since <= members["follow_up_end_day"].to_numpy(float)[at])]
    anything = pd.Series(np.isin(np.arange(len(members)), own)).groupby(members["arm"].astype("str").to_numpy())
    counted = anything.agg(n="sum", n_all="size").astype(int).rename_axis("arm").reset_index()
    return counted.assign(what=SERVED, level="any service")


def _prescriptions(records: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return person, day and medication of what says that one was prescribed: tests flagged so, codes of services."""
    parts = [pd.DataFrame({"person_id": pd.Series(dtype="str"), "day": pd.Series(dtype=float), "medication": ""})]
    tests, services = records.get("drug_test"), records.get("service")
    if tests is not None and "prescribed" in tests:
        parts.extend(_named(tests[tests["prescribed"].fillna(False).to_numpy(bool)], "substance"))
    if services is not None and "code" in services:
        parts.extend(_named(services, "code"))
    return pd.concat(parts, ignore_index=True)


def _named(table: pd.DataFrame, column: str) -> Iterator[pd.DataFrame]:
    """Yield the rows whose text names a medication, for each of them; every distinct text is read once."""
    code, texts = pd.factorize(table[column])
    for name in MEDICATIONS:
        # The last answers for rows without a text, whose code is -1.
        names = np.array([name in str(text).casefold() for text in texts] + [False])
        if names.any():
            rows = table.loc[names[code], ["person_id", "day"]]
            yield rows.astype({"person_id": "str", "day": float}).assign(medication=name)


def _long(table: pd.DataFrame, what: str, n_all: pd.Series | None = None) -> pd.DataFrame:
    every = table.sum(axis=1) if n_all is None else n_all
    cells = [(arm, level) for arm in table.index for level in table]
    rows = [(arm, what, str(level), int(table.loc[arm, level]), int(every[arm])) for arm, level in cells]
    return pd.DataFrame(rows, columns=["arm", "what", "level", "n", "n_all"])
