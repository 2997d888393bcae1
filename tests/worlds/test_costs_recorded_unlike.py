"""Worlds in which both arms cost the same, and the bills of one arm are not all there.

Before, that arm was found to dominate: half the cost, surely, and nobody was told why.
"""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.costs.alike import recorded_unlike
from null_clinic import clinic, run

ARMS = ("iop", "outpatient")
COSTS = {"costs": {"perspectives": {"payer": ["payer"]}, "worth": 20_000}}


def people(n: int = 100, stay: float = 70, observed: float = 180) -> pd.DataFrame:
    arm = np.repeat(ARMS, n)
    return pd.DataFrame({"arm": arm, "stay": stay, "observed": observed}, index=[f"m{i}" for i in range(2 * n)])


def items(who: pd.DataFrame, *days: float, category: str = "program") -> pd.DataFrame:
    rows = [(member, category, day) for member in who.index for day in days]
    return pd.DataFrame(rows, columns=["member_id", "category", "day"])


@pytest.mark.parametrize(("had", "said"), [(0, True), (1, True), (2, False)])
def test_a_kind_that_twenty_should_have_by_the_habit_of_the_other_arm_and_hardly_any_has(had, said):
    everybody = people()
    iop, outpatient = everybody[:100], everybody[100:]
    emergencies = pd.concat([items(outpatient[:20], 5), items(iop[:had], 5)]).assign(category="emergency")
    found = recorded_unlike(pd.concat([items(everybody, 1), emergencies]), everybody, ARMS)
    assert ("for emergency" in found and "hardly any in iop" in found) is said


def test_nineteen_with_a_kind_of_cost_are_too_few_to_miss_it_in_the_other_arm():
    everybody = people()
    emergencies = items(everybody[100:119], 5, category="emergency")
    assert recorded_unlike(pd.concat([items(everybody, 1), emergencies]), everybody, ARMS) == ""


@pytest.mark.parametrize(("day", "observed", "said"), [(78, 98, True), (77, 98, False), (78, 97, False)])
def test_items_later_than_a_week_after_care_count_where_people_are_observed_for_four_weeks(day, observed, said):
    everybody = people(observed=observed)
    later = items(everybody[:30], day)
    found = recorded_unlike(pd.concat([items(everybody, 1), later]), everybody, ARMS)
    assert ("later than a week after care" in found) is said


@pytest.mark.parametrize(("last", "stay", "said"), [(41, 70, True), (42, 70, False), (26, 55, False)])
def test_bills_that_end_four_weeks_before_people_leave(last, stay, said):
    everybody = people(stay=stay)
    billed = pd.concat([items(everybody[:100], 1, 8, last), items(everybody[100:], 1, 8, stay)])
    assert ("in iop bills end more than four weeks" in recorded_unlike(billed, everybody, ARMS)) is said


def test_care_that_is_billed_once_at_the_start_is_no_bill_that_ended_early():
    everybody = people()
    billed = pd.concat([items(everybody[:100], 1), items(everybody[100:], 1, 8, 15, 69)])
    assert recorded_unlike(billed, everybody, ARMS) == ""


def billed_weekly(until: dict[str, float], emergencies: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    """Return a clinic in which every week costs alike and one in two has an emergency, as far as each level records."""
    tables, draw = clinic(400), np.random.default_rng(5)
    rows = []
    for one in tables["episode"].itertuples():
        weeks = [(day, "program", draw.gamma(4, 30)) for day in range(0, int(one.discharge_day), 7)]
        rows += [(one.episode_id, *week) for week in weeks if week[0] <= until[one.level_of_care]]
        if draw.random() < 0.5 and one.level_of_care in emergencies:
            rows.append((one.episode_id, 20, "emergency", draw.gamma(4, 300)))
    cost = pd.DataFrame(rows, columns=["episode_id", "day", "category", "amount"])
    cost.insert(0, "cost_id", [str(i) for i in range(len(cost))])
    return tables | {"cost": cost.assign(perspective="payer", price_year="USD2024")}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("until", "emergencies", "said"),
    [
        ({"2.1": 40, "1": 84}, ("2.1", "1"), "bills end more than four weeks before people leave care"),
        ({"2.1": 84, "1": 84}, ("1",), "costs for emergency are on record of people in outpatient"),
        ({"2.1": 84, "1": 84}, ("2.1", "1"), None),
    ],
)
def test_an_arm_whose_bills_are_not_all_there_is_not_the_cheaper_one(tmp_path, until, emergencies, said):
    rows = run(tmp_path, billed_weekly(until, emergencies), **COSTS)["cost_effectiveness"]
    assert set(rows["status"]) == {"withheld" if said else "shown"}
    assert said is None or rows["reason"].str.contains(said).all()
