"""E-values beside estimates: only where the row has an interval and the risk that it is held against is above zero."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.robustness.confounder_strength import e_value_of_estimates
from iop_outcomes.robustness.e_value import e_value


def analysis(*contrasts, against=0.4) -> pd.DataFrame:
    """Return contrasts (measure, value, low, high) of one analysis with the means of its arms."""
    rows = [
        {"role": "contrast", "arm": "iop", "against": "outpatient"}
        | dict(zip(("measure", "value", "ci_low", "ci_high"), each, strict=True))
        for each in contrasts
    ]
    for arm, mean in (("iop", 0.5), ("outpatient", against)):
        rows.append({"role": "arm", "arm": arm, "against": "", "measure": "mean", "value": mean})
    frame = pd.DataFrame(rows, columns=["role", "arm", "against", "measure", "value", "ci_low", "ci_high"])
    return frame.assign(analysis="primary", se=0.1, se_scale="identity", se_method="")


def test_a_difference_is_held_against_the_second_arms_risk():
    found = e_value_of_estimates(analysis(("risk_difference", 0.2, 0.1, 0.3))).iloc[0]
    hand = e_value(1.5, 1.25, 1.75)
    assert (found["value"], found["ci_low"]) == pytest.approx((hand.point, hand.limit))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "made",
    [
        analysis(("risk_difference", 0.2, np.nan, np.nan)),
        analysis(("risk_ratio", 0.0, np.nan, np.nan)),
        analysis(("risk_difference", 0.2, 0.1, 0.3), against=0.0),  # nobody in the second arm has the event
        analysis(),
    ],
)
def test_without_an_interval_or_a_risk_to_hold_it_against_there_is_no_e_value(made):
    assert e_value_of_estimates(made).empty


def test_a_ratio_without_an_interval_leaves_the_difference_to_speak():
    made = analysis(("risk_ratio", 0.0, np.nan, np.nan), ("risk_difference", -0.2, -0.3, -0.1))
    found = e_value_of_estimates(made).iloc[0]
    assert found["value"] == pytest.approx(e_value(0.5, 0.25, 0.75).point)
