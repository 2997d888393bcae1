"""Outcomes shifted by arm: by hand, against a jackknife, and where they tip."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import robustness
from iop_outcomes.estimates.nuisance.weights import Weights
from iop_outcomes.kernel.errors import EstimationError

UNKNOWN = np.nan


def of_two_thirds(n: int = 1) -> dict:
    """Return arms of 4n people, n of them unknown; of the others 2 of 3 did well, and 1 of 3 in the second arm."""
    outcome = [1, 1, 0, UNKNOWN] * n + [1, 0, 0, UNKNOWN] * n
    people = {"treated": np.repeat([1, 0], 4 * n), "covariates": pd.DataFrame(index=range(8 * n))}
    return {"outcome": outcome, "weights": np.ones(8 * n)} | people


def some_people(n: int = 300, seed: int = 3) -> dict:
    """Return people whose outcome and its being known both depend on a covariate."""
    random = np.random.default_rng(seed)
    x, treated = random.normal(size=n), np.arange(n) % 2
    outcome = (random.random(n) < 1 / (1 + np.exp(-x - 0.8 * treated))).astype(float)
    outcome[random.random(n) < 1 / (1 + np.exp(1 - x))] = UNKNOWN
    weights = random.uniform(0.5, 1.5, n)
    return {"outcome": outcome, "treated": treated, "covariates": pd.DataFrame({"x": x}), "weights": weights}


def at(shifts: pd.DataFrame, first: float, second: float) -> pd.Series:
    return shifts.set_index(["shift_first", "shift_second"]).loc[(first, second)]


def test_a_shift_by_the_log_of_two_doubles_the_odds_of_the_missing():
    halved, doubled = -np.log(2), np.log(2)
    found = robustness.shifted_differences(**of_two_thirds(), shifts=[halved, 0, doubled])
    # Odds of 2 become 1 or 4, a share of 1/2 or 4/5; odds of 1/2 become 1/4 or 1, a share of 1/5 or 1/2.
    assert at(found, 0, 0)["value"] == pytest.approx(2 / 3 - 1 / 3)
    assert at(found, halved, 0)["value"] == pytest.approx((2 + 1 / 2) / 4 - 1 / 3)
    assert at(found, doubled, halved)["value"] == pytest.approx((2 + 4 / 5) / 4 - (1 + 1 / 5) / 4)


def test_a_number_is_shifted_by_standard_deviations_of_what_is_known():
    # Known are 1, 3 and 2, 6: their standard deviation is sqrt(14 / 3); the missing are expected at 2 and at 4.
    people = {"outcome": [1, 3, UNKNOWN, 2, 6, UNKNOWN], "treated": [1, 1, 1, 0, 0, 0]}
    people |= {"covariates": pd.DataFrame(index=range(6)), "weights": np.ones(6)}
    found = robustness.shifted_differences(**people, shifts=[0, 1])
    assert at(found, 0, 0)["value"] == pytest.approx(-2)
    assert at(found, 1, 0)["value"] == pytest.approx(-2 + np.sqrt(14 / 3) / 3)
    assert at(found, 0, 1)["value"] == pytest.approx(-2 - np.sqrt(14 / 3) / 3)


def test_far_shifts_are_the_best_and_the_worst_case():
    people = some_people()
    rules = robustness.missing_rules(**people).set_index("rule")["value"]
    found = robustness.shifted_differences(**people, shifts=[-30, 30])
    assert at(found, 30, -30)["value"] == pytest.approx(rules["best case"])
    assert at(found, -30, 30)["value"] == pytest.approx(rules["worst case"])
    assert at(found, -30, -30)["value"] == pytest.approx(rules["missing = failure"])


def test_without_covariates_no_shift_is_as_sure_as_those_observed():
    people = of_two_thirds(50)
    rules = robustness.missing_rules(**people).set_index("rule")
    none = at(robustness.shifted_differences(**people, shifts=[0]), 0, 0)
    # Both have the divisor n - 1, of 400 people and of the 300 who are known.
    correction = np.sqrt(400 / 399) / np.sqrt(300 / 299)
    assert none["se"] == pytest.approx(rules.loc["observed only", "se"] * correction, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("shift", [0.0, 1.5])
def test_the_standard_error_counts_that_the_model_of_the_missing_was_estimated(shift):
    people = some_people()
    n = len(people["outcome"])
    without = []
    for one in range(n):
        rest = {name: np.delete(np.asarray(values), one, axis=0) for name, values in people.items()}
        rest["covariates"] = people["covariates"].drop(index=one)
        without.append(robustness.shifted_differences(**rest, shifts=[shift])["value"].iloc[0])
    jackknife = np.sqrt((n - 1) * np.var(without))
    se = robustness.shifted_differences(**people, shifts=[shift])["se"].iloc[0]
    assert se == pytest.approx(jackknife, rel=0.03)


def test_clusters_and_estimated_weights_are_counted_as_in_every_other_mean():
    people = some_people()
    site = np.arange(300) // 10
    alone, together = (
        robustness.shifted_differences(**people, shifts=[0], cluster=of)["se"].iloc[0] for of in (None, site)
    )
    assert alone != together
    fixed = Weights(people["weights"])
    assert robustness.shifted_differences(**people | {"weights": fixed}, shifts=[0])["se"].iloc[0] == alone


def test_the_least_shift_at_which_there_is_no_difference_by_hand():
    # (2 + p) / 4 of the first arm is never 1/3, and (1 + q) / 4 of the second never 2/3; both alike stay apart.
    for which in ("first", "second", "both"):
        assert np.isnan(robustness.tipping_shift(**of_two_thirds(), which=which))
    # One of two known did well in the first arm and one of three in the second, two and none are missing:
    # (1 + 2p) / 4 = 1/3 at p = 1/6, odds of 1/5 instead of 1.
    people = {"outcome": [1, 0, UNKNOWN, UNKNOWN, 1, 0, 0], "treated": [1, 1, 1, 1, 0, 0, 0]}
    people |= {"covariates": pd.DataFrame(index=range(7)), "weights": np.ones(7)}
    assert robustness.tipping_shift(**people) == pytest.approx(-np.log(5), abs=1e-8)
    assert np.isnan(robustness.tipping_shift(**people, which="second"))


def test_the_interval_tips_before_the_estimate_and_holds_no_difference_there():
    people = some_people(2_000)
    of_interval, of_estimate = (robustness.tipping_shift(**people, of=of) for of in ("interval", "estimate"))
    assert of_estimate < of_interval < 0
    found = robustness.shifted_differences(**people, shifts=[of_interval, 0])
    assert at(found, of_interval, 0)["ci_low"] == pytest.approx(0, abs=1e-8)


def test_an_interval_that_holds_no_difference_needs_no_shift():
    assert robustness.tipping_shift(**of_two_thirds(2), of="interval") == 0


def test_what_it_refuses():
    with pytest.raises(EstimationError, match="there is no arm 'iop' to shift"):
        robustness.tipping_shift(**of_two_thirds(), which="iop")
