"""Balance by hand, by property, and against published numbers."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iop_outcomes.designs.judge.balance import balance, balance_together, balance_within
from iop_outcomes.designs.judge.table_one import table_one_smd
from iop_outcomes.kernel.errors import DesignError
from three_arms import COVARIATES, three_arms

TREATED = np.array([1, 1, 1, 1, 0, 0, 0, 0])
PEOPLE = pd.DataFrame(
    {
        "age": [30.0, 40, 50, 60, 20, 30, 40, 50],
        "employed": [1, 1, 1, 0, 1, 0, 0, 0],
        "sex": ["female", "male"] * 4,
        "housing": ["own", "own", "rent", "street", "own", "rent", "rent", "street"],
    }
)


def row(table, covariate, level="", stage="before"):
    chosen = (table["covariate"] == covariate) & (table["level"] == level) & (table["stage"] == stage)
    assert chosen.sum() == 1
    return table[chosen].iloc[0]


class TestByHand:
    def test_a_number(self):
        # Means 45 and 35; both variances are (225 + 25 + 25 + 225)/3 = 500/3, so that smd = 10/sqrt(500/3).
        # Distribution functions: 20 only in the second arm, 60 only in the first; the distance is 1/4 up to 60.
        found = row(balance(PEOPLE, TREATED), "age")
        assert (found["mean_treated"], found["mean_reference"]) == (45, 35)
        assert found["smd"] == pytest.approx(10 / np.sqrt(500 / 3))
        assert found["variance_ratio"] == pytest.approx(1)
        assert found["ks"] == pytest.approx(0.25)
        assert (found["n_treated"], found["n_reference"]) == (4, 4)

    def test_a_share(self):
        # 3/4 v 1/4, both with variance 3/16: 0.5/sqrt(3/16).
        found = row(balance(PEOPLE, TREATED), "employed")
        assert found["smd"] == pytest.approx(0.5 / np.sqrt(3 / 16))
        assert found["ks"] == pytest.approx(0.5)
        assert np.isnan(found["variance_ratio"])

    def test_two_levels_have_one_row_and_three_have_three(self):
        table = balance(PEOPLE, TREATED)
        assert list(table["level"][table["covariate"] == "sex"]) == ["male"]
        assert list(table["level"][table["covariate"] == "housing"]) == ["own", "rent", "street"]
        assert row(table, "housing", "own")["n_treated"] == 2

    def test_weights_change_the_means_and_not_the_denominator(self):
        # The second arm weighted 1, 1, 3, 3: mean (20 + 30 + 120 + 150)/8 = 40, so that the difference is 5.
        table = balance(PEOPLE, TREATED, [1, 1, 1, 1, 1, 1, 3, 3])
        found = row(table, "age", stage="after")
        assert found["mean_reference"] == 40
        assert found["smd"] == pytest.approx(5 / np.sqrt(500 / 3))
        # Weighted variance: shares 1/8, 1/8, 3/8, 3/8; (400 + 100 + 0 + 300)/8 = 100 over 1 - 20/64.
        assert found["sd_reference"] ** 2 == pytest.approx(100 / (1 - 20 / 64))

    def test_each_estimand_has_its_denominator(self):
        people, weights = PEOPLE[["employed"]].assign(employed=[1, 1, 1, 0, 0, 0, 1, 1]), [1, 1, 1, 1, 2, 2, 1, 1]
        first, second = 3 / 16, 1 / 4  # p(1-p) of 3/4 and 1/2
        # With the weights 5 of 10 are employed: p(1-p) = 1/4.
        for estimand, variance in {
            "ATE": (first + second) / 2,
            "ATT": first,
            "ATC": second,
            "ATO": 0.25,
            "ATM": 0.25,
        }.items():
            found = row(balance(people, TREATED, weights, estimand=estimand), "employed")
            assert found["smd"] == pytest.approx(0.25 / np.sqrt(variance)), estimand

    def test_no_spread_in_the_denominator_is_infinite_or_zero(self):
        people = pd.DataFrame({"site": ["a", "a", "a", "a", "a", "a", "b", "b"]})
        assert row(balance(people, TREATED, estimand="ATT"), "site", "b")["smd"] == -np.inf
        assert row(balance(people, TREATED, [1, 1, 1, 1, 1, 1, 0, 0], estimand="ATT"), "site", "b", "after")["smd"] == 0


@given(st.permutations(range(8)))
def test_the_order_of_people_does_not_matter(order):
    here = balance(PEOPLE, TREATED, np.arange(1, 9))
    there = balance(PEOPLE.iloc[order], TREATED[order], np.arange(1, 9)[order])
    pd.testing.assert_frame_equal(here, there)


def test_swapping_the_arms_flips_the_sign():
    here, there = balance(PEOPLE, TREATED), balance(PEOPLE, 1 - TREATED)
    np.testing.assert_allclose(here["smd"], -there["smd"])
    np.testing.assert_allclose(here["ks"], there["ks"])
    np.testing.assert_allclose(here["variance_ratio"].dropna(), 1 / there["variance_ratio"].dropna())


def test_categories_booleans_and_two_valued_numbers_count_as_shares():
    people = pd.DataFrame(
        {
            "flag": PEOPLE["employed"] == 1,
            "code": np.where(PEOPLE["employed"] == 1, 2.0, 1.0),
            "share": PEOPLE["employed"],
        }
    )
    table = balance(people, TREATED)
    np.testing.assert_allclose(table["smd"], 0.5 / np.sqrt(3 / 16))
    assert list(table["level"]) == ["True", "2", ""]


def test_within_subgroups():
    table = balance_within(PEOPLE[["age"]], TREATED, None, PEOPLE["sex"])
    assert list(table["subgroup"]) == ["female", "male"]
    assert row(table[table["subgroup"] == "female"], "age")["mean_treated"] == 40  # 30 and 50
    with pytest.raises(DesignError, match="none of 2 subgroups has both arms"):
        balance_within(PEOPLE[["age"]], TREATED, None, TREATED)


def test_one_number_for_all_levels():
    # One level against the rest: the distance is that of the share. Three levels by hand: shares of rent and street are
    # (1/4, 1/4) and (1/2, 1/4), d = (-1/4, 0), S = mean of diag(p) - pp': [[7/32, -3/32], [-3/32, 3/16]].
    found = table_one_smd(PEOPLE, TREATED)
    assert found["employed"] == pytest.approx(0.5 / np.sqrt(3 / 16))
    gap, spread = np.array([-1 / 4, 0]), np.array([[7 / 32, -3 / 32], [-3 / 32, 3 / 16]])
    assert found["housing"] == pytest.approx(np.sqrt(gap @ np.linalg.inv(spread) @ gap))
    assert found["age"] == pytest.approx(10 / np.sqrt(500 / 3))
    assert found["sex"] == 0


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: balance(PEOPLE, np.ones(8)), "nobody of 8 people is in the second arm"),
        (lambda: balance(PEOPLE, TREATED, np.full(8, np.nan)), "weights must be one finite number"),
        (lambda: balance(PEOPLE, TREATED, estimand="AT0"), "no estimand 'AT0'; did you mean"),
        (lambda: balance(PEOPLE, TREATED, denominator="pool"), "did you mean 'pooled'"),
        (lambda: balance(PEOPLE.assign(age=np.nan), TREATED), r"age \(8\) of 8 rows"),
    ],
)
def test_bad_input_is_one_sentence(call, sentence):
    with pytest.raises(DesignError, match=sentence):
        call()


def test_pairs_of_several_arms_share_one_denominator_per_covariate():
    """Variances are 1, 4, 1 (of the shares 2/9, 0, 2/9): every difference is divided by the root of their mean."""
    x, female = [0, 1, 2, 10, 12, 14, 5, 6, 7], [0, 1, 0, 1, 1, 1, 0, 1, 0]
    frame = pd.DataFrame({"x": np.array(x, dtype=float), "female": female})
    found = balance_together(frame, np.repeat([0, 1, 2], 3), ["a", "b", "c"])
    by_pair = found.pivot(index=["arm", "against"], columns="covariate", values="smd")
    pairs = list(found[["arm", "against"]].drop_duplicates().itertuples(index=False, name=None))
    assert pairs == [("a", "b"), ("a", "c"), ("b", "c")]
    np.testing.assert_allclose(by_pair["x"], np.array([-11, -5, 6]) / np.sqrt(2))
    np.testing.assert_allclose(by_pair["female"], np.array([-2, 0, 2]) / 3 / np.sqrt((2 / 9 + 0 + 2 / 9) / 3))


def test_several_arms_are_compared_with_the_population_they_are_to_stand_for():
    """Everybody has a mean of 2; weights of 1, 3 give the first arm a mean of 1.75 and 3, 1 the second one of 2.25."""
    frame = pd.DataFrame({"x": [1.0, 2, 2, 3]})
    weights = [1, 3, 3, 1]
    found = balance_together(frame, [0, 0, 1, 1], ["a", "b"], weights, population=np.ones(4))
    after = found[found["stage"] == "after"]
    assert (after["arm"] + after["against"]).tolist() == ["ab", "aeverybody", "beverybody"]
    np.testing.assert_allclose(after["mean_reference"], [2.25, 2, 2])
    np.testing.assert_allclose(after["smd"], np.array([-0.5, -0.25, 0.25]) / np.sqrt(0.5))
    assert list(after["n_reference"]) == [2, 4, 4]


@pytest.mark.parametrize("estimand", ["ATE", "ATT", "ATC", "ATO", "ATM"])
def test_two_arms_at_once_balance_as_two_arms(estimand):
    frame = three_arms().query("arm != 'residential'").reset_index(drop=True)
    first = (frame["arm"] == "iop").to_numpy()
    weights = np.random.default_rng(2).uniform(0.5, 2, len(frame))
    target = {"ATT": 0, "ATC": 1}.get(estimand)
    arm = np.where(first, 0, 1)
    at_once = balance_together(frame[COVARIATES], arm, ["a", "b"], weights, estimand=estimand, target=target)
    alone = balance(frame[COVARIATES], first, weights, estimand=estimand)
    pd.testing.assert_frame_equal(at_once.drop(columns=["arm", "against"]), alone)


def test_an_arm_without_members_is_refused_by_name():
    with pytest.raises(DesignError, match="nobody is in the arm 'c'"):
        balance_together(pd.DataFrame({"x": [1.0, 2]}), [0, 1], ["a", "b", "c"])
