"""Who was still tested, and still asked about use, after they had left care.

Use is higher after leaving. An arm that is looked at only while people are in care shows less of it than one that is
looked at to the end, though the same happened in both.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.tables.follow_up import ASKED_AFTER, TESTED_AFTER
from iop_outcomes.tables.lookup import positions

COUNTED = ["arm", "what", "level", "n", "n_all"]
#: Days after care from which on somebody counts as seen, and for how long after care they must be observed.
FROM, FOR = 7, 28


def seen_after_care(members: pd.DataFrame, records: Mapping[str, pd.DataFrame], stay: np.ndarray) -> pd.DataFrame:
    """Return rows of the ``recording`` table: by arm who was tested, or due to be, or asked a week after leaving care.

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
        ``arm``, ``what``, ``level``, ``n`` and ``n_all`` in people: those seen, of all who left at least four weeks
        before the end of their observation. No rows where the source has neither tests nor reports.
    """
    left = stay + FOR <= members["follow_up_end_day"].to_numpy(float)
    parts = []
    for what, table in ((TESTED_AFTER, _tests(records)), (ASKED_AFTER, _reports(records))):
        if table is None or not left.any():
            continue
        at = positions(members["person_id"], table["person_id"])
        known = at >= 0
        at, since = at[known], table["until"].to_numpy(float)[known] - members["time_zero_day"].to_numpy()[at[known]]
        within = table["day"].to_numpy(float)[known] - members["time_zero_day"].to_numpy()[at]
        after = (since > stay[at] + FROM) & (within <= members["follow_up_end_day"].to_numpy(float)[at])
        seen = pd.Series(np.isin(np.arange(len(members)), at[after])[left])
        counted = seen.groupby(members["arm"].astype("str").to_numpy()[left]).agg(n="sum", n_all="size")
        parts.append(counted.astype(int).rename_axis("arm").reset_index().assign(what=what, level="after care"))
    return pd.concat(parts, ignore_index=True)[COUNTED] if parts else pd.DataFrame(columns=COUNTED)


def _tests(records: Mapping[str, pd.DataFrame]) -> pd.DataFrame | None:
    tests = records.get("drug_test")
    if tests is None or not len(tests):
        return None
    # A test that was due and missed is on record: what it counts as is for the rules for missing tests.
    return tests[["person_id", "day"]].assign(until=tests["day"])


def _reports(records: Mapping[str, pd.DataFrame]) -> pd.DataFrame | None:
    reports = records.get("use_report")
    if reports is None or not len(reports):
        return None
    return reports[["person_id", "day"]].assign(until=reports["day"] + reports["window_days"] - 1)
