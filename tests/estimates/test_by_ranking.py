"""Exploring for whom, in a study: labelled so, held to the gate, small groups hidden, and in no verdict."""

import pandas as pd
import pytest
import yaml

from iop_outcomes import study, tables
from iop_outcomes.errors import StudyError
from iop_outcomes.in_memory import run_study
from iop_outcomes.release.page.heterogeneity import heterogeneity
from iop_outcomes.release.stage import conclusions, release_tables

CONTENT = yaml.safe_load("""
study: explored
seed: 5
source: {kind: simulated, n_people: 800, n_sites: 12, true_effect: benefit}
cohort:
  arms: {iop: {level_of_care: "2.1"}, outpatient: {level_of_care: "1"}}
  follow_up_days: 120
covariates: [age_years, sex, use_days_at_baseline]
metrics: {completion: {}}
designs: {overlap: {method: overlap_weights}}
analyses:
  primary: {outcome: completion, design: overlap, estimator: aipw, measure: risk_difference}
gate: {min_ess: 10, max_smd: 0.5, max_unadjusted_smd: 5}
heterogeneity: {folds: 3}
release: {min_cell: 5}
""")


def made_of(**changes) -> tuple[study.Study, dict[str, pd.DataFrame]]:
    """Return a study and its tables."""
    asked = study.parse(CONTENT | changes)
    return asked, run_study(asked)


@pytest.fixture(scope="module")
def explored() -> tuple[study.Study, dict[str, pd.DataFrame]]:
    return made_of()


def test_groups_are_shown_as_exploratory(explored):
    asked, made = explored
    tables.check(made["heterogeneity"], "heterogeneity")
    shown = heterogeneity(release_tables(asked, made)["heterogeneity"], asked)
    assert shown.caption == "Exploratory: ranked by predicted effect"
    assert [row[0] for row in shown.rows] == [
        "Slope of effect on prediction (no unit)",
        "Group 1 of 3 (predicted lowest)",
        "Group 2 of 3",
        "Group 3 of 3 (predicted highest)",
        "Highest less lowest",
    ]
    assert "no verdict and no claim rests on them" in shown.note


def test_no_verdict_rests_on_it(explored):
    asked, made = explored
    without = {name: table for name, table in made.items() if name != "heterogeneity"}
    for one, other in zip(conclusions(asked, made), conclusions(asked, without), strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_one_small_group_hides_all(explored):
    asked, made = explored
    strict = asked.model_copy(update={"release": asked.release.model_copy(update={"min_cell": 60})})
    shown = heterogeneity(release_tables(strict, made)["heterogeneity"], strict)
    assert shown.rows[0][0] == "Not shown"


def test_what_the_gate_withholds_is_withheld_here_too():
    _, made = made_of(gate={"min_ess": 5000})
    assert set(made["heterogeneity"]["status"]) == {"withheld"}
    assert made["heterogeneity"][["value", "p_value"]].isna().all(axis=None)


def test_an_analysis_of_times_is_refused():
    staying = {"outcome": "time_in_care", "design": "overlap", "estimator": "rmst"}
    with pytest.raises(StudyError, match="'primary' compares no means"):
        study.parse(CONTENT | {"analyses": {"primary": staying}})
