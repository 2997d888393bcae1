"""Worlds in which a section of the argument must not be believed: it says so, with a reason a reader understands."""

import re

import numpy as np
import pytest

from iop_outcomes import study
from iop_outcomes.release.manuscript.content import manuscript
from iop_outcomes.release.page import costs
from iop_outcomes.release.stage import release_tables
from null_clinic import clinic, content, run, weekly_sessions

pytestmark = pytest.mark.slow
SUBGROUPS = {"subgroups": {"by": ["referral"]}}
COSTS = {"costs": {"perspectives": {"payer": ["program"]}, "worth": 20_000}}


def opposite_confounding(n: int = 1200) -> dict:
    """Return a clinic in which the severe are sent to IOP if the court refers them, and the light if they come alone.

    Over all people severity is alike in both arms, so that weights that know no product have nothing to do.
    """
    tables, draw = clinic(n, seed=3), np.random.default_rng(9)
    severity = tables["baseline"]["severity"].to_numpy()
    sign = np.where(tables["baseline"]["referral"] == "court", 1, -1)
    tables["episode"]["level_of_care"] = np.where(draw.random(n) < 1 / (1 + np.exp(-sign * severity)), "2.1", "1")
    stay = np.minimum(draw.geometric(np.clip(0.01 * np.exp(0.7 * severity), 0.001, 0.3)), 84)
    tables["episode"]["discharge_day"] = stay
    tables["episode"]["discharge_reason"] = np.where(stay == 84, "completed", "dropout")
    return tables | {"session": weekly_sessions(tables["episode"])}


def with_costs(largest: float, seed: int = 3) -> dict:
    """Return a clinic in which everybody costs alike, but for one person in IOP."""
    tables, draw = clinic(400, seed=seed), np.random.default_rng(5)
    episode = tables["episode"]
    amount = draw.gamma(2, 500, len(episode)).round(2)
    amount[np.flatnonzero(episode["level_of_care"] == "2.1")[0]] = largest
    cost = episode[["episode_id"]].assign(cost_id=episode["episode_id"], day=1, amount=amount)
    return tables | {"cost": cost.assign(perspective="program", price_year="USD2020")}


def test_subgroups_confounded_the_other_way_round_are_withheld_and_not_found_to_differ(tmp_path):
    made = run(tmp_path, opposite_confounding(), **SUBGROUPS)
    contrasts = made["subgroup"].query("role == 'contrast'")
    assert set(contrasts["status"]) == {"withheld"}
    assert contrasts["reason"].str.contains("not alike inside this level").all()
    assert made["interaction"]["p_value"].isna().all()
    assert set(made["interaction"]["reason"]) == {"no level is shown"}
    # Weights made the means of both arms equal; that severity and referral go together otherwise is seen all the same.
    whole = made["estimate"].query("role == 'contrast' and kind == 'adjusted'").iloc[0]
    assert (whole["status"], "product" in whole["reason"]) == ("withheld", True)


@pytest.mark.parametrize(("largest", "status"), [(1_500.0, "shown"), (125_000.0, "flagged"), (5e6, "refused")])
def test_a_cost_that_one_person_makes_is_doubted_in_words_about_costs(tmp_path, largest, status):
    made = run(tmp_path, with_costs(largest), **COSTS)
    rows = made["cost_effectiveness"]
    assert set(rows["status"]) == {status}
    if status != "shown":
        assert rows["reason"].iloc[0].startswith("the costs of an arm hang on very few people")


def test_an_arm_half_of_whose_bills_are_nothing_is_not_the_cheaper_one(tmp_path):
    """Before, outpatient care cost half as much, surely, and nobody was told why."""
    tables = with_costs(1_500.0)
    outpatient = set(tables["episode"].loc[tables["episode"]["level_of_care"] == "1", "episode_id"])
    unbilled = tables["cost"]["episode_id"].isin(sorted(outpatient)[::2])
    tables["cost"].loc[unbilled, "amount"] = 0.0
    rows = run(tmp_path, tables, **COSTS)["cost_effectiveness"]
    assert set(rows["status"]) == {"withheld"}
    assert rows["reason"].str.contains("known of fewer than four in five people of an arm").all()


def test_where_costs_and_effects_are_alike_no_side_and_no_price_is_told_anywhere(tmp_path):
    """Before, the table said that one arm is dominated, where the page's sentence said that it could be chance."""
    made = run(tmp_path, with_costs(1_500.0, seed=4), **COSTS)
    asked = study.parse(content(tmp_path, **COSTS))
    released = release_tables(asked, made)
    row = released["cost_effectiveness"].frame.iloc[0]
    chance = "chance could explain which of the two costs less and which does more"
    assert row["words"] == chance
    assert row[["icer", "saved_per_unit_lost"]].isna().all()
    [(_, sentence)] = costs.verdicts(released["cost_verdict"])
    assert f"C{chance[1:]}, so that no price is named." in sentence
    assert not re.search("costs [0-9,]+ (more|less)|dominate", sentence)
    assert f"Costs to payer: {sentence}" in manuscript(asked, released, {}, {}).results


def test_in_a_trial_without_an_effect_no_difference_is_found_in_all_or_in_some(tmp_path):
    analysis = {"outcome": "completion", "design": "overlap", "estimator": "aipw", "randomised": True}
    made = run(tmp_path, clinic(800, seed=4), analyses={"primary": analysis}, **SUBGROUPS)
    row = made["estimate"].query("role == 'contrast' and kind == 'adjusted'").iloc[0]
    assert row["status"] == "shown"
    assert row["ci_low"] < 0 < row["ci_high"]
    assert (made["interaction"]["p_adjusted"] > 0.05).all()
