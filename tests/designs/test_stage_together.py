"""A study of three levels of care: one design for all contrasts, judged over all pairs, equal to the analyst's call."""

import copy

import numpy as np
import pandas as pd
import pytest
import yaml

import iop_outcomes
from iop_outcomes import study, tables
from iop_outcomes.designs.stage import build_design, read_comparisons
from iop_outcomes.estimates.gate import apply_gate
from iop_outcomes.estimates.stage import estimate_design
from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.tables.capability import capabilities
from iop_outcomes.tables.comparison import of_arms
from iop_outcomes.tables.estimate import is_contrast
from three_arms import three_arms

CONTENT = yaml.safe_load("""
study: levels
source: {kind: simulated, true_effect: none}
cohort:
  arms: {iop: {level_of_care: "2.1"}, outpatient: {level_of_care: "1"}, residential: {level_of_care: "3"}}
covariates: [age_years, sex, referral]
cluster: null
metrics: {completion: {}}
designs: {main: {method: overlap_weights}}
analyses:
  primary: {outcome: completion, design: main, estimator: aipw, measure: risk_difference}
  inpatient: {outcome: completion, design: main, estimator: aipw, contrast: [residential, outpatient]}
gate: {max_smd: 0.3, min_ess: 20, min_equipoise: 0.1}
""")


def changed(**sections) -> dict:
    content = copy.deepcopy(CONTENT)
    for name, section in sections.items():
        content[name] = content[name] | section if isinstance(content.get(name), dict) else section
    return content


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    data = three_arms().rename(columns={"age": "age_years", "female": "sex"}).drop(columns="site")
    return data.assign(member_id=[f"m{i:04}" for i in range(len(data))])


def run(people: pd.DataFrame, **sections) -> dict[str, pd.DataFrame]:
    """Return the tables of one design of the study."""
    asked = study.parse(changed(**sections))
    covariates = people[["member_id", "arm", *asked.covariates]]
    made = build_design(covariates, capabilities({}, {}), asked, "main")
    comparisons, refusals = read_comparisons(covariates, made["propensity"], made["diagnostic"], asked, "main")
    missing = pd.DataFrame({"retention_days": np.nan, "retention_ended": pd.NA}, index=people.index)
    outcomes = pd.concat([people[["member_id"]], people["completed"].rename("completion"), missing], axis=1)
    made["estimate"], *_ = estimate_design(asked, "main", comparisons, refusals, outcomes, {})
    made["estimate"] = apply_gate(made["estimate"], made["diagnostic"], asked)
    return made


def adjusted(made, analysis) -> pd.Series:
    rows = made["estimate"]
    return rows[(rows["analysis"] == analysis) & is_contrast(rows, "adjusted")].iloc[0]


def of_analyst(people, *contrast, **settings) -> pd.Series:
    asked = {"outcome": "completed", "arm": "arm", "covariates": ["age_years", "sex", "referral"]}
    return iop_outcomes.estimate(people, contrast=contrast, **asked, **settings).iloc[0]


def test_a_study_gives_what_the_call_gives_for_every_contrast(people):
    made = run(people)
    for analysis, contrast in (("primary", ("iop", "outpatient")), ("inpatient", ("residential", "outpatient"))):
        found, expected = adjusted(made, analysis), of_analyst(people, *contrast)
        np.testing.assert_allclose([found["value"], found["se"]], [expected["value"], expected["se"]], rtol=1e-7)
        assert "estimated propensity score counted" in found["se_method"]


def checks_of(made, *arms) -> pd.DataFrame:
    """Return what was checked of two arms, by check."""
    table = made["diagnostic"]
    return table[of_arms(table, arms, "main")].set_index("check")


def test_tables_hold_every_pair_and_keep_their_contracts(people):
    made = run(people)
    pairs = {("iop", "outpatient"), ("residential", "outpatient"), ("iop", "residential")}
    for name in ("propensity", "balance", "diagnostic"):
        tables.check(made[name], name)
    for name in ("propensity", "balance"):
        assert set(made[name][["arm", "against"]].itertuples(index=False, name=None)) == pairs
    weights = made["propensity"].groupby("member_id")["weight"].agg(["size", "min", "max"])
    assert (weights["size"] == 2).all()
    assert (weights["min"] == weights["max"]).all()


def test_the_naive_contrast_is_of_the_two_arms_as_they_are(people):
    rows = run(people)["estimate"]
    naive = rows[(rows["analysis"] == "primary") & is_contrast(rows, "naive")].iloc[0]
    means = people.groupby("arm")["completed"].mean()
    assert naive["value"] == pytest.approx(means["iop"] - means["outpatient"])


def test_no_contrast_is_shown_if_a_pair_of_the_population_cannot_be_compared(people):
    """Only residential care is small here: outpatient and IOP could be compared, but not in this population."""
    made = run(people, gate={"min_ess": 90})
    checks = checks_of(made, "iop", "outpatient")
    assert checks.loc[["ess_iop", "ess_outpatient"], "status"].tolist() == ["PASS", "PASS"]
    assert checks.loc["other_pairs", "status"] == "FAIL"
    reason = checks.loc["other_pairs", "reason"]
    assert "all contrasts speak of one population" in reason
    assert "weighting leaves residential" in reason
    assert set(made["estimate"]["status"]) == {"withheld"}
    assert set(run(people)["estimate"]["status"]) == {"shown"}


def test_arms_are_compared_with_the_population_they_stand_for(people):
    row = checks_of(run(people), "iop", "outpatient").loc["max_smd_everybody"]
    assert row["status"] == "PASS"
    # Overlap weights make the means of the arms nearly, and not exactly, those of the population.
    assert 0.01 < row["value"] < 0.2
    assert "an arm and everybody it stands for differ most in referral" in row["reason"]


@pytest.mark.parametrize("arms", ["pairwise", ["iop", "outpatient"]])
def test_a_design_may_be_restricted_to_two_arms(people, arms):
    of_two = {"inpatient": CONTENT["analyses"]["primary"]} if isinstance(arms, list) else {}
    made = run(people, designs={"main": {"method": "overlap_weights", "arms": arms}}, analyses=of_two)
    found = adjusted(made, "primary")
    expected = of_analyst(people, "iop", "outpatient", arms=("iop", "outpatient"))
    np.testing.assert_allclose([found["value"], found["se"]], [expected["value"], expected["se"]], rtol=1e-9)


def test_an_att_of_a_study_speaks_for_its_first_arm_or_the_target_in_every_contrast(people):
    for settings, target in (({}, "iop"), ({"target": "residential"}, "residential")):
        made = run(people, designs={"main": {"method": "att_weights", **settings}}, gate={"max_smd": 0.9})
        for analysis, contrast in (("primary", ("iop", "outpatient")), ("inpatient", ("residential", "outpatient"))):
            asked = {"target": target, "bound": "auto"}
            expected = of_analyst(people, *contrast, design="att_weights", design_settings=asked)
            assert adjusted(made, analysis)["value"] == pytest.approx(expected["value"], rel=1e-9)


def test_an_arm_nobody_is_in_leaves_the_others_their_contrast(people):
    two = people[people["arm"] != "residential"]
    made = run(two)
    expected = of_analyst(two, "iop", "outpatient")
    assert adjusted(made, "primary")["value"] == pytest.approx(expected["value"], rel=1e-9)
    refused = made["estimate"].query("analysis == 'inpatient'").iloc[0]
    assert refused["status"] == "refused"
    assert "the arm 'residential' is empty" in refused["reason"]


def test_covariates_that_decide_an_arm_refuse_every_contrast_of_the_population(people):
    decided = people.assign(referral=np.where(people["arm"] == "residential", "hospital", people["referral"]))
    made = run(decided)
    assert set(made["estimate"]["status"]) == {"refused"}
    assert made["estimate"]["reason"].str.contains("restrict the design to two by arms").all()
    assert not made["diagnostic"].duplicated(["arm", "against"]).any()


@pytest.mark.parametrize(
    ("sections", "says"),
    [
        (
            {"designs": {"main": {"method": "cbps"}}},
            r"designs.main: the method 'cbps' .* there are 3; add arms: pairwise",
        ),
        ({"designs": {"main": {"method": "overlap_weights", "arms": ["iop", "outpatint"]}}}, "mean 'outpatient'"),
        ({"designs": {"main": {"method": "overlap_weights", "arms": ["iop"]}}}, "list two or more different arms"),
        (
            {"designs": {"main": {"method": "overlap_weights", "arms": ["iop", "outpatient"]}}},
            "and not for 'residential'",
        ),
        ({"designs": {"main": {"method": "att_weights", "target": "iops"}}}, r"no arm 'iops'; did you mean 'iop'\?"),
        (
            {"analyses": {"primary": {"outcome": "completion", "design": "main", "estimator": "gee"}}},
            "'gee' compares two arms by themselves and the design 'main' makes 3",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused_when_the_file_is_read(sections, says):
    with pytest.raises(StudyFileError, match=says):
        study.parse(changed(**sections))


def test_matching_goes_by_pairs_whatever_the_study():
    assert study.parse(changed(designs={"main": {"method": "nearest_match"}})).arms_together("main") == ()
    assert study.parse(CONTENT).arms_together("main") == ("iop", "outpatient", "residential")
