"""Time until care ended in one way: incidence, time lost, and what only predicts; ten people by hand."""

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes import stats
from iop_outcomes.errors import EstimationError

#: Days, and what ended care: 0 nothing, 1 dropout, 2 completion. Five people in each arm.
TEN = pd.DataFrame(
    {
        "arm": ["iop"] * 5 + ["outpatient"] * 5,
        "days": [10, 56, 56, 56, 60, 10, 20, 112, 112, 112],
        "cause": [1, 2, 2, 2, 0, 1, 1, 2, 2, 2],
    }
)


def ask(estimator: str, frame: pd.DataFrame = TEN, **settings) -> pd.DataFrame:
    if estimator == "cox":
        # Asked of a frame it wants one event: the others are cut off, which makes its hazards cause-specific.
        frame = frame.assign(cause=(frame["cause"] == 1).astype(int))
    asked = {"time": "days", "event": "cause", "arm": "arm", "covariates": [], "design": "unweighted"}
    found = iop.survival(frame, estimator=estimator, **asked, **settings)
    return found.set_index(["role", "arm"])


def test_whoever_completes_is_free_of_dropout_to_the_horizon():
    """One of five has dropped out by day 60, and two of five: nobody's completion counts."""
    found = ask("aalen_johansen", day=60)
    assert found.loc[("arm", "iop"), "value"] == pytest.approx(0.2)
    assert found.loc[("arm", "outpatient"), "value"] == pytest.approx(0.4)
    assert found.loc[("contrast", "iop"), ["measure", "value"]].tolist() == [
        "incidence_difference",
        pytest.approx(-0.2),
    ]


def test_time_lost_is_the_area_under_the_incidence():
    """Up to day 50 one of five loses 40 days: 8 each; in the other arm 40 and 30 days: 14 each."""
    found = ask("time_lost", until_day=50)
    assert found.loc["arm", "value"].tolist() == pytest.approx([8, 14])
    assert found.loc[("contrast", "iop"), "value"] == pytest.approx(-6)


def test_a_cause_specific_hazard_takes_completion_out_of_those_at_risk():
    people = pd.concat([TEN] * 8, ignore_index=True)
    found = ask("cox", people)
    fit = stats.fit_cox(
        stats.model_matrix(pd.DataFrame({"iop": (people["arm"] == "iop").astype(float)})),
        people["days"],
        people["cause"] == 1,
    )
    assert found.loc[("contrast", "iop"), "value"] == pytest.approx(np.exp(fit.coefficients[0]), rel=1e-9)


def test_fine_and_gray_is_that_of_stats_with_its_robust_error():
    people = pd.concat([TEN] * 8, ignore_index=True)
    found = ask("fine_gray", people)
    matrix = stats.model_matrix(pd.DataFrame({"iop": (people["arm"] == "iop").astype(float)}))
    fit = stats.fit_fine_gray(matrix, people["days"], people["cause"])
    row = found.loc[("contrast", "iop")]
    assert row["measure"] == "subdistribution_ratio"
    assert row["value"] == pytest.approx(np.exp(fit.cox.coefficients[0]), rel=1e-9)
    n = len(people)
    assert row["se"] == pytest.approx(np.sqrt(fit.covariance()[0, 0] * n / (n - 1)), rel=1e-9)
    assert "predictive" in row["se_method"]
    test = stats.gray_test(people["days"], people["cause"], people["arm"])
    assert f"p = {test.p_value:.2g}" in row["se_method"]


@pytest.mark.parametrize("estimator", ["aalen_johansen", "time_lost", "cox", "fine_gray"])
def test_swapped_arms_and_shuffled_rows_change_the_sign_and_nothing_else(estimator):
    people = pd.concat([TEN] * 8, ignore_index=True)
    settings = {"aalen_johansen": {"day": 60}, "time_lost": {"until_day": 50}}.get(estimator, {})
    one = ask(estimator, people, contrast=("iop", "outpatient"), **settings).loc["contrast"].iloc[0]
    other = (
        ask(estimator, people.sample(frac=1, random_state=1), contrast=("outpatient", "iop"), **settings)
        .loc["contrast"]
        .iloc[0]
    )
    turned = 1 / other["value"] if one["se_scale"] == "log" else -other["value"]
    assert one["value"] == pytest.approx(turned)
    assert one["se"] == pytest.approx(other["se"])


def test_nobody_dropped_out_in_one_arm_has_score_limits_and_no_false_certainty():
    people = pd.concat([TEN] * 8, ignore_index=True)
    people.loc[(people["arm"] == "iop") & (people["cause"] == 1), "cause"] = 2
    row = ask("aalen_johansen", people, day=60).loc[("contrast", "iop")]
    assert row["value"] == pytest.approx(-0.4)
    assert row["ci_low"] < -0.4 < row["ci_high"] < 0
    assert "score interval" in row["se_method"]


def test_a_cause_is_a_whole_number_from_zero_on():
    with pytest.raises(EstimationError, match="1 value is no kind of end; give 0"):
        ask("aalen_johansen", TEN.assign(cause=TEN["cause"].astype(float).where(TEN.index > 0, 1.5)), day=60)
