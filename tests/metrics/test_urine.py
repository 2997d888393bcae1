"""Abstinence by urine tests, as a clinician would read the words.

Each word is one person's weeks: - negative, + positive, * both, o due and missed, _ not due.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes.metrics import urine
from small import history

RESULT = {"-": ["negative"], "+": ["positive"], "*": ["negative", "positive"], "o": ["missing"], "_": []}


def person(word: str, missed_tests_recorded: bool = True, **others):
    return people([word, "o" if missed_tests_recorded else ""], **others)


def people(words: list[str], **others):
    """Return a cohort with one member per word, all observed for as many weeks as the first word has."""
    tests = [
        {"person_id": f"p{person}", "day": 7 * week + 2 * i, "substance": "opioid", "result": result}
        for person, word in enumerate(words, start=1)
        for week, symbol in enumerate(word)
        for i, result in enumerate(RESULT[symbol])
    ]
    return history(*[{} for _ in words], drug_test=tests, follow_up_days=7 * len(words[0]), **others)


def value(metric, word: str, **settings) -> float:
    return metric(person(word), window_days=7 * len(word), **settings)["value"].iloc[0]


@pytest.mark.parametrize(
    ("word", "as_positive", "as_observed"),
    [
        ("----", 1, 1),
        ("--oo", 2 / 4, 2 / 2),
        ("-+*o", 1.5 / 4, 1.5 / 3),
        ("-_-o", 2 / 3, 2 / 2),  # the week without a test due counts neither way
        ("oooo", 0, np.nan),
    ],
)
def test_proportion_negative_under_both_missing_rules(word, as_positive, as_observed):
    got = [value(urine.proportion_negative, word, missing=m) for m in ("positive", "observed")]
    assert got == pytest.approx([as_positive, as_observed], nan_ok=True)


@pytest.mark.parametrize(
    ("word", "breaks", "skipped"),
    [("--+---", 3, 3), ("--o---", 3, 5), ("--_---", 5, 5), ("++++++", 0, 0), ("-o-o-o", 1, 3)],
)
def test_longest_abstinence_when_a_missed_week_breaks_a_run_or_is_bridged(word, breaks, skipped):
    got = [value(urine.longest_abstinence, word, missing=m) for m in ("breaks", "skipped")]
    assert got == [breaks, skipped]


@pytest.mark.parametrize(
    ("word", "as_positive", "as_observed"),
    [
        ("++----", 1, 1),
        ("++---o", 0, 1),
        ("-----+", 0, 0),
        ("--oooo", 0, np.nan),  # nothing seen in the last four weeks
    ],
)
def test_abstinence_at_end_looks_at_the_last_four_weeks(word, as_positive, as_observed):
    got = [value(urine.abstinence_at_end, word, missing=m) for m in ("positive", "observed")]
    assert got == pytest.approx([as_positive, as_observed], nan_ok=True)


@pytest.mark.parametrize(
    ("word", "none_missed", "one_missed"),
    [
        ("++----", 1, 1),
        ("++---o", 0, 1),
        ("++--oo", 0, 0),
        ("++---+", 0, 0),
        ("++--*-", 0, 0),  # a mixed week is a positive one
        ("--ooo+", 0, 0),
        ("oo----", 1, 1),  # only the last four weeks count
    ],
)
def test_abstinence_at_end_as_the_ctn0094_group_defines_it_forgives_one_missed_week(word, none_missed, one_missed):
    got = [value(urine.abstinence_at_end, word, max_missing=n) for n in (0, 1)]
    assert got == [none_missed, one_missed]


def test_nobody_is_abstinent_at_the_end_without_one_result():
    assert value(urine.abstinence_at_end, "--oo", weeks=2, max_missing=2) == 0


def test_abstinence_at_end_equals_the_published_endpoint_where_that_looks():
    words = ["-" * 11 + last for last in ("----", "o---", "oo--", "--+-", "*---", "oooo")]
    members = people(words)
    published = urine.urine_endpoint(members, endpoint="Ab_ctnNinetyFour_2023")["value"]
    ours = urine.abstinence_at_end(members, window_days=105, max_missing=1)["value"]
    assert ours.tolist() == published.tolist() == [1, 1, 0, 0, 0, 0]


@pytest.mark.parametrize(("word", "answer"), [("----", 1), ("---o", 0), ("---+", 0), ("---_", 1)])
def test_continuous_abstinence(word, answer):
    assert value(urine.continuous_abstinence, word) == answer


def test_somebody_observed_for_less_than_the_window_is_missing_unless_use_was_seen():
    short = urine.continuous_abstinence(person("--"), window_days=28)
    assert np.isnan(short["value"].iloc[0])
    assert short["missing_reason"].iloc[0] == "observed for less than the window"
    assert urine.continuous_abstinence(person("-+"), window_days=28)["value"].iloc[0] == 0


def test_somebody_who_died_in_the_window_is_not_abstinent():
    dead = person("--")
    dead.members["end_reason"] = "death"
    assert urine.continuous_abstinence(dead, window_days=28)["value"].iloc[0] == 0


def test_weeks_in_jail_are_set_apart():
    jailed = person("-oo-", controlled_period=[{"person_id": "p1", "start_day": 7, "end_day": 20, "reason": "jail"}])
    assert urine.proportion_negative(jailed, window_days=28)["value"].iloc[0] == 1


def test_the_share_that_was_seen_stands_beside_the_value():
    assert urine.proportion_negative(person("-+oo"), window_days=28)["observed_share"].iloc[0] == 0.5


def test_where_missed_tests_are_not_recorded_one_was_due_every_week():
    silent = person("-_--", missed_tests_recorded=False)
    assert urine.proportion_negative(silent, window_days=28)["value"].iloc[0] == 3 / 4
    assert urine.proportion_negative(silent, window_days=28, schedule="recorded")["value"].iloc[0] == 1


def test_prescribed_substances_are_not_use():
    tests = [
        {"person_id": "p1", "day": 1, "substance": "methadone", "result": "positive", "prescribed": True},
        {"person_id": "p1", "day": 1, "substance": "heroin", "result": "negative", "prescribed": False},
    ]
    members = history({}, drug_test=tests, follow_up_days=7)
    assert urine.proportion_negative(members, window_days=7)["value"].iloc[0] == 1


WORDS = st.lists(st.text("-+*o", min_size=8, max_size=8), min_size=30, max_size=30)


@settings(max_examples=5)
@given(WORDS)
def test_counting_missed_weeks_as_use_never_raises_abstinence(words):
    members = people(words)
    for metric in (urine.proportion_negative, urine.abstinence_at_end, urine.continuous_abstinence):
        observed, positive = (metric(members, window_days=56, missing=m)["value"] for m in ("observed", "positive"))
        known = observed.notna()
        assert (positive[known] <= observed[known]).all()


@settings(max_examples=5)
@given(WORDS)
def test_a_wider_window_never_shortens_the_longest_abstinence(words):
    members = people(words)
    runs = np.array([urine.longest_abstinence(members, window_days=7 * k)["value"] for k in range(1, 9)])
    assert (np.diff(runs, axis=0) >= 0).all()
