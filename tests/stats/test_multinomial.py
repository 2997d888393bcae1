"""Multinomial logistic regression: shares of a table, two categories, units and origins, and what decides an arm."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes.kernel.errors import DesignError
from iop_outcomes.stats.linear.glm import fit_glm
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.linear.multinomial import fit_multinomial

NAMES = ("outpatient", "iop", "residential")


def people(n=300, seed=1):
    """Return people whose age and sex move them towards the later arms, and the arms."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"age": rng.normal(40, 10, n), "female": rng.integers(0, 2, n).astype(float)})
    pull = (frame["age"] - 40) / 10 + frame["female"] + rng.gumbel(size=n)
    return frame, np.digitize(pull, np.quantile(pull, [0.4, 0.75]))


def test_a_saturated_model_gives_the_shares_of_the_table():
    """Of 4 women one each is in the first two arms, two in the third; of 4 men two in the first, one in each other."""
    female = np.repeat([1.0, 0.0], 4)
    arm = np.array([0, 1, 2, 2, 0, 0, 1, 2])
    fit = fit_multinomial(arm, model_matrix(pd.DataFrame({"female": female})), names=NAMES)
    np.testing.assert_allclose(fit.fitted[0], [1 / 4, 1 / 4, 2 / 4])
    np.testing.assert_allclose(fit.fitted[-1], [2 / 4, 1 / 4, 1 / 4])
    odds = [[1 / 2, 1 / (1 / 2)], [1 / 2, 2 / (1 / 2)]]
    np.testing.assert_allclose(np.exp(fit.coefficients), odds)
    np.testing.assert_allclose(fit.standard_errors[:, 0], np.sqrt(1 / 2 + 1))


def test_two_categories_are_a_logistic_regression():
    frame, arm = people()
    matrix = model_matrix(frame)
    fit, logistic = fit_multinomial(arm > 0, matrix, names=NAMES[:2]), fit_glm(arm > 0, matrix, tolerance=1e-9)
    np.testing.assert_allclose(fit.fitted[:, 1], logistic.fitted, rtol=1e-9)
    np.testing.assert_allclose(fit.coefficients[0], logistic.coefficients, rtol=1e-8)
    np.testing.assert_allclose(fit.standard_errors[0], logistic.standard_errors, rtol=1e-6)
    np.testing.assert_allclose(fit.deviance, logistic.deviance, rtol=1e-10)


@given(origin=st.floats(0, 1e9), unit=st.floats(1e-3, 1e3), order=st.permutations(range(3)))
@settings(max_examples=20, deadline=None)
def test_neither_origin_nor_unit_nor_the_order_of_the_arms_matters(origin, unit, order):
    frame, arm = people()
    expected = fit_multinomial(arm, model_matrix(frame), names=NAMES).fitted
    moved = frame.assign(age=frame["age"] * unit + origin)
    place = np.array(order)
    found = fit_multinomial(place[arm], model_matrix(moved), names=NAMES).fitted
    # What rounding leaves of an age added to a large number is all that may differ.
    left = np.abs((moved["age"] - origin) / unit - frame["age"]).max()
    np.testing.assert_allclose(found[:, place], expected, atol=1e-9 + left)


def test_rows_that_do_not_count_get_probabilities_and_change_none():
    frame, arm = people()
    some = np.arange(len(arm)) % 3 > 0
    whole = fit_multinomial(np.where(some, arm, 0), model_matrix(frame), names=NAMES, fitted_on=some)
    alone = fit_multinomial(arm[some], model_matrix(frame[some]), names=NAMES)
    np.testing.assert_allclose(whole.fitted[some], alone.fitted, rtol=1e-9)
    np.testing.assert_allclose(whole.fitted.sum(axis=1), 1)
    assert (whole.equation.score[~some] == 0).all()


def test_the_score_equations_are_solved():
    frame, arm = people()
    fit = fit_multinomial(arm, model_matrix(frame), names=NAMES)
    for column in fit.equation.score.T:
        np.testing.assert_allclose(fit.equation.matrix.transpose_matvec(column), 0, atol=1e-8)


def test_a_covariate_that_decides_an_arm_is_named_with_the_arm():
    frame, arm = people()
    frame["veteran"] = np.where(arm == 2, 0, frame["female"])
    with pytest.raises(DesignError, match=r"'residential'.*veteran"):
        fit_multinomial(arm, model_matrix(frame.assign(veteran=frame["veteran"].map(str))), names=NAMES)


def test_covariates_that_decide_an_arm_together_are_named():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"x": rng.normal(size=90), "z": rng.normal(size=90)})
    arm = np.where(frame["x"] + frame["z"] > 1, 2, np.arange(90) % 2)
    with pytest.raises(DesignError, match=r"no finite value"):
        fit_multinomial(arm, model_matrix(frame), names=NAMES)


@pytest.mark.parametrize("arm", [[0, 1, 0, 1], [0, 1, 2, 3]])
def test_a_category_without_rows_and_a_row_without_category_are_refused(arm):
    with pytest.raises(DesignError, match="every row needs one of the categories"):
        fit_multinomial(arm, model_matrix(pd.DataFrame({"x": [1.0, 2, 4, 3]})), names=NAMES)
