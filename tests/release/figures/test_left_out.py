"""Curves of those who found a match do not tell how few found none."""

import pandas as pd

from iop_outcomes.release.disclosure import ReleaseRules
from iop_outcomes.release.figures.retention_curves import with_left_out

CURVE = ("survival", "ci_low", "ci_high")


def curve(at_risk: float) -> pd.DataFrame:
    """Return two points of the curve of an arm: 20 of those at risk have left by the second."""
    left = 1 - 20 / at_risk
    rows = [(0, 1.0, 1.0, 1.0, float("nan"), at_risk, True), (28, left, left - 0.05, left + 0.05, 13.4, 60.0, False)]
    columns = ["day", *CURVE, "mean_day", "n_at_risk", "is_first"]
    return pd.DataFrame(rows, columns=columns).assign(arm="iop")


def blunted(at_risk: float, n_arm: int) -> list[float]:
    """Return the second point of the curve and its mean day where so many are at risk of so many of the arm."""
    cohort = pd.DataFrame({"arm": ["iop"] * n_arm})
    found = with_left_out(curve(at_risk), cohort, ReleaseRules(11, 5), CURVE).iloc[1]
    return [*found[list(CURVE)].round(4), found["mean_day"]]


def test_where_two_found_no_match_points_lie_on_steps_of_a_person_and_the_band_only_widens():
    # 91 of 111 stayed: 0.8198 is of no other number of people near; 0.82 is of all of them.
    assert blunted(111, 113) == [0.82, 0.76, 0.87, 13.0]


def test_where_everybody_or_far_fewer_are_at_risk_the_curve_is_as_it_was():
    for n_arm in (111, 300):
        assert blunted(111, n_arm) == [0.8198, 0.7698, 0.8698, 13.4]


def test_without_a_cohort_nobody_is_left_out():
    table = with_left_out(curve(111), None, ReleaseRules(11, 5), CURVE)
    assert table["n_left_out"].isna().all() and table["survival"].iloc[1] == 1 - 20 / 111
