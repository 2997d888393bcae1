"""What everybody of a cohort cost, by hand."""

from pathlib import Path

import pandas as pd
import pytest

from iop_outcomes.costs.of_study import costs_of
from iop_outcomes.costs.stage import guards_of
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.study.costs import Costs
from small import table

REFERENCE = Path(__file__).parents[2]
ASKED = Costs(perspectives={"payer": ["program"], "society": ["program", "client"]})


def made(costs=(), sessions=()):
    cohort = pd.DataFrame({"member_id": ["e1", "e2", "e3"], "time_zero_day": 10, "follow_up_end_day": 90})
    episode = pd.DataFrame({"episode_id": ["e1", "e2", "e3"], "level_of_care": ["2.1", "1", "1"]})
    return {
        "cohort": cohort,
        "episode": episode,
        "outcomes": pd.DataFrame({"member_id": ["e1", "e2", "e3"], "retention_days": [60.0, 0.0, 60.0]}),
        "cost": pd.DataFrame(costs, columns=["episode_id", "day", "amount", "perspective", "price_year"]),
        "session": pd.DataFrame(sessions, columns=["episode_id", "day", "status"]),
    }


def test_items_of_follow_up_count_for_those_who_bear_them():
    items = [
        ("e1", 10, 100.0, "program", "USD2001"),
        ("e1", 100, 7.0, "client", "USD2001"),
        ("e1", 9, 50.0, "program", "USD2001"),
        ("e1", 101, 50.0, "program", "USD2001"),
    ]
    found, year = costs_of(ASKED, made(items), Path())
    assert year == "USD2001"
    assert found.loc["e1"].tolist() == [100.0, 107.0]
    # Who never stayed cost nothing; who stayed for two months and has no item was not free.
    assert found.loc["e2"].tolist() == [0.0, 0.0]
    assert found.loc["e3"].isna().all()


def test_a_bill_of_nothing_is_no_free_care():
    items = [("e1", 10, 100.0, "program", "USD2001"), ("e2", 10, 0.0, "program", "USD2001")]
    items += [("e3", 10, 0.0, "program", "USD2001"), ("e3", 20, 0.0, "client", "USD2001")]
    found, _ = costs_of(ASKED, made(items), Path())
    assert found.loc["e2"].tolist() == [0.0, 0.0]
    assert found.loc["e3"].isna().all()


def test_prices_of_two_years_are_no_sum():
    items = [("e1", 10, 1.0, "program", "USD2001"), ("e2", 10, 1.0, "program", "USD2024")]
    with pytest.raises(EstimationError, match="prices of USD2001, USD2024; a sum of several years says nothing"):
        costs_of(ASKED, made(items), Path())


def test_unit_costs_are_counted_in_weeks_with_a_visit_and_in_visits():
    came = [("e1", 10, "attended"), ("e1", 12, "attended"), ("e1", 18, "partial"), ("e1", 19, "no_show")]
    asked = ASKED.model_copy(update={"unit_costs": "data/reference/unit_costs.csv"})
    found, _ = costs_of(asked, made(sessions=came), REFERENCE)
    # Two weeks at 462, and three visits at 38.
    assert found.loc["e1"].tolist() == [924.0, 1038.0]


def test_a_source_without_costs_says_what_to_name():
    with pytest.raises(EstimationError, match="name a file of unit costs under costs.unit_costs"):
        costs_of(ASKED, made(), Path())


def test_the_table_of_costs_keeps_its_contract():
    rows = [{"cost_id": "c1", "episode_id": "e1", "day": 10, "amount": 1.0, "perspective": "program"}]
    found, year = costs_of(ASKED, made() | {"cost": table("cost", rows)}, Path())
    assert (found.loc["e1", "payer"], year) == (1.0, "not stated")


def test_what_one_person_adds_to_a_perspective_is_as_much_theirs_as_a_cost_of_their_own():
    # Everybody costs the payer 100; of what the people of the first arm bear themselves one bears 90 of 96.
    known = pd.DataFrame({"arm": ["iop"] * 7 + ["outpatient"] * 7, "effect": 1.0, "cost: payer": 100.0})
    known["cost: society"] = 100.0 + pd.Series([90.0, 1, 1, 1, 1, 1, 1] + [2.0] * 7)
    both = ["payer", "society"]
    assert guards_of(known, "payer", both, ("iop", "outpatient"))["person_share"] == pytest.approx(1 / 7)
    assert guards_of(known, "society", both, ("iop", "outpatient"))["person_share"] == pytest.approx(90 / 96)
    # The first that is named is told in any case; what the second adds to it is not.
    assert guards_of(known, "payer", both[::-1], ("iop", "outpatient"))["person_share"] == pytest.approx(90 / 96)
