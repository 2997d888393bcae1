"""Negative controls: the systematic error by hand, and what calibrating does in a world with one and without."""

import numpy as np
import pytest
from scipy.stats import norm

from iop_outcomes.errors import StudyError
from iop_outcomes.robustness import calibrate, systematic_error
from iop_outcomes.robustness.negative_controls import SystematicError


def test_with_one_standard_error_it_is_mean_and_variance_by_hand():
    """Of ten estimates with se 0.1 the mean is 0.3 and the variance (divisor n) 0.05: 0.05 - 0.01 is the error's."""
    shifts = np.sqrt(0.05) * np.array([1, -1] * 5)
    found = systematic_error(0.3 + shifts, np.full(10, 0.1))
    assert found.mean == pytest.approx(0.3)
    assert found.sd == pytest.approx(0.2, rel=1e-9)
    assert found.minus_log_likelihood == pytest.approx(-norm.logpdf(0.3 + shifts, 0.3, np.sqrt(0.05)).sum())


def test_controls_that_differ_by_less_than_chance_have_no_spread():
    found = systematic_error(0.3 + 0.05 * np.array([1, -1] * 5), np.full(10, 0.1))
    assert (found.sd, found.ease) == (0, pytest.approx(0.3))


def test_it_is_the_most_likely_of_all():
    draw = np.random.default_rng(1)
    errors = draw.uniform(0.05, 0.5, 30)
    values = draw.normal(0.2, np.hypot(0.3, errors))
    found = systematic_error(values, errors)
    for mean, sd in [(found.mean + d, found.sd + e) for d in (-0.01, 0, 0.01) for e in (-0.01, 0, 0.01)]:
        assert -norm.logpdf(values, mean, np.hypot(sd, errors)).sum() >= found.minus_log_likelihood - 1e-12


def test_the_unit_of_the_estimates_does_not_matter():
    draw = np.random.default_rng(2)
    values, errors = draw.normal(0.2, 0.4, 20), np.full(20, 0.1)
    one, other = systematic_error(values, errors), systematic_error(1e6 * values, 1e6 * errors)
    assert other.sd == pytest.approx(1e6 * one.sd, rel=1e-8)


@pytest.mark.parametrize(("mean", "sd"), [(0.0, 1.0), (0.5, 0.2), (-0.5, 0.2), (0.3, 0.0)])
def test_expected_absolute_error_is_that_of_draws(mean, sd):
    draws = np.abs(np.random.default_rng(3).normal(mean, sd, 400_000)).mean()
    assert SystematicError(mean, sd, 20, 0.0).ease == pytest.approx(draws, abs=2e-3)


def test_an_estimate_by_hand():
    """Error N(0.3, 0.04), estimate 0.8 with se 0.15: 0.5 with se 0.25, z = 2."""
    row = calibrate([0.8], [0.15], SystematicError(0.3, 0.2, 12, 0.0)).iloc[0]
    assert row[["calibrated", "calibrated_se"]].tolist() == pytest.approx([0.5, 0.25])
    assert row["calibrated_p"] == pytest.approx(2 * norm.sf(2))
    assert row[["ci_low", "ci_high"]].tolist() == pytest.approx([0.5 - 1.96 * 0.25, 0.5 + 1.96 * 0.25], abs=1e-4)
    assert row["p_value"] < 1e-6


def test_without_systematic_error_nothing_changes():
    row = calibrate([0.8], [0.15], SystematicError(0.0, 0.0, 12, 0.0)).iloc[0]
    assert row["calibrated_p"] == row["p_value"] and row["calibrated_se"] == row["se"]


def test_a_biased_design_finds_effects_that_calibrating_takes_away():
    draw = np.random.default_rng(4)
    controls, null = draw.normal(0.4, np.hypot(0.15, 0.1), (2, 200))
    found = calibrate(null, np.full(200, 0.1), systematic_error(controls[:50], np.full(50, 0.1)))
    assert (found["p_value"] < 0.05).mean() > 0.8
    assert (found["calibrated_p"] < 0.05).mean() < 0.12


@pytest.mark.parametrize("n", [0, 1, 9])
def test_fewer_than_ten_controls_are_refused(n):
    with pytest.raises(StudyError, match=f"there (is|are) {n}, and fewer than 10 cannot tell"):
        systematic_error(np.zeros(n), np.ones(n))


def test_a_control_without_standard_error_is_counted():
    with pytest.raises(StudyError, match="negative controls: 1 has no value or no standard error"):
        systematic_error(np.zeros(12), np.append(np.ones(11), 0.0))
