"""Endpoints by day: what the worked timelines of the documentation do not show."""

import numpy as np
import pytest

from iop_outcomes.history.evidence import use_calendar
from iop_outcomes.metrics.self_report import (
    days_used,
    known_days,
    percent_days_abstinent,
    point_prevalence_abstinence,
    prolonged_abstinence,
    reported_continuous_abstinence,
    reported_longest_abstinence,
    within_span,
)
from iop_outcomes.pages.timelines import read
from random_people import random_people

BINARY = (point_prevalence_abstinence, reported_continuous_abstinence, prolonged_abstinence)
SEEDS = pytest.mark.parametrize("seed", range(3))


def first(result) -> tuple[float, str]:
    """Return the value of the person drawn, and why there is none."""
    row = result.iloc[0]
    return row["value"], row["missing_reason"] if np.isnan(row["value"]) else ""


def test_somebody_who_died_is_not_abstinent_and_somebody_who_moved_away_is_missing():
    died = read("use   -------\ndied  6").history
    moved = read("use  -------").history
    assert first(point_prevalence_abstinence(died, window_days=14, last_days=7)) == (0, "")
    assert (
        first(point_prevalence_abstinence(moved, window_days=14, last_days=7))[1] == "observed for less than the window"
    )


def test_use_before_the_end_of_a_short_follow_up_is_enough_to_say_no():
    assert first(reported_continuous_abstinence(read("use  --+").history, window_days=84)) == (0, "")


def test_the_known_share_stands_beside_the_value():
    result = percent_days_abstinent(read("use  --+-......").history, min_known_share=0)
    assert result["observed_share"].iloc[0] == pytest.approx(0.4)
    assert result["value"].iloc[0] == pytest.approx(75)


def test_somebody_nobody_ever_asked_is_missing_not_abstinent():
    silent = read("use  .......").history
    assert np.isnan(first(percent_days_abstinent(silent))[0])
    assert first(percent_days_abstinent(silent, missing="use")) == (0, "")
    assert np.isnan(first(reported_longest_abstinence(silent))[0])
    assert first(known_days(silent)) == (0, "")


def test_a_span_holds_the_days_that_begin_on_each_day():
    use = np.array([[1, 0, 1, 1, 0]])
    assert within_span(use, 3).tolist() == [[2, 2, 2, 1, 0]]


def test_a_whole_stretch_of_reports_by_month():
    # 6 of 30 days, then none, then 3 of 30 days: 81 of 90 abstinent; the last 30 hold three days of use.
    months = read("report  0-29: 6; 30-59: 0; 60-89: 3").history
    assert first(percent_days_abstinent(months, window_days=90)) == (pytest.approx(100 * 81 / 90), "")
    assert first(days_used(months, window_days=90)) == (pytest.approx(3), "")
    assert first(reported_longest_abstinence(months, window_days=90)) == (30, "")
    assert first(point_prevalence_abstinence(months, window_days=90))[0] == 0
    assert first(point_prevalence_abstinence(months, window_days=60))[0] == 1


@SEEDS
def test_a_wider_window_never_shortens_the_longest_abstinence(seed):
    people = random_people(seed)
    for missing in ("breaks", "skipped"):
        runs = [
            reported_longest_abstinence(people, window_days=days, missing=missing)["value"].fillna(0).to_numpy()
            for days in (5, 12, 20, 33, 42)
        ]
        assert (np.diff(runs, axis=0) >= 0).all()


@SEEDS
def test_bridging_unknown_days_never_shortens_the_longest_abstinence(seed):
    people = random_people(seed)
    breaks, skipped = (reported_longest_abstinence(people, missing=m)["value"] for m in ("breaks", "skipped"))
    assert (skipped.dropna() >= breaks.dropna()).all()


@SEEDS
def test_counting_unknown_days_as_use_never_raises_abstinence(seed):
    people = random_people(seed)
    for metric in (*BINARY, percent_days_abstinent):
        observed = metric(people, window_days=42, min_known_share=0.3)["value"]
        as_use = metric(people, window_days=42, min_known_share=0.3, missing="use")["value"]
        both = observed.notna() & as_use.notna()
        assert both.sum() > 50
        assert (as_use[both] <= observed[both] + 1e-6).all(), metric.__name__


@SEEDS
def test_abstinence_endpoints_are_ordered_as_their_definitions_are(seed):
    people = random_people(seed)
    continuous = reported_continuous_abstinence(people, window_days=42)["value"]
    prolonged = prolonged_abstinence(people, window_days=42)["value"]
    lapses = prolonged_abstinence(people, window_days=42, lapse_days=2)["value"]
    for strict, lenient in ((continuous, prolonged), (prolonged, lapses)):
        both = strict.notna() & lenient.notna()
        assert (strict[both] <= lenient[both]).all()


@SEEDS
def test_days_in_jail_never_count_as_abstinent_unless_asked_for(seed):
    people = random_people(seed)
    set_apart = use_calendar(people).days(0, 42, 1)
    counted = use_calendar(people, controlled="abstinent").days(0, 42, 1)
    assert (set_apart <= counted).all()
    assert (set_apart < counted).any()


@SEEDS
def test_a_higher_known_share_only_takes_values_away(seed):
    people = random_people(seed)
    for metric in BINARY:
        lenient = metric(people, window_days=42, min_known_share=0.2)["value"]
        strict = metric(people, window_days=42, min_known_share=0.9)["value"]
        assert strict.notna().sum() < lenient.notna().sum()
        assert (strict.dropna() == lenient[strict.notna()]).all()
