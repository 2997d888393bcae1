"""Who still follows a strategy, week by week, drawn by hand."""

import pytest

from iop_outcomes.errors import StudyError
from iop_outcomes.participation.person_weeks import read_person_weeks
from iop_outcomes.participation.strategies import followed, read_strategies
from weekly import weekly

FULL = {"least_hours": 6}


def kept(line: str, *, stepped_up: int | None = None, **rule) -> tuple[str, str]:
    """Return the weeks kept and those at risk of leaving as ones and zeros."""
    data = weekly(line)
    data["up"] = (data["week"] == stepped_up).astype(int)
    columns = {name: name for name in ("week", "hours", "event", "excused")}
    weeks = read_person_weeks(data, person="person_id", covariates=[], stepped_up="up", **columns)
    strategy = read_strategies({"asked": rule or FULL, "other": FULL})["asked"]
    return tuple("".join(str(int(week)) for week in flags) for flags in followed(weeks, strategy))


@pytest.mark.parametrize(
    ("line", "rule", "still", "at_risk"),
    [
        ("AAhA", {}, "1100", "1110"),  # left in the first week of three hours, and for good
        ("AAAA", {}, "1111", "1111"),
        ("hhAA", {"grace_weeks": 2}, "1111", "0011"),  # nothing counts in the weeks of grace
        ("hhhA", {"grace_weeks": 2}, "1100", "0010"),
        ("AeAh", {}, "1110", "1011"),  # an excused week breaks nothing and cannot be broken
        ("AhAhA", {"lapses_allowed": 1}, "11100", "00110"),  # only the second lapse leaves; before the first none can
        ("AAAhh", {"last_week": 2}, "11111", "11100"),  # after its last week it asks for nothing
    ],
)
def test_hours_at_least(line, rule, still, at_risk):
    assert kept(line, **FULL, **rule) == (still, at_risk)


@pytest.mark.parametrize(
    ("line", "rule", "still"),
    [
        ("h.hA", {"below_hours": 9}, "1110"),  # nine hours are not below nine
        ("h.hA", {"below_hours": 9.5}, "1111"),
        ("hhAh", {"least_hours": 3, "below_hours": 9}, "1100"),
        ("h.hh", {"least_hours": 3, "below_hours": 9}, "1000"),
    ],
)
def test_hours_below(line, rule, still):
    assert kept(line, **rule)[0] == still


def test_a_documented_step_up_is_part_of_a_strategy_only_where_it_says_so():
    assert kept("h.hAAA", stepped_up=3, below_hours=9, step_up_allowed=True) == ("111111", "111000")
    assert kept("h.hAAA", stepped_up=3, below_hours=9) == ("111000", "111100")
    # What is left before the step-up stays left.
    assert kept("hAhAA", stepped_up=3, below_hours=9, step_up_allowed=True)[0] == "10000"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({}, "asks for nothing"),
        ({"least_hour": 6}, "there is no setting 'least_hour'; did you mean 'least_hours'"),
        ({"least_hours": "six"}, "'least_hours'"),
        ({"least_hours": 9, "below_hours": 6}, "no week has at least"),
        ({"least_hours": 6, "grace_weeks": -1}, "'grace_weeks'"),
    ],
)
def test_a_rule_that_is_none_is_named(rule, said):
    with pytest.raises(StudyError, match=said) as refused:
        read_strategies({"asked": rule, "other": FULL})
    assert str(refused.value).startswith("strategy 'asked'")


def test_one_strategy_is_no_comparison():
    with pytest.raises(StudyError, match="two or more"):
        read_strategies({"full": FULL})
