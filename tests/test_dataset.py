"""One row per member: complete covariates, and time in care."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.cohort.build import build_cohort
from iop_outcomes.dataset.covariates import build_covariates
from iop_outcomes.dataset.outcomes import build_outcomes
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.study import Cohort
from small import episodes, history, records

ARMS = {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}


def covariates(*names, baseline, **settings):
    tables = records(episodes({"site_id": "A"}, {"site_id": "B"}, {}), baseline=baseline)
    members, _ = build_cohort(tables, Cohort(arms=ARMS))
    return build_covariates(members, tables, names, **settings).set_index("member_id")


BASELINE = [
    {"episode_id": "e1", "housing": "homeless", "use_days": 10},
    {"episode_id": "e2", "housing": None, "use_days": None},
    {"episode_id": "e3", "housing": "independent", "use_days": 20},
]


def test_a_category_not_recorded_is_a_level_and_a_number_gets_the_median_and_a_flag():
    frame = covariates("housing", "use_days", baseline=BASELINE)
    assert frame["housing"].tolist() == ["homeless", "missing", "independent"]
    assert frame["use_days"].tolist() == [10, 15, 20]
    assert frame["use_days_missing"].tolist() == [0, 1, 0]


def test_the_cluster_is_the_site_and_an_unknown_site_is_one_of_its_own():
    assert covariates("housing", baseline=BASELINE)["cluster"].tolist() == ["A", "B", "unknown"]


def test_covariates_of_the_person_are_found_too():
    assert covariates("age_years", baseline=BASELINE)["age_years"].tolist() == [40, 40, 40]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("housng", "no baseline column 'housng'; did you mean 'housing'"), ("sex", "no baseline column 'sex'")],
)
def test_a_covariate_that_is_nowhere_is_answered_by_name(name, sentence):
    with pytest.raises(StudyError, match=sentence):
        covariates(name, baseline=BASELINE)


def test_levels_that_are_merged_are_one_and_what_was_not_recorded_stays_apart():
    merge = {"housing": {"any": ["homeless", "independent"]}}
    assert covariates("housing", baseline=BASELINE, merge=merge)["housing"].tolist() == ["any", "missing", "any"]


@pytest.mark.parametrize(
    ("name", "groups", "sentence"),
    [
        ("housing", {"any": ["homeles", "independent"]}, "no level 'homeles'; did you mean 'homeless'"),
        ("housing", {"independent": ["homeless"]}, "'independent' is a level itself; list it among those"),
        ("use_days", {"some": ["10", "20"]}, "a number has no levels; leave it out"),
    ],
)
def test_a_merge_that_cannot_be_is_answered(name, groups, sentence):
    with pytest.raises(StudyError, match=f"merge.{name}: .*{sentence}"):
        covariates(name, baseline=BASELINE, merge={name: groups})


def test_outcomes_are_one_column_per_metric():
    members = history({}, {})
    long = pd.DataFrame({"member_id": ["e1", "e2"], "metric": ["completion"] * 2, "value": [1.0, np.nan]})
    outcomes = build_outcomes(members, long)
    assert outcomes["completion"].tolist()[0] == 1
    assert outcomes["completion"].isna().tolist() == [False, True]


def test_weekly_urine_becomes_one_column_a_week():
    #      week  1    2    3    4
    # e1        neg  pos  missed  mixed -> 1, 0, -, 0
    # e2        neg  neg  controlled  not due -> 1, 1, -, -
    words = {"e1": "-+o*", "e2": "--c_"}
    weekly = pd.DataFrame(
        [(member, week, symbol) for member, word in words.items() for week, symbol in enumerate(word, 1)],
        columns=["member_id", "week", "urine"],
    )
    none = pd.DataFrame({"member_id": [], "metric": [], "value": []})
    outcomes = build_outcomes(history({}, {}), none, weekly).set_index("member_id")
    by_week = outcomes[[f"weekly_urine_{week}" for week in (1, 2, 3, 4)]]
    np.testing.assert_array_equal(by_week.loc["e1"], [1, 0, np.nan, 0])
    np.testing.assert_array_equal(by_week.loc["e2"], [1, 1, np.nan, np.nan])
