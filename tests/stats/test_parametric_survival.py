"""Weibull regression: by hand, and against the likelihood written out."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.survival.parametric_survival import fit_weibull


def people(n=400):
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"treated": rng.integers(0, 2, n).astype(float)})
    time = 20 * np.exp(0.5 * frame["treated"].to_numpy()) * rng.weibull(1.4, n) + 0.01
    censored = rng.uniform(5, 60, n)
    return frame, np.minimum(time, censored), (time <= censored).astype(int), rng.uniform(0.5, 2, n)


def test_maximum_of_the_likelihood_written_out():
    frame, time, event, weights = people()
    fit = fit_weibull(model_matrix(frame), time, event, weights)

    def likelihood(values):
        z = (np.log(time) - values[0] - values[1] * frame["treated"].to_numpy()) / np.exp(values[2])
        return weights @ (event * (z - values[2] - np.log(time)) - np.exp(z))

    assert_allclose(fit.log_likelihood, likelihood(fit.values), rtol=1e-12)
    steps = 1e-4 * np.eye(3)
    slopes = [(likelihood(fit.values + h) - likelihood(fit.values - h)) / 2e-4 for h in steps]
    assert_allclose(slopes, 0, atol=1e-3)
    bends = [
        [
            (
                likelihood(fit.values + g + h)
                - likelihood(fit.values + g - h)
                - likelihood(fit.values - g + h)
                + likelihood(fit.values - g - h)
            )
            / 4e-8
            for h in steps
        ]
        for g in steps
    ]
    assert_allclose(np.linalg.inv(fit.covariance), -np.array(bends), rtol=1e-3)


def test_days_for_hours_move_only_the_intercept():
    frame, time, event, _ = people()
    days, hours = (fit_weibull(model_matrix(frame), unit * time, event) for unit in (1, 24))
    assert_allclose(hours.values - days.values, [np.log(24), 0, 0], atol=1e-8)
    assert_allclose(hours.covariance, days.covariance, rtol=1e-6, atol=1e-12)


def test_robust_covariance_of_repeated_people():
    """Everybody twice, clustered by person, has the robust covariance of everybody once."""
    frame, time, event, _ = people()
    once = fit_weibull(model_matrix(frame), time, event)
    twice = fit_weibull(model_matrix(pd.concat([frame, frame])), np.tile(time, 2), np.tile(event, 2))
    people_twice = np.tile(np.arange(len(time)), 2)
    assert_allclose(twice.robust_covariance(people_twice), once.robust_covariance(), rtol=1e-6, atol=1e-12)


def test_what_is_refused():
    frame, time, event, _ = people()
    with pytest.raises(EstimationError, match="1 follow-up time is zero"):
        fit_weibull(model_matrix(frame), np.where(np.arange(400) == 3, 0, time), event)
    with pytest.raises(EstimationError, match="nobody has the event"):
        fit_weibull(model_matrix(frame), time, np.zeros(400))
    with pytest.raises(EstimationError, match="no intercept"):
        fit_weibull(model_matrix(frame, intercept=False), time, event)
