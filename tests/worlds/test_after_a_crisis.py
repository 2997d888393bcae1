"""Worlds in which IOP takes the more ill, by questionnaires that the study does not adjust for, and does nothing.

Everybody is half as far from the usual at the end as at the beginning. Before, IOP was surely better by change (1.8
points) and reliable change (17 in a hundred more people), and surely worse by the score itself (two points).
"""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.dataset.scores_before import scores_before
from null_clinic import Tables, checks, clinic, run

CHANGE = {name: {} for name in ("symptom_score", "symptom_change", "reliable_change")}


def after_a_crisis(apart: float = 1 / 3, n: int = 1000, seed: int = 1) -> Tables:
    """Return a clinic that sends people to IOP by their score on the first day."""
    tables, rng = clinic(n, seed), np.random.default_rng(seed)
    episode = tables["episode"]
    before = rng.normal(12, 4, n).clip(0, 27).round()
    episode["level_of_care"] = np.where(rng.random(n) < 1 / (1 + np.exp(-apart * (before - 12))), "2.1", "1")
    later = (9 + (before - 12) / 2 + rng.normal(0, 3, n)).clip(0, 27).round()
    forms = [
        pd.DataFrame({"person_id": episode["person_id"], "day": day, "value": score})
        for day, score in ((0, before), (60, later))
    ]
    tables["baseline"]["phq9"] = before
    return tables | {"assessment": pd.concat(forms).assign(instrument="PHQ9", item="total")}


def told(folder, tables: Tables, **sections) -> tuple[pd.Series, pd.DataFrame]:
    """Return the row of the check, and the adjusted contrasts."""
    weighted = {"design": "overlap", "estimator": "weighted"}
    asked = {name: weighted | {"outcome": name} for name in CHANGE}
    made = run(folder, tables, metrics=CHANGE, analyses=asked, **sections)
    rows = made["estimate"].query("role == 'contrast' and kind == 'adjusted' and analysis != 'primary'")
    return checks(made).loc["unadjusted_imbalance"], rows


def test_a_score_before_that_nobody_adjusts_for_is_named(tmp_path):
    tables = after_a_crisis()
    # Only the forms know of it.
    tables["baseline"] = tables["baseline"].drop(columns="phq9")
    row, rows = told(tmp_path, tables)
    assert row["status"] == "FAIL"
    assert row["reason"].startswith("the design does not adjust for PHQ9 total before care, in which the arms differ")
    assert set(rows["status"].astype("str")) == {"withheld"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_adjusted_for_it_nothing_is_left(tmp_path, seed):
    row, rows = told(tmp_path, after_a_crisis(seed=seed), covariates=["severity", "referral", "age_years", "phq9"])
    assert row["status"] == "PASS"
    assert set(rows["status"].astype("str")) == {"shown"}
    assert (rows["ci_low"] < 0.2).all() and (rows["ci_high"] > -0.2).all()


def test_the_last_day_up_to_time_zero_counts_by_its_mean_answer():
    forms = pd.DataFrame(
        [
            ("p1", -31, "GAD7", "1", 3.0),  # too long ago
            ("p1", -9, "PHQ9", "1", 3.0),  # not the last
            ("p1", 0, "PHQ9", "1", 2.0),
            ("p1", 0, "PHQ9", "2", 1.0),
            ("p1", 1, "PHQ9", "1", 0.0),  # after time zero
            ("p2", 5, "PHQ9", "1", 3.0),
            ("p2", 4, "PHQ9", "total", 20.0),  # only of one arm
            ("p2", 4, "TEDS", "FREQ1", 1.0),
        ],
        columns=["person_id", "day", "instrument", "item", "value"],
    )
    members = pd.DataFrame(
        {"person_id": ["p2", "p1", "p3"], "time_zero_day": [5, 0, 0], "arm": ["iop", "outpatient", "outpatient"]},
        index=["e2", "e1", "e3"],
    )
    found = {name: score.to_dict() for name, score in scores_before(members, {"assessment": forms}).items()}
    assert found == {"PHQ9_before_care": {"e2": 3.0, "e1": 1.5, "e3": 2.25}}
    assert scores_before(members, {}) == {}


def test_forms_given_in_one_arm_only_are_no_difference_between_people(tmp_path):
    tables = after_a_crisis(apart=0)
    tables["baseline"] = tables["baseline"].drop(columns="phq9")
    of_iop = tables["episode"].set_index("person_id")["level_of_care"] == "2.1"
    forms = tables["assessment"]
    tables["assessment"] = forms[(forms["day"] > 0) | forms["person_id"].map(of_iop)]
    row, _ = told(tmp_path, tables)
    assert "PHQ9" not in row["reason"]
    assert row["status"] != "FAIL"
