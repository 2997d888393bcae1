"""Does observation end with care? Five people who left, by the days on which they were last seen."""

import pandas as pd
import pytest

from iop_outcomes.conclude.cut_short import cut_short
from iop_outcomes.conclude.facts import Facts, ends_with_care


def people(left_on, seen_until, reason="end_of_data"):
    """Return cohort and outcomes of people who left care on these days and were seen until those."""
    ids = [f"m{number}" for number in range(len(left_on))] + ["stayed"]
    cohort = pd.DataFrame({"member_id": ids, "follow_up_end_day": [*seen_until, 179], "end_reason": reason})
    days = {"member_id": ids, "retention_days": [*map(float, left_on), 179.0]}
    return cohort, pd.DataFrame(days | {"retention_ended": [True] * len(left_on) + [False]})


@pytest.mark.parametrize(
    ("seen_until", "ends"),
    [
        ((20, 40, 60, 80, 100), True),  # on the day they left
        ((21, 41, 61, 179, 179), True),  # a day later, for three of five
        ((21, 41, 179, 179, 179), False),
        ((22, 42, 62, 82, 102), False),  # two days later
    ],
)
def test_observation_ends_with_care_where_most_are_not_seen_after_it(seen_until, ends):
    assert ends_with_care(*people((20, 40, 60, 80, 100), seen_until)) == ends


def test_death_and_the_end_of_follow_up_are_no_end_of_observation_with_care():
    assert not ends_with_care(*people((20, 40), (20, 40), reason="death"))
    assert not ends_with_care(*people((178, 179), (179, 179)))


def test_of_few_who_left_nothing_is_said():
    five = people((20, 40, 60, 80, 100), (20, 40, 60, 80, 100))
    assert ends_with_care(*five, least=5)
    assert not ends_with_care(*five, least=6)


def test_nobody_known_to_have_left_is_no_end_either():
    cohort, outcomes = people((20, 40), (20, 40))
    assert not ends_with_care(cohort, outcomes.assign(retention_days=float("nan")))
    assert not ends_with_care(cohort, outcomes[["member_id"]])


def test_known_are_counted_over_the_two_arms_compared():
    rows = [("x", "iop", 60.0, 100.0), ("x", "outpatient", 280.0, 300.0), ("x", "other", 1.0, 500.0)]
    facts = Facts(pd.DataFrame(rows, columns=["outcome", "arm", "n", "n_people"]))
    known = facts.known("x", ("iop", "outpatient"))
    assert (known.n, known.n_people, known.share, known.least) == (340, 400, 0.85, 0.6)
    assert facts.known("y", ("iop", "outpatient")) is None


def cut(n_unknown: int, ended: bool = False, told=lambda counts: counts) -> list[tuple[str, str, str]]:
    """Ask of twenty people an arm, some of iop unknown on day 90 and, unless they left, in care when last seen."""
    ids = [f"m{number}" for number in range(40)]
    cohort = pd.DataFrame({"member_id": ids, "arm": ["iop"] * 20 + ["outpatient"] * 20, "end_reason": "end_of_data"})
    outcomes = pd.DataFrame({"member_id": ids, "retention_ended": True, "stayed": 0.0})
    outcomes.loc[: n_unknown - 1, ["retention_ended", "stayed"]] = [ended, float("nan")]
    return cut_short(cohort, outcomes, ["stayed"], told)


@pytest.mark.parametrize(("n_unknown", "found"), [(0, False), (1, False), (2, True)])
def test_more_than_one_in_twenty_more_cut_short_in_care_is_found(n_unknown, found):
    assert cut(n_unknown) == [("stayed", "iop", "outpatient")] * found


def test_who_left_and_is_unknown_is_unknown_for_another_reason():
    assert cut(10, ended=True) == []


def test_counts_that_may_not_be_told_decide_nothing():
    assert cut(10, told=lambda counts: 0 * counts) == []


def test_where_nobody_knows_how_long_anybody_stayed_nothing_is_found():
    cohort = pd.DataFrame({"member_id": ["a", "b"], "arm": ["iop", "outpatient"], "end_reason": "end_of_data"})
    outcomes = pd.DataFrame({"member_id": ["a", "b"], "retention_ended": float("nan"), "stayed": [float("nan"), 1.0]})
    assert cut_short(cohort, outcomes, ["stayed"], lambda counts: counts) == []
