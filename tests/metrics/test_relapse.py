"""Relapse by hand: one definition a row."""

import numpy as np
import pytest

from iop_outcomes.history.evidence import use_calendar
from iop_outcomes.metrics.relapse import (
    RELAPSES,
    first_use_interval,
    relapse_times,
    time_to_first_use,
    time_to_relapse,
)
from iop_outcomes.pages.timelines import read
from random_people import random_people

#: Six weeks: use, use, unknown, abstinent, use, use.
WEEKS = "+------" + "------+" + "......." + "-------" + "+++++++" + "++-----"


def relapse(use: str, definition: str, **settings) -> float:
    history = read(f"use  {use}").history
    return time_to_relapse(history, definition=definition, window_days=len(use), **settings)["value"].iloc[0]


@pytest.mark.parametrize(
    ("definition", "day"),
    [
        ("ctn0094", 42),  # never four weeks in a row
        ("krupitsky_2004", 0),  # weeks 1 to 3, the unknown one counting as use
        ("two_weeks", 0),  # weeks 1 and 2
        ("johnson_1992", 28),  # weeks 5 and 6, the first two from week 4 on
        ("ctn0051", 42),  # from day 21 only two weeks with use
        ("seven_days", 28),
        ("lee_2016", 13),  # day 13 and days 28 to 36 are ten days in 28
    ],
)
def test_each_definition(definition, day):
    assert relapse(WEEKS, definition) == day


def test_every_definition_has_words_and_a_source():
    assert all(rule.says and rule.source for rule in RELAPSES.values())


def test_missing_weeks_can_be_taken_otherwise_than_published():
    assert relapse(WEEKS, "krupitsky_2004", missing="observed", min_known_share=0.5) == 42
    assert relapse("-" * 7 + "." * 14, "two_weeks", missing="use") == 7


def test_a_week_in_jail_ends_a_run_of_weeks():
    timeline = "use         +------.......+------+------\ncontrolled  .......jjjjjjj.............."
    history = read(timeline).history
    assert time_to_relapse(history, definition="krupitsky_2004", window_days=28)["value"].iloc[0] == 28


def test_weeks_after_the_end_of_follow_up_are_censored_not_missing():
    history = read("use  +------+------").history
    days, relapsed = relapse_times(use_calendar(history), "ctn0094", 84)
    assert (days[0], relapsed[0]) == (14, False)


@pytest.mark.parametrize(
    ("timeline", "earliest", "latest"),
    [
        ("use  ---.-+-", 3, 5),  # day 3 is unknown, day 5 is use
        ("use  ---+---", 3, 3),
        ("use  -------.", 7, np.inf),  # known to be abstinent for seven days, nothing known after them
        ("report  0-9: 3", 0, 7),  # of ten days three with use: by the eighth at the latest
    ],
)
def test_first_use_lies_between_two_days(timeline, earliest, latest):
    calendar = use_calendar(read(timeline).history)
    assert [bound[0] for bound in first_use_interval(calendar, 14)] == [earliest, latest]


def test_time_to_first_use_for_survival_is_censored_at_the_last_day_known():
    days, used = relapse_times(use_calendar(read("use  ---.--...").history), "first_use", 9)
    assert (days[0], used[0]) == (6, False)


@pytest.mark.parametrize("seed", range(3))
def test_a_stricter_definition_is_never_met_earlier(seed):
    people = random_people(seed)
    first_use = time_to_first_use(people, window_days=42, min_known_share=0)["value"]
    three, four = (
        time_to_relapse(people, definition=d, window_days=42)["value"] for d in ("krupitsky_2004", "ctn0094")
    )
    seven = time_to_relapse(people, definition="seven_days", window_days=42, min_known_share=0)["value"]
    assert (three[four.notna()] <= four.dropna()).all()
    assert (first_use[seven.notna()] <= seven.dropna()).all()
