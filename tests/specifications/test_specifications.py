"""Every other way of asking the first question: the locked path is the analysis; the gate withholds as everywhere."""

import numpy as np
import pandas as pd
import pytest
import yaml

from iop_outcomes import study, tables
from iop_outcomes.errors import StudyError
from iop_outcomes.in_memory import run_stages, run_study
from iop_outcomes.release.page.specifications import specifications as in_words
from iop_outcomes.release.stage import release_tables
from iop_outcomes.stages import between
from iop_outcomes.tables.estimate import ADJUSTED, is_contrast
from null_clinic import clinic, content

CONTENT = yaml.safe_load("""
study: varied
seed: 5
source: {kind: simulated, n_people: 900, n_sites: 12, true_effect: benefit}
cohort:
  arms: {iop: {level_of_care: "2.1"}, outpatient: {level_of_care: "1"}}
  follow_up_days: 120
covariates: [age_years, sex, use_days_at_baseline, prior_episodes, referral]
metrics:
  completion: {}
  completed_or_moved: {metric: completion, count_transfer: true}
designs:
  overlap: {method: overlap_weights}
  everybody: {method: ate_weights}
analyses:
  primary: {outcome: completion, design: overlap, estimator: aipw, measure: risk_difference}
specifications:
  outcomes: [completed_or_moved]
  time_zero: [admission]
  arm_rules: {any_hours: {outpatient: {level_of_care: ["1"]}}}
  trimming: {scores: {trim: 0.1}, weights: {truncate: 0.99}}
  draws: 199
gate: {min_ess: 10, max_smd: 0.5, max_unadjusted_smd: 5, min_equipoise: 0}
""")


@pytest.fixture(scope="module")
def made() -> dict[str, pd.DataFrame]:
    return run_study(study.parse(CONTENT))


def test_every_choice_is_put_to_every_other(made):
    table = made["specification"]
    tables.check(table, "specification")
    # Two arm rules, two days, two outcomes and three estimators; three ways with everybody's scores, one with overlap.
    assert len(table) == 2 * 2 * 2 * 3 * (3 + 1)
    assert not table.duplicated(["arm_rule", "time_zero", "outcome", "design", "trimming", "estimator"]).any()


def test_the_locked_path_is_the_analysis_itself(made):
    locked = made["specification"].query("locked")
    own = made["estimate"][is_contrast(made["estimate"], ADJUSTED)].iloc[0]
    assert len(locked) == 1
    for name in ("value", "se", "ci_low", "ci_high"):
        assert locked[name].iloc[0] == pytest.approx(own[name], rel=1e-9)


SINGLE = [
    ("as asked", "assignment", "completed_or_moved", "everybody", "scores", "aipw"),
    ("any_hours", "admission", "completion", "everybody", "weights", "weighted"),
    ("as asked", "admission", "completed_or_moved", "overlap", "as asked", "outcome_regression"),
]


@pytest.mark.parametrize("chosen", [SINGLE[0], *(pytest.param(other, marks=pytest.mark.slow) for other in SINGLE[1:])])
def test_a_specification_finds_what_a_study_of_it_alone_finds(made, chosen):
    rule, time_zero, outcome, design, trimming, estimator = chosen
    asked = CONTENT["specifications"]
    alone = {name: part for name, part in CONTENT.items() if name != "specifications"}
    arms = CONTENT["cohort"]["arms"] | asked["arm_rules"].get(rule, {})
    alone["cohort"] = CONTENT["cohort"] | {"time_zero": time_zero, "arms": arms}
    alone["designs"] = {"own": CONTENT["designs"][design] | asked["trimming"].get(trimming, {})}
    analysis = {"outcome": outcome, "design": "own", "estimator": estimator, "measure": "risk_difference"}
    estimate = run_study(study.parse(alone | {"analyses": {"primary": analysis}}))["estimate"]
    own = estimate[is_contrast(estimate, ADJUSTED)].iloc[0]
    columns = ["arm_rule", "time_zero", "outcome", "design", "trimming", "estimator"]
    row = made["specification"].set_index(columns).loc[chosen]
    for name in ("value", "se", "ci_low", "ci_high"):
        assert row[name] == pytest.approx(own[name], rel=1e-9)


@pytest.mark.slow
def test_of_three_arms_the_two_of_the_analysis_are_varied():
    content = {**CONTENT, "source": {**CONTENT["source"], "n_people": 1500}}
    content["cohort"] = {**CONTENT["cohort"]}
    content["cohort"]["arms"] = {**CONTENT["cohort"]["arms"], "residential": {"level_of_care": "3"}}
    content["designs"] = {"overlap": {"method": "overlap_weights"}, "everybody": {"method": "ate_weights"}}
    content["analyses"] = {"primary": {**CONTENT["analyses"]["primary"], "contrast": ["iop", "residential"]}}
    content["specifications"] = {"trimming": {"weights": {"truncate": 0.99}}, "draws": 99}
    asked = study.parse(content)
    records = run_stages(asked, between("", "ingest"), {})
    # Every other outpatient goes to another level, whatever they are like.
    level = records["episode"]["level_of_care"].astype("str")
    level = level.mask((level == "1") & (np.arange(len(level)) % 2 == 0), "3")
    episode = records["episode"].assign(level_of_care=level)
    made = run_stages(asked, between("ingest", "conclude"), {**records, "episode": episode})
    table = made["specification"]
    assert (table["status"] == "shown").all()
    assert len(table) == 3 * 3
    own = made["estimate"][is_contrast(made["estimate"], ADJUSTED)].iloc[0]
    assert (own["arm"], own["against"]) == ("iop", "residential")
    assert table.query("locked")["value"].tolist() == pytest.approx([own["value"]], rel=1e-9)


def test_an_arm_rule_that_selects_the_same_people_finds_the_same(made):
    by_rule = made["specification"].set_index("arm_rule")["value"].astype(float)
    np.testing.assert_allclose(by_rule["as asked"].to_numpy(), by_rule["any_hours"].to_numpy(), rtol=1e-9)


def test_what_they_amount_to_is_said_of_those_shown(made):
    shown, row = made["specification"].query("status == 'shown'"), made["specification_summary"].iloc[0]
    assert row["n_shown"] == len(shown)
    assert row["median"] == pytest.approx(shown["value"].median())
    assert row["share_same_sign"] == pytest.approx((np.sign(shown["value"]) == np.sign(row["median"])).mean())
    released = release_tables(study.parse(CONTENT), made)
    said = in_words(released["specification_summary"])
    assert said.startswith("The first question was asked in 96 ways.")
    assert "changes no verdict" in said


@pytest.mark.slow
def test_what_the_gate_withholds_is_not_in_it():
    content = CONTENT | {"gate": {**CONTENT["gate"], "min_ess": 120}}
    content["specifications"] = {"trimming": {"scores": {"trim": 0.3}}, "draws": 99}
    made = run_study(study.parse(content))
    withheld = made["specification"].query("status == 'withheld'")
    assert len(withheld) == 3
    assert withheld["value"].isna().all()
    assert set(withheld["trimming"]) == {"scores"}
    assert made["specification_summary"]["n_withheld"].iloc[0] == 3


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"outcomes": ["dropout"]}, "is no share that is better the same way as 'completion'"),
        ({"designs": ["crude"]}, "'crude' leaves the arms as they are"),
        ({"estimators": ["unadjusted"]}, "'unadjusted' gives no adjusted mean"),
        ({"outcomes": ["complection"]}, "there is no 'complection'"),
    ],
)
def test_what_is_another_question_is_refused(asked, says):
    content = CONTENT | {"specifications": asked, "metrics": {**CONTENT["metrics"], "dropout": {}}}
    content["designs"] = {**CONTENT["designs"], "crude": {"method": "unweighted"}}
    with pytest.raises(StudyError, match=says):
        study.parse(content)


@pytest.mark.slow
def test_where_the_gate_withholds_them_all_the_reason_stands_in_their_place():
    content = CONTENT | {"gate": {**CONTENT["gate"], "min_ess": 100_000}, "specifications": {"draws": 99}}
    made = run_study(study.parse(content))
    row = made["specification_summary"].iloc[0]
    assert row["n_withheld"] == row["n_specifications"]
    assert "less than the 100,000 asked for" in row["reason"]
    assert np.isnan(row["median"])


def third_arm(folder, codes: list[str], second: str) -> study.Study:
    """Return a clinic of three arms, people of these levels of care, and IOP held against one of the others."""
    people = clinic(400, seed=4)
    people["episode"]["level_of_care"] = np.random.default_rng(2).choice(codes, 400)
    for name, frame in people.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    arms = {name: {"level_of_care": code} for name, code in (("iop", "2.1"), ("outpatient", "1"), ("residential", "3"))}
    primary = {"outcome": "completion", "design": "overlap", "estimator": "aipw", "contrast": ["iop", second]}
    asked = {"cohort": {"arms": arms}, "analyses": {"primary": primary}, "specifications": {"draws": 99}}
    return study.parse(content(folder, **asked))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("codes", "second", "n_shown"),
    [(["2.1", "1", "3"], "residential", 3), (["2.1", "1"], "outpatient", 3), (["2.1", "1"], "residential", 0)],
)
def test_with_three_arms_the_two_of_the_question_are_asked_of_and_an_empty_one_is_named(
    tmp_path, codes, second, n_shown
):
    asked = third_arm(tmp_path, codes, second)
    found = run_study(asked)
    assert found["specification_summary"]["n_shown"].tolist() == [n_shown]
    said = in_words(release_tables(asked, found)["specification_summary"])
    assert ("The arm “residential” is empty: no eligible person was assigned to it." in said) == (not n_shown)
