"""Influences, clusters and leverage, by hand."""

import numpy as np
import pandas as pd
import pytest
from pytest import approx

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.cluster_robust import cluster_covariance
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.linear.sandwich import EstimatingEquation, cluster_codes, influence_covariance

INFLUENCE = np.array([0.1, -0.1, 0.2, -0.2])


def test_the_variance_is_the_sum_of_squares():
    # 0.01 + 0.01 + 0.04 + 0.04 = 0.1, times n/(n - 1) = 4/3
    assert influence_covariance(INFLUENCE, small_sample=False).values == approx(np.array([[0.1]]))
    assert influence_covariance(INFLUENCE).values == approx(np.array([[0.4 / 3]]))


def test_clusters_are_summed_first():
    # Clusters {1, 3} and {2, 4}: sums 0.3 and -0.3, squares 0.18, times G/(G - 1) = 2, and one degree of freedom.
    found = influence_covariance(INFLUENCE, cluster=["a", "b", "a", "b"])
    assert found.values == approx(np.array([[0.36]]))
    assert found.degrees_of_freedom == 1
    assert found.method == "cluster-robust (2 clusters), small-sample corrected"


def test_rows_that_are_not_used_count_towards_neither_n_nor_clusters():
    influence, used = np.append(INFLUENCE, 0.0), np.array([1, 1, 1, 1, 0], dtype=bool)
    assert influence_covariance(influence, used=used).values == approx(influence_covariance(INFLUENCE).values)
    found = influence_covariance(influence, used=used, cluster=["a", "b", "a", "b", "c"])
    assert found.degrees_of_freedom == 1


def test_an_unused_row_may_lack_a_cluster():
    assert cluster_codes(["a", None, "b"], used=[True, False, True])[1] == 2
    with pytest.raises(EstimationError, match="1 rows have none"):
        cluster_codes(["a", None, "b"])


@pytest.fixture
def line() -> EstimatingEquation:
    """Least squares of y on 1, x for x = 0, 1, 2, 3 and y = 0, 2, 1, 3: slope 0.8, intercept 0.3."""
    matrix = model_matrix(pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0]}), ["x"])
    residuals = np.array([-0.3, 0.9, -0.9, 0.3])
    return EstimatingEquation(matrix, residuals, np.ones(4), np.linalg.inv(matrix.sandwich(np.ones(4))))


def test_hc0_of_a_slope(line):
    # Σ (x - x̄)² r² / Sxx² = (2.25·0.09·2 + 0.25·0.81·2) / 25
    assert line.sandwich()[1, 1] == approx((2.25 * 0.09 * 2 + 0.25 * 0.81 * 2) / 25)


def test_hc1_to_hc3_scale_by_leverage(line):
    # Leverages 1/4 + (x - x̄)²/5: 0.7, 0.3, 0.3, 0.7.
    assert line.heteroscedastic("HC1").score == approx(line.score * np.sqrt(4 / 2))
    assert line.heteroscedastic("HC2").score == approx(line.score / np.sqrt([0.3, 0.7, 0.7, 0.3]))
    assert line.heteroscedastic("HC3").score == approx(line.score / [0.3, 0.7, 0.7, 0.3])


def test_a_row_that_decides_a_coefficient_is_answered_by_name():
    matrix = model_matrix(pd.DataFrame({"alone": [0.0, 0.0, 0.0, 1.0]}), ["alone"])
    equation = EstimatingEquation(
        matrix, np.array([1.0, 0.0, -1.0, 0.0]), np.ones(4), np.linalg.inv(matrix.sandwich(np.ones(4)))
    )
    with pytest.raises(EstimationError, match="HC3: 1 rows decide a coefficient by themselves"):
        equation.heteroscedastic("HC3")


def test_a_direction_is_the_influence_of_a_coefficient(line):
    # The slope moves by (x - x̄) / Sxx per unit of residual; its gradient along x β is taken at x = 1 minus x = 0.
    gradient = np.array([-1.0, 1.0, 0.0, 0.0])
    assert line.direction(gradient) == approx(np.array([-1.5, -0.5, 0.5, 1.5]) / 5)
    assert np.sum(line.carry(gradient) ** 2) == approx(line.sandwich()[1, 1])


def test_clusters_of_one_give_the_heteroscedastic_covariance(line):
    for kind, plain in (("CR0", "HC0"), ("CR2", "HC2"), ("CR3", "HC3")):
        found = cluster_covariance(line, ["a", "b", "c", "d"], kind)
        assert found.values == approx(line.heteroscedastic(plain).sandwich())


def test_satterthwaite_of_two_equal_groups_is_the_welch_value():
    # Difference of two means of 3: n1 + n2 - 2 = 4 under equal variances.
    matrix = model_matrix(pd.DataFrame({"arm": [0.0, 0, 0, 1, 1, 1]}), ["arm"])
    equation = EstimatingEquation(
        matrix, np.array([1.0, 0, -1, 2, 0, -2]), np.ones(6), np.linalg.inv(matrix.sandwich(np.ones(6)))
    )
    found = cluster_covariance(equation, list("abcdef"), "CR2", contrasts=[[0.0, 1.0]])
    assert found.degrees_of_freedom == approx([4.0])


def test_large_clusters_take_the_same_root_where_the_variance_is_constant(monkeypatch):
    from iop_outcomes.stats.linear import cluster_robust

    generator = np.random.default_rng(3)
    frame = pd.DataFrame({"x": generator.normal(size=60), "z": generator.normal(size=60)})
    matrix = model_matrix(frame, ["x", "z"])
    bread = np.linalg.inv(matrix.sandwich(np.ones(60)))
    y = generator.normal(size=60)
    residuals = y - matrix.matvec(bread @ matrix.transpose_matvec(y))
    equation = EstimatingEquation(matrix, residuals, np.ones(60), bread)
    cluster = np.repeat(np.arange(6), 10)
    exact = cluster_covariance(equation, cluster, "CR2")
    monkeypatch.setattr(cluster_robust, "LARGEST_EXACT_CLUSTER", 1)
    by_rank = cluster_covariance(equation, cluster, "CR2")
    assert by_rank.values == approx(exact.values)
    assert by_rank.degrees_of_freedom == approx(exact.degrees_of_freedom)
