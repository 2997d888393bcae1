"""From a study to its estimates: what is estimated, what is withheld, what is refused, and whether it is true."""

import copy

import numpy as np
import pandas as pd
import pytest
import yaml

from iop_outcomes import study
from iop_outcomes.conclude.truth import study_truth
from iop_outcomes.estimates.gate import apply_gate
from iop_outcomes.in_memory import run_study
from iop_outcomes.ingest.stage import ingest, source_files
from iop_outcomes.tables.capability import capabilities, unmet
from iop_outcomes.tables.estimate import ADJUSTED, NAIVE, is_contrast

CONTENT = yaml.safe_load("""
study: pipeline
seed: 11
source: {kind: simulated, n_people: 1500, n_sites: 20, true_effect: benefit}
cohort:
  arms: {iop: {level_of_care: "2.1"}, outpatient: {level_of_care: "1"}}
  eligibility: [adult]
  follow_up_days: 120
covariates: [age_band, sex, primary_substance, use_days_at_baseline, prior_episodes, employment, housing, referral,
             psychiatric_comorbidity]
metrics:
  completion: {}
  negative_tests: {metric: proportion_negative, window_days: 84}
designs:
  overlap: {method: overlap_weights}
analyses:
  primary: {outcome: completion, design: overlap, estimator: aipw, measure: risk_difference}
  tests: {outcome: negative_tests, design: overlap, estimator: aipw, measure: mean_difference}
""")


def changed(**sections) -> study.Study:
    """Return the study with some sections replaced or extended."""
    content = copy.deepcopy(CONTENT)
    for name, section in sections.items():
        content[name] = content[name] | section if isinstance(content.get(name), dict) else section
    return study.parse(content)


def contrast(made, analysis: str, kind: str = ADJUSTED) -> pd.Series:
    """Return the row of one contrast."""
    estimate = made["estimate"]
    return estimate[(estimate["analysis"] == analysis) & is_contrast(estimate, kind)].iloc[0]


@pytest.fixture(scope="module")
def made():
    return run_study(changed())


@pytest.mark.slow
@pytest.mark.parametrize("effect", ["benefit", "none", "harm"])
def test_the_interval_covers_the_truth_and_adjustment_undoes_the_confounding(effect):
    own = changed(source={"true_effect": effect, "n_people": 3000})
    made = run_study(own)
    truth = study_truth(own).set_index(["outcome", "estimand"])["difference"]
    for analysis, outcome in (("primary", "completion"), ("tests", "negative_tests")):
        row = contrast(made, analysis)
        assert row["ci_low"] <= truth[outcome, "ATO"] <= row["ci_high"]
        # The severe are sent to IOP, so that the naive contrast does it injustice whatever the truth.
        assert contrast(made, analysis, NAIVE)["value"] < row["value"]
    if effect == "none":
        assert truth["completion", "ATO"] == 0


def test_every_analysis_has_the_unadjusted_contrast_and_the_mean_of_each_arm_beside_it(made):
    rows = made["estimate"][(made["estimate"]["analysis"] == "primary") & (made["estimate"]["role"] != "check")]
    assert rows[["kind", "role", "arm", "against"]].astype("str").to_numpy().tolist() == [
        [kind, *row]
        for kind in ("adjusted", "naive")
        for row in (["contrast", "iop", "outpatient"], ["arm", "iop", ""], ["arm", "outpatient", ""])
    ]


def test_every_estimate_says_how_its_interval_was_made(made):
    assert made["estimate"]["se_method"].notna().all()


@pytest.mark.parametrize(
    ("gate", "status", "says"),
    [
        ({"min_ess": 5000}, "withheld", "too few people are left"),
        ({"min_ess": 5000, "on_failure": "flag"}, "flagged", "to be read with caution:"),
        ({"min_ess": 5000, "override": {"primary": "asked for by the board"}}, "flagged", "asked for by the board"),
    ],
)
def test_the_gate_withholds_flags_or_is_overridden_in_writing(made, gate, status, says):
    own = changed(gate=gate)
    judged = made["diagnostic"].copy()
    judged.loc[judged["check"] == "ess_iop", ["status", "reason"]] = ["FAIL", "too few people are left"]
    ungated = made["estimate"]
    row = contrast({"estimate": apply_gate(ungated, judged, own)}, "primary")
    assert row["status"] == status
    assert says in row["reason"]
    assert bool(np.isnan(row["value"])) is (status == "withheld")


@pytest.mark.slow
def test_a_withheld_analysis_loses_its_numbers_the_naive_ones_too():
    made = run_study(changed(gate={"min_ess": 5000}))
    rows = made["estimate"][made["estimate"]["analysis"] == "primary"]
    assert rows[["value", "se", "ci_low", "ci_high", "n_events"]].isna().all(axis=None)


@pytest.mark.slow
def test_an_arm_that_nobody_was_assigned_to_is_refused_by_name_and_the_rest_goes_on():
    arms = {"day_programme": {"level_of_care": "2.5"}}
    analyses = {"day": CONTENT["analyses"]["primary"] | {"contrast": ["day_programme", "outpatient"]}}
    made = run_study(changed(cohort={"arms": CONTENT["cohort"]["arms"] | arms}, analyses=analyses))
    refused = contrast(made, "day")
    assert refused["status"] == "refused"
    assert refused["reason"] == "the arm 'day_programme' is empty: no eligible person was assigned to it"
    assert contrast(made, "primary")["status"] == "shown"


def test_a_metric_the_source_cannot_give_is_refused_with_the_reason():
    records = ingest(changed())
    capability = capabilities(records | {"session": records["session"].iloc[:0]}, {"session": "no sessions here"})
    assert unmet(("session.status",), capability) == "needs session.status: no sessions here"
    assert unmet(("session.status|drug_test.result",), capability) == ""


@pytest.mark.slow
def test_the_order_of_members_and_the_names_of_arms_do_not_matter(made):
    swapped = changed(cohort={"arms": dict(reversed(CONTENT["cohort"]["arms"].items()))})
    other = run_study(swapped)
    assert contrast(other, "primary")["value"] == pytest.approx(-contrast(made, "primary")["value"], rel=1e-6)
    assert contrast(other, "primary")["se"] == pytest.approx(contrast(made, "primary")["se"], rel=1e-6)


def test_raw_files_are_those_of_the_path(tmp_path):
    (tmp_path / "own").mkdir()
    for name in ("person.csv", "episode.csv", ".hidden"):
        (tmp_path / "own" / name).write_text("")
    own = study.parse(CONTENT | {"source": {"kind": "tables", "path": "own"}})
    assert [path.name for path in source_files(own, tmp_path)] == ["episode.csv", "person.csv"]
