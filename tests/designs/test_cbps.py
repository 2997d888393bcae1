"""Covariate-balancing scores do what their name says."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.designs.scores.balancing_weights import balancing_weights
from iop_outcomes.designs.scores.cbps import balancing_score
from iop_outcomes.designs.scores.cbps_gmm import MomentConditions, overidentified_score
from iop_outcomes.kernel.errors import DesignError
from iop_outcomes.stats.linear.glm import fit_glm
from iop_outcomes.stats.linear.matrix import model_matrix


@pytest.fixture
def people():
    rng = np.random.default_rng(11)
    frame = pd.DataFrame({"age": rng.normal(40, 10, 600), "site": rng.choice(list("abc"), 600)})
    treated = rng.random(600) < 1 / (1 + np.exp(-(frame["age"] - 40) / 15 - (frame["site"] == "b")))
    return model_matrix(frame), treated.to_numpy()


@pytest.mark.parametrize("estimand", ["ATE", "ATT", "ATC", "ATO"])
def test_weighted_totals_are_equal_in_both_arms(people, estimand):
    matrix, treated = people
    weights = balancing_weights(balancing_score(matrix, treated, estimand).score, treated, estimand)
    first, second = (matrix.dense()[arm].T @ weights[arm] for arm in (treated, ~treated))
    np.testing.assert_allclose(first, second, rtol=1e-8)


def test_for_overlap_it_is_the_likelihood_score(people):
    matrix, treated = people
    np.testing.assert_allclose(
        balancing_score(matrix, treated, "ATO").score, fit_glm(treated, matrix).fitted, rtol=1e-9
    )


@pytest.mark.parametrize("estimand", ["ATE", "ATT"])
def test_overidentified_minimises_its_criterion(people, estimand):
    matrix, treated = people
    found = overidentified_score(matrix, treated, estimand)
    moments = MomentConditions(matrix, treated, estimand)
    weighting = moments.weighting(moments.root @ found.coefficients)

    def criterion(coefficients):
        residual = weighting @ moments.values(moments.root @ coefficients)
        return residual @ residual

    exact, likely = balancing_score(matrix, treated, estimand), fit_glm(treated, matrix)
    assert criterion(found.coefficients) < min(criterion(exact.coefficients), criterion(likely.coefficients))
    assert 0 < found.statistic * len(treated) < 20  # chi-squared with 4 degrees of freedom when the model is right


def test_overidentified_does_not_depend_on_units():
    rng = np.random.default_rng(12)
    age = rng.normal(40, 10, 500)
    treated = rng.random(500) < 1 / (1 + np.exp(-(age - 40) / 15))
    years, months = (model_matrix(pd.DataFrame({"age": age * unit})) for unit in (1, 12))
    np.testing.assert_allclose(
        overidentified_score(years, treated).score, overidentified_score(months, treated).score, rtol=1e-6
    )


def test_estimands_without_a_condition_are_refused(people):
    matrix, treated = people
    with pytest.raises(DesignError, match="it can be ATE, ATT, ATC or ATO"):
        balancing_score(matrix, treated, "ATM")
    with pytest.raises(DesignError, match="not for 'ATO'"):
        overidentified_score(matrix, treated, "ATO")


def test_separation_is_named(people):
    matrix, _ = people
    with pytest.raises(DesignError, match=r"level 'b' of site has response 1"):
        balancing_score(matrix, matrix.dense()[:, 2] == 1)
