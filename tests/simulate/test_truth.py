"""The truth of a simulated study, by hand."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.simulate.truth import truth

MEMBERS = pd.Index(["a", "b", "c", "d"], name="member_id")
PROPENSITY = pd.Series([0.5, 0.5, 0.2, 0.8], MEMBERS)


def rows(treated, reference):
    table = truth(
        {"completion": pd.Series(treated, MEMBERS)}, {"completion": pd.Series(reference, MEMBERS)}, PROPENSITY
    )
    return table.set_index("estimand")


def test_each_estimand_weights_people_in_its_own_way():
    table = rows([1, 1, 0, 1], [1, 0, 0, 0])
    # ATE: 3/4 - 1/4. ATT: weights .5 .5 .2 .8, sum 2: (0.5 + 0.5 + 0.8) / 2 - 0.5 / 2 = 0.9 - 0.25.
    # ATO: weights .25 .25 .16 .16, sum 0.82: 0.66 / 0.82 - 0.25 / 0.82.
    assert table["difference"].to_dict() == pytest.approx({"ATE": 0.5, "ATT": 0.65, "ATO": 0.41 / 0.82})
    assert table.loc["ATE", "ratio"] == pytest.approx(3)
    assert table["n"].tolist() == [4, 4, 4]


def test_a_missing_value_counts_in_neither_mean_of_its_world():
    table = rows([1, np.nan, 0, 1], [1, 0, 0, 0])
    assert table.loc["ATE", "mean_treated"] == pytest.approx(2 / 3)
    assert table.loc["ATE", "mean_reference"] == pytest.approx(1 / 4)


def test_members_are_matched_by_name_and_others_left_out():
    treated = pd.Series([1.0, 0.0], pd.Index(["d", "a"], name="member_id"))
    reference = pd.Series([0.0, 0.0, 1.0], pd.Index(["a", "d", "b"], name="member_id"))
    table = truth({"x": treated}, {"x": reference}, PROPENSITY).set_index("estimand")
    assert table.loc["ATE", "mean_treated"] == 0.5
    assert table.loc["ATE", "mean_reference"] == 0.0
    assert table.loc["ATT", "mean_treated"] == pytest.approx(0.8 / 1.3)


def test_a_ratio_over_nothing_is_missing():
    assert np.isnan(rows([1, 1, 1, 1], [0, 0, 0, 0]).loc["ATE", "ratio"])
