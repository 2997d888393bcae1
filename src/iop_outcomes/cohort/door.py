"""How many rows of each arm were set aside when they were read: one arm's export may lose the people of one kind."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from iop_outcomes.cohort.build import OTHER, assign_arms
from iop_outcomes.study import Cohort
from iop_outcomes.study.before_time_zero import ASSIGNMENT
from iop_outcomes.tables.canonical import ORPHAN
from iop_outcomes.tables.follow_up import AT_THE_DOOR, OF_NOBODY
from iop_outcomes.tables.lookup import Held
from iop_outcomes.tables.parts import Table, parts_of

#: Tables of which lost rows may make a difference, and whose key says which arm a row is of.
_KEY = {
    "episode": "episode_id",
    "session": "episode_id",
    **dict.fromkeys(("drug_test", "use_report", "service"), "person_id"),
}


def set_aside_by_arm(records: Mapping[str, Table], cohort: Cohort) -> pd.DataFrame:
    """Return of each table of which rows were set aside how many, by arm, as rows of the table ``recording``.

    Rows that are known to be no use, and rows that were lost with that of their person or episode, are not counted. Of
    people who were in several arms no test and no report is told.

    Parameters
    ----------
    records : mapping of str to DataFrame
        Canonical tables, ``rejected`` among them.
    cohort : Cohort

    Returns
    -------
    DataFrame
        ``arm``, ``what`` (set aside; set aside, of nobody known), ``level`` (the table), ``n`` and ``n_all`` (rows that
        were set aside, and with those that were taken; of nobody known, all rows of the arms together).
    """
    lost = _lost(records.get("rejected"))
    found = [
        row
        for table in _KEY
        if table in lost.groups
        for row in _of_table(table, lost.get_group(table), records, cohort)
    ]
    return pd.DataFrame(found, columns=["arm", "what", "level", "n", "n_all"])


def _lost(rejected: pd.DataFrame | None):
    if rejected is None or "expected" not in rejected:
        return pd.DataFrame({"table": []}).groupby("table")
    expected = rejected["expected"].astype("boolean").fillna(True).to_numpy(bool)
    text = rejected.astype({"table": "str", "rule": "str"})
    orphan = text["rule"].str.contains(ORPHAN).to_numpy(bool) & (text["table"] != "episode").to_numpy()
    return text[~expected & ~orphan].drop_duplicates(["file", "table", "line"]).groupby("table")


def _of_table(
    table: str, lost: pd.DataFrame, records: Mapping[str, Table], cohort: Cohort
) -> Iterator[tuple[str, str, str, int, int]]:
    nobody = lost.reindex(columns=list(ASSIGNMENT)).isna().all(axis=1)
    n = assign_arms(lost[~nobody], cohort.arms).value_counts()
    taken = _taken(table, records, cohort)
    every = int(sum(taken.values()) + sum(n.get(arm, 0) for arm in cohort.arms) + nobody.sum())
    for arm in cohort.arms:
        yield arm, AT_THE_DOOR, table, int(n.get(arm, 0)), int(n.get(arm, 0)) + taken[arm]
        yield arm, OF_NOBODY, table, int(nobody.sum()), every


def _taken(table: str, records: Mapping[str, Table], cohort: Cohort) -> dict[str, int]:
    """Return how many accepted rows of a table are of each arm."""
    episode, key, arms = records["episode"], _KEY[table], [OTHER, *cohort.arms]
    pairs = pd.DataFrame({"key": episode[key], "arm": assign_arms(episode, cohort.arms).cat.codes}).drop_duplicates()
    alone = pairs[~pairs["key"].duplicated(keep=False)]
    held, counts = Held(alone["key"]), np.zeros(len(arms), dtype=int)
    for part in parts_of(records[table]):
        at = held.positions(part[key])
        counts += np.bincount(alone["arm"].to_numpy()[at[at >= 0]], minlength=len(arms))
    return dict(zip(arms[1:], counts[1:].tolist(), strict=True))
