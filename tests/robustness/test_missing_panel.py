"""The panel of a study: every row of it equal to what an analyst would do by hand."""

import numpy as np
import pandas as pd
import pytest
import yaml

import iop_outcomes
from iop_outcomes import robustness, study, tables
from iop_outcomes.in_memory import run_study
from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.tables.estimate import CHECK, KEY

CONTENT = yaml.safe_load("""
study: panel
seed: 5
source: {kind: simulated, n_people: 900, n_sites: 8, true_effect: benefit}
cohort:
  arms: {iop: {level_of_care: "2.1"}, outpatient: {level_of_care: "1"}}
  follow_up_days: 120
covariates: [age_years, sex, use_days_at_baseline]
metrics:
  completion: {}
  attendance_rate: {window_days: 84}
  abstinent: {metric: abstinence_at_end, window_days: 84, missing: positive}
  seen: {metric: abstinence_at_end, window_days: 84, missing: observed}
  depression: {metric: symptom_score, instrument: PHQ9}
  longest: {metric: longest_abstinence, window_days: 84}
designs:
  # As the calls of an analyst, which do not adjust for the site unless asked.
  overlap: {method: overlap_weights, by_site: "no"}
  pairs: {method: nearest_match}
  as_they_are: {method: unweighted}
analyses:
  primary: {outcome: abstinent, design: overlap, estimator: aipw, measure: [risk_difference, risk_ratio]}
  seen: {outcome: seen, design: overlap, estimator: weighted, measure: risk_ratio}
  paired: {outcome: seen, design: pairs, estimator: matched}
  modelled: {outcome: seen, design: as_they_are, estimator: outcome_regression}
  scored: {outcome: depression, design: overlap, estimator: aipw}
  whole: {outcome: completion, design: overlap, estimator: aipw}
  staying: {outcome: time_in_care, design: overlap, estimator: rmst}
  longest: {outcome: longest, design: overlap, estimator: weighted}
gate: {on_failure: flag}
sensitivity: [{missing_panel: {imputations: 5, shifts: [-2, 0, 2]}}]
""")
COVARIATES = ["age_years", "sex", "use_days_at_baseline"]


@pytest.fixture(scope="module")
def made() -> dict[str, pd.DataFrame]:
    return run_study(study.parse(CONTENT))


def panel(made, analysis: str) -> pd.DataFrame:
    """Return the rows of a panel by rule."""
    table = made["estimate"]
    of_panel = table["scenario"].str.startswith("missing_panel")
    mine = table[(table["analysis"] == analysis) & (table["role"] == CHECK) & of_panel]
    return mine.assign(rule=mine["scenario"].str.removeprefix("missing_panel: ")).set_index("rule")


@pytest.fixture(scope="module")
def people(made) -> pd.DataFrame:
    """Return what an analyst would have: a row per member with arm, covariates, site and outcomes."""
    outcomes = made["outcomes"].set_index("member_id")
    frame = made["covariates"].set_index("member_id").join(outcomes).sort_index()
    return frame.assign(arm=frame["arm"].astype(str), sex=frame["sex"].astype(str))


@pytest.fixture(scope="module")
def by_hand(people):
    """Return a call that estimates one outcome of a frame under the overlap weights of everybody."""
    names = [*COVARIATES, *(c for c in people if c.endswith("_missing"))]
    whole = {"arm": "arm", "covariates": names, "cluster": "cluster"}

    def call(outcome, frame=people, estimator="aipw", **asked) -> pd.Series:
        design = "overlap_weights"
        # Eight sites are few, which a study minds and a call only if it is asked to.
        asked = {"design": design, "estimator": estimator, "few_clusters": "auto", **whole, **asked}
        return iop_outcomes.estimate(frame, outcome=outcome, **asked).iloc[0]

    return call


def same(found: pd.Series, expected: pd.Series) -> None:
    """Compare estimate and standard error."""
    numbers = [row[["value", "se"]].to_numpy(float) for row in (found, expected)]
    np.testing.assert_allclose(*numbers, rtol=1e-9)


def test_rows_of_the_panel_have_their_own_place_in_the_key(made):
    tables.check(made["estimate"], "estimate")
    assert not made["estimate"].duplicated(list(KEY)).any()
    rules = list(panel(made, "primary").index)
    assert rules[:4] == ["missing = failure", "observed only", "weighted for being observed", "multiple imputation"]
    assert rules[4:6] == ["best case", "worst case"]
    # -2, -1, 0, 1 and 2: no shift, and as much as is believed, are always tried.
    assert sum(rule.startswith("shifted by") for rule in rules) == 25
    assert len(rules) == 6 + 25 + 4


def test_failure_is_test_by_test_where_the_headline_counts_so_and_else_person_by_person(made, people, by_hand):
    # Of some who were never due for a test nothing is made by the metric either.
    tested = by_hand("abstinent", people.fillna({"abstinent": 0}))
    same(panel(made, "primary").loc["missing = failure"], tested)
    filled = by_hand("seen", people.fillna({"seen": 0}), estimator="weighted", measure="risk_ratio")
    found = panel(made, "seen").loc["missing = failure"]
    np.testing.assert_allclose(
        found[["value", "se"]].to_numpy(float), filled[["value", "se"]].to_numpy(float), rtol=1e-9
    )


def test_weighted_for_being_observed_is_the_estimators_own(made, by_hand):
    expected = by_hand("seen", missing="weight")
    found = panel(made, "primary").loc["weighted for being observed"]
    np.testing.assert_allclose(
        found[["value", "se"]].to_numpy(float), expected[["value", "se"]].to_numpy(float), rtol=1e-9
    )


def test_observed_only_are_weighted_means_of_those_observed(made, by_hand):
    expected = by_hand("seen", estimator="weighted", missing="leave_out", measure="risk_ratio")
    found = panel(made, "seen").loc["observed only"]
    np.testing.assert_allclose(
        found[["value", "se"]].to_numpy(float), expected[["value", "se"]].to_numpy(float), rtol=1e-9
    )


def test_best_and_worst_case_are_filled_by_arm(made, people, by_hand):
    iop = people["arm"] == "iop"
    for rule, value in (("best case", iop), ("worst case", ~iop)):
        expected = by_hand("seen", people.assign(seen=people["seen"].fillna(value.astype(float))))
        assert panel(made, "primary").loc[rule, "value"] == pytest.approx(expected["value"], rel=1e-9)


def test_shifts_are_of_weighted_means_as_the_analysts_call_gives_them(made, people):
    names = [*COVARIATES, *(c for c in people if c.endswith("_missing"))]
    weights = iop_outcomes.weigh(people, arm="arm", covariates=names, estimand="ATO")["weight"].to_numpy()
    first = (people["arm"] == "iop").to_numpy()
    given = {"covariates": people[names], "weights": weights, "cluster": people["cluster"].to_numpy()}
    given["few_clusters"] = "auto"
    expected = robustness.shifted_differences(people["seen"], first, **given, shifts=[-2, 1])
    rows = panel(made, "primary")
    found = rows.loc["shifted by +1 in the first arm, -2 in the second", "value"]
    assert found == pytest.approx(expected.set_index(["shift_first", "shift_second"]).loc[(1, -2), "value"], rel=1e-6)
    least = robustness.tipping_shift(people["seen"], first, **given, which="second")
    shift = rows.loc["least shift of the second arm to the other side", "value"]
    assert shift == pytest.approx(least, rel=1e-6, nan_ok=True)


def test_imputed_answers_are_pooled_with_as_many_degrees_of_freedom_as_sites_allow(made):
    row = panel(made, "primary").loc["multiple imputation"]
    assert "imputed 5 times by arm with retention days, attendance rate, Rubin's rules" in row["se_method"]
    # Eight sites leave less than seven degrees of freedom, whose quantile is above 2.36.
    assert row["ci_high"] - row["value"] > 2.36 * row["se"]
    assert row["value"] == pytest.approx(panel(made, "primary").loc["weighted for being observed", "value"], abs=0.05)
    of_ratio = panel(made, "seen").loc["multiple imputation"]
    assert np.log(of_ratio["ci_high"] / of_ratio["value"]) > 2.36 * of_ratio["se"]


def test_pairs_have_a_panel_too(made):
    rows = panel(made, "paired")
    for rule in ("observed only", "weighted for being observed", "multiple imputation"):
        assert np.isfinite(rows.loc[rule, "se"])
    assert "weighted means" in rows.loc["weighted for being observed", "se_method"]


def test_a_number_has_no_failure_and_is_bound_by_what_was_seen(made, people):
    rows = panel(made, "scored")
    assert rows.loc["missing = failure", "status"] == "refused"
    assert "has no value that is failure" in rows.loc["missing = failure", "reason"]
    # Low scores are better: at best the missing of IOP have the lowest that was seen.
    assert rows.loc["best case", "value"] < rows.loc["observed only", "value"] < rows.loc["worst case", "value"]
    assert "the ends of what was seen" in rows.loc["best case", "se_method"]
    assert "standard deviations" in rows.loc["shifted by +0.5 in the first arm, +0 in the second", "se_method"]


def test_where_nothing_holds_the_arms_alike_while_outcomes_are_moved_it_says_so(made):
    rows = panel(made, "modelled")
    assert np.isfinite(
        rows.loc[["missing = failure", "observed only", "multiple imputation"], "value"].astype(float)
    ).all()
    for rule in ("weighted for being observed", "shifted"):
        assert "the design 'as_they_are' has no weights to hold the arms alike" in rows.loc[rule, "reason"]


def test_what_is_known_of_everybody_and_time_in_care_have_no_panel(made):
    assert panel(made, "whole").empty
    assert panel(made, "staying").empty


def test_an_outcome_of_which_nobody_knows_whose_tests_are_missing_is_refused_with_what_to_do(made):
    row = panel(made, "longest").iloc[0]
    assert row["status"] == "refused"
    assert "'longest' makes something of missing tests and reports (missing: breaks)" in row["reason"]


@pytest.mark.slow
def test_auxiliaries_are_outcomes_of_the_study_and_never_the_outcome_itself():
    for name in ("attendance", "seen"):
        asked = {"sensitivity": [{"missing_panel": {"auxiliaries": [name]}}]}
        few = {name: CONTENT["analyses"][name] for name in ("primary",)}
        rows = panel(run_study(study.parse(CONTENT | asked | {"analyses": few})), "primary")
        assert rows["reason"].tolist() == [
            f"missing_panel.auxiliaries: '{name}' is not among the other outcomes of this study; name metrics of it"
        ]


def test_settings_that_make_no_sense_are_refused_when_the_study_is_read():
    for setting in ({"imputations": 1}, {"plausible_shift": 0}, {"shifts": ["far"]}):
        with pytest.raises(StudyFileError, match=r"sensitivity.missing_panel: "):
            study.parse(CONTENT | {"sensitivity": [{"missing_panel": setting}]})
