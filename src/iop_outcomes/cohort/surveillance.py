"""How often the people of each arm were tested while they were in care, and how many of the tests due were had.

Whoever is tested more is found positive more, whatever they use. Results are not read.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.cohort.build import candidates_of, stay_of
from iop_outcomes.study import Cohort
from iop_outcomes.tables.lookup import among
from iop_outcomes.tables.occasions import Thinning, kept_by_day


def tests_by_arm(
    members: pd.DataFrame,
    records: Mapping[str, pd.DataFrame],
    cohort: Cohort,
    thinning: Thinning | None = None,
    assigned: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the ``surveillance`` table; empty where the source has no drug tests.

    Parameters
    ----------
    members : DataFrame
        Table ``cohort``.
    records : mapping of str to DataFrame
        Canonical tables.
    cohort : Cohort
    thinning : Thinning, optional
        Of the study: tests that it leaves out are not counted.
    assigned : DataFrame, optional
        Of :func:`candidates_of`, if it is at hand.
    """
    tests = records.get("drug_test")
    if tests is None or not len(tests):
        return pd.DataFrame(columns=["arm", "weeks_in_care", "n_due", "n_obtained"])
    who = members.set_index("person_id")
    observed = who["follow_up_end_day"].to_numpy() + 1
    own = (candidates_of(records, cohort) if assigned is None else assigned).reindex(who["member_id"])
    stay = stay_of(own, cohort.follow_up_days).fillna(np.inf).to_numpy()
    last = pd.Series(np.minimum(stay, observed - 1), index=who.index)
    # The results of one day are one test, whatever its panel; obtained if any of them is.
    rows = tests.loc[among(tests["person_id"], who.index), ["person_id", "day"]]
    rows["obtained"] = tests.loc[rows.index, "result"] != "missing"
    person = rows["person_id"].to_numpy()
    day = rows["day"].to_numpy() - who["time_zero_day"].reindex(person).to_numpy()
    if thinning is not None:
        due = tests.loc[rows.index, "scheduled"].fillna(True).to_numpy(bool) if "scheduled" in tests else True
        kept = kept_by_day(person, day.astype(float), np.full(len(rows), True) & due, thinning)
        rows, person, day = rows[kept], person[kept], day[kept]
    during = rows[(day >= 0) & (day <= last.reindex(person).to_numpy())]
    by_day = during.groupby(["person_id", "day"], observed=True)["obtained"].any().reset_index()
    arm = who["arm"].astype("str").reindex(by_day["person_id"]).to_numpy()
    counts = by_day["obtained"].groupby(arm).agg(n_due="size", n_obtained="sum")
    weeks = ((last + 1) / 7).groupby(who["arm"].astype("str")).sum()
    table = pd.DataFrame({"weeks_in_care": weeks}).join(counts).fillna(0.0)
    return table.astype({"n_due": int, "n_obtained": int}).rename_axis("arm").reset_index()
