"""On which days people were looked at: tested, asked about use, given a questionnaire.

Use and symptoms are higher after leaving, and fall with time in care. An arm that is looked at only while people are
in care, or weeks later than the other, shows less of both though the same happened. No result is read here: only when
there was one.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.tables.follow_up import (
    ASKED_AFTER,
    DAY_SEEN,
    DAY_SQUARED,
    FILLED_IN,
    FILLED_IN_AFTER,
    REPORTS,
    TESTED_AFTER,
    TESTS,
)
from iop_outcomes.tables.lookup import positions
from iop_outcomes.tables.parts import Table, parts_of

COUNTED = ["arm", "what", "level", "n", "n_all"]
#: Days after care from which on somebody counts as seen, and for how long after care they must be observed.
FROM, FOR = 7, 28
#: Days from which on a questionnaire is one of the follow-up: until then it may be the baseline.
FOLLOW_UP = 8
#: Days in care by which people are alike enough for the days on which they were looked at to be compared.
STAYED = (28, 56, 84, 120, 180, 270, 365, 540)
_AFTER = {TESTS: TESTED_AFTER, REPORTS: ASKED_AFTER, FILLED_IN: FILLED_IN_AFTER}


def looked_at(members: pd.DataFrame, records: Mapping[str, Table], stay: np.ndarray) -> pd.DataFrame:
    """Return rows of the ``recording`` table: by arm who was looked at after care, and on which days people were.

    Parameters
    ----------
    members : DataFrame
        Table ``cohort``.
    records : mapping of str to DataFrame
        Canonical tables.
    stay : ndarray, shape (members,)
        Days in care from time zero, missing where nothing says.

    Returns
    -------
    DataFrame
        ``arm``, ``what``, ``level``, ``n`` and ``n_all``. After care: people looked at, or due to be tested, more than
        a week after it, of all who left at least four weeks before the end of their observation. Day seen, by kind and
        length of stay: the mean days of people added up, or their squares, and the people. No rows of what the source
        has none of.
    """
    parts = []
    for kind, table in (("drug_test", TESTS), ("use_report", REPORTS), ("assessment", FILLED_IN)):
        looks = _looks(members, records.get(kind), table)
        if looks is not None:
            parts += [_after_care(members, looks, stay, _AFTER[table]), _days(members, looks, stay, table)]
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True)[COUNTED] if parts else pd.DataFrame(columns=COUNTED)


def _looks(members: pd.DataFrame, table: Table | None, kind: str) -> pd.DataFrame | None:
    """Return of every look its member's position, the first and the last day it speaks of, and whether it was due only.

    Days are counted from time zero, and those beyond the follow-up are left out.
    """
    if table is None or not len(table):
        return None
    zero, last = members["time_zero_day"].to_numpy(), members["follow_up_end_day"].to_numpy(float)
    found = []
    for part in parts_of(table):
        rows = part[["person_id", "day"]].drop_duplicates() if kind == FILLED_IN else part
        at = positions(members["person_id"], rows["person_id"])
        since = rows["day"].to_numpy() - zero[at]
        own = (at >= 0) & (since >= 0) & (since <= last[at])
        lasts = rows["window_days"].to_numpy() - 1 if kind == REPORTS else 0
        missed = (rows["result"] == "missing").to_numpy(bool) if kind == TESTS else np.zeros(len(rows), dtype=bool)
        looks = pd.DataFrame({"member": at, "day": since, "until": since + lasts, "missed": missed})
        found.append(looks[own])
    return pd.concat(found, ignore_index=True).drop_duplicates()


def _after_care(members: pd.DataFrame, looks: pd.DataFrame, stay: np.ndarray, what: str) -> pd.DataFrame:
    left = stay + FOR <= members["follow_up_end_day"].to_numpy(float)
    # A test that was due and missed is on record: what it counts as is for the rules for missing tests.
    after = looks["until"].to_numpy(float) > stay[looks["member"]] + FROM
    seen = pd.Series(np.isin(np.arange(len(members)), looks["member"][after])[left], dtype=bool)
    counted = seen.groupby(members["arm"].astype("str").to_numpy()[left]).agg(n="sum", n_all="size")
    return counted.astype(int).rename_axis("arm").reset_index().assign(what=what, level="after care")


def _days(members: pd.DataFrame, looks: pd.DataFrame, stay: np.ndarray, kind: str) -> pd.DataFrame:
    own = looks[(looks["day"] >= (FOLLOW_UP if kind == FILLED_IN else 0)) & ~looks["missed"]]
    middle = ((own["day"] + own["until"]) / 2).groupby(own["member"]).mean()
    stayed = np.where(np.isnan(stay), members["follow_up_end_day"].to_numpy(float), stay)[middle.index]
    people = pd.DataFrame(
        {
            "arm": members["arm"].astype("str").to_numpy()[middle.index],
            "level": np.char.add(f"{kind}, stay ", np.digitize(stayed, STAYED).astype(str)),
            "day": middle.to_numpy(),
        }
    )
    sums = {DAY_SEEN: people, DAY_SQUARED: people.assign(day=people["day"] ** 2)}
    counted = [
        each.groupby(["arm", "level"])["day"].agg(n="sum", n_all="size").round().astype(int).reset_index()
        for each in sums.values()
    ]
    return pd.concat([table.assign(what=what) for what, table in zip(sums, counted, strict=True)])
