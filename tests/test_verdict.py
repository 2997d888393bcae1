"""The plain answer to each estimate."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.release.words import verdict
from report_tables import study


def table(value, low, high, *, status="shown", reason="", unit="share", measure="risk_difference", margin=0.05):
    """Return one contrast of completion and the means of its arms, 46% and 38%."""
    arms = {"role": "contrast", "arm": "iop", "against": "outpatient"}
    contrast = arms | {"value": value, "ci_low": low, "ci_high": high}
    rows = [contrast | {"measure": measure, "unit": unit, "status": status, "reason": reason}]
    for arm, mean in (("iop", 0.46), ("outpatient", 0.38)):
        own = {"role": "arm", "arm": arm, "against": "", "measure": "mean"}
        rows.append(own | {"value": mean, "unit": "share", "reason": ""})
    same = {"analysis": "primary", "outcome": "completion", "estimator": "aipw", "margin": margin, "day": np.nan}
    return pd.DataFrame(rows).assign(kind="adjusted", **same)


@pytest.mark.parametrize(
    ("interval", "kind"),
    [
        ((0.084, 0.041, 0.127), verdict.BETTER),
        ((-0.084, -0.127, -0.041), verdict.WORSE),
        ((0.004, -0.030, 0.038), verdict.NO_DIFFERENCE),  # both ends within 5 points
        ((0.004, -0.030, 0.051), verdict.CANNOT_TELL),  # a difference of 5 points is possible
        ((0.004, -0.200, 0.208), verdict.CANNOT_TELL),
    ],
)
def test_the_interval_decides(interval, kind):
    assert verdict.judge(table(*interval), study(), "primary").kind == kind


def test_better_in_a_sentence():
    assert verdict.judge(table(0.084, 0.041, 0.127), study(), "primary").sentence == (
        "People assigned to IOP were 8.4 percentage points more likely to complete treatment than similar people in "
        "outpatient care (46% against 38%; 95% CI 4.1 to 12.7)."
    )


def test_no_difference_says_what_is_ruled_out():
    sentence = verdict.judge(table(0.004, -0.03, 0.038), study(), "primary").sentence
    assert sentence.startswith("No difference shown: people assigned to IOP were 0.4 percentage points more likely")
    assert sentence.endswith("and differences larger than 5 points either way are ruled out.")


def test_an_uncertain_answer_says_so():
    sentence = verdict.judge(table(0.004, -0.2, 0.208), study(), "primary").sentence
    assert sentence.startswith("No difference shown, but these data cannot rule one out: ")


def test_without_an_interval_there_is_no_verdict_and_the_sentence_says_why():
    reason = "people differ but the means of the sites agree"
    judged = verdict.judge(table(0.084, np.nan, np.nan, reason=reason), study(), "primary")
    assert judged.kind == verdict.CANNOT_TELL
    assert judged.sentence == (
        "These data cannot tell: people assigned to IOP were 8.4 percentage points more likely to complete treatment "
        "than similar people in outpatient care, and there is no interval to say how sure that is. People differ but "
        "the means of the sites agree."
    )


def test_a_difference_too_small_to_matter_is_called_small():
    judged = verdict.judge(table(0.02, 0.01, 0.03), study(), "primary")
    assert (judged.kind, judged.small) == (verdict.BETTER, True)
    assert judged.sentence.endswith("differences larger than 5 points, which would matter, are ruled out.")


def test_withheld_and_refused_give_the_reason_and_no_number():
    reason = "after weighting the arms differ most in sex."
    withheld = verdict.judge(table(np.nan, np.nan, np.nan, status="withheld", reason=reason), study(), "primary")
    assert withheld.kind == verdict.WITHHELD
    assert withheld.sentence == (
        "Withheld: these data allow no fair comparison of how likely people are to complete treatment. "
        "After weighting the arms differ most in sex."
    )
    refused = verdict.judge(table(np.nan, np.nan, np.nan, status="refused", reason="no arm iop"), study(), "primary")
    assert refused.kind == verdict.REFUSED
    assert "no arm iop" in refused.sentence


def test_swapping_the_arms_turns_better_into_worse():
    swapped = table(-0.084, -0.127, -0.041)
    swapped.loc[0, ["arm", "against"]] = ["outpatient", "iop"]
    assert verdict.judge(swapped, study(), "primary").kind == verdict.WORSE


def test_without_a_margin_no_difference_is_never_claimed():
    assert verdict.judge(table(0.001, -0.002, 0.004, margin=np.nan), study(), "primary").kind == verdict.CANNOT_TELL


def test_a_ratio_is_judged_against_one():
    ratios = {"unit": "ratio", "measure": "risk_ratio"}
    assert verdict.judge(table(1.2, 1.1, 1.3, **ratios), study(), "primary").kind == verdict.BETTER
    # 1 / 1.05 = 0.952: the interval lies within 5% either way.
    assert verdict.judge(table(1.0, 0.96, 1.04, **ratios), study(), "primary").kind == verdict.NO_DIFFERENCE


def test_a_smaller_hazard_of_leaving_is_better():
    hazard = table(0.8, 0.7, 0.9, unit="ratio", measure="hazard_ratio").assign(outcome="time_in_care")
    assert verdict.judge(hazard, study(), "primary").kind == verdict.BETTER


@pytest.mark.parametrize(
    ("interval", "direction", "expected"),
    [
        ((0.084, 0.041, 0.127), "higher", "supported"),
        ((0.084, 0.041, 0.127), "lower", "not supported"),
        ((0.0, -0.03, 0.03), "higher", "not supported"),  # at most 3 points, and 5 would matter
        ((0.02, -0.03, 0.07), "higher", "inconclusive"),
        ((-0.084, -0.127, -0.041), "lower", "supported"),
    ],
)
def test_a_claim_is_held_against_the_interval(interval, direction, expected):
    claims = [{"claim": "IOP leads to more completion", "analysis": "primary", "direction": direction}]
    found = verdict.claims(table(*interval), study(claims=claims))
    assert found["verdict"].tolist() == [expected]


def test_a_claim_without_an_estimate_is_not_testable():
    withheld = table(np.nan, np.nan, np.nan, status="withheld", reason="too few people")
    assert verdict.claims(withheld, study())["verdict"].tolist() == ["not testable"]
    assert verdict.claims(withheld.iloc[:0], study())["verdict"].tolist() == ["not testable"]


def test_a_claim_without_an_interval_is_inconclusive():
    given = table(0.084, np.nan, np.nan)
    assert verdict.claims(given, study())["verdict"].tolist() == ["inconclusive"]
