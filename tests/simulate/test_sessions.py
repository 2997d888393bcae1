"""What each arm books, and what it costs."""

import numpy as np
import pytest

from iop_outcomes.simulate import Settings, simulate
from iop_outcomes.simulate.sessions import minutes_per_session, slots_per_week

WEEKS = np.array([0, 7, 8, 11, 12, 20])


def test_iop_is_nine_hours_a_week_and_tapers():
    assert slots_per_week(np.array(True), WEEKS).tolist() == [3, 3, 2, 2, 1, 1]
    assert minutes_per_session(np.array(True), WEEKS).tolist() == [180, 180, 120, 120, 60, 60]


def test_outpatient_care_is_an_hour_a_week():
    assert slots_per_week(np.array(False), WEEKS).tolist() == [1] * 6
    assert minutes_per_session(np.array(False), WEEKS).tolist() == [60] * 6


@pytest.mark.slow
@pytest.mark.parametrize(("arm", "mean"), [("iop", 462), ("outpatient", 121)])
def test_a_week_of_the_first_two_months_costs_what_datcap_found(arm, mean):
    tables = simulate(Settings(true_effect="none", n_people=20_000), 3).tables(arm)
    cost = tables["cost"]
    first = cost[(cost["category"] == "program") & (cost["day"] < 28)]
    assert first["amount"].mean() == pytest.approx(mean, rel=0.04)


def test_the_clients_time_is_38_dollars_a_visit():
    tables = simulate(Settings(true_effect="benefit", n_people=300), 3).tables()
    visits = (tables["session"]["minutes_attended"] > 0).sum()
    cost = tables["cost"]
    assert cost.loc[cost["category"] == "client_time", "amount"].sum() == pytest.approx(38 * visits)
