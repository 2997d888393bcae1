"""Every rule of the verdict, and every remark, has an example that a reader can check by hand.

Intervals are differences of shares; more of the outcome is better and 5 points matter, unless an example says other.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iop_outcomes.conclude.claims import CLAIM_RULES, Held, hold
from iop_outcomes.conclude.evidence import (
    AGREES,
    LEAVES_OPEN,
    MISSING_RULE,
    OTHER_DESIGN,
    UNEXAMINED,
    Evidence,
    Interval,
    Look,
)
from iop_outcomes.conclude.verdict import REMARKS, RULES, decide

NONE = Interval(np.nan, np.nan, np.nan)
BETTER = Interval(0.09, 0.06, 0.12)
WORSE = Interval(-0.09, -0.12, -0.06)
NOTHING = Interval(0.00, -0.03, 0.03)
WIDE = Interval(0.02, -0.06, 0.10)


def evidence(interval: Interval, **given) -> Evidence:
    """Return an answer with a margin of 5 points."""
    return Evidence(interval, **{"margin": 0.05, **given})


def looks(changes: str, *intervals: Interval) -> tuple[Look, ...]:
    """Return further looks that change one thing."""
    return tuple(Look(f"look {number}", changes, interval) for number, interval in enumerate(intervals))


RULE_EXAMPLES = {
    "refused": (evidence(NONE, status="refused"), "refused"),
    "withheld": (evidence(NONE, status="withheld"), "withheld"),
    "no_interval": (evidence(Interval(0.09, 0.06, np.nan)), "cannot tell"),
    "gate_failed": (evidence(BETTER, status="flagged"), "inconclusive"),
    "only_those_who_stayed": (evidence(NOTHING, only_those_who_stayed=True), "inconclusive"),
    "known_of_leavers": (evidence(WORSE, known_of_leavers=True), "inconclusive"),
    "placebo_failed": (evidence(NOTHING, placebo_failed=True), "inconclusive"),
    "systematic_error": (evidence(BETTER, ease=0.3), "inconclusive"),
    "predicts_only": (evidence(BETTER, predicts=True), "cannot tell"),
    "unlike_lengths": (evidence(BETTER, unlike_lengths=True), "cannot tell"),
    "unlike_plans": (evidence(BETTER, unlike_plans=True), "cannot tell"),
    "measures_contradict": (evidence(BETTER, others=(WORSE,)), "inconclusive"),
    # 9 points with missing tests as use, -1 (-4 to 2) with those observed only: opposite signs.
    "missing_rules_contradict": (
        evidence(BETTER, looks=looks(MISSING_RULE, Interval(-0.01, -0.04, 0.02))),
        "inconclusive",
    ),
    "missing_rules_leave_open": (evidence(BETTER, missing=LEAVES_OPEN), "inconclusive"),
    "designs_contradict": (evidence(WORSE, looks=looks(OTHER_DESIGN, BETTER)), "inconclusive"),
    # A ratio of 1.2 (1.1 to 1.3) becomes one of 1.1 (0.9 to 1.3).
    "calibrated_leaves_open": (
        evidence(BETTER, ease=0.1, calibrated=Interval(np.log(1.1), np.log(0.9), np.log(1.3))),
        "inconclusive",
    ),
    "no_answer_of_its_own": (evidence(BETTER, place="further look", answer_side=0), "cannot tell"),
    "one_of_many": (evidence(BETTER, place="secondary", p_adjusted=0.02, p_allowed=0.015), "cannot tell"),
    "crude_difference": (evidence(BETTER, crude=True), "different"),
    "crude": (evidence(NOTHING, crude=True), "cannot tell"),
    "no_direction": (evidence(BETTER, good=0), "different"),
    "good_side": (evidence(BETTER), "better"),
    "bad_side": (evidence(BETTER, good=-1), "worse"),
    "no_margin": (evidence(NOTHING, margin=np.nan), "cannot tell"),
    "beyond_margin": (evidence(WIDE), "cannot tell"),
    # 5 points of an outcome that 1% have: two and a half times as many would still be "no difference".
    "margin_too_coarse": (evidence(Interval(0.014, -0.002, 0.030), least_share=0.01), "cannot tell"),
    "missing_could_hide": (evidence(NOTHING, missing=UNEXAMINED), "cannot tell"),
    # The same outcome as a ratio: 2.4 (1.1 to 5.2).
    "others_find_a_difference": (
        evidence(NOTHING, others=(Interval(np.log(2.4), np.log(1.1), np.log(5.2)),)),
        "cannot tell",
    ),
    "within_margin": (evidence(NOTHING, least_share=0.38), "no difference"),
}

REMARK_EXAMPLES = {
    "more_than_matters": evidence(Interval(0.09, 0.06, 0.12)),
    "may_be_less_than_matters": evidence(Interval(0.036, 0.017, 0.055)),
    "less_than_matters": evidence(Interval(-0.02, -0.03, -0.01)),
    "size_not_judged": evidence(BETTER, margin=np.nan),
    "missing_rules_agree": evidence(BETTER, missing=AGREES),
    # No difference (-3 to 3) as planned, and -8 to 3 with those observed only.
    "missing_rules_leave_room": evidence(
        NOTHING, missing=AGREES, looks=looks(MISSING_RULE, Interval(-0.02, -0.08, 0.03))
    ),
    "missing_not_examined": evidence(BETTER, missing=UNEXAMINED),
    "gate_warns": evidence(BETTER, warnings=("unadjusted_imbalance",)),
    "designs_leave_open": evidence(BETTER, looks=looks(OTHER_DESIGN, WIDE)),
}


@pytest.mark.parametrize("code", [rule.code for rule in RULES])
def test_every_rule_has_an_example(code):
    given, verdict = RULE_EXAMPLES[code]
    decision = decide(given)
    assert (decision.codes[0], decision.verdict) == (code, verdict)


@pytest.mark.parametrize("code", [remark.code for remark in REMARKS])
def test_every_remark_has_an_example(code):
    assert code in decide(REMARK_EXAMPLES[code]).codes[1:]


def test_a_warning_stands_beside_no_difference_as_beside_one():
    """What makes arms unlike may hide a difference as well as make one."""
    decision = decide(evidence(NOTHING, warnings=("reasons_alike",), least_share=0.38))
    assert (decision.verdict, "gate_warns" in decision.codes) == ("no difference", True)


@pytest.mark.parametrize(
    ("high", "verdict"),
    [(0.0499, "no difference"), (0.05, "no difference"), (0.0501, "cannot tell")],
)
def test_no_difference_needs_both_ends_within_the_margin(high, verdict):
    assert decide(evidence(Interval(0.0, -0.05, high))).verdict == verdict


@pytest.mark.parametrize(("low", "verdict"), [(0.0001, "better"), (0.0, "cannot tell"), (-0.0001, "cannot tell")])
def test_better_needs_an_interval_that_does_not_touch_no_difference(low, verdict):
    assert decide(evidence(Interval(0.04, low, 0.09))).verdict == verdict


def test_a_further_look_is_better_only_where_its_answer_is():
    look = evidence(BETTER, place="further look")
    sides = {side: decide(replace(look, answer_side=side)).verdict for side in (1, 0, -1)}
    assert sides == {1: "better", 0: "cannot tell", -1: "cannot tell"}


ends = st.floats(-1, 1, allow_nan=False)
any_evidence = st.builds(
    lambda a, b, share, **given: Evidence(
        Interval(min(a, b) * (1 - share) + max(a, b) * share, min(a, b), max(a, b)), **given
    ),
    a=ends,
    b=ends,
    share=st.floats(0, 1),
    margin=st.one_of(st.just(np.nan), st.floats(0.01, 0.5)),
    good=st.sampled_from([-1, 0, 1]),
    status=st.sampled_from(["shown", "flagged", "withheld", "refused"]),
    place=st.sampled_from(["primary", "secondary", "further look"]),
    crude=st.booleans(),
    only_those_who_stayed=st.booleans(),
    known_of_leavers=st.booleans(),
    missing=st.sampled_from(["complete", AGREES, LEAVES_OPEN, UNEXAMINED]),
    answer_side=st.sampled_from([-1, 0, 1]),
    p_adjusted=st.sampled_from([np.nan, 0.001, 0.03, 0.5]),
    p_allowed=st.just(0.015),
)


@given(any_evidence)
def test_nothing_is_better_worse_or_supported_whose_interval_holds_no_difference(given):
    if given.side == 0:
        decision = decide(given)
        assert decision.verdict not in ("better", "worse", "different")
        assert all(hold(Held(given, decision, side))[0] not in ("supported", "contradicted") for side in (-1, 1))


@given(any_evidence)
def test_a_claim_of_the_better_side_never_disagrees_with_the_verdict(given):
    decision = decide(given)
    found, _ = hold(Held(given, decision, given.good))
    if found == "supported":
        assert decision.verdict == "better"
    if decision.verdict == "worse":
        assert found == "contradicted"
    if found == "contradicted":
        assert decision.verdict == "worse"


@given(any_evidence)
def test_turning_the_outcome_round_turns_better_into_worse(given):
    turned = replace(
        given,
        interval=Interval(-given.interval.value, -given.interval.high, -given.interval.low),
        answer_side=-given.answer_side,
    )
    other = {"better": "worse", "worse": "better"}
    assert decide(turned).verdict == other.get(decide(given).verdict, decide(given).verdict)


CLAIM_EXAMPLES = {
    "no_number": (evidence(NONE, status="withheld"), "not testable"),
    "nothing_follows": (evidence(BETTER, crude=True), "inconclusive"),
    "other_side": (evidence(WORSE), "contradicted"),
    "too_small": (evidence(Interval(0.02, 0.01, 0.03)), "not supported"),
    "missing_open": (evidence(BETTER, missing=UNEXAMINED), "inconclusive"),
    "gate_warns": (evidence(BETTER, warnings=("site_balance",)), "inconclusive"),
    "claimed_side": (evidence(BETTER), "supported"),
    "no_difference": (evidence(NOTHING), "not supported"),
    "cannot_tell": (evidence(WIDE), "inconclusive"),
}


@pytest.mark.parametrize("code", [rule.code for rule in CLAIM_RULES])
def test_every_rule_for_claims_has_an_example(code):
    given, verdict = CLAIM_EXAMPLES[code]
    assert hold(Held(given, decide(given), 1)) == (verdict, code)


def test_a_claim_is_not_supported_where_only_harm_is_left_to_it():
    # -20 to 3 points: it cannot tell harm from no harm, and leaves no benefit that matters.
    given = evidence(Interval(-0.085, -0.20, 0.03))
    assert decide(given).verdict == "cannot tell"
    assert hold(Held(given, decide(given), 1)) == ("not supported", "no_difference")
    assert hold(Held(given, decide(given), -1)) == ("inconclusive", "cannot_tell")
