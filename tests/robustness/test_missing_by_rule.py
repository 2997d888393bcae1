"""Eight people of whom two are not known: every rule for them by hand."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import robustness
from iop_outcomes.kernel.errors import EstimationError

UNKNOWN = np.nan
#: First arm: two of three did well; second arm: one of three; of one of each nobody knows.
OUTCOME = [1, 1, 0, UNKNOWN, 1, 0, 0, UNKNOWN]
FIRST = [1, 1, 1, 1, 0, 0, 0, 0]
NOTHING = pd.DataFrame(index=range(8))
PEOPLE = {"treated": FIRST, "covariates": NOTHING, "weights": np.ones(8)}


def rules(outcome=OUTCOME, **changes) -> pd.Series:
    return robustness.missing_rules(outcome, **PEOPLE | changes).set_index("rule")["value"]


def test_every_rule_by_hand():
    assert rules().round(10).to_dict() == {
        "observed only": round(2 / 3 - 1 / 3, 10),
        # Without covariates whoever is seen stands for all of the arm.
        "weighted for being observed": round(2 / 3 - 1 / 3, 10),
        "missing = failure": 2 / 4 - 1 / 4,
        "best case": 3 / 4 - 1 / 4,
        "worst case": 2 / 4 - 2 / 4,
    }


def test_where_less_is_better_failure_is_one_and_the_best_is_zero():
    found = rules(higher_is_better=False)
    assert found["missing = failure"] == 3 / 4 - 2 / 4
    assert found["best case"] == 2 / 4 - 2 / 4
    assert found["worst case"] == 3 / 4 - 1 / 4


def test_weights_of_the_design_count_in_every_rule():
    # The unknown of the first arm counts three times.
    found = rules(weights=[1, 1, 1, 3, 1, 1, 1, 1])
    assert found["missing = failure"] == pytest.approx(2 / 6 - 1 / 4)
    assert found["observed only"] == pytest.approx(2 / 3 - 1 / 3)


def test_who_is_seen_stands_for_people_like_them():
    # Of four women of the first arm, who did well, two are known; of four men, who did not, all. Weighted 4 of 8.
    outcome = [1, 1, UNKNOWN, UNKNOWN, 0, 0, 0, 0] + [1, 0] * 4
    sex = pd.DataFrame({"sex": ["female"] * 4 + ["male"] * 4 + ["female", "female", "male", "male"] * 2})
    arms = {"treated": [1] * 8 + [0] * 8, "covariates": sex, "weights": np.ones(16)}
    found = robustness.missing_rules(outcome, **arms).set_index("rule")
    assert found.loc["observed only", "first"] == pytest.approx(2 / 6)
    assert found.loc["weighted for being observed", "first"] == pytest.approx(4 / 8, abs=1e-6)
    assert found.loc["weighted for being observed", "second"] == pytest.approx(4 / 8)


def test_people_of_weight_zero_decide_nothing():
    outcome, weights = [*OUTCOME, 1, UNKNOWN], [*np.ones(8), 0, 0]
    more = {"treated": [*FIRST, 0, 1], "covariates": pd.DataFrame(index=range(10)), "weights": weights}
    pd.testing.assert_series_equal(rules(outcome, **more), rules())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"weights": np.ones(7)}, "8 outcomes and 7 rows of weights"),
        ({"weights": [-1.0, *np.ones(7)]}, "a weight is missing or below zero"),
        ({"outcome": [UNKNOWN] * 4 + [1, 0, 0, 1]}, "nobody in arm 'first' has a known one"),
    ],
)
def test_what_it_refuses(changes, said):
    with pytest.raises(EstimationError, match=said):
        rules(**changes)
