"""The linear random-intercept model against the multivariate normal written out."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.repeated.linear_mixed import fit_linear_mixed


def grouped(seed):
    random = np.random.default_rng(seed)
    cluster = random.integers(0, 8, 60)
    x = random.normal(size=60)
    y = 1 + 2 * x + 1.5 * random.normal(size=8)[cluster] + random.normal(size=60)
    return y, model_matrix(pd.DataFrame({"x": x})), cluster


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_maximum_likelihood_is_the_best_multivariate_normal(seed):
    y, matrix, cluster = grouped(seed)
    fit = fit_linear_mixed(y, matrix, cluster, restricted=False)

    def log_likelihood(coefficients, between, within):
        same = np.equal.outer(cluster, cluster)
        return multivariate_normal.logpdf(y, matrix.dense() @ coefficients, within**2 * np.eye(60) + between**2 * same)

    best = log_likelihood(fit.coefficients, fit.standard_deviation, fit.residual_deviation)
    assert fit.log_likelihood == pytest.approx(best, abs=1e-8)
    for change in (0.99, 1.01):
        assert log_likelihood(fit.coefficients * change, fit.standard_deviation, fit.residual_deviation) < best
        assert log_likelihood(fit.coefficients, fit.standard_deviation, fit.residual_deviation * change) < best
        assert log_likelihood(fit.coefficients, fit.standard_deviation * change, fit.residual_deviation) <= best


def test_a_balanced_design_has_the_analysis_of_variance():
    # Three clusters of two: means 1, 4, 7 around 4. Between mean square 2 * 18 / 2 = 18, within (3 * 0.5) / 3 = 0.5.
    y = [0.5, 1.5, 3.5, 4.5, 6.5, 7.5]
    matrix = model_matrix(pd.DataFrame(index=range(6)))
    fit = fit_linear_mixed(y, matrix, [0, 0, 1, 1, 2, 2])
    assert fit.coefficients == pytest.approx([4])
    assert fit.residual_deviation**2 == pytest.approx(0.5, rel=1e-5)
    assert fit.standard_deviation**2 == pytest.approx((18 - 0.5) / 2, rel=1e-5)
    assert fit.standard_errors == pytest.approx([np.sqrt(18 / 6)], rel=1e-5)
    # Cluster means are drawn to 4 by 2 * 8.75 / 18.
    assert fit.intercepts == pytest.approx(np.array([-3, 0, 3]) * 17.5 / 18, rel=1e-5)


def test_clusters_that_do_not_differ_have_deviation_zero():
    fit = fit_linear_mixed([1, 2, 3, 1, 2, 3.0], model_matrix(pd.DataFrame(index=range(6))), [0, 0, 0, 1, 1, 1])
    assert fit.standard_deviation == 0
    assert fit.standard_errors == pytest.approx([np.sqrt(0.8 / 6)])


def test_a_response_without_residuals_is_refused():
    x = np.arange(6.0)
    with pytest.raises(EstimationError, match="leave no residual"):
        fit_linear_mixed(2 * x, model_matrix(pd.DataFrame({"x": x})), [0, 0, 1, 1, 2, 2])
