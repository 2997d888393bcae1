"""When the rules for what is missing say the same, and when not."""

import pandas as pd
import pytest

from iop_outcomes import panel_agrees
from iop_outcomes.conclude.judging import judge_study
from iop_outcomes.tables.missing_panel import BEST, FAILURE, IMPUTED, OBSERVED, TIPPING_SHIFT, WEIGHTED, WORST, shift
from verdicts import contrast, of_panel, one_outcome, together

#: Better by 10 points (6 to 14), and two answers under other rules.
SURE = (0.10, 0.06, 0.14)
LESS = (0.08, 0.03, 0.13)
OPEN = (0.04, -0.01, 0.09)
OTHER_WAY = (-0.08, -0.13, -0.03)
STUDY = one_outcome()


def panel(**rows) -> pd.DataFrame:
    """Return a panel that says the same by every rule, but for those named."""
    rules = {FAILURE: LESS, OBSERVED: LESS, WEIGHTED: LESS, IMPUTED: LESS, BEST: SURE, WORST: OTHER_WAY}
    rules |= {shift(first, second): LESS for first in (-2, -1, 0, 1, 2) for second in (-2, -1, 0, 1, 2)}
    return together(*(contrast(STUDY, *found, **of_panel(rule)) for rule, found in (rules | rows).items()))


def agrees(rows: pd.DataFrame, headline=SURE, **asked) -> bool | None:
    return panel_agrees(contrast(STUDY, *headline).iloc[0], rows, **asked)


def test_a_panel_agrees_where_every_plausible_rule_does_whatever_best_and_worst_case_say():
    assert agrees(panel()) is True


@pytest.mark.parametrize("rule", [FAILURE, OBSERVED, WEIGHTED, IMPUTED])
@pytest.mark.parametrize("found", [OPEN, OTHER_WAY])
def test_one_plausible_rule_that_says_other_is_enough(rule, found):
    assert agrees(panel(**{rule: found})) is False


def test_best_and_worst_case_decide_where_asked():
    assert agrees(panel(), bounds_decide=True) is False


def test_a_shift_of_one_arm_that_is_believed_and_tips_the_answer_is_disagreement():
    assert agrees(panel(**{shift(0, 1): OPEN})) is False
    assert agrees(panel(**{shift(0, 2): OPEN})) is True
    assert agrees(panel(**{shift(0, 2): OPEN}), plausible_shift=2.0) is False


def test_without_a_difference_only_an_interval_that_leaves_none_out_disagrees():
    nothing = {rule: OPEN for rule in (FAILURE, OBSERVED, WEIGHTED, IMPUTED)}
    nothing |= {shift(a, b): (-0.01, -0.06, 0.04) for a in (-1, 0, 1) for b in (-1, 0, 1)}
    assert agrees(panel(**nothing), headline=(0.01, -0.04, 0.06)) is True
    assert agrees(panel(**nothing | {OBSERVED: LESS}), headline=(0.01, -0.04, 0.06)) is False


def test_a_ratio_agrees_on_its_own_side_of_one():
    study = one_outcome(measure="risk_ratio")
    headline = contrast(study, 1.3, 1.1, 1.5).iloc[0]
    row = contrast(study, 0.8, 0.7, 0.9, **of_panel(OBSERVED))
    assert panel_agrees(headline, row) is False
    assert panel_agrees(headline, row.assign(value=1.2, ci_low=1.05, ci_high=1.4)) is True


def test_what_could_not_be_made_and_tipping_shifts_are_not_asked():
    refused = contrast(STUDY, *OTHER_WAY, **of_panel(IMPUTED), status="refused")
    tipping = contrast(STUDY, -0.5, -0.5, -0.5, measure=TIPPING_SHIFT, **of_panel("least shift"))
    assert agrees(together(refused, tipping)) is None
    assert agrees(together(panel(), tipping)) is True


@pytest.mark.parametrize(
    ("setting", "verdict"),
    [({}, "better"), ({"bounds_decide": True}, "inconclusive"), ({"plausible_shift": 2.0}, "inconclusive")],
)
def test_the_verdict_asks_the_panel_as_the_study_does(setting, verdict):
    study = one_outcome(sensitivity=[{"missing_panel": setting}])
    estimate = together(contrast(study, *SURE), panel(**{shift(0, 2): OPEN}))
    judged = judge_study(estimate, study)[0].decision
    assert judged.verdict == verdict
    assert ("missing_rules_agree" in judged.codes) == (verdict == "better")


def test_a_number_is_asked_about_half_a_standard_deviation():
    study = one_outcome("weekly_hours", "mean_difference", metrics={"weekly_hours": {}})
    headline = contrast(study, *SURE)
    for size, verdict in ((0.5, "inconclusive"), (1, "better")):
        tipped = contrast(study, *OPEN, **of_panel(shift(0, size)))
        assert judge_study(together(headline, tipped), study)[0].decision.verdict == verdict
