"""The operations endpoints are made of, and the ways to fill in missing weeks, on words short enough to do by hand."""

import pytest

from iop_outcomes.endpoints import (
    LastWeeks,
    WeekMatrix,
    Weeks,
    WhileRetained,
    primitives,
    recodes,
    to_matrix,
    to_words,
)
from iop_outcomes.kernel.errors import StudyFileError


def read(*words):
    return WeekMatrix.from_codes(to_matrix(list(words)))


def text(words):
    return to_words(words.codes.T).tolist()


def test_counts_and_shares_in_a_window():
    words = read("--*+o--")
    assert primitives.count(words, "-", Weeks(1, 5)).tolist() == [2]
    assert primitives.count(words, "-+", Weeks(2)).tolist() == [4]
    assert primitives.points(words, "-").tolist() == [4.5]
    assert primitives.share(words, "-", Weeks(1, 5)).tolist() == [0.5]
    assert primitives.count(words, "-", LastWeeks(3)).tolist() == [2]
    assert primitives.count(words, None, LastWeeks(3, skip=5)).tolist() == [2]


def test_retention_is_the_last_week_seen():
    words = read("-o+oo", "ooo", "--")
    assert primitives.retention(words).tolist() == [3, 0, 2]
    assert primitives.count(words, None, WhileRetained()).tolist() == [3, 0, 2]


def test_longest_run_of_any_of_some_symbols():
    assert primitives.longest_run(read("-o-*+-"), "-").tolist() == [1]
    assert primitives.longest_run(read("-o-*+-"), "-o*").tolist() == [4]


def test_first_window_dates_the_event_width_less_threshold_weeks_after_its_start():
    """Four weeks with two uses: ++++ hits in week 1 and is dated 1 + (4 - 2) = 3."""
    words = read("++++", "--++", "-----", "+++")
    time, event = primitives.first_window(words, width=4, threshold=2)
    assert event.tolist()[:3] == [1, 1, 0]
    assert time.tolist()[:3] == [3, 3, 4]
    assert str(time[3]) == str(event[3]) == "nan"


def test_first_window_with_an_offset_of_ones_own():
    time, _ = primitives.first_window(read("--+++"), width=3, threshold=3, offset=2)
    assert time.tolist() == [5]


def test_transitions_from_negative_to_positive():
    assert primitives.transitions(read("-+-+o+", "--", ""), "-", "+").tolist() == [2, 0, 0]


def test_general_index():
    """+ weighs 1, * 0.5, o 0.22, over four weeks: 120 * 1.72 / 4."""
    assert primitives.general_index(read("+*o-")).tolist() == [pytest.approx(51.6)]


@pytest.mark.parametrize(
    ("recode", "word", "answer"),
    [
        (recodes.star, "-*o+_", "-+o+_"),
        (recodes.opos, "-*o+_", "-*++_"),
        (recodes.bin_, "-*o+_", "-+++_"),
        (recodes.oneg, "-*o+_", "-+-+_"),
        (recodes.pres, "o-o+o_", "-+_"),
        (recodes.locf, "o-oo+o*o", "o---++**"),
        (recodes.locf_d, "o-oo+o*oo", "o---++*oo"),
        (recodes.mode, "--+o", "--+-"),
        (recodes.mode, "-+o", "-++"),  # a tie is positive
        (recodes.mode, "-*o", "-*+"),  # mixed counts as positive and stays mixed
        (recodes.knv, "-o-", "---"),
        (recodes.knv, "-o*", "-**"),  # the mean 0.25 lies half way and goes up
        (recodes.knv, "-o+", "-*+"),
        (recodes.knv, "*o*", "***"),
        (recodes.knv, "*o+", "*++"),
        (recodes.knv, "+o+", "+++"),
        (recodes.knv, "o-oo-o", "o-oo-o"),  # first, last and two in a row stay
        (recodes.knv, "-o-o-", "-----"),
        (recodes.View((1, 2, 2, 4)), "-+o", "-++o"),
    ],
)
def test_recodes(recode, word, answer):
    assert text(recode(read(word))) == [answer]


@pytest.mark.parametrize("recode", [recodes.locf, recodes.locf_d, recodes.mode, recodes.knv])
@pytest.mark.parametrize("word", ["oooo", "o", ""])
def test_somebody_never_seen_cannot_be_filled_in(recode, word):
    assert text(recode(read(word))) == [word]


def test_a_tie_can_be_negative():
    assert text(recodes.mode(read("-+o"), tiebreaker="-")) == ["-+-"]
    assert text(recodes.mode(read("*+o"), tiebreaker="-")) == ["*+-"]


def test_weeks_taken_out_leave_the_others_their_number():
    words = recodes.without_unscheduled(read("-_+__o"))
    assert text(words) == ["-+o"]
    assert words.week[:, 0].tolist()[:3] == [1, 3, 6]
    assert words.last_week.tolist() == [6]
    assert primitives.count(words, None, Weeks(2, 6)).tolist() == [2]
    assert primitives.retention(words).tolist() == [3]


def test_an_unknown_recode_names_the_nearest():
    with pytest.raises(StudyFileError, match="there is no recode 'STARS'; did you mean 'STAR'"):
        recodes.recoded(read("-"), ("STARS",))


@pytest.mark.parametrize("window", [lambda: Weeks(0, 4), lambda: LastWeeks(0), lambda: LastWeeks(3, skip=-1)])
def test_windows_without_weeks_are_refused(window):
    with pytest.raises(StudyFileError, match="no window"):
        window()
