"""Figures drawn by two processes: the same pictures, whichever drew them and whatever becomes of the second."""

from collections import deque

import pytest

from iop_outcomes.release import figures
from iop_outcomes.release.disclosure import Part, protect_together
from iop_outcomes.release.figures.drawing import Second, draw_all
from report_tables import study, tables

NAMES = ("overlap", "love_plot", "weekly_hours")


@pytest.fixture(scope="module")
def given():
    """Return the numbers of two figures, and of a third why it has none."""
    found = {name: figures.numbers(name, tables(), study()) for name in NAMES[:2]}
    whole = protect_together([part for part in found.values() if isinstance(part, Part)])
    return {**whole, NAMES[2]: "Nothing to show: this source has no sessions."}


@pytest.fixture(scope="module")
def alone(given):
    """Return what one process draws."""
    with Second(study(), wanted=False) as none:
        return draw_all(NAMES, given, study(), none)


def pictures(drawn):
    return {name: (one.png, one.svg, one.column, one.reason, one.title) for name, one in drawn.items()}


def test_a_second_process_draws_the_same_pictures(given, alone):
    beside = {}
    with Second(study()) as second:
        second.draw(deque(NAMES), given, beside)
    assert all(one.figure is None for one in beside.values())
    assert pictures(beside) == pictures(alone)


@pytest.mark.parametrize("python", ["/bin/false", "/bin/true", "/bin/cat"])
def test_what_a_second_process_fails_to_draw_is_drawn_by_the_first(given, alone, monkeypatch, python):
    monkeypatch.setattr("sys.executable", python)
    with Second(study()) as second:
        drawn = draw_all(NAMES, given, study(), second)
    assert list(drawn) == list(NAMES)
    assert pictures(drawn) == pictures(alone)
