"""Predicted effects held against people they were not learned from: by hand, and in worlds whose truth is known."""

import numpy as np
import pandas as pd
import pytest

import iop_outcomes
from iop_outcomes.errors import StudyError
from iop_outcomes.estimates.effects_by_person import EffectsByPerson
from iop_outcomes.estimates.heterogeneity import group_of, heterogeneity

COVARIATES = ["severity", "age", "earlier", "distance"]


def world(seed: int, n: int, by_earlier: float) -> pd.DataFrame:
    """Return people whose effect differs by earlier treatment, and who come to IOP by severity."""
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(draw.normal(size=(n, 4)), columns=COVARIATES)
    frame["arm"] = (draw.random(n) < 1 / (1 + np.exp(-0.7 * frame["severity"]))).astype(int)
    effect = 0.3 + by_earlier * frame["earlier"]
    return frame.assign(outcome=frame["severity"] + frame["arm"] * effect + draw.normal(size=n))


def explored(seed: int, n: int, by_earlier: float, **asked):
    """Return what is found in such a world."""
    frame = world(seed, n, by_earlier)
    return iop_outcomes.explore_heterogeneity(
        frame, outcome="outcome", arm="arm", covariates=COVARIATES, seed=seed, **asked
    )


def test_slope_and_groups_by_hand():
    # Two folds of four; predictions -1, -1, 1, 1 around their fold's mean, effects twice that.
    predicted = np.array([1, 1, 3, 3, 11, 11, 13, 13.0])
    outcome = np.array([-2, -2, 2, 2, -2, -2, 2, 2.0])
    found = heterogeneity(EffectsByPerson(predicted, outcome, np.ones(8), np.repeat([0, 1], 4)), groups=2)
    assert found.calibration["slope"] == pytest.approx(2)
    assert found.groups["value"].tolist() == [-2, 2]
    assert found.groups["n"].tolist() == [4, 4]
    assert found.spread["value"] == pytest.approx(4)


def test_people_are_ranked_within_the_fold_that_predicted_them():
    predicted = np.array([5.0, 6.0, 1.0, 2.0, np.nan])
    effects = EffectsByPerson(predicted, predicted, np.ones(5), np.array([0, 0, 1, 1, -1]))
    assert group_of(effects, 2).tolist() == [1, 2, 1, 2, 0]


def test_a_true_difference_is_found_and_its_size_is_right():
    found = explored(1, 1500, 0.5)
    assert found.calibration["p_value"] < 0.001
    assert found.calibration["ci_low"] < 1 < found.calibration["ci_high"]
    # Thirds of a normal variable lie 1.09 deviations from its mean: 0.3 -+ 0.55.
    assert found.groups["value"].to_numpy() == pytest.approx([-0.245, 0.3, 0.845], abs=0.25)


@pytest.mark.slow
def test_without_a_difference_the_calibration_test_seldom_finds_one():
    p_values = np.array([explored(seed, 500, 0.0).calibration["p_value"] for seed in range(120)])
    assert (p_values < 0.05).mean() < 0.09


def test_shares_and_sites_can_be_explored_too():
    frame = world(3, 900, 0.0).assign(site=np.arange(900) % 15)
    frame["outcome"] = (frame["outcome"] > 0).astype(float).where(np.arange(900) % 10 > 0)
    found = iop_outcomes.explore_heterogeneity(
        frame, outcome="outcome", arm="arm", covariates=COVARIATES, cluster="site", folds=3
    )
    assert np.isfinite(found.calibration["se"])
    assert found.groups["n"].sum() == 900


def test_what_cannot_be_explored_is_refused():
    with pytest.raises(StudyError, match="three folds or more"):
        explored(1, 200, 0.0, folds=2)
    alike = EffectsByPerson(np.ones(6), np.ones(6), np.ones(6), np.repeat([0, 1], 3))
    with pytest.raises(StudyError, match="the same for everybody"):
        heterogeneity(alike)
