"""Pooling over imputations and sites, by hand."""

import numpy as np
import pandas as pd
import pytest

import iop_outcomes
from iop_outcomes.conclude.pooling import pool_estimate_rows
from iop_outcomes.conclude.sites import pool_sites, pool_without_each_site
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.imputations import pool_imputations


def test_rubins_rules_by_hand():
    # Estimates 1, 2, 3: mean 2, variance between 1. Variances 1, 2, 3: mean within 2. Total 2 + 4/3 * 1 = 10/3.
    found = pool_imputations([1, 2, 3], [1, 2, 3], complete_degrees_of_freedom=50).iloc[0]
    assert (found["value"], found["within"], found["between"]) == pytest.approx((2, 2, 1))
    assert found["se"] ** 2 == pytest.approx(10 / 3)
    # Share through missing values lambda = (4/3) / (10/3) = 0.4; 2 / 0.16 = 12.5 degrees of freedom in a large sample,
    # 51 / 53 * 50 * 0.6 of what was observed, and their product over their sum.
    assert found["lambda"] == pytest.approx(0.4)
    observed = 51 / 53 * 50 * 0.6
    assert found["degrees_of_freedom"] == pytest.approx(12.5 * observed / (12.5 + observed))
    assert found["riv"] == pytest.approx((4 / 3) / 2)


def test_equal_imputations_leave_the_variance_as_it_is():
    found = pool_imputations([[0.5, 1.0]] * 5, [[0.1, 0.2]] * 5, complete_degrees_of_freedom=100, names=["a", "b"])
    assert found.loc["b", "se"] ** 2 == pytest.approx(0.2)
    assert found.loc["a", "degrees_of_freedom"] == pytest.approx(101 / 103 * 100, rel=1e-3)


def rows(difference, ratio, se=0.1):
    return pd.DataFrame(
        {
            "measure": ["risk_difference", "risk_ratio"],
            "arm": "iop",
            "against": "outpatient",
            "day": np.nan,
            "value": [difference, ratio],
            "se": se,
            "se_scale": ["identity", "log"],
            "ci_low": np.nan,
            "ci_high": np.nan,
            "n": 100,
            "n_events": [40, 40],
            "ess": 100.0,
            "se_method": "robust",
            "reason": None,
        }
    )


def test_ratios_are_pooled_as_logarithms():
    found = pool_estimate_rows([rows(0.1, 1.0), rows(0.2, 4.0)])
    assert found["value"].tolist() == pytest.approx([0.15, 2.0])
    assert found["se"][1] ** 2 == pytest.approx(0.01 + 1.5 * np.var([0, np.log(4)], ddof=1))
    assert found["ci_low"][1] * found["ci_high"][1] == pytest.approx(4.0)
    assert found["se_method"][0] == "robust; Rubin's rules over 2 imputations"


def test_every_row_of_an_estimate_is_pooled_with_its_like():
    # Of 60 in the first arm 20 stay, or 19 as guessed the second time; of 60 in the other 40.
    people = pd.DataFrame({"arm": [1, 1, 1, 0, 0, 0] * 20, "stays": [0, 1, 0, 1, 1, 0] * 20})
    guessed = people.assign(stays=people["stays"].where(people.index != 1, 0))
    asked = {"outcome": "stays", "arm": "arm", "covariates": [], "design": "unweighted", "estimator": "unadjusted"}
    answers = [iop_outcomes.estimate(data, **asked) for data in (people, guessed)]
    found = pool_estimate_rows(answers)
    assert found["role"].tolist() == ["contrast", "arm", "arm"]
    assert found["value"].tolist() == pytest.approx([19.5 / 60 - 40 / 60, 19.5 / 60, 40 / 60])
    between = np.var([20 / 60, 19 / 60], ddof=1)
    within = np.mean([answer["se"][0] ** 2 for answer in answers])
    assert found["se"][0] ** 2 == pytest.approx(within + 1.5 * between)
    with pytest.raises(EstimationError, match="not of the same rows"):
        pool_estimate_rows([answers[0], answers[1].iloc[[0, 2, 1]]])


def test_a_row_without_estimate_in_one_imputation_has_none():
    found = pool_estimate_rows([rows(0.1, 1.0), rows(0.2, np.nan)])
    assert np.isnan(found["value"][1]) and "no estimate in at least one imputation" in found["reason"][1]
    assert found["value"][0] == pytest.approx(0.15) and pd.isna(found["reason"][0])


def test_sites_without_difference_are_weighted_by_precision():
    # Weights 1/0.01 and 1/0.04: (0.2 * 100 + 0.4 * 25) / 125.
    found = pool_sites([0.2, 0.4], [0.1, 0.2], tau="fixed")
    assert found["value"] == pytest.approx(0.24)
    assert found["se"] == pytest.approx(np.sqrt(1 / 125))
    assert found["q"] == pytest.approx(0.04**2 * 100 + 0.16**2 * 25)


def test_dersimonian_laird_by_hand():
    # Equal errors of 0.1: Q = (0.3^2 + 0 + 0.3^2) / 0.01 = 18; tau^2 = (18 - 2) / (300 - 30000 / 300) = 0.08.
    found = pool_sites([0.0, 0.3, 0.6], [0.1, 0.1, 0.1], tau="dersimonian-laird")
    assert found["tau"] ** 2 == pytest.approx(0.08)
    assert found["i_squared"] == pytest.approx(16 / 18)
    # Hartung-Knapp: the variance of the three estimates over three.
    assert found["se"] == pytest.approx(np.sqrt(0.09 / 3))
    assert found["prediction_low"] < found["ci_low"]


@pytest.mark.parametrize("tau", ["reml", "paule-mandel", "dersimonian-laird"])
def test_sites_of_one_precision_have_one_variance_between_them_by_hand(tau):
    # The variance of the estimates is 0.09; chance makes 0.01 of it. A further site: t with 2, sqrt(0.08 + 0.03).
    found = pool_sites([0.0, 0.3, 0.6], [0.1, 0.1, 0.1], tau=tau)
    assert found["tau"] ** 2 == pytest.approx(0.08, rel=1e-9)
    assert found["prediction_high"] - found["value"] == pytest.approx(4.3027 * np.sqrt(0.11), rel=1e-4)
    assert found["h_squared"] == pytest.approx(0.09 / 0.01)
    normal = pool_sites([0.0, 0.3, 0.6], [0.1, 0.1, 0.1], tau=tau, interval="normal")
    assert normal["se"] == pytest.approx(np.sqrt(0.09 / 3))
    assert normal["ci_high"] - 0.3 == pytest.approx(1.96 * normal["se"], rel=1e-4)


@pytest.mark.parametrize("tau", ["reml", "paule-mandel", "dersimonian-laird"])
def test_sites_that_differ_by_less_than_chance_have_none(tau):
    assert pool_sites([0.0, 0.05, 0.1], [0.1, 0.2, 0.1], tau=tau)["tau"] == 0


def test_a_site_is_left_out_at_a_time():
    values, errors = np.array([0.1, 0.5, -0.2, 0.3]), np.array([0.1, 0.3, 0.2, 0.15])
    found = pool_without_each_site(values, errors, tau="reml")
    assert found["value"].iloc[1] == pool_sites(values[[0, 2, 3]], errors[[0, 2, 3]], tau="reml")["value"]
    assert (found["n_sites"] == 3).all() and len(found) == 4


def test_the_order_of_sites_does_not_matter():
    values, errors = np.array([0.1, 0.5, -0.2, 0.3]), np.array([0.1, 0.3, 0.2, 0.15])
    assert pool_sites(values, errors).to_numpy() == pytest.approx(pool_sites(values[::-1], errors[::-1]).to_numpy())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pool_imputations([1.0], [1.0]), "there is 1 imputation; at least two"),
        (lambda: pool_imputations([1, 2], [1, 0]), "1 estimate is missing or without a variance"),
        (lambda: pool_imputations([1, 2], [1, 2, 3]), "differ in number"),
        (lambda: pool_estimate_rows([rows(1, 1), rows(1, 1).iloc[::-1]]), "not of the same rows"),
        (lambda: pool_estimate_rows([rows(1, 1)]), "there is 1 answer; at least two"),
        (lambda: pool_sites([1.0], [0.1]), "1 estimate to pool; at least two sites"),
        (lambda: pool_sites([1, 2], [0.1, np.nan]), "1 site has no estimate or no standard error"),
        (lambda: pool_sites([1, 2], [0.1, 0.1], tau="remel"), "no method 'remel' for .*; did you mean 'reml'"),
        (lambda: pool_sites([1, 2], [0.1, 0.1], interval="wald"), "no method 'wald' for an interval"),
        (lambda: pool_without_each_site([1, 2], [0.1, 0.1]), "without one of 2 there is nothing to pool"),
    ],
)
def test_impossible_requests_are_answered_by_name(call, message):
    with pytest.raises(EstimationError, match=message):
        call()
