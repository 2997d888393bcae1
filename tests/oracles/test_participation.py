"""Clone, censor, weight against R: person-weeks of own making, and the published example of Maringe et al. 2020."""

import json

import pandas as pd
import pytest

import iop_outcomes as iop
from reference import reference_data

pytestmark = pytest.mark.oracle
FAMILY = "Participation"
STRATEGIES = {"full": {"least_hours": 6, "grace_weeks": 2}, "less": {"below_hours": 6, "grace_weeks": 2}}
SETTINGS = {"rel": 1e-6, "scale": 1e-3, "data": "person_weeks_a"}


def read(name: str) -> dict:
    return {case["id"]: case for case in json.loads(reference_data("honest", name).read_text())["cases"]}


@pytest.fixture(scope="module")
def expected() -> dict:
    return read("clone_censor_weight.json")["person_weeks_a"]


@pytest.fixture(scope="module")
def found(expected):
    weeks = pd.read_csv(reference_data("honest", *expected["data"].split("/")))
    return iop.clone_censor_weight(
        weeks, strategies=STRATEGIES, person="id", event="relapse", covariates=["use", "x1", "x2"], excused="excused"
    )


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_person_weeks(agree, found, expected, strategy):
    theirs = expected[strategy]
    models, weights = (table[table["strategy"] == strategy] for table in (found.models, found.weights))
    agree(
        "clone-censor-weight: model of staying",
        models["coefficient"],
        list(theirs["coefficients"].values()),
        **SETTINGS,
    )
    agree.statistic("clone-censor-weight: weights", weights["mean_weight"], theirs["mean_weight_by_week"], **SETTINGS)
    agree.statistic(
        "clone-censor-weight: largest weight", [weights["max_weight"].max()], [theirs["max_weight"]], **SETTINGS
    )
    assert weights["n_uncensored"].sum() == theirs["kept_rows"]
    assert weights["n_deviating"].sum() == theirs["n_deviating"]
    risks = found.risks[found.risks["strategy"] == strategy].groupby("weights")["risk"]
    for way, key in {"weighted": "risk", "truncated": "risk_truncated_99", "unweighted": "risk_unweighted"}.items():
        agree(f"clone-censor-weight: risk, {way}", risks.get_group(way), theirs[key], **SETTINGS)


def test_differences_and_the_naive_comparison(agree, found, expected):
    last = found.differences.groupby("weights")["risk_difference"].last()
    for way, key in {"weighted": "risk_difference_end", "truncated": "risk_difference_end_truncated"}.items():
        agree(f"clone-censor-weight: difference, {way}", [last[way]], [expected[key]], **SETTINGS)
    naive = found.naive.iloc[0]
    agree("comparison by attendance", [naive["risk_difference"]], [expected["naive_by_mean_hours"]], **SETTINGS)
    assert naive["gap"] == pytest.approx(expected["naive_by_mean_hours"] - expected["risk_difference_end"])


def test_thirteen_people_by_hand():
    case = read("clone_censor_weight_published.json")["patients13"]
    people = pd.read_csv(reference_data("honest", *case["data"].split("/")))
    columns = {"time": "followup", "event": "death", "started": "surgery", "start_time": "time_to_surgery"}
    clones = iop.participation.clone_starts(people, grace_days=case["grace_period_days"], **columns)
    for strategy, name in {"starts": "surgery", "starts not": "control"}.items():
        own = clones[clones["strategy"] == strategy]
        assert own["time"].tolist() == case["by_hand"][f"{name}_time"]
        assert own["event"].tolist() == case["by_hand"][f"{name}_status"]


def test_published_example(agree):
    case = read("clone_censor_weight_published.json")["lungcancer"]
    people = pd.read_csv(reference_data("honest", *case["data"].split("/")))
    theirs = pd.DataFrame(case["kaplan_meier"]).replace({"arms=Surgery": "starts", "arms=Control": "starts not"})
    columns = {"time": "fup_obs", "event": "death", "started": "surgery", "start_time": "timetosurgery"}
    found = iop.participation.starting_in_time(
        people, grace_days=case["grace_period_days"], covariates=["age", "sex"], days=theirs["day"].unique(), **columns
    )
    settings = {"rel": 1e-6, "data": "lungcancer"}
    both = found.survival.merge(theirs, left_on=["strategy", "day"], right_on=["arm", "day"], suffixes=("", "_theirs"))
    assert len(both) == len(theirs)
    agree("starting in time: survival", both["survival"], both["survival_theirs"], **settings)
    unweighted = both["survival_unweighted"], both["survival_unweighted_theirs"]
    agree("starting in time: survival, unweighted", *unweighted, **settings)
    ratios = list(case["cox"]["hazard_ratio"].values())
    agree("starting in time: hazard ratios", found.hazard_ratios["hazard_ratio"], ratios, **settings)
    weights = found.weights.set_index("strategy")
    assert weights.loc[["starts not", "starts"], "n_rows"].tolist() == list(case["rows"].values())
    summary = weights.loc["both", ["least", "q1", "median", "mean", "q3", "most"]]
    agree.statistic("starting in time: weights", summary, list(case["weight_summary"].values()), **settings)
