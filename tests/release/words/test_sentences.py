"""Verdicts in words: one sentence for every kind of row, and never a word about what the row does not hold."""

import re
from itertools import product

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import load_study
from iop_outcomes.conclude.evidence import MISSING_RULE
from iop_outcomes.conclude.facts import Facts
from iop_outcomes.conclude.judging import judge_study
from iop_outcomes.conclude.verdict import REMARKS, RULES
from iop_outcomes.release.words import signed
from iop_outcomes.release.words import verdict as in_words
from iop_outcomes.release.words.advice import parted
from iop_outcomes.release.words.controls import controls_in_words
from iop_outcomes.release.words.doubts import cautions, doubt
from iop_outcomes.release.words.verdict import badge, beside_badge, brief, look_in_words, looks_in_words, sentence
from iop_outcomes.tables.conclusion import BETTER, DIFFERENT, WORSE
from iop_outcomes.tables.missing_panel import FAILURE, OBSERVED, WEIGHTED, shift, shifts_of_one_arm
from verdicts import contrast, of_panel, one_outcome, together

FORBIDDEN = re.compile(r"\(\s*to\b|\bto\s*\)|\bnan\b|\bNone\b|<NA>|\binf\b|\{|\}|  |\(\)|\.\.|;\s*\.|\ba ratio of 0\b")


def first(study, estimate, **facts):
    """Return the first analysis, judged."""
    return judge_study(estimate, study, Facts(**facts))[0]


def said(study, estimate, **facts) -> str:
    """Return the sentence of the first analysis."""
    return sentence(first(study, estimate, **facts), estimate, study)


COMPLETION = one_outcome()
MEANS = (0.46, 0.38)


def test_better():
    assert said(COMPLETION, contrast(COMPLETION, 0.084, 0.061, 0.107, means=MEANS)) == (
        "People assigned to IOP were 8.4 percentage points more likely to complete treatment (within 180 days) than "
        "similar people in outpatient care (46% against 38%; 95% CI 6.1 to 10.7); the whole interval is more than the "
        "5 points that matter."
    )


def test_better_says_how_little_may_have_been_shown():
    estimate = contrast(COMPLETION, 0.036, 0.017, 0.055)
    assert said(COMPLETION, estimate).endswith("(95% CI 1.7 to 5.5); it may be less than the 5 points that matter.")
    assert badge(first(COMPLETION, estimate)) == "Better, perhaps by less than matters"
    small = contrast(COMPLETION, -0.02, -0.03, -0.01)
    assert badge(first(COMPLETION, small)) == "Worse, by less than matters"


def test_no_difference_is_said_of_chance_and_of_what_matters():
    text = said(COMPLETION, contrast(COMPLETION, 0.004, -0.03, 0.038, means=MEANS))
    assert text.startswith("No difference that matters: people assigned to IOP were 0.4 percentage points more likely")
    assert text.endswith("; chance leaves no room for a difference of 5 points or more either way.")


def test_cannot_tell_begins_so():
    text = said(COMPLETION, contrast(COMPLETION, 0.004, -0.2, 0.208))
    assert text.startswith("Cannot tell: people assigned to IOP were 0.4 percentage points more likely to complete")
    assert text.endswith("a difference of 5 points or more, which would matter, are both within the interval.")


def test_without_an_interval_the_sentence_says_why():
    reason = "people differ but the means of the sites agree"
    assert said(COMPLETION, contrast(COMPLETION, 0.084, np.nan, np.nan, reason=reason)) == (
        "Cannot tell: people assigned to IOP were 8.4 percentage points more likely to complete treatment (within 180 "
        "days) than similar people in outpatient care; there is no interval to say how sure that is. People differ but "
        "the means of the sites agree."
    )


def test_withheld_and_refused_give_the_reason_and_no_number():
    none = (np.nan, np.nan, np.nan)
    withheld = contrast(COMPLETION, *none, status="withheld", reason="after weighting the arms differ most in sex.")
    assert said(COMPLETION, withheld) == (
        "Withheld: these data allow no fair comparison of how likely people are to complete treatment (within 180 "
        "days). After weighting the arms differ most in sex."
    )
    refused = contrast(COMPLETION, *none, status="refused", reason="no arm iop")
    assert said(COMPLETION, refused) == (
        "Cannot be answered: these data give no estimate of how likely people are to complete treatment (within 180 "
        "days). No arm iop."
    )


def test_a_hazard_is_a_rate_of_leaving_and_completing_is_leaving_too():
    study = one_outcome("time_in_care", "hazard_ratio")
    assert said(study, contrast(study, 2.27, 1.9, 2.7)) == (
        "People assigned to IOP left care, completed or not, at 2.27 times the rate of similar people in outpatient "
        "care (95% CI 1.90 to 2.70); the study does not say how much would matter."
    )


def test_crude_is_called_crude_and_nobody_is_similar():
    study = one_outcome(covariates=[])
    text = said(study, contrast(study, 0.084, 0.061, 0.107))
    assert text.startswith("Different, not adjusted: people assigned to IOP were 8.4 percentage points more likely to")
    assert text.endswith("; the arms were compared as they are, so that why they differ is open.")
    assert (
        "similar" not in text and badge(first(study, contrast(study, 0.084, 0.061, 0.107))) == "Different, not adjusted"
    )


@pytest.mark.parametrize(
    ("changes", "others"),
    [
        ({"covariates": ["sex"]}, "people in outpatient care alike in sex"),
        ({"covariates": ["sex", "use_days"]}, "people in outpatient care alike in sex and use days"),
        ({"primary": {"randomised": True}}, "people assigned by chance to outpatient care"),
    ],
)
def test_the_words_for_whom_one_compares_with_follow_the_design(changes, others):
    study = one_outcome(**changes)
    assert f"than {others} (95% CI" in said(study, contrast(study, 0.084, 0.061, 0.107))


def test_of_how_many_it_is_known_stands_in_the_sentence():
    rows = [("completion", "iop", 180.0, 300.0), ("completion", "outpatient", 400.0, 700.0)]
    counts = pd.DataFrame(rows, columns=["outcome", "arm", "n", "n_people"])
    text = said(COMPLETION, contrast(COMPLETION, 0.084, 0.061, 0.107), counts=counts)
    assert "Known of 580 of 1,000 people (58%). No other rule for missing outcomes was tried." in text


UNITS = {
    "completion": ("risk_difference", "risk_ratio", "odds_ratio"),
    "attendance_rate": ("mean_difference", "mean_ratio"),
    "percent_days_abstinent": ("mean_difference", "mean_ratio"),
    "longest_abstinence": ("mean_difference",),
    "weekly_hours": ("mean_difference", "mean_ratio"),
    "weekly_urine": ("risk_difference", "odds_ratio"),
    "time_in_care": (
        "survival_difference",
        "survival_ratio",
        "rmst_difference",
        "rmst_ratio",
        "hazard_ratio",
        "some_new_measure",
    ),
}
METRICS = {name: {} for name in UNITS if name not in ("time_in_care", "weekly_urine")}
ROWS = [(outcome, measure) for outcome, measures in UNITS.items() for measure in measures]
#: In multiples of the smallest difference that matters: all of it, some of it, none of it, chance, unknown.
INTERVALS = {
    "far": (2.0, 1.5, 2.5),
    "near": (0.8, 0.3, 1.3),
    "small": (0.4, 0.2, 0.6),
    "none": (0.1, -0.5, 0.6),
    "wide": (0.5, -3.0, 4.0),
    "nothing at all": (0.0, -0.5, 0.5),
    "no interval": (1.0, np.nan, np.nan),
    "half an interval": (1.0, 0.5, np.nan),
    "no number": (np.nan, np.nan, np.nan),
}


def numbers(measure, multiples, outcome):
    """Return the numbers of a row in its unit: ratios as powers of 1.25, shares in steps of 5 points, others of 5."""
    values = np.asarray(multiples, dtype=float)
    if measure.endswith("ratio"):
        return tuple(1.25**values)
    is_share = measure.startswith(("risk", "survival")) or outcome == "attendance_rate"
    return tuple((0.05 if is_share else 5.0) * values)


@pytest.mark.slow
@pytest.mark.parametrize(("outcome", "measure"), ROWS)
def test_every_kind_of_row_has_a_sentence_that_speaks_only_of_what_it_holds(outcome, measure):
    own = {"ratio": 1.25, "difference": 0.05 if outcome in ("completion", "attendance_rate") else 5.0}
    for margin, kind in product((None, own), INTERVALS):
        study = one_outcome(outcome, measure, metrics=METRICS, primary={"margin": margin})
        for status in ("shown", "flagged", "withheld", "refused"):
            given = numbers(measure, INTERVALS["no number" if status in ("withheld", "refused") else kind], outcome)
            row = contrast(study, *given, status=status, day=90.0, reason="only 3 sites")
            judged = first(study, row)
            text = sentence(judged, row, study)
            for words in (text, brief(judged, row, study), doubt(judged, row, study), badge(judged)):
                assert not FORBIDDEN.search(words), words
            assert ("95% CI" in text) == np.isfinite(given[1:]).all()
            assert re.match(r"[A-Z].*[.]$", text)
            says_so = judged.decision.verdict not in (BETTER, WORSE, DIFFERENT)
            assert text.startswith(f"{badge(judged)}: ") == says_so
            assert badge(judged) not in beside_badge(judged, row, study)


@pytest.mark.parametrize(
    ("means", "values"),
    [
        ((0.0, 0.03), "0.0% against 3.0%"),  # nobody of the first arm
        ((0.024, 0.010), "2.4% against 1.0%"),
        ((0.46, 0.38), "46% against 38%"),
        ((1.0, 0.97), "100.0% against 97.0%"),
    ],
)
def test_rare_shares_have_a_decimal_and_none_is_a_number_too(means, values):
    assert f"({values}; 95% CI" in said(COMPLETION, contrast(COMPLETION, 0.01, -0.01, 0.03, means=means))


def test_every_code_of_the_rules_has_words():
    decided = {rule.code for rule in RULES} - {"refused", "withheld", "good_side", "bad_side", "no_direction"}
    assert set(in_words._WHY) == decided
    assert set(in_words._SIZES) | set(in_words._REMARKS) == {remark.code for remark in REMARKS}


def test_the_line_of_doubt_names_what_would_overturn_the_answer():
    row = contrast(COMPLETION, 0.084, 0.061, 0.107)
    bare = "People were not assigned by chance. The arms were made alike in 3 recorded things, and in nothing else. "
    assert doubt(first(COMPLETION, row), row, COMPLETION) == (
        f"{bare}A bias of 6.1 percentage points would move its interval to no difference."
    )
    check = row.assign(role="check", measure="e_value", value=2.59, ci_low=1.99, ci_high=np.nan)
    both = together(row, check)
    assert doubt(first(COMPLETION, both), both, COMPLETION).endswith(
        "by a risk ratio of 1.99 each could move its interval to no difference."
    )
    nothing = contrast(COMPLETION, 0.0, -0.03, 0.03)
    assert doubt(first(COMPLETION, nothing), nothing, COMPLETION) == (
        f"{bare}What nobody recorded could hide a difference as well as make one."
    )


def test_the_line_of_doubt_follows_the_design():
    for changes, start in (
        ({"covariates": []}, "People were not assigned by chance, and the arms were not made alike in anything."),
        ({"primary": {"randomised": True}}, "The study says that people were assigned by chance. Who"),
    ):
        study = one_outcome(**changes)
        row = contrast(study, 0.084, 0.061, 0.107)
        assert doubt(first(study, row), row, study).startswith(start)
    hidden = contrast(COMPLETION, np.nan, np.nan, np.nan, status="withheld", reason="too few")
    assert doubt(first(COMPLETION, hidden), hidden, COMPLETION) == ""


TESTS = {
    "tests": {"metric": "abstinence_at_end", "window_days": 84, "missing": "positive"},
    "tests_observed": {"metric": "abstinence_at_end", "window_days": 84, "missing": "observed"},
    "completion": {},
}


def test_what_to_keep_in_mind_is_made_from_the_study():
    study = one_outcome(
        "tests", metrics=TESTS, analyses={"observed": {"outcome": "tests_observed"}, "done": {"outcome": "completion"}}
    )
    estimate = together(
        contrast(study, 0.10, 0.06, 0.14),
        contrast(study, 0.03, -0.01, 0.07, analysis="observed"),
        contrast(study, 0.0, -0.03, 0.03, analysis="done"),
    )
    sizes = {"iop": ("910", "760"), "outpatient": ("3,090", "2,730")}
    told = {"deaths": "15 people are on record as having died while followed."}
    found = dict(cautions(judge_study(estimate, study), study, sizes, told))
    assert found == {
        "Unrecorded reasons": (
            "Reasons for assignment other than sex, employment and use days may be in the difference. The answer "
            "speaks of people who might have been in either arm."
        ),
        "Missing outcomes": (
            "The answer stands on the rule “missing counted as positive”. Observed only: +3.0 percentage points "
            "(−1.0 to 7.0), chance could explain it."
        ),
        "Number of answers": (
            "2 outcomes were compared. This one was named first and is the answer; the other one is held to a stricter "
            "limit, since of many some differ by chance."
        ),
        "Left out": (
            "Eligible and compared: 760 of 910 in IOP and 2,730 of 3,090 in outpatient care. Nothing here is about the "
            "others."
        ),
        "Deaths": "15 people are on record as having died while followed. Time after death is not abstinent.",
    }
    everybody = {"iop": ("329", "329"), "outpatient": ("324", "324")}
    assert dict(cautions(judge_study(estimate, study), study, everybody, {}))["Left out"] == (
        "Nobody of either arm by eligibility: 329 of 329 in IOP and 324 of 324 in outpatient care were compared."
    )


def test_a_warning_is_kept_in_mind_without_what_the_analyst_may_do():
    study = one_outcome()
    judged = judge_study(contrast(study, 0.10, 0.06, 0.14), study)
    warned = cautions(judged, study, {}, {}, ["The sites tell the arm. Adjust for the site."])
    assert dict(warned)["Warnings"] == "The sites tell the arm."


def test_a_look_under_another_design_names_its_people():
    study = one_outcome(
        designs={"overlap": {"method": "overlap_weights"}, "everybody": {"method": "ate_weights"}},
        analyses={"all": {"design": "everybody", "estimator": "weighted"}},
    )
    estimate = together(
        contrast(study, 0.09, 0.06, 0.12), contrast(study, -0.02, -0.06, 0.02, analysis="all", estimand="ATE")
    )
    judged = judge_study(estimate, study)
    by_name = {one.name: one for one in judged}
    assert look_in_words(judged[0], judged[0].evidence.looks[0], by_name, study) == (
        "Design “everybody” with estimator “weighted”, for everybody in the cohort: −2.0 percentage points (−6.0 to "
        "2.0), the other way round."
    )
    assert sentence(judged[0], estimate, study).startswith("Inconclusive: people assigned to IOP were 9.0")


def test_more_looks_than_a_few_are_counted_by_what_they_say():
    names = [f"look_{i}" for i in range(5)]
    study = one_outcome(
        designs={name: {"method": "overlap_weights"} for name in ("overlap", *names)},
        analyses={name: {"design": name} for name in names},
    )
    others = [contrast(study, 0.08, 0.02, 0.14, analysis=name) for name in names[:4]]
    others.append(contrast(study, 0.02, -0.04, 0.08, analysis=names[4]))
    judged = judge_study(together(contrast(study, 0.09, 0.06, 0.12), *others), study)
    by_name = {one.name: one for one in judged}
    assert looks_in_words(judged[0], by_name, study) == [
        "Of 5 further looks, in the table of every estimate: on the same side (4), chance could explain it (1)."
    ]
    assert looks_in_words(judged[0], by_name, study, MISSING_RULE) == []


def test_the_panel_of_missing_rules_is_told_by_what_agrees_and_what_does_not():
    study = one_outcome()
    shifts = [contrast(study, 0.08, 0.03, 0.13, **of_panel(rule)) for rule in shifts_of_one_arm()]
    agreeing = [contrast(study, 0.08, 0.03, 0.13, **of_panel(rule)) for rule in (FAILURE, WEIGHTED)]
    other = contrast(study, -0.01, -0.06, 0.04, **of_panel(OBSERVED))
    judged = judge_study(together(contrast(study, 0.10, 0.06, 0.14), *agreeing, *shifts, other), study)[0]
    assert looks_in_words(judged, {"primary": judged}, study) == [
        "Missing counted as failure, weighted for being observed and missing shifted by up to 1 log odds in one arm: "
        "on the same side.",
        "Observed only: the other way round.",
    ]
    tipped = contrast(study, 0.02, -0.03, 0.07, **of_panel(shift(0, 1)))
    judged = judge_study(together(contrast(study, 0.10, 0.06, 0.14), tipped), study)[0]
    assert looks_in_words(judged, {"primary": judged}, study) == [
        "Missing shifted by +1 in outpatient care: chance could explain it."
    ]


ENDS = ("two systems name ends unlike.", "Read no outcome of it; if only words differ, map them.")


@pytest.mark.parametrize(
    ("reason", "found", "advice"),
    [
        ("stays are known to day 90; choose an earlier day", "stays are known to day 90", "choose an earlier day"),
        ("two systems name ends unlike. Read no outcome of it; if only words differ, map them.", *ENDS),
        ("use before time zero differs; give it a level", "use before time zero differs", "give it a level"),
        ("too few people came; use of alcohol is not known", "too few people came; use of alcohol is not known", ""),
    ],
)
def test_advice_is_a_clause_that_begins_with_what_to_do(reason, found, advice):
    assert parted(reason) == (found, advice)


def test_where_no_difference_is_shown_nothing_is_explained_away():
    row = pd.Series({"measure": "robustness_value", "value": 0.02, "ci_low": 0.0})
    assert controls_in_words(row).startswith("The interval includes no difference, so that there is nothing to explain")


def test_numbers_have_a_true_minus_sign_and_words_their_hyphen():
    assert signed("mean -0.063, t-tests, CTN-0094") == "mean \N{MINUS SIGN}0.063, t-tests, CTN-0094"


def test_analyses_of_one_outcome_on_other_arms_have_other_words():
    """Before, "cannot be answered" of IOP stood, word for word, for an outcome that was answered of other arms."""
    asked = load_study("ctn0094")
    iop, counselling = (
        pd.Series(dict(zip(("arm", "against"), arms, strict=True)))
        for arms in (("iop", "outpatient"), ("enhanced_counselling", "standard_counselling"))
    )
    assert in_words._other_arms(iop, asked) == ", IOP against outpatient care"
    assert in_words._other_arms(counselling, asked) == ""
