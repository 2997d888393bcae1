"""The smallest difference that matters: one an outcome and scale, and none that its scale could not hold."""

import numpy as np
import pytest

from iop_outcomes import study as studies
from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.study.margins import margin_of
from verdicts import one_outcome

METRICS = {
    "completion": {},
    "percent_days_abstinent": {"window_days": 84},
    "longest_abstinence": {"window_days": 84},
    "weekly_hours": {"window_days": 84},
}
OWN = {
    "completion": ("aipw", "risk_difference"),
    "percent_days_abstinent": ("aipw", "mean_difference"),
    "longest_abstinence": ("aipw", "mean_difference"),
    "weekly_hours": ("aipw", "mean_difference"),
    "time_in_care": ("rmst", "rmst_difference"),
}


def parse(outcome="completion", of_analysis=None, measure=None, estimator=None, **changes):
    """Return a checked study of one analysis with a margin of its own."""
    plain = {
        "study": "margins",
        "source": {"kind": "simulated", "n_people": 900, "true_effect": "none"},
        "cohort": {"arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}},
        "covariates": ["sex"],
        "metrics": METRICS,
        "designs": {"overlap": {"method": "overlap_weights"}},
        "analyses": {
            "primary": {
                "outcome": outcome,
                "design": "overlap",
                "estimator": estimator or OWN[outcome][0],
                "measure": OWN[outcome][1] if measure is None else measure,
                "margin": of_analysis,
            }
        },
    }
    return studies.parse(plain | changes)


@pytest.mark.parametrize(
    ("outcome", "margin", "said"),
    [
        ("completion", 5, "5 cannot be a difference of 'completion', which is a share between 0 and 1"),
        (
            "percent_days_abstinent",
            500,
            "500 cannot be a difference of 'percent_days_abstinent', which is a percentage",
        ),
        ("time_in_care", 700, "700 cannot be a difference of 'time_in_care', which is counted in days of a follow-up"),
        ("longest_abstinence", 26, "26 cannot be a difference of 'longest_abstinence', which is counted in weeks"),
        ("completion", {"ratio": 0.05}, "0.05 is no ratio that matters"),
        ("completion", {"rato": 1.2}, "allowed are a number above 0, or difference: and ratio:"),
        ("completion", -1, "allowed are a number above 0"),
    ],
)
def test_a_margin_that_its_scale_cannot_hold_is_refused(outcome, margin, said):
    with pytest.raises(StudyFileError, match="analyses.primary.margin") as refused:
        parse(outcome, margin)
    assert said in str(refused.value)


def test_the_margin_of_a_study_is_a_share():
    changes = {"margin": 5}
    with pytest.raises(StudyFileError, match="'margin': input should be less than 1"):
        parse("completion", None, None, None, **changes)


def test_a_single_number_is_on_the_scale_of_the_first_measure():
    with pytest.raises(StudyFileError, match="0.8 is no ratio that matters"):
        parse("time_in_care", 0.8, "", "cox")
    ratios = parse("time_in_care", 1.25, "", "cox")
    assert margin_of(ratios, "primary", "hazard_ratio") == 1.25


@pytest.mark.parametrize(
    ("outcome", "margin", "measure", "expected"),
    [
        ("completion", None, "risk_difference", 0.05),  # the study's, for shares
        ("completion", None, "risk_ratio", np.nan),  # a ratio needs its own
        ("completion", {"ratio": 1.2}, "risk_ratio", 1.2),
        ("completion", {"ratio": 1.2}, "risk_difference", 0.05),
        ("completion", 0.03, "risk_difference", 0.03),
        ("completion", 0.03, "risk_ratio", np.nan),
        ("percent_days_abstinent", None, "mean_difference", 5.0),
        ("weekly_hours", None, "mean_difference", np.nan),  # nobody has said how many hours matter
        ("weekly_hours", 2, "mean_difference", 2.0),
        ("time_in_care", None, "rmst_difference", np.nan),
        ("time_in_care", None, "survival_difference", 0.05),
    ],
)
def test_a_margin_is_of_one_outcome_and_scale(outcome, margin, measure, expected):
    study = one_outcome(outcome, measure, metrics=METRICS, primary={"margin": margin})
    study = study if margin is None or isinstance(margin, dict) else parse(outcome, margin)
    assert margin_of(study, "primary", measure) == pytest.approx(expected, nan_ok=True)


def test_a_claim_of_a_better_outcome_that_nobody_calls_better_is_refused():
    telehealth = {"telehealth_share": {}}
    given = {
        "metrics": telehealth,
        "analyses": {
            "primary": {
                "outcome": "telehealth_share",
                "design": "overlap",
                "estimator": "aipw",
                "measure": "mean_difference",
            }
        },
    }
    with pytest.raises(StudyFileError, match="claims, number 1: .*add direction: higher or direction: lower"):
        parse(**given, claims=[{"claim": "IOP uses more video", "analysis": "primary"}])
    parse(**given, claims=[{"claim": "IOP uses more video", "analysis": "primary", "direction": "higher"}])
