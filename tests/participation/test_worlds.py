"""Worlds whose truth is known: coming does nothing, or it works."""

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from weekly import motivated

RULES = {"full": {"least_hours": 6, "grace_weeks": 2}, "less": {"below_hours": 6, "grace_weeks": 2}}
LAST = 11
pytestmark = pytest.mark.slow


def replicates(effect: float, n_worlds: int = 30) -> pd.DataFrame:
    rows = []
    for seed in range(n_worlds):
        data = motivated(1000, seed, effect=effect)
        found = iop.clone_censor_weight(data, strategies=RULES, covariates=["readiness", "use"])
        at_landmark = iop.participation.landmark(
            data, at_week=4, least_hours=6, covariates=["readiness", "use"], recent=["use"]
        ).iloc[0]
        naive = found.naive.iloc[0]
        rows.append(
            {
                "weighted": naive["weighted_difference"],
                "naive": naive["risk_difference"],
                "naive_finds_it": naive["ci_high"] < 0,
                "landmark_covers_zero": at_landmark["ci_low"] <= 0 <= at_landmark["ci_high"],
            }
        )
    return pd.DataFrame(rows)


def within(values: pd.Series, truth: float) -> bool:
    """Return whether the mean of the worlds lies within three of its standard errors of the truth."""
    return abs(values.mean() - truth) < 3 * values.std(ddof=1) / np.sqrt(len(values))


def test_where_coming_does_nothing_only_the_naive_comparison_finds_something():
    found = replicates(effect=0.0)
    assert found["naive_finds_it"].mean() > 0.95
    assert within(found["weighted"], 0.0)
    assert not within(found["naive"], 0.0)
    assert found["landmark_covers_zero"].mean() >= 0.85


def test_where_coming_works_the_true_difference_is_found():
    forced = [motivated(100_000, 999, effect=-1.0, forced=comes) for comes in (True, False)]
    risks = [data.groupby("person_id")["event"].max().mean() for data in forced]
    truth = risks[0] - risks[1]
    assert truth < -0.15
    found = replicates(effect=-1.0)
    assert within(found["weighted"], truth)
    assert not within(found["naive"], truth)


def test_the_interval_of_one_world_holds_the_truth():
    data = motivated(1000, 0)
    found = iop.clone_censor_weight(data, strategies=RULES, covariates=["readiness", "use"], bootstrap=100)
    last = found.differences.query("weights == 'weighted' and week == @LAST").iloc[0]
    assert last["ci_low"] < 0 < last["ci_high"]
    assert found.naive["ci_high"].item() < 0
