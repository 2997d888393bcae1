"""The analyses of one design: whose horizon a restricted mean has."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import study
from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.stage import estimate_design

ARMS = ("iop", "outpatient")
CONTENT = {
    "study": "horizon",
    "source": {"kind": "simulated", "true_effect": "none"},
    "cohort": {"arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}, "follow_up_days": 120},
    "covariates": ["sex"],
    "metrics": {},
    "designs": {"overlap": {"method": "overlap_weights"}},
}


def mean_days(last_day: int, **settings) -> pd.DataFrame:
    """Return the estimates of mean days in care of six people, of whom one an arm stays until ``last_day``."""
    index = pd.Index(list("abcdef"), name="member_id")
    facts = {"treated": [True] * 3 + [False] * 3, "score": 0.5, "weight": 1.0, "matched_set": np.nan}
    members = pd.DataFrame(facts, index)
    covariates = pd.DataFrame({"sex": ["female", "male", "male"] * 2}, index)
    comparison = Comparison("overlap", "overlap_weights", "ATO", ARMS, members, covariates, None, {})
    analysis = {"outcome": "time_in_care", "design": "overlap", "estimator": "rmst", "measure": "rmst_difference"}
    asked = study.parse(CONTENT | {"analyses": {"primary": analysis | {"settings": settings}}})
    outcomes = pd.DataFrame(
        {
            "member_id": index,
            "retention_days": [30.0, 60, last_day, 20, 40, last_day],
            "retention_ended": [True, True, False] * 2,
        }
    )
    return estimate_design(asked, "overlap", {ARMS: comparison}, {}, outcomes, {})[0]


@pytest.mark.parametrize(("settings", "horizon"), [({}, 119), ({"until_day": 90}, 90)])
def test_the_horizon_is_the_last_day_of_follow_up_or_that_of_the_analysis(settings, horizon):
    """(30 + 60 + horizon)/3 days less (20 + 40 + horizon)/3: 10 days, with the design and without."""
    rows = mean_days(119, **settings)
    assert (rows["day"] == horizon).all()
    expected = [10, (90 + horizon) / 3, (60 + horizon) / 3]
    np.testing.assert_allclose(rows["value"], expected * 2)


def test_a_horizon_that_nobody_is_followed_to_is_refused_with_the_latest_that_can_be():
    rows = mean_days(100)
    assert rows["value"].isna().all()
    assert rows["reason"].str.contains("followed to day 119; set until_day to at most 100").all()
    assert mean_days(100, until_day=100)["value"].notna().all()
