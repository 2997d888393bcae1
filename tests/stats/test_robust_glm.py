"""Robust models of a two by two table, by hand, and what they refuse."""

import numpy as np
import pandas as pd
import pytest
from pytest import approx

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.linear.robust_glm import fit_robust_glm

# 12 of 40 with the arm against 8 of 40 without.
ARM = np.repeat([1.0, 0.0], 40)
Y = np.concatenate([np.repeat([1.0, 0.0], [12, 28]), np.repeat([1.0, 0.0], [8, 32])])
MATRIX = model_matrix(pd.DataFrame({"arm": ARM}), ["arm"])


@pytest.mark.parametrize(
    ("family", "link", "value", "variance"),
    [
        ("gaussian", None, 0.1, 0.3 * 0.7 / 40 + 0.2 * 0.8 / 40),
        ("poisson", None, np.log(1.5), 0.7 / 12 + 0.8 / 8),
        ("binomial", "log", np.log(1.5), 0.7 / 12 + 0.8 / 8),
        ("binomial", "logit", np.log(12 * 32 / (28 * 8)), 1 / 12 + 1 / 28 + 1 / 8 + 1 / 32),
    ],
)
def test_difference_ratio_and_odds_ratio_of_a_table(family, link, value, variance):
    model = fit_robust_glm(Y, MATRIX, family=family, link=link)
    assert model.coefficients[1] == approx(value)
    assert model.se[1] == approx(np.sqrt(variance))
    assert model.method == "HC0"


def test_the_survey_convention_uses_t_quantiles():
    model = fit_robust_glm(Y, MATRIX, family="gaussian", covariance="survey")
    assert model.se[1] ** 2 == approx((0.3 * 0.7 / 40 + 0.2 * 0.8 / 40) * 80 / 79)
    assert model.degrees_of_freedom[1] == 78


def test_weights_repeat_rows_in_the_estimate_and_square_in_the_variance():
    # Weight 2 everywhere: the same estimate and, unlike doubled rows, the same standard error.
    plain, doubled = (fit_robust_glm(Y, MATRIX, weights=np.full(80, w)) for w in (1.0, 2.0))
    assert doubled.coefficients == approx(plain.coefficients)
    assert doubled.se == approx(plain.se)


def test_clusters_of_identical_pairs_give_the_error_of_half_the_rows():
    half = slice(None, None, 2)
    pairs = np.repeat(np.arange(40), 2)
    paired = fit_robust_glm(Y, MATRIX, covariance="CR0", cluster=pairs)
    alone = fit_robust_glm(Y[half], MATRIX.rows(half))
    assert paired.se == approx(alone.se)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"covariance": "HC4"}, "did you mean 'HC3'"),
        ({"covariance": "CR2"}, "CR2 needs clusters"),
        ({"covariance": "HC3", "cluster": ARM}, "HC3 knows no clusters"),
    ],
)
def test_a_covariance_that_does_not_fit_is_answered_by_name(settings, said):
    with pytest.raises(EstimationError, match=said):
        fit_robust_glm(Y, MATRIX, **settings)
