"""Weekly urine results as an outcome, from the words to the rows of an estimate."""

import numpy as np
import pandas as pd
import pytest

from estimates.asking import asked
from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.estimators.repeated import gee, random_intercept
from iop_outcomes.estimates.occasions import take_occasions
from iop_outcomes.estimates.question import Question
from iop_outcomes.kernel.errors import EstimationError


def comparison(treated, cluster=None, weight=1.0):
    index = pd.Index([f"m{i}" for i in range(len(treated))], name="member_id")
    members = pd.DataFrame({"treated": treated, "score": 0.5, "weight": weight, "matched_set": None}, index=index)
    covariates = pd.DataFrame({"severity": np.random.default_rng(0).normal(size=len(treated))}, index=index)
    cluster = None if cluster is None else pd.Series(cluster, index=index)
    return Comparison("plain", "unweighted", "ATE", ("iop", "outpatient"), members, covariates, cluster)


def test_occasions_are_those_seen_of_members_in_use():
    arms = comparison(np.array([True, False, True]), weight=[1.0, 1.0, 0.0])
    data = pd.DataFrame({"u_2": [1, np.nan, 1], "u_10": [0, 1, 1]}, index=arms.members.index)
    found = take_occasions(Question(data, "u"), arms)
    assert found.member.tolist() == [0, 0, 1]
    assert found.week.tolist() == [2, 10, 10]
    assert found.outcome.tolist() == [1, 0, 1]
    assert found.n_missing == 1


@pytest.fixture
def trial():
    """300 people at 20 sites with six weekly results; the odds of a negative one are higher in the first arm."""
    random = np.random.default_rng(4)
    treated = random.random(300) < 0.5
    arms = comparison(treated, cluster=random.integers(0, 20, 300))
    tendency = 0.8 * treated + 0.5 * arms.covariates["severity"].to_numpy() + random.normal(size=300) - 0.5
    results = (random.random((300, 6)) < 1 / (1 + np.exp(-tendency[:, None]))).astype(float)
    results[random.random((300, 6)) < 0.2] = np.nan
    data = pd.DataFrame(results, columns=[f"weekly_urine_{k}" for k in range(1, 7)], index=arms.members.index)
    return data.assign(last=results[:, -1]), arms


def test_weekly_results_by_gee_and_by_random_intercept_are_comparable(trial):
    data, arms = trial
    marginal = asked(gee, data, arms, outcome="weekly_urine", measure="risk_difference", correlation="ar1")
    conditional = asked(random_intercept, data, arms, outcome="weekly_urine", measure="risk_difference")
    assert marginal["role"].tolist() == ["contrast", "arm", "arm"]
    assert conditional["value"][0] == pytest.approx(marginal["value"][0], abs=0.01)
    assert marginal["n"][0] == 300
    seen = int(data.filter(like="weekly").notna().sum().sum())
    assert f"{seen:,} weekly results, {1800 - seen:,} not seen" in marginal["se_method"][0]


def test_one_outcome_per_person_is_clustered_by_site(trial):
    data, arms = trial
    found = asked(gee, data, arms, outcome="last", measure="risk_ratio")
    assert "20 clusters" in found["se_method"][0] and "Mancl-DeRouen corrected" in found["se_method"][0]
    assert found["n"][0] == data["last"].notna().sum()
    assert "missing outcomes left out" in found["se_method"][0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda data, arms: asked(gee, data, arms, outcome="weekly_urin"), "no outcome 'weekly_urin'"),
        (lambda data, arms: asked(gee, data, arms, outcome="last", cluster="person"), "a person has this outcome once"),
        (lambda data, arms: asked(gee, data, comparison(arms.treated), outcome="last"), "names no sites"),
        (
            lambda data, arms: asked(
                random_intercept,
                data,
                comparison(arms.treated, weight=np.linspace(1, 2, 300)),
                outcome="weekly_urine",
            ),
            "takes no weights",
        ),
    ],
)
def test_impossible_requests_are_answered_by_name(trial, call, message):
    with pytest.raises(EstimationError, match=message):
        call(*trial)
