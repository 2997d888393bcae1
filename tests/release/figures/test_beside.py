"""A number at risk beside a line of equal weights: never on a day that would tell how few left since a point."""

import pandas as pd

from iop_outcomes.release.disclosure import ReleaseRules
from iop_outcomes.release.figures.beside import by_day, marks, parted, tells_counts

EXACT = ReleaseRules(11, 1)


def lost(**days: dict[int, int]) -> pd.DataFrame:
    """Return people lost on days 0 to 99, in each way."""
    return pd.DataFrame({way: pd.Series(n) for way, n in days.items()}).reindex(range(100), fill_value=0).fillna(0)


def test_a_day_since_which_few_left_gets_no_number():
    # 20 leave before day 30, 3 from then to day 60, 15 later.
    assert marks(lost(left={10: 20, 45: 3, 70: 15}), [0, 30, 60, 90], [], EXACT) == [30, 90]


def test_what_is_stated_elsewhere_stays_and_its_neighbours_give_way():
    """181 were retained to day 84 and 178 at risk on day 90: three left between."""
    left = lost(left={10: 20, 60: 20, 85: 3, 95: 15})
    assert marks(left, [30, 90], [], EXACT) == [30, 90]
    assert marks(left, [30, 90], [84], EXACT) == [30, 84]


def test_few_who_are_observed_no_longer_count_as_few_who_left():
    assert marks(lost(left={10: 20, 40: 20}, unobserved={50: 2}), [30, 60], [], EXACT) == [30]
    assert marks(lost(left={10: 20, 40: 20}, unobserved={70: 2}), [30, 60], [], EXACT) == [30, 60]


def test_with_rounding_more_must_have_left():
    left = lost(left={10: 12, 40: 40})
    assert marks(left, [30], [], EXACT) == [30]
    assert marks(left, [30], [], ReleaseRules(11, 5)) == []


def test_people_lost_by_day_are_those_who_left_and_those_no_longer_observed():
    at_risk = pd.Series([10, 7, 4], index=[0, 2, 3])
    left = pd.DataFrame({"left": [2, 3, 0]}, index=[0, 2, 3])
    assert by_day(at_risk, left).to_numpy().tolist() == [[2, 1], [0, 0], [3, 0], [0, 4]]


def test_a_line_of_equal_weights_tells_counts_and_one_far_off_does_not():
    at_risk, left = pd.Series([100, 80, 50]), pd.Series([20, 30, 10])
    assert tells_counts(at_risk, left, pd.Series([0.8, 0.5, 0.4]), EXACT)
    assert tells_counts(at_risk, left, pd.Series([0.8, 0.6, 0.45]), EXACT)
    assert not tells_counts(at_risk, left, pd.Series([0.68, 0.5, 0.4]), EXACT)


def test_the_line_ends_a_part_on_the_day_before_a_number():
    assert [(days.index[0], days.index[-1]) for days in parted(lost(left={}), [30, 60, 99], 70)] == [
        (0, 29),
        (30, 59),
        (60, 70),
    ]
