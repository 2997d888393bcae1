"""Dose, gaps and mix of the sessions somebody attended."""

import numpy as np
import pytest

from attendees import person, session
from iop_outcomes.metrics.dose import hours_attended, sessions_attended, treatment_days
from iop_outcomes.metrics.gaps import gap_variation, gaps, longest_gap, median_gap
from iop_outcomes.metrics.session_mix import session_type_entropy, session_type_share, telehealth_share

# Attended on days 2, 2, 5 and 14; missed on day 9.
SESSIONS = [session(2), session(2, of=120), session(5, "partial", 30), session(9, "no_show"), session(14)]


def test_dose_counts_sessions_hours_and_days():
    member = person(*SESSIONS)
    doses = [dose(member, window_days=28)["value"].tolist() for dose in (sessions_attended, hours_attended)]
    assert doses == [[4, 0], [1 + 2 + 0.5 + 1, 0]]  # who was offered nothing received nothing
    assert treatment_days(member, window_days=28)["value"].tolist() == [3, 0]


def test_a_dose_over_less_than_the_window_is_no_dose_but_after_death_it_is():
    member = person(*SESSIONS, follow_up_days=10)
    assert sessions_attended(member, window_days=28)["missing_reason"].iloc[0] == "observed for less than this time"
    member.members["end_reason"] = "death"
    assert sessions_attended(member, window_days=28)["value"].iloc[0] == 3


@pytest.mark.parametrize(
    ("follow_up_days", "lengths"),
    [
        (28, [2, 3, 9, 14]),  # 0 to 2, 2 to 5, 5 to 14, and 14 to the end of the window
        (20, [2, 3, 9, 6]),  # observation ends first
        (14, [2, 3, 9]),  # the session on day 14 was not seen
    ],
)
def test_gaps_include_the_wait_and_the_time_to_the_end_of_window_or_observation(follow_up_days, lengths):
    member = person(*SESSIONS, follow_up_days=follow_up_days)
    owner, length = gaps(member, 28)
    assert length[owner == 0].tolist() == lengths
    assert length[owner == 1].tolist() == [follow_up_days]  # e2 never came
    assert longest_gap(member, window_days=28)["value"].iloc[0] == max(lengths)
    assert median_gap(member, window_days=28)["value"].iloc[0] == np.median(lengths)
    variation = np.std(lengths, ddof=1) / np.mean(lengths)
    assert gap_variation(member, window_days=28)["value"].iloc[0] == pytest.approx(variation)


def test_a_session_on_day_zero_has_no_gap_before_it():
    assert gaps(person(session(0), session(7)), 14)[1].tolist() == [7, 7, 14]


def test_mix_is_by_hours():
    kinds = [session(0, of=180, type="group"), session(1, type="individual"), session(2, "no_show", type="family")]
    mix = [session_type_share(person(*kinds), type=one, window_days=28)["value"] for one in ("group", "family")]
    assert [shares["e1"] for shares in mix] == [0.75, 0]
    assert np.isnan(mix[0]["e2"])
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert session_type_entropy(person(*kinds), window_days=28)["value"].iloc[0] == pytest.approx(entropy)


def test_sessions_of_unknown_type_or_mode_are_left_out_and_said_to_be():
    member = person(session(0, type="group", mode="video"), session(1, type=None, mode=None))
    result = session_type_entropy(member, window_days=28)
    assert result.loc["e1", ["value", "observed_share"]].tolist() == [0, 0.5]
    result = telehealth_share(member, window_days=28)
    assert result.loc["e1", ["value", "observed_share"]].tolist() == [1, 0.5]
