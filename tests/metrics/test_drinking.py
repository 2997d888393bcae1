"""Heavy drinking: four drinks or more for women, five for men."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.metrics.drinking import heavy_drinking_days, no_heavy_drinking_days
from small import history


def drinker(*drinks: float | None, sex: str | None = "male", **others):
    rows = [
        {"person_id": "p1", "day": day, "window_days": 1, "substance": "alcohol", "source": "tlfb"}
        | {"days_used": float(amount is None or amount > 0), "amount": amount}
        for day, amount in enumerate(drinks)
    ]
    people = [{"person_id": "p1", "age_years": 40, "sex": sex}]
    return history({}, person=people, use_report=rows, follow_up_days=len(drinks), **others)


@pytest.mark.parametrize(
    ("sex", "percent"), [("male", 100 * 1 / 4), ("female", 100 * 2 / 4), ("other", 100 * 2 / 4), (None, 100 * 2 / 4)]
)
def test_the_cut_off_depends_on_sex(sex, percent):
    assert heavy_drinking_days(drinker(0, 4, 5, 2, sex=sex))["value"].iloc[0] == pytest.approx(percent)


def test_a_drinking_day_without_a_number_is_unknown():
    result = heavy_drinking_days(drinker(0, None, 6, 2))
    assert result["value"].iloc[0] == pytest.approx(100 / 3)
    assert result["observed_share"].iloc[0] == pytest.approx(3 / 4)


def test_one_heavy_day_decides_even_if_other_days_are_unknown():
    assert no_heavy_drinking_days(drinker(6, None, None, None), window_days=4)["value"].iloc[0] == 0
    assert np.isnan(no_heavy_drinking_days(drinker(0, None, None, None), window_days=4)["value"].iloc[0])


def test_of_two_numbers_for_a_day_the_larger_holds():
    twice = drinker(2, 2)
    rows = twice.records["use_report"]
    twice.records["use_report"] = pd.concat([rows, rows.iloc[:1].assign(source="diary", amount=7.0)])
    assert heavy_drinking_days(twice)["value"].iloc[0] == pytest.approx(50)


def test_other_substances_are_not_drinks():
    sober = drinker(0, 0)
    sober.records["use_report"]["substance"] = sober.records["use_report"]["substance"].cat.rename_categories(
        ["cannabis"]
    )
    assert np.isnan(heavy_drinking_days(sober)["value"].iloc[0])


def test_days_in_hospital_are_set_apart():
    stay = [{"person_id": "p1", "start_day": 2, "end_day": 3, "reason": "inpatient"}]
    assert heavy_drinking_days(drinker(5, 0, 0, 0, controlled_period=stay))["value"].iloc[0] == pytest.approx(50)
