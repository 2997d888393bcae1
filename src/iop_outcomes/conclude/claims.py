"""The rules for a claim of the field: the same evidence and the same verdict, asked which way the claim goes."""

from collections.abc import Callable
from dataclasses import dataclass

from iop_outcomes.conclude.evidence import UNEXAMINED, Evidence
from iop_outcomes.conclude.verdict import Decision
from iop_outcomes.tables.conclusion import (
    BETTER,
    CONTRADICTED,
    DIFFERENT,
    INCONCLUSIVE,
    NO_DIFFERENCE,
    NOT_SUPPORTED,
    NOT_TESTABLE,
    REFUSED,
    SUPPORTED,
    WITHHELD,
    WORSE,
)

#: Verdicts from which nothing follows for a claim, whatever the interval.
_OPEN_CODES = (
    *("no_interval", "predicts_only", "unlike_lengths", "unlike_plans"),
    *("one_of_many", "no_answer_of_its_own", "crude", "crude_difference"),
)


@dataclass(frozen=True)
class Held:
    """A claim held against an analysis: its evidence, its verdict, and the side of the outcome the claim is on."""

    evidence: Evidence
    decision: Decision
    claimed: int

    @property
    def shown(self) -> int:
        """1 where the verdict shows a difference on the side claimed, -1 where on the other, 0 where it shows none."""
        return self.evidence.side * self.claimed if self.decision.verdict in (BETTER, WORSE, DIFFERENT) else 0

    @property
    def best(self) -> float:
        """The end of the interval on the side claimed: the most the data leave to the claim."""
        return self.evidence.interval.high if self.claimed > 0 else -self.evidence.interval.low


@dataclass(frozen=True)
class ClaimRule:
    """A row of the table of claims; see ``conclude.verdict.Rule``."""

    code: str
    verdict: str
    when: str
    holds: Callable[[Held], bool]


CLAIM_RULES: tuple[ClaimRule, ...] = (
    ClaimRule(
        "no_number",
        NOT_TESTABLE,
        "the verdict is withheld or refused",
        lambda h: h.decision.verdict in (WITHHELD, REFUSED),
    ),
    ClaimRule(
        "nothing_follows",
        INCONCLUSIVE,
        "the verdict is inconclusive; or there is no interval; or the measure only predicts; or treatment lasts "
        "unlike in the arms, so that the outcome differs by plan; or the arms are compared as they are; or the number "
        "of analyses, or the analysis that answers for the outcome, leaves it open; or the claim names no side",
        lambda h: h.decision.verdict == INCONCLUSIVE or h.decision.codes[0] in _OPEN_CODES or h.claimed == 0,
    ),
    ClaimRule("other_side", CONTRADICTED, "a difference is shown on the other side", lambda h: h.shown < 0),
    ClaimRule(
        "too_small",
        NOT_SUPPORTED,
        "a difference is shown on the side claimed, and the whole interval is less than matters",
        lambda h: h.shown > 0 and "less_than_matters" in h.decision.codes,
    ),
    ClaimRule(
        "missing_open",
        INCONCLUSIVE,
        "a difference is shown on the side claimed, but outcomes are missing, or something is made of missing tests, "
        "and no other rule was tried",
        lambda h: h.shown > 0 and h.evidence.missing == UNEXAMINED,
    ),
    ClaimRule(
        "gate_warns",
        INCONCLUSIVE,
        "a difference is shown on the side claimed, but a check of the comparison warns that the arms may be unlike "
        "for another reason",
        lambda h: h.shown > 0 and bool(h.evidence.warnings),
    ),
    ClaimRule(
        "claimed_side",
        SUPPORTED,
        "a difference is shown on the side claimed; the sentence says whether it may be less than matters",
        lambda h: h.shown > 0,
    ),
    ClaimRule(
        "no_difference",
        NOT_SUPPORTED,
        "the verdict is no difference, or the interval leaves to the side claimed less than matters",
        lambda h: h.decision.verdict == NO_DIFFERENCE or _leaves_too_little(h),
    ),
    ClaimRule("cannot_tell", INCONCLUSIVE, "anything else: the data cannot tell", lambda h: True),
)


def hold(claim: Held) -> tuple[str, str]:
    """Return the verdict on a claim, and the code of the rule that decided."""
    rule = next(rule for rule in CLAIM_RULES if rule.holds(claim))
    return rule.verdict, rule.code


def _leaves_too_little(held: Held) -> bool:
    """Return whether the interval alone shows that the claimed side has no difference that matters."""
    evidence = held.evidence
    is_open = held.decision.codes[0] != "beyond_margin" or evidence.others_find_a_difference
    return not is_open and held.best <= evidence.margin
