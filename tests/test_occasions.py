"""Which tests are kept where schedules are thinned: one of each stretch, by its day and never by its result."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attendees import person
from iop_outcomes import study as studies
from iop_outcomes.history.history import History
from iop_outcomes.history.outcome_rules import OutcomeRules
from iop_outcomes.history.panel import target_tests
from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.tables.occasions import Thinning, kept_by_day
from null_clinic import content

WEEKLY = Thinning()


def kept(days: list[int], thinning: Thinning = WEEKLY, due: list[bool] | None = None) -> list[int]:
    """Return the days kept of one person's tests."""
    day = np.array(days, dtype=float)
    chosen = kept_by_day(np.zeros(len(day)), day, np.ones(len(day), bool) if due is None else np.array(due), thinning)
    return [int(d) for d in day[chosen]]


@pytest.mark.parametrize(
    ("days", "thinning", "left"),
    [
        # Monday, Wednesday, Friday of two weeks, and the last of a third.
        ([0, 2, 4, 7, 9, 11, 18], WEEKLY, [0, 7, 18]),
        ([0, 2, 4, 7, 9, 11, 18], Thinning(7, 3), [2, 9, 18]),
        # 2 and 4 are as near to 3: the earlier.
        ([2, 4], Thinning(7, 3), [2]),
        ([0, 2, 4, 7, 9, 11, 18], Thinning(14, 0), [0, 18]),
        # Before time zero weeks go on: -7 to -1.
        ([-6, -1, 0], WEEKLY, [-6, 0]),
        # A panel of three substances is one test.
        ([0, 0, 0, 2], WEEKLY, [0, 0, 0]),
    ],
)
def test_one_test_is_kept_of_each_stretch(days, thinning, left):
    assert kept(days, thinning) == left


def test_a_test_that_was_not_due_is_not_chosen():
    assert kept([0, 2], due=[False, True]) == [2]


@given(st.lists(st.integers(-20, 60), max_size=30), st.integers(2, 28), st.randoms())
def test_rows_in_another_order_are_the_same_tests(days, every, random):
    shuffled = random.sample(days, len(days))
    assert sorted(kept(days, Thinning(every))) == sorted(kept(shuffled, Thinning(every)))
    assert len(set(kept(days, Thinning(every)))) == len({d // every for d in days})


def with_results(*results: str) -> History:
    """Return one person with tests on days 0, 2 and 4."""
    member = person()
    tests = pd.DataFrame({"person_id": member.members["person_id"].iloc[0], "day": [0, 2, 4], "result": results})
    tests["substance"] = pd.Categorical(["any"] * 3)
    records = dict(member.records) | {"drug_test": tests}
    return History(member.members, records, rules=OutcomeRules(thinning=WEEKLY))


@pytest.mark.parametrize("results", [("missing", "negative", "positive"), ("positive", "negative", "negative")])
def test_a_refused_test_stays_refused_and_a_positive_one_positive(results):
    assert target_tests(with_results(*results))["result"].tolist() == [results[0]]


@pytest.mark.parametrize("thinning", ["daily", {"every_days": 7, "on_day": 7}, {"every_days": 1}, {"every": 7}])
def test_a_rule_that_is_none_is_answered_in_a_sentence(tmp_path, thinning):
    with pytest.raises(StudyFileError, match="urine_thinning.*allowed are 'weekly', or {every_days: 7, on_day: 0}"):
        studies.parse(content(tmp_path, urine_thinning=thinning))
