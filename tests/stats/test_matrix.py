"""The model matrix against numbers written out by hand and against plain numpy."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iop_outcomes.kernel.errors import DesignError
from iop_outcomes.stats.linear.matrix import model_matrix


@pytest.fixture
def people():
    return pd.DataFrame(
        {
            "age": [20.0, 30.0, 40.0, 50.0],
            "substance": ["opioid", "alcohol", "opioid", "cocaine"],
            "housing": pd.Categorical(["none", "own", "own", "none"], categories=["own", "none"]),
            "employed": [True, False, False, True],
        }
    )


def made(n, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({f"factor_{k}": rng.integers(0, k, n).astype(str) for k in (2, 3, 5, 9)})
    return frame.assign(count=rng.integers(0, 6, n), amount=rng.normal(size=n))


def test_columns_are_treatment_contrasts(people):
    matrix = model_matrix(people)
    assert matrix.names == (
        "(Intercept)",
        "age",
        "substance[cocaine]",  # strings: alphabetical, so that alcohol is the reference
        "substance[opioid]",
        "housing[none]",  # categories: in their own order, so that own is the reference
        "employed[True]",
    )
    assert matrix.terms[2] == ("substance", "cocaine")
    np.testing.assert_array_equal(
        matrix.dense(),
        [[1, 20, 0, 1, 1, 1], [1, 30, 0, 0, 0, 0], [1, 40, 0, 1, 0, 0], [1, 50, 1, 0, 1, 1]],
    )


def test_without_an_intercept_the_first_category_keeps_all_levels(people):
    names = model_matrix(people, ["age", "housing", "employed"], intercept=False).names
    assert names == ("age", "housing[own]", "housing[none]", "employed[True]")


@pytest.mark.parametrize("dense_cells", [0, 10**9], ids=["coded", "plain"])
def test_products_equal_plain_numpy(dense_cells):
    frame = made(3_000)
    matrix = model_matrix(frame, dense_cells=dense_cells)
    plain = model_matrix(frame, dense_cells=10**9).dense()
    rng = np.random.default_rng(1)
    weights, coefficients, groups = rng.random(3_000), rng.normal(size=plain.shape[1]), rng.integers(0, 7, 3_000)
    inner = rng.normal(size=(plain.shape[1],) * 2)
    close = {"rtol": 1e-12, "atol": 1e-9}
    np.testing.assert_array_equal(matrix.dense(), plain)
    np.testing.assert_allclose(matrix.matvec(coefficients), plain @ coefficients, **close)
    np.testing.assert_allclose(matrix.transpose_matvec(weights), plain.T @ weights, **close)
    np.testing.assert_allclose(matrix.sandwich(weights), plain.T @ (weights[:, None] * plain), **close)
    np.testing.assert_allclose(matrix.quadratic_form(inner), ((plain @ inner) * plain).sum(axis=1), **close)
    expected = np.array([(plain * weights[:, None])[groups == group].sum(axis=0) for group in range(7)])
    np.testing.assert_allclose(matrix.group_sums(weights, groups, 7), expected, **close)


def test_cross_products_and_parts_of_a_coded_matrix():
    frame = made(2_000)
    matrix = model_matrix(frame, dense_cells=0)
    plain, weights = matrix.dense(), np.random.default_rng(2).random(2_000)
    some = np.arange(plain.shape[1]) % 2 == 0
    np.testing.assert_allclose(matrix.columns(some).dense(), plain[:, some])
    np.testing.assert_allclose(
        matrix.cross(matrix.columns(some), weights), plain.T @ (weights[:, None] * plain[:, some]), atol=1e-9
    )
    mask = frame["factor_2"].to_numpy() == "1"
    np.testing.assert_array_equal(matrix.rows(mask).dense(), plain[mask])
    assert matrix.rows(mask).shape == (mask.sum(), plain.shape[1])


def test_many_groups_are_summed_without_a_large_table():
    n = 30_000
    matrix = model_matrix(made(n), dense_cells=0)
    sums = matrix.group_sums(np.ones(n), np.arange(n), n)
    np.testing.assert_array_equal(sums, matrix.dense())


@given(order=st.permutations(range(40)))
def test_the_order_of_rows_does_not_matter(order):
    frame = made(40)
    there = model_matrix(frame).sandwich(np.arange(40.0))
    back = model_matrix(frame.iloc[order]).sandwich(np.arange(40.0)[order])
    np.testing.assert_allclose(there, back, rtol=1e-12, atol=1e-12)


def test_missing_covariates_are_named_and_counted(people):
    people.loc[[0, 2], "age"] = np.nan
    people["score"] = [1.0, np.inf, 2.0, 3.0]
    with pytest.raises(DesignError, match=r"age \(2\), score \(1\) of 4 rows"):
        model_matrix(people)


def test_empty_levels_and_constant_columns_are_named(people):
    people["housing"] = people["housing"].cat.add_categories("street")
    people["period"] = 2023
    with pytest.raises(DesignError, match="nobody has level 'street' of housing; period has the same value"):
        model_matrix(people)


def test_unusable_columns_can_be_left_out_and_are_then_listed(people):
    people["housing"] = people["housing"].cat.add_categories("street")
    people["period"] = 2023
    matrix = model_matrix(people, ["age", "housing", "period"], unusable="drop")
    assert matrix.names == ("(Intercept)", "age", "housing[none]")
    assert matrix.dropped == ("nobody has level 'street' of housing", "period has the same value in every row")


def test_an_unknown_covariate_is_answered_with_the_nearest(people):
    with pytest.raises(DesignError, match="no column 'substances'; did you mean 'substance'"):
        model_matrix(people, ["age", "substances"])
    with pytest.raises(DesignError, match="age named more than once"):
        model_matrix(people, ["age", "age"])
