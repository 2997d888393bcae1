"""Time to the first session: never-starters are censored, not dropped."""

import numpy as np
import pytest

from attendees import session
from iop_outcomes.metrics.first_session import days_to_first_session, started_within, time_to_first_session
from iop_outcomes.stats.survival.kaplan_meier import kaplan_meier
from small import history


def four_people(**others):
    """Referred on day -3 and started on days 0, 4 and never; the last was never referred on record."""
    episodes = [{"referral_day": -3}, {"referral_day": -3}, {"referral_day": -3}, {}]
    rows = [session(0), session(4) | {"episode_id": "e2"}, session(5, "no_show") | {"episode_id": "e3"}]
    rows += [session(2) | {"episode_id": "e4"}]
    rows = [{"session_id": f"s{number}"} | row for number, row in enumerate(rows)]
    return history(*episodes, session=rows, **others)


def test_time_and_event():
    frame = time_to_first_session(four_people(follow_up_days=28))
    np.testing.assert_array_equal(frame["first_session_days"], [3, 7, 27 + 3, np.nan])
    np.testing.assert_array_equal(frame["first_session_ended"], [1, 1, 0, np.nan])
    frame = time_to_first_session(four_people(follow_up_days=28), since="time_zero")
    np.testing.assert_array_equal(frame["first_session_days"], [0, 4, 27, 2])


def test_a_survival_estimator_takes_them_as_they_are():
    # Of three, one starts on day 3 and one on day 7: 2/3 and 1/3 are still waiting then.
    frame = time_to_first_session(four_people(follow_up_days=28)).dropna()
    waiting = kaplan_meier(frame["first_session_days"], frame["first_session_ended"])
    np.testing.assert_allclose(waiting.at([2, 3, 7, 30])["survival"], [1, 2 / 3, 1 / 3, 1 / 3])


def test_a_mean_keeps_those_who_never_started():
    result = days_to_first_session(four_people(follow_up_days=28), window_days=14)
    np.testing.assert_array_equal(result["value"], [3, 7, 14, np.nan])
    assert result["missing_reason"].iloc[3] == "no referral day on record"
    assert started_within(four_people(), window_days=7)["value"].tolist()[:3] == [1, 0, 0]


def test_who_was_not_watched_long_enough_and_did_not_start_is_missing():
    result = days_to_first_session(four_people(follow_up_days=5), window_days=14)
    np.testing.assert_array_equal(result["value"], [3, 7, np.nan, np.nan])


def test_a_referral_after_the_first_session_gives_no_time():
    late = history({"referral_day": 3}, session=[session(0) | {"session_id": "s1"}])
    for metric in (days_to_first_session, started_within):
        assert metric(late)["missing_reason"].tolist() == ["the first session is before the referral"]
    assert time_to_first_session(late)["first_session_ended"].isna().all()


@pytest.mark.parametrize(("since", "answer"), [("referral", 3), ("time_zero", 0)])
def test_the_clock_starts_where_the_study_says(since, answer):
    assert days_to_first_session(four_people(), since=since)["value"].iloc[0] == answer
