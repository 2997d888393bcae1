"""Rules for subgroups, costs and the ledger: each has a case in which it must say no."""

from pathlib import Path

import pandas as pd
import pytest

from iop_outcomes.conclude.costs import RULES as COST_RULES
from iop_outcomes.conclude.costs import Value
from iop_outcomes.conclude.costs import decide as value_of
from iop_outcomes.conclude.field import read_claims
from iop_outcomes.conclude.ledger import Found, ledger
from iop_outcomes.conclude.subgroups import RULES, Levels, decide
from iop_outcomes.kernel.errors import StudyFileError
from report_tables import study


@pytest.mark.parametrize(
    ("known", "code"),
    [
        (Levels(p_difference=0.01, p_ratio=0.02), "levels_differ"),
        # A constant ratio with unlike shares: the difference differs and the ratio does not.
        (Levels(p_difference=0.01, p_ratio=0.4), "one_scale_only"),
        (Levels(p_difference=0.01, p_ratio=0.02, n_flagged=1), "not_alike_inside"),
        (Levels(p_difference=0.3, p_ratio=0.4), "not_shown"),
        (Levels(), "no_test"),
        (Levels(p_difference=0.01, p_ratio=0.02, verdict="inconclusive"), "answer_inconclusive"),
        (Levels("flagged", p_difference=0.01, p_ratio=0.02), "answer_inconclusive"),
        (Levels(p_difference=0.01, p_ratio=0.02, crude=True), "crude"),
        (Levels(n_shown=1), "too_few_levels"),
        (Levels(n_shown=0), "withheld"),
        (Levels("refused"), "refused"),
    ],
)
def test_levels_differ_only_where_both_scales_and_every_level_carry_it(known, code):
    assert decide(known)[1] == code


@pytest.mark.parametrize(
    ("known", "code"),
    [
        (Value(acceptability=0.99), "worth_it"),
        # Good value is never surer than the effect that is bought.
        (Value(acceptability=0.99, effect="cannot tell"), "chance"),
        (Value(acceptability=0.99, effect="inconclusive"), "effect_inconclusive"),
        (Value(acceptability=0.99, effect="withheld"), "withheld"),
        (Value(acceptability=0.99, effect_codes="crude_difference; x"), "crude"),
        # More sessions for less money, where more are planned, are no better value.
        (Value(dominates=1.0, effect="cannot tell", effect_codes="unlike_plans"), "effect_by_plan"),
        (Value("flagged", acceptability=0.99), "gate_failed"),
        (Value(acceptability=0.6), "chance"),
        (Value(acceptability=0.01), "not_worth_it"),
        (Value(), "no_worth"),
        (Value(dominates=0.98), "dominates"),
        (Value(dominated=0.98, effect="cannot tell"), "dominated"),
        (Value("withheld"), "withheld"),
        (Value("refused"), "refused"),
    ],
)
def test_value_is_never_surer_than_the_effect(known, code):
    assert value_of(known)[1] == code


def test_every_rule_has_a_code_of_its_own():
    for rules in (RULES, COST_RULES):
        codes = [rule.code for rule in rules]
        assert len(set(codes)) == len(codes)


def claims(*rows: dict) -> pd.DataFrame:
    same = {
        "claim": "It works",
        "source": "somebody",
        "evidence": "none",
        "needs": "data",
        "metrics": "",
        "modifiers": "",
    }
    return pd.DataFrame([same | row for row in rows])


LEVELS = pd.DataFrame(
    {
        "modifier": "severity",
        "level": ["below 15", "15 or more"],
        "role": "contrast",
        "status": "shown",
        "measure": "risk_difference",
        "outcome": "completion",
        "value": [0.02, 0.12],
        "ci_low": [-0.05, 0.04],
        "ci_high": [0.09, 0.20],
    }
)
ARMS = {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}
STRATEGIES = {"more": {"least_hours": 6}, "less": {"below_hours": 6}}
SEVERE = {
    "cohort": {"arms": ARMS},
    "subgroups": {"by": {"severity": {"column": "use_days", "cut": [15]}}},
    "participation": {"outcome": "first_positive_test", "strategies": STRATEGIES},
    "costs": {},
}


@pytest.mark.parametrize(
    ("asks", "found", "verdict"),
    [
        ("participation", Found(), "not testable"),
        ("participation", Found(participation=("better", "Better.")), "supported"),
        ("participation", Found(participation=("inconclusive", "Open.")), "inconclusive"),
        ("participation", Found(participation=("withheld", "Withheld.")), "not testable"),
        ("costs", Found(costs={"payer": ("better", "a"), "society": ("worse", "b")}), "not supported"),
        ("costs", Found(), "not testable"),
        ("component", Found(participation=("better", "Better.")), "not testable"),
        ("subgroup", Found(), "not testable"),
        ("subgroup", Found(subgroups={"severity": ("cannot tell", "Open.")}), "inconclusive"),
        ("subgroup", Found(subgroups={"severity": ("different", "D.")}, subgroup=LEVELS), "supported"),
        (
            "subgroup",
            Found(subgroups={"severity": ("different", "D.")}, subgroup=LEVELS.assign(value=[0.2, 0.12])),
            "not supported",
        ),
        ("contrast", Found(), "not testable"),
    ],
)
def test_each_claim_rests_on_the_one_kind_of_analysis_that_may_speak_to_it(asks, found, verdict):
    given = claims({"name": "x", "asks": asks, "modifiers": "severity", "metrics": "abstinence_at_end"})
    row = ledger(given, found, study(**SEVERE)).iloc[0]
    assert row["verdict"] == verdict
    assert row["why"]


def test_the_claims_of_the_project_are_whole_and_that_of_participation_asks_no_attendance(tmp_path):
    own = {claim.name: claim for claim in read_claims(Path(__file__).parents[2] / "data" / "reference" / "claims.yaml")}
    assert len(own) == 11
    assert own["participation"].asks == "participation"
    assert "unverified" in own["participation"].source
    bad = tmp_path / "claims.yaml"
    bad.write_text("- {claim: It works, name: x, asks: contrast, source: a, evidence: b, needs: c}\n")
    with pytest.raises(StudyFileError, match="claims.yaml, entry 1: a contrast lists metrics"):
        read_claims(bad)
    with pytest.raises(StudyFileError, match="there is no file nothing.yaml"):
        read_claims(tmp_path / "nothing.yaml")


@pytest.mark.parametrize("asks", ["participation", "costs", "subgroup"])
def test_a_claim_of_iop_is_not_answered_by_other_arms(asks):
    given = claims({"name": "x", "asks": asks, "modifiers": "severity"})
    better = ("better", "Better.")
    found = Found(participation=better, costs={"society": better}, subgroups={"severity": better}, subgroup=LEVELS)
    other = SEVERE | {"cohort": {"arms": {"methadone": {"level_of_care": "1"}, "naltrexone": {"level_of_care": "1"}}}}
    row = ledger(given, found, study(**other)).iloc[0]
    assert row["verdict"] == "not testable"
    assert "other arms than IOP and outpatient care" in row["why"]
