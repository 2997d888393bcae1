"""From rows of estimates to verdicts: which analysis answers, which way a measure goes, how many answers there are."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import tables
from iop_outcomes.conclude.facts import Facts
from iop_outcomes.conclude.families import answers, is_crude
from iop_outcomes.conclude.judging import claim_verdicts, judge_study, verdict_table
from iop_outcomes.tables.controls import PLACEBO, PLACEBO_DIFFERENCE
from iop_outcomes.tables.estimate import CHECK
from iop_outcomes.tables.missing_panel import OBSERVED, shift
from verdicts import contrast, of_panel, one_outcome, together


def verdicts(study, estimate, **facts) -> dict[str, str]:
    """Return the verdict on each analysis."""
    return {one.name: one.decision.verdict for one in judge_study(estimate, study, Facts(**facts))}


def codes(study, estimate, analysis="primary", **facts) -> tuple[str, ...]:
    """Return the reason codes of one analysis."""
    return next(one for one in judge_study(estimate, study, Facts(**facts)) if one.name == analysis).decision.codes


@pytest.mark.parametrize(
    ("outcome", "measure", "interval", "verdict", "claim"),
    [
        # IOP left care at 2.27 times the rate: they stayed shorter.
        ("time_in_care", "hazard_ratio", (2.27, 1.9, 2.7), "worse", "contradicted"),
        ("time_in_care", "hazard_ratio", (0.8, 0.7, 0.9), "better", "supported"),
        ("time_in_care", "rmst_difference", (12.0, 8.0, 16.0), "better", "supported"),
        ("dropout", "risk_difference", (0.12, 0.08, 0.16), "worse", "contradicted"),
        ("dropout", "risk_ratio", (0.7, 0.6, 0.8), "better", "supported"),
        ("completion", "odds_ratio", (0.5, 0.4, 0.7), "worse", "contradicted"),
    ],
)
def test_the_direction_of_a_measure_is_one_for_verdict_and_claim(outcome, measure, interval, verdict, claim):
    claims = [{"claim": "IOP does better", "analysis": "primary"}]
    study = one_outcome(outcome, measure, metrics={"completion": {}, "dropout": {}}, claims=claims)
    judged = judge_study(contrast(study, *interval), study)
    assert judged[0].decision.verdict == verdict
    assert claim_verdicts(judged, study)["verdict"].tolist() == [claim]


@pytest.mark.parametrize(
    ("direction", "measure", "interval", "expected"),
    [
        ("higher", "hazard_ratio", (2.27, 1.9, 2.7), "contradicted"),  # "keeps people in care longer"
        ("lower", "hazard_ratio", (2.27, 1.9, 2.7), "supported"),  # "keeps people in care for less long"
        ("higher", "rmst_difference", (-20.0, -25.0, -15.0), "contradicted"),
    ],
)
def test_a_claim_speaks_of_the_outcome_and_not_of_the_measure(direction, measure, interval, expected):
    claims = [{"claim": "IOP keeps people in care", "analysis": "primary", "direction": direction}]
    study = one_outcome("time_in_care", measure, claims=claims)
    assert claim_verdicts(judge_study(contrast(study, *interval), study), study)["verdict"].tolist() == [expected]


def test_a_measure_nobody_has_described_is_different_at_most():
    study = one_outcome(measure="some_new_measure")
    assert verdicts(study, contrast(study, 0.1, 0.05, 0.15)) == {"primary": "different"}


def test_an_analysis_that_was_not_made_is_refused():
    study = one_outcome()
    assert verdicts(study, contrast(study, 0.1, 0.05, 0.15).iloc[:0]) == {"primary": "refused"}


MISSING = {
    "tests": {"metric": "abstinence_at_end", "window_days": 84, "missing": "positive"},
    "tests_observed": {"metric": "abstinence_at_end", "window_days": 84, "missing": "observed"},
    "tests_long": {"metric": "abstinence_at_end", "window_days": 168, "missing": "positive"},
}


def panel(**changes):
    """Return a study of one outcome under two missing rules and two designs, and of a longer window."""
    others = {
        "observed": {"outcome": "tests_observed"},
        "everybody": {"design": "everybody"},
        "long": {"outcome": "tests_long"},
    }
    designs = {"overlap": {"method": "overlap_weights"}, "everybody": {"method": "ate_weights"}}
    return one_outcome("tests", metrics=MISSING, analyses=others, designs=designs, **changes)


def test_one_outcome_has_one_answer_whatever_its_missing_rule_or_design():
    assert answers(panel()) == {"primary": "primary", "observed": "primary", "everybody": "primary", "long": "long"}


def test_missing_rules_that_contradict_each_other_leave_the_answer_inconclusive():
    study = panel(claims=[{"claim": "IOP leads to more abstinence", "analysis": "primary"}])
    estimate = together(
        contrast(study, 0.161, 0.12, 0.20),
        contrast(study, -0.076, -0.12, -0.03, analysis="observed"),
        contrast(study, 0.15, 0.11, 0.19, analysis="everybody"),
    )
    found = verdicts(study, estimate)
    assert (found["primary"], found["observed"]) == ("inconclusive", "inconclusive")
    assert codes(study, estimate)[0] == "missing_rules_contradict"
    assert claim_verdicts(judge_study(estimate, study), study)["verdict"].tolist() == ["inconclusive"]


def test_a_claim_needs_every_missing_rule_to_leave_no_difference_out():
    study = panel(claims=[{"claim": "IOP leads to more abstinence", "analysis": "primary"}])
    answer = contrast(study, 0.10, 0.06, 0.14)
    for observed, expected in (((0.09, 0.05, 0.13), "supported"), ((0.03, -0.01, 0.07), "inconclusive")):
        estimate = together(answer, contrast(study, *observed, analysis="observed"))
        assert claim_verdicts(judge_study(estimate, study), study)["verdict"].tolist() == [expected]


def test_a_missing_rule_that_nobody_varied_leaves_a_claim_open():
    study = one_outcome("tests", metrics=MISSING, claims=[{"claim": "More abstinence", "analysis": "primary"}])
    judged = judge_study(contrast(study, 0.10, 0.06, 0.14), study)
    assert "missing_not_examined" in judged[0].decision.codes
    assert claim_verdicts(judged, study)["verdict"].tolist() == ["inconclusive"]


def test_a_verdict_rests_on_the_panel_of_missing_rules_and_not_on_shifts_beyond_belief():
    study = one_outcome("tests", metrics=MISSING)
    answer = contrast(study, 0.10, 0.06, 0.14)
    other = contrast(study, -0.02, -0.06, 0.02, **of_panel(OBSERVED))
    assert codes(study, together(answer, other))[0] == "missing_rules_contradict"
    far = contrast(study, -0.02, -0.06, 0.02, **of_panel(shift(3, 0)))
    assert codes(study, together(answer, far))[0] == "good_side"


def test_another_design_is_a_check_of_the_answer_and_no_answer_of_its_own():
    study = panel()
    answer = contrast(study, 0.02, -0.02, 0.06)
    other = contrast(study, 0.06, 0.01, 0.11, analysis="everybody")
    found = verdicts(study, together(answer, other))
    assert (found["primary"], found["everybody"]) == ("cannot tell", "cannot tell")
    assert codes(study, together(answer, other), "everybody")[0] == "no_answer_of_its_own"


def test_a_withheld_or_crude_look_says_nothing_of_the_answer():
    study = one_outcome(
        designs={"overlap": {"method": "overlap_weights"}, "as_is": {"method": "unweighted"}},
        analyses={"crude": {"design": "as_is", "estimator": "weighted"}},
    )
    crude = contrast(study, -0.10, -0.14, -0.06, analysis="crude")
    assert verdicts(study, together(contrast(study, 0.09, 0.06, 0.12), crude))["primary"] == "better"
    hidden = contrast(panel(), np.nan, np.nan, np.nan, analysis="observed", status="withheld")
    assert codes(panel(), together(contrast(panel(), 0.09, 0.06, 0.12), hidden))[0] == "good_side"


@pytest.mark.parametrize(
    ("design", "estimator", "covariates", "primary", "crude"),
    [
        ("overlap_weights", "weighted", ["sex"], {}, False),
        ("overlap_weights", "weighted", [], {}, True),
        ("overlap_weights", "unadjusted", ["sex"], {}, True),
        ("unweighted", "weighted", ["sex"], {}, True),
        ("unweighted", "outcome_regression", ["sex"], {}, False),
        ("unweighted", "cox", ["sex"], {"settings": {"adjust": True}}, False),
        ("unweighted", "gee", ["sex"], {"settings": {"adjust": False}}, True),
        ("unweighted", "weighted", [], {"randomised": True}, False),
    ],
)
def test_who_was_not_made_alike_is_compared_as_they_are(design, estimator, covariates, primary, crude):
    study = one_outcome(
        designs={"overlap": {"method": design}}, covariates=covariates, primary={"estimator": estimator, **primary}
    )
    assert is_crude(study, study.analyses["primary"]) == crude


FOUR = {"metrics": {name: {} for name in ("completion", "dropout", "attendance_rate", "weekly_hours")}}
OTHERS = {name: {"outcome": name} for name in ("dropout", "attendance_rate", "weekly_hours")}


def of_three(study, primary, *p_values):
    """Return the answer, and further answers whose intervals have these p-values (normal, error 1)."""
    from scipy.special import ndtri

    rows = [contrast(study, *primary)]
    for name, p in zip(OTHERS, p_values, strict=True):
        value = -ndtri(p / 2)
        rows.append(contrast(study, value, value - 1.959964, value + 1.959964, analysis=name, se=1.0))
    return together(*rows)


def test_further_answers_are_adjusted_by_holm_and_the_first_is_not():
    study = one_outcome(analyses=OTHERS, **FOUR)
    shown = (0.09, 0.06, 0.12)
    judged = judge_study(of_three(study, shown, 0.01, 0.02, 0.04), study)
    # Holm: 3 x 0.01, 2 x 0.02, 1 x 0.04, never falling.
    assert [one.evidence.p_adjusted for one in judged[1:]] == pytest.approx([0.03, 0.04, 0.04], rel=1e-5)
    assert np.isnan(judged[0].evidence.p_adjusted)
    assert [one.evidence.p_allowed for one in judged] == [0.05] * 4
    judged = judge_study(of_three(study, shown, 0.01, 0.026, 0.04), study)
    # 2 x 0.026 = 0.052: none of the last two.
    assert [one.decision.codes[0] for one in judged[2:]] == ["one_of_many", "one_of_many"]


def test_where_the_first_answer_shows_nothing_the_others_are_held_to_less():
    study = one_outcome(analyses=OTHERS, **FOUR)
    judged = judge_study(of_three(study, (0.0, -0.03, 0.03), 0.004, 0.01, 0.5), study)
    # 3 x 0.004 = 0.012 is below 0.015; 2 x 0.01 = 0.02 is not.
    assert [one.evidence.p_allowed for one in judged] == [0.05, 0.015, 0.015, 0.015]
    assert [one.decision.codes[0] for one in judged[1:3]] == ["bad_side", "one_of_many"]


def counts(known_iop, known_outpatient):
    """Return of how many of 100 people in each arm the outcome is known."""
    rows = [("tests", "iop", known_iop, 100.0), ("tests", "outpatient", known_outpatient, 100.0)]
    return pd.DataFrame(rows, columns=["outcome", "arm", "n", "n_people"])


@pytest.mark.parametrize(
    ("known", "examined"), [((80, 100), True), ((79, 100), False), ((100, 79), False), ((np.nan, 100), True)]
)
def test_too_few_known_in_one_arm_are_examined_or_said_not_to_be(known, examined):
    observed = {"tests": MISSING["tests_observed"]}
    study = one_outcome("tests", metrics=observed)
    found = codes(study, contrast(study, 0.09, 0.06, 0.12), counts=counts(*known))
    assert ("missing_not_examined" not in found) == examined


def test_where_observation_ends_with_care_only_the_stay_itself_is_judged():
    for outcome, expected in (("tests", "inconclusive"), ("completion", "better")):
        study = one_outcome(outcome, metrics=MISSING | {"completion": {}})
        assert verdicts(study, contrast(study, 0.09, 0.06, 0.12), ends_with_care=True) == {"primary": expected}


def test_the_table_of_verdicts_keeps_its_contract():
    study = one_outcome(analyses=OTHERS, **FOUR)
    estimate = of_three(study, (0.09, 0.06, 0.12), 0.01, 0.02, 0.04)
    table = tables.check(verdict_table(judge_study(estimate, study), study), "verdict")
    first = table.iloc[0]
    assert (first["verdict"], first["reasons"]) == ("better", "good_side; more_than_matters")
    assert (first["margin"], first["no_difference"], first["better"], first["place"]) == (0.05, 0, "higher", "primary")
    assert table["better"].tolist() == ["higher", "lower", "higher", "higher"]


def test_arms_that_were_unlike_before_time_zero_are_so_in_every_analysis_of_their_design():
    # The check is made once for a design, and its row stands beside the first analysis.
    others = {"hours": {"outcome": "weekly_hours", "measure": "mean_difference"}}
    study = one_outcome(analyses=others, metrics={"completion": {}, "weekly_hours": {}})
    unlike = {"role": CHECK, "estimator": PLACEBO, "scenario": PLACEBO, "se": 0.05}
    table = together(
        contrast(study, 0.2, 0.1, 0.3),
        contrast(study, 0.3, 0.2, 0.4, measure=PLACEBO_DIFFERENCE, **unlike),
        contrast(study, 5.0, 4.0, 6.0, analysis="hours"),
    )
    assert {analysis: codes(study, table, analysis)[0] for analysis in study.analyses} == {
        "primary": "placebo_failed",
        "hours": "placebo_failed",
    }
