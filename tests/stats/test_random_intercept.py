"""Random-intercept logistic regression against integrals done by brute force."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.optimize import approx_fprime
from scipy.stats import binom, norm

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.repeated.random_intercept import _Likelihood, _rule, fit_random_intercept


def grouped(seed=0, n_clusters=8, size=5, deviation=1.0):
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"cluster": np.repeat(np.arange(n_clusters), size), "x": random.normal(size=n_clusters * size)}
    )
    frame["trials"] = random.integers(1, 6, len(frame))
    tendency = deviation * random.normal(size=n_clusters)[frame["cluster"]]
    frame["successes"] = random.binomial(frame["trials"], 1 / (1 + np.exp(0.4 - 0.7 * frame["x"] - tendency)))
    return frame


def likelihood_of(frame, nodes):
    share = (frame["successes"] / frame["trials"]).to_numpy()
    codes = frame["cluster"].to_numpy()
    trials = frame["trials"].to_numpy(dtype=float)
    return _Likelihood(share, trials, model_matrix(frame[["x"]]), codes, codes.max() + 1, *_rule(nodes))


def test_the_likelihood_is_the_integral():
    frame = grouped()
    coefficients, deviation = np.array([-0.3, 0.6]), 0.9
    likelihood = likelihood_of(frame, 30)
    expected = 0.0
    for _, rows in frame.groupby("cluster"):
        eta = (coefficients[0] + coefficients[1] * rows["x"]).to_numpy()

        def integrand(u, rows=rows, eta=eta):
            p = 1 / (1 + np.exp(-eta - deviation * u))
            return np.prod(binom.pmf(rows["successes"], rows["trials"], p)) * norm.pdf(u)

        expected += np.log(quad(integrand, -10, 10, epsabs=1e-14)[0])
    assert likelihood(coefficients, deviation)[0] + likelihood.constant == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("nodes", [1, 2, 9])
def test_the_gradient_is_the_slope_of_the_approximation_itself(nodes):
    likelihood = likelihood_of(grouped(1), nodes)
    point = np.array([-0.2, 0.5, 1.1])
    slope = approx_fprime(point, lambda p: likelihood(p[:-1], p[-1])[0], 1e-6)
    assert likelihood(point[:-1], point[-1])[1] == pytest.approx(slope, abs=1e-4)


def test_clusters_that_do_not_differ_give_the_plain_model():
    frame = pd.DataFrame({"x": np.tile([0.0, 0, 0, 0, 1, 1, 1, 1], 10), "cluster": np.repeat(np.arange(10), 8)})
    y = np.tile([0, 0, 0, 1, 0, 1, 1, 1], 10)
    fit = fit_random_intercept(y, model_matrix(frame[["x"]]), frame["cluster"])
    # Every cluster has 1 of 4 without x and 3 of 4 with it: log odds -log 3 and + log 3.
    assert fit.standard_deviation == 0
    assert fit.coefficients == pytest.approx([-np.log(3), 2 * np.log(3)], abs=1e-5)
    # Variances of the two log odds: 1/30 + 1/10 each.
    assert fit.standard_errors == pytest.approx([np.sqrt(4 / 30), np.sqrt(8 / 30)], rel=1e-4)
    assert np.isnan(fit.covariance[-1]).all()


def test_trials_are_so_many_rows_of_zero_and_one():
    frame = grouped(2)
    long = frame.loc[frame.index.repeat(frame["trials"])]
    outcome = np.concatenate([np.arange(t) < s for s, t in zip(frame["successes"], frame["trials"], strict=True)])
    short = fit_random_intercept(
        frame["successes"] / frame["trials"], model_matrix(frame[["x"]]), frame["cluster"], trials=frame["trials"]
    )
    split = fit_random_intercept(outcome, model_matrix(long[["x"]].reset_index(drop=True)), long["cluster"])
    assert short.coefficients == pytest.approx(split.coefficients, abs=1e-5)
    assert short.standard_errors == pytest.approx(split.standard_errors, rel=1e-4)


def test_nodes_must_be_a_number():
    frame = grouped()
    with pytest.raises(EstimationError, match="0 nodes were asked for"):
        fit_random_intercept(frame["successes"] > 0, model_matrix(frame[["x"]]), frame["cluster"], nodes=0)


@pytest.mark.parametrize("nodes", [1, 9])
def test_clusters_whose_members_are_all_the_same_have_no_maximum(nodes):
    generator = np.random.default_rng(0)
    cluster = np.repeat(np.arange(60), 5)
    outcome = (generator.random(60) < 0.4)[cluster].astype(float)
    x = generator.normal(size=300)
    with pytest.raises(EstimationError, match="no maximum"):
        fit_random_intercept(outcome, model_matrix(pd.DataFrame({"x": x})), cluster, nodes=nodes)
