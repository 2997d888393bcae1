"""With what each arm's outcomes were taken: specimens and panels of tests, ways of asking, the day of discharge.

Breath shows less use than urine, a questionnaire less than a calendar gone through day by day, and who is discharged a
month after the last visit has stayed a month longer on paper. No outcome is read here: only with what, and when, each
arm's were taken.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.tables.canonical import CAME, DISCHARGE_REASONS
from iop_outcomes.tables.follow_up import DISCHARGE, LATE, REPORT, SPECIMEN, SUBSTANCE
from iop_outcomes.tables.lookup import Held, among
from iop_outcomes.tables.parts import Table, parts_of

COUNTED = ["arm", "what", "level", "n", "n_all"]


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
        specimen is on record; days on which a substance was tested, of all; reports by the way of asking; and, by
        reason, people discharged more than ``LATE`` days after the last session they came to, of all discharged so.
    """
    parts = [
        *_tests(members, records.get("drug_test"), targets),
        _reports(members, records.get("use_report")),
        _discharges(members, records.get("episode"), records.get("session")),
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


def _reports(members: pd.DataFrame, reports: pd.DataFrame | None) -> pd.DataFrame:
    if reports is None or not len(reports):
        return pd.DataFrame()
    rows = _own(members, reports)
    daily = (rows["window_days"] <= 1).to_numpy(bool)
    level = rows["source"].astype("str") + np.where(daily, ", day by day", ", of several days at once")
    counts = rows.assign(level=level).groupby(["arm", "level"]).size().unstack(fill_value=0)
    return _long(counts, counts.sum(axis=1), REPORT)


def _discharges(members: pd.DataFrame, episode: pd.DataFrame | None, session: Table | None) -> pd.DataFrame:
    if episode is None or session is None or not len(session) or "discharge_day" not in episode:
        return pd.DataFrame()
    own = episode.set_index("episode_id").reindex(members["member_id"])
    left = own["discharge_day"].to_numpy(float)
    held, last = Held(members["member_id"]), np.full(len(members), -np.inf)
    for part in parts_of(session):
        came = part[part["status"].isin(CAME).to_numpy()]
        at = held.positions(came["episode_id"])
        day = came["day"].to_numpy(float)
        before = (at >= 0) & (day <= np.append(left, np.nan)[at])
        np.maximum.at(last, at[before], day[before])
    people = pd.DataFrame({"arm": members["arm"].astype("str").to_numpy(), "late": left - last > LATE})
    reason = own.reindex(columns=["discharge_reason"])["discharge_reason"].astype("str")
    people["level"] = reason.where(reason.isin(DISCHARGE_REASONS), "unknown").to_numpy()
    people = people[np.isfinite(left) & np.isfinite(last)]
    table = people.groupby(["arm", "level"])["late"].agg(n="sum", n_all="size").astype(int).reset_index()
    return table.assign(what=DISCHARGE)
