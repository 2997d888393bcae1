"""Many estimates of one question: by hand, and in a world without an effect."""

import numpy as np
import pytest

from iop_outcomes.errors import StudyError
from iop_outcomes.stats.joint_null import joint_null


def test_shares_and_median_by_hand():
    # Five estimates with error 1: four above none, of which two by more than 1.96.
    added = np.random.default_rng(1).normal(size=(5, 50))
    found = joint_null([-0.5, 0.5, 1.0, 2.0, 3.0], np.ones(5), added, n_draws=99)
    assert (found.n, found.median, found.share_same_sign, found.share_significant) == (5, 1.0, 0.8, 0.4)


def test_estimates_that_are_one_have_the_p_value_of_one():
    # The same estimate ten times says what it says once: 2.5 errors from none are p = 0.012.
    added = np.tile(np.random.default_rng(2).normal(size=400), (10, 1))
    found = joint_null(np.full(10, 2.5), np.ones(10), added, n_draws=9999, seed=1)
    assert found.p_median == pytest.approx(0.0124, abs=0.004)
    assert found.p_significant == pytest.approx(0.05, abs=0.008)


def test_turned_around_they_say_the_same():
    added = np.random.default_rng(3).normal(size=(7, 60))
    values = np.random.default_rng(4).normal(size=7)
    one, other = joint_null(values, np.ones(7), added, seed=5), joint_null(-values, np.ones(7), -added, seed=5)
    assert (one.p_median, one.median, one.share_significant) == (other.p_median, -other.median, other.share_significant)


def p_values_without_effect(replicates: int) -> np.ndarray:
    """Return p of the median and of the significant share, of regressions of three outcomes on three sets of people."""
    found = []
    for seed in range(replicates):
        draw = np.random.default_rng(seed)
        severity, n = draw.normal(size=300), 300
        arm = (draw.random(n) < 1 / (1 + np.exp(-severity))).astype(float)
        common = draw.normal(size=n)
        values, errors, added = [], [], []
        for _ in range(3):
            outcome = severity + common + draw.normal(size=n)
            for most in (np.inf, 2.0, 1.0):
                kept = np.abs(severity) < most
                design = np.column_stack([np.ones(n), severity, arm])[kept]
                inverse = np.linalg.inv(design.T @ design)
                coefficients = inverse @ design.T @ outcome[kept]
                of_each = np.zeros(n)
                of_each[kept] = (design * (outcome[kept] - design @ coefficients)[:, None]) @ inverse[:, 2]
                values.append(coefficients[2])
                errors.append(np.sqrt((of_each**2).sum()))
                added.append(of_each)
        joint = joint_null(values, errors, added, n_draws=199, seed=seed)
        found.append((joint.p_median, joint.p_significant))
    return np.array(found)


def test_without_an_effect_p_values_are_spread_evenly():
    p_median, p_significant = p_values_without_effect(120).T
    assert 0.42 < p_median.mean() < 0.58
    assert (p_median < 0.05).mean() < 0.12
    assert (p_median < 0.25).mean() == pytest.approx(0.25, abs=0.12)
    # Where none is significant as many are in every draw, so that it may only be too large.
    assert (p_significant < 0.05).mean() < 0.12


def test_what_cannot_be_held_together_is_refused():
    with pytest.raises(StudyError, match=r"they rest on 5 units"):
        joint_null([1, 2], [1, 1], np.ones((2, 5)))
    with pytest.raises(StudyError, match=r"1 one has no value or no error"):
        joint_null([1, np.nan], [1, 1], np.ones((2, 9)))
