"""With what each arm's outcomes were taken: specimens and panels of tests, ways of asking, answers to choose from.

Breath shows less use than urine, and a questionnaire less than a calendar gone through day by day; answers coded from 1
add up to more than the same from 0. Of outcomes it is read here only whether there is any of a kind.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.tables.follow_up import ANSWER, REPORT, REPORT_RESULT, SPECIMEN, SUBSTANCE, TEST_RESULT
from iop_outcomes.tables.lookup import among
from iop_outcomes.tables.parts import Table

COUNTED = ["arm", "what", "level", "n", "n_all"]
#: An instrument with more different answers is a number, which arms may have none of by chance.
MOST_ANSWERS = 12
#: Days that a report speaks of: up to so many it is of a day, a week, two, a month, or of longer.
WINDOWS = {1: "day by day", 10: "of a week at once", 20: "of two weeks at once", 45: "of a month at once"}
LONGER = "of a longer time at once"


def measures_by_arm(members: pd.DataFrame, records: Mapping[str, Table], targets: object = None) -> pd.DataFrame:
    """Return rows of the ``recording`` table: by arm how often outcomes were taken with what.

    Parameters
    ----------
    members : DataFrame
        Table ``cohort``.
    records : mapping of str to DataFrame
        Canonical tables.
    targets : tuple of str, optional
        Substances of which use counts, where the study names them; otherwise all.

    Returns
    -------
    DataFrame
        ``arm``, ``what``, ``level``, ``n`` and ``n_all``: days with a test obtained of a specimen, of those whose
        specimen is on record; days on which a substance was tested, of all; reports by the way of asking; and people
        who gave an answer to an instrument, of all who answered it.
    """
    parts = [
        *_tests(members, records.get("drug_test"), targets),
        *_reports(members, records.get("use_report")),
        _answers(members, records.get("assessment")),
    ]
    parts = [part[COUNTED] for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COUNTED)


def _own(members: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of members within their follow-up, with their arm."""
    rows = table[among(table["person_id"], members["person_id"])]
    who = members.set_index("person_id").reindex(rows["person_id"])
    since = rows["day"].to_numpy() - who["time_zero_day"].to_numpy()
    within = (since >= 0) & (since <= who["follow_up_end_day"].to_numpy())
    return rows.assign(arm=who["arm"].astype("str").to_numpy())[within]


def _tests(members: pd.DataFrame, tests: pd.DataFrame | None, targets: object) -> list[pd.DataFrame]:
    if tests is None or not len(tests):
        return []
    rows = _own(members, tests[(tests["result"] != "missing").to_numpy(bool)])
    found = [_shares(_days(rows, "substance", targets), rows, SUBSTANCE)]
    found.append(_of_people(rows, rows["result"].astype("str").to_numpy(), TEST_RESULT))
    if "matrix" in rows:
        known = rows[rows["matrix"].notna()]
        found.append(_shares(_days(known, "matrix"), known, SPECIMEN))
    return found


def _days(rows: pd.DataFrame, column: str, targets: object = None) -> pd.DataFrame:
    """Return days and what was tested on them."""
    if column == "substance":
        # What is listed only when it is found, or only when nothing is, tells of results and not of panels.
        found, not_found = (
            set(rows.loc[(rows["result"] == result).to_numpy(bool), "substance"].unique())
            for result in ("positive", "negative")
        )
        looked_for = found & not_found & set(targets if isinstance(targets, tuple) else found)
        rows = rows[rows["substance"].isin(looked_for).to_numpy(bool)]
    return rows.assign(level=rows[column].astype("str")).drop_duplicates(["person_id", "day", "level"])


def _shares(days: pd.DataFrame, of: pd.DataFrame, what: str) -> pd.DataFrame:
    """Return how many days there are of each level and arm, and all days of the arm."""
    all_days = of.drop_duplicates(["person_id", "day"]).groupby("arm").size()
    counts = pd.crosstab(days["arm"], days["level"]).reindex(all_days.index, fill_value=0)
    return _long(counts, all_days, what)


def _long(counts: pd.DataFrame, n_all: pd.Series, what: str) -> pd.DataFrame:
    long = counts.rename_axis("arm").reset_index().melt("arm", var_name="level", value_name="n")
    return long.assign(what=what, n_all=long["arm"].map(n_all))


def _reports(members: pd.DataFrame, reports: pd.DataFrame | None) -> list[pd.DataFrame]:
    if reports is None or not len(reports):
        return []
    rows = _own(members, reports)
    window = np.array([*WINDOWS.values(), LONGER])[np.digitize(rows["window_days"], list(WINDOWS), right=True)]
    level = rows["source"].astype("str") + np.char.add(", ", window)
    counts = rows.assign(level=level).groupby(["arm", "level"]).size().unstack(fill_value=0)
    found = [_long(counts, counts.sum(axis=1), REPORT)]
    if "days_used" in rows:
        used = np.where(rows["days_used"].to_numpy(float) > 0, "use", "no use")
        found.append(_of_people(rows[rows["days_used"].notna()], used[rows["days_used"].notna()], REPORT_RESULT))
    return found


def _of_people(rows: pd.DataFrame, level: np.ndarray, what: str) -> pd.DataFrame:
    """Return by arm how many people have a level at least once, of all who have any."""
    people = rows.assign(level=level).drop_duplicates(["arm", "person_id", "level"])
    counts = pd.crosstab(people["arm"], people["level"])
    return _long(counts, people.drop_duplicates(["arm", "person_id"]).groupby("arm").size(), what)


def _answers(members: pd.DataFrame, assessment: pd.DataFrame | None) -> pd.DataFrame:
    if assessment is None or not len(assessment):
        return pd.DataFrame()
    own = _own(members, assessment[assessment["value"].notna().to_numpy(bool)])
    given = own[["arm", "person_id", "instrument", "value"]].astype({"instrument": "str"}).drop_duplicates()
    kinds = given.groupby("instrument")["value"].transform("nunique")
    few = given[kinds <= MOST_ANSWERS]
    if few.empty:
        return pd.DataFrame()
    all_people = few.drop_duplicates(["person_id", "instrument"]).groupby(["instrument", "arm"]).size()
    by_arm = few.groupby(["instrument", "value", "arm"]).size().unstack(fill_value=0).reset_index()
    counts = by_arm.melt(["instrument", "value"], var_name="arm", value_name="n")
    sizes = pd.MultiIndex.from_frame(counts[["instrument", "arm"]])
    level = counts["instrument"] + ": " + counts["value"].map("{:g}".format)
    return counts.assign(what=ANSWER, level=level, n_all=all_people.reindex(sizes, fill_value=0).to_numpy())
