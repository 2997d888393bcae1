"""Balance at its borders: each example would come out otherwise were a sign or a border another."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.designs.judge.balance import balance, balance_together
from iop_outcomes.kernel.errors import DesignError

TREATED = np.array([1, 1, 1, 1, 0, 0, 0, 0])
AGE = pd.DataFrame({"age": [30.0, 40, 50, 60, 20, 30, 40, 50]})


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -1.0])
def test_one_wrong_weight_among_good_ones_is_refused(wrong):
    with pytest.raises(DesignError, match="weights must be one finite number of zero or more per member"):
        balance(AGE, TREATED, [1, 1, 1, 1, 1, 1, 1, wrong])


def test_a_difference_of_a_number_is_divided_by_the_spread_of_everybody_under_the_weights():
    # Weights 1 and, for the last two, 3: 12 in all. Mean 500/12; mean square 22200/12; so 113.889 about the mean, over
    # 1 - (6 + 18)/144 = 5/6: a variance of 136.667. The means of the arms are 45 and 40.
    found = balance(AGE, TREATED, [1, 1, 1, 1, 1, 1, 3, 3], estimand="ATO").query("stage == 'after'")
    assert found["smd"].tolist() == pytest.approx([5 / np.sqrt((22200 / 12 - (500 / 12) ** 2) / (5 / 6))])


def test_without_weights_the_spread_of_everybody_is_the_plain_one():
    found = balance(AGE, TREATED, estimand="ATO")
    assert found["smd"].tolist() == pytest.approx([10 / AGE["age"].std()])


def test_a_variance_ratio_needs_a_spread_in_the_second_arm_however_small():
    people = pd.DataFrame({"x": [1.0, 2, 3, 4, 5, 5, 5, 5], "y": [1.0, 2, 3, 4, 0.1, 0.2, 0.3, 0.4]})
    found = balance(people, TREATED).set_index("covariate")["variance_ratio"]
    assert np.isnan(found["x"])
    assert found["y"] == pytest.approx(100)  # ten times the spread


def test_who_does_not_count_in_the_population_is_not_among_its_members():
    found = balance_together(AGE, 1 - TREATED, ["a", "b"], population=[1, 1, 1, 0, 1, 1, 1, 1])
    assert found[["arm", "against", "n_reference"]].to_numpy().tolist() == [
        ["a", "b", 4], ["a", "everybody", 7], ["b", "everybody", 7],
    ]  # fmt: skip


def test_rows_stand_by_pair_in_the_order_of_the_arms_and_before_stands_first():
    people = AGE.assign(employed=[1, 0, 1, 0, 1, 0, 1, 0])
    found = balance_together(people, [0, 0, 1, 1, 2, 2, 0, 1], ["c", "a", "b"], np.ones(8))
    assert found[["arm", "against", "stage", "covariate"]].to_numpy().tolist() == [
        [*pair, stage, covariate]
        for pair in ("ca", "cb", "ab")
        for stage in ("before", "after")
        for covariate in ("age", "employed")
    ]
