"""The rules of a verdict, one row each, in the order in which they are asked: the first that holds decides.

``docs/verdict.md`` prints them. A verdict is about the interval and what stands beside it, never about the estimate
alone, and no rule below the one for a missing interval can be reached without one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from iop_outcomes.conclude.evidence import AGREES, LEAVES_OPEN, MISSING_RULE, OTHER_DESIGN, UNEXAMINED, Evidence
from iop_outcomes.designs.judge.due import DAYS, TIMES
from iop_outcomes.tables.conclusion import (
    BETTER,
    CANNOT_TELL,
    DIFFERENT,
    FURTHER,
    INCONCLUSIVE,
    NO_DIFFERENCE,
    REFUSED,
    WITHHELD,
    WORSE,
)
from iop_outcomes.tables.controls import LARGEST_EASE
from iop_outcomes.tables.estimate import FLAGGED
from iop_outcomes.tables.estimate import REFUSED as IS_REFUSED
from iop_outcomes.tables.estimate import WITHHELD as IS_WITHHELD

#: A margin is too coarse for an outcome if it is more than this part of the share of people with (or without) it.
COARSE = 0.5


@dataclass(frozen=True)
class Rule:
    """A row of the table.

    Attributes
    ----------
    code : str
        What it is called in ``reasons``.
    verdict : str
        What it decides; empty for a remark, which is added to a verdict.
    when : str
        In which case, in words that need no statistician.
    holds : callable
        The same of an ``Evidence``.
    """

    code: str
    verdict: str
    when: str
    holds: Callable[[Evidence], bool]


@dataclass(frozen=True)
class Decision:
    """A verdict, and the codes of what it rests on: first the rule that decided, then the remarks."""

    verdict: str
    codes: tuple[str, ...]


def decide(evidence: Evidence) -> Decision:
    """Return the verdict of the first rule that holds, with the remarks that do.

    Examples
    --------
    A difference of 3.6 points (1.7 to 5.5), where 5 would matter.

    >>> from iop_outcomes.conclude.evidence import Interval
    >>> decide(Evidence(Interval(0.036, 0.017, 0.055), margin=0.05))
    Decision(verdict='better', codes=('good_side', 'may_be_less_than_matters'))
    """
    rule = next(rule for rule in RULES if rule.holds(evidence))
    remarks = [remark.code for remark in REMARKS if rule.verdict in _STATED and remark.holds(evidence)]
    return Decision(rule.verdict, (rule.code, *remarks))


#: Verdicts to which remarks are added.
_STATED = (BETTER, WORSE, DIFFERENT, NO_DIFFERENCE)


def _within_margin(evidence: Evidence) -> bool:
    return evidence.furthest <= evidence.margin


def _too_coarse(evidence: Evidence) -> bool:
    return evidence.margin > COARSE * evidence.least_share


RULES: tuple[Rule, ...] = (
    Rule("refused", REFUSED, "there is no estimate, and a reason why", lambda e: e.status == IS_REFUSED),
    Rule(
        "withheld",
        WITHHELD,
        "the gate, or disclosure control, allows no number to be shown",
        lambda e: e.status == IS_WITHHELD,
    ),
    Rule("no_interval", CANNOT_TELL, "there is no interval, or only one end of it", lambda e: not e.interval.exists),
    Rule(
        "gate_failed",
        INCONCLUSIVE,
        "the comparison failed a check, and the study asks for it to be shown all the same",
        lambda e: e.status == FLAGGED,
    ),
    Rule(
        "only_those_who_stayed",
        INCONCLUSIVE,
        "observation ends on the day people leave care, so that the outcome is known only of those who stayed",
        lambda e: e.only_those_who_stayed,
    ),
    Rule(
        "known_of_leavers",
        INCONCLUSIVE,
        "many more of one arm were still in care when their observation ended, so that an outcome of staying or "
        "leaving is known of those who left and not of those who stayed",
        lambda e: e.known_of_leavers,
    ),
    Rule(
        "placebo_failed",
        INCONCLUSIVE,
        "the design finds a difference in use before time zero, which the arm cannot have made: by more than balance "
        "allows, and with an interval of 99% that leaves none out",
        lambda e: e.placebo_failed and not e.crude,
    ),
    Rule(
        "systematic_error",
        INCONCLUSIVE,
        f"by its negative controls the design errs by more than {LARGEST_EASE:g} of a log ratio where the arm can do "
        "nothing",
        lambda e: e.ease > LARGEST_EASE and not e.crude,
    ),
    Rule(
        "predicts_only",
        CANNOT_TELL,
        "the measure describes and predicts, and is no effect: whoever had another event stays at risk in it",
        lambda e: e.predicts,
    ),
    Rule(
        "unlike_lengths",
        CANNOT_TELL,
        "completed treatment lasts unlike in the arms, or far more people of one complete it early, and the outcome is "
        "of staying, leaving or completing after the "
        "day on which the shorter programme ends, so that it differs by plan",
        lambda e: e.unlike_lengths,
    ),
    Rule(
        "unlike_plans",
        CANNOT_TELL,
        f"people of one arm are due more than {TIMES:g} times as many sessions, or hours, a week in care, and the "
        "outcome counts them or the days between them, so that it differs by plan; or it is a share of sessions, and "
        "the first, which nobody misses, is one of few in one arm only; or leaving is dated by the last session, and "
        "sessions are rarer in one arm; or days in care are counted from time zero, and care begins more than "
        f"{DAYS} days later in one arm",
        lambda e: e.unlike_plans,
    ),
    Rule(
        "measures_contradict",
        INCONCLUSIVE,
        "the interval leaves no difference out, and so does that of another measure, on the other side",
        lambda e: any(other.side * e.side < 0 for other in e.others),
    ),
    Rule(
        "missing_rules_contradict",
        INCONCLUSIVE,
        "the interval leaves no difference out, and under another rule for missing outcomes the estimate lies on the "
        "other side",
        lambda e: e.contradicted_by(MISSING_RULE),
    ),
    Rule(
        "missing_rules_leave_open",
        INCONCLUSIVE,
        "the interval leaves no difference out, and under another rule for missing outcomes chance could explain the "
        "difference",
        lambda e: e.side != 0 and e.missing == LEAVES_OPEN,
    ),
    Rule(
        "designs_contradict",
        INCONCLUSIVE,
        "the interval leaves no difference out, and under another design, estimator or measure the estimate lies on "
        "the other side",
        lambda e: e.contradicted_by(OTHER_DESIGN),
    ),
    Rule(
        "calibrated_leaves_open",
        INCONCLUSIVE,
        "the interval leaves no difference out, and the ratio's, with the systematic error that negative controls show "
        "taken into account, does not, or does so on the other side",
        lambda e: e.side != 0 and not e.crude and e.calibrated.exists and e.calibrated.side != e.side,
    ),
    Rule(
        "no_answer_of_its_own",
        CANNOT_TELL,
        "it is a further look at an outcome, its interval leaves no difference out, and that of the analysis which "
        "answers for the outcome does not (or does so on the other side)",
        lambda e: e.place == FURTHER and e.side != 0 and e.side != e.answer_side,
    ),
    Rule(
        "one_of_many",
        CANNOT_TELL,
        "it is not the study's first answer, and adjusted for their number (Holm) its p-value is not below what is "
        "allowed",
        lambda e: e.side != 0 and e.p_adjusted >= e.p_allowed,
    ),
    Rule(
        "crude_difference",
        DIFFERENT,
        "the interval leaves no difference out, but the arms are compared as they are: why they differ is open",
        lambda e: e.crude and e.side != 0,
    ),
    Rule(
        "crude",
        CANNOT_TELL,
        "the arms are compared as they are: what they lack could hide a difference",
        lambda e: e.crude,
    ),
    Rule(
        "no_direction",
        DIFFERENT,
        "the interval leaves no difference out, and nobody has said which way is better",
        lambda e: e.side != 0 and e.good == 0,
    ),
    Rule(
        "good_side",
        BETTER,
        "the interval lies wholly on the good side of no difference",
        lambda e: e.side != 0 and e.side == e.good,
    ),
    Rule("bad_side", WORSE, "the interval lies wholly on the bad side of no difference", lambda e: e.side != 0),
    Rule(
        "no_margin",
        CANNOT_TELL,
        "the interval holds no difference, and nobody has stated the smallest difference that matters on its scale",
        lambda e: np.isnan(e.margin),
    ),
    Rule(
        "beyond_margin",
        CANNOT_TELL,
        "the interval holds no difference, and a difference that would matter",
        lambda e: not _within_margin(e),
    ),
    Rule(
        "margin_too_coarse",
        CANNOT_TELL,
        "the interval lies within the margin, but the margin is more than half of the share of people who have (or do "
        "not have) the outcome",
        _too_coarse,
    ),
    Rule(
        "missing_could_hide",
        CANNOT_TELL,
        "the interval lies within the margin, but outcomes are missing, or something is made of missing tests, and no "
        "other rule was tried",
        lambda e: e.missing == UNEXAMINED,
    ),
    Rule(
        "others_find_a_difference",
        CANNOT_TELL,
        "the interval lies within the margin, but that of another measure or of a further look leaves no difference "
        "out",
        lambda e: e.others_find_a_difference,
    ),
    Rule(
        "within_margin",
        NO_DIFFERENCE,
        "the interval holds no difference and lies wholly within the margin on both sides",
        lambda e: True,
    ),
)

#: Added to better, worse, different and no difference: how much was shown, and what else is to be said.
REMARKS: tuple[Rule, ...] = (
    Rule(
        "more_than_matters",
        "",
        "a difference is shown, and even the end of its interval nearer to none is one that matters",
        lambda e: e.side != 0 and e.nearest >= e.margin,
    ),
    Rule(
        "may_be_less_than_matters",
        "",
        "a difference is shown, and its interval holds some that matter and some that do not",
        lambda e: e.side != 0 and e.nearest < e.margin < e.furthest,
    ),
    Rule(
        "less_than_matters",
        "",
        "a difference is shown, and its whole interval lies within the margin",
        lambda e: e.side != 0 and _within_margin(e),
    ),
    Rule(
        "size_not_judged",
        "",
        "a difference is shown, and nobody has stated the smallest that matters on this scale",
        lambda e: e.side != 0 and np.isnan(e.margin),
    ),
    Rule(
        "missing_rules_agree",
        "",
        "a difference is shown, and under every other rule for missing outcomes the interval lies on the same side",
        lambda e: e.side != 0 and e.missing == AGREES,
    ),
    Rule(
        "missing_rules_leave_room",
        "",
        "no difference is shown, and under another rule for missing outcomes the interval holds one that would matter",
        lambda e: e.side == 0 and e.missing_rules_leave_room,
    ),
    Rule(
        "missing_not_examined",
        "",
        "outcomes are missing, or something is made of missing tests, and no other rule was tried",
        lambda e: e.missing == UNEXAMINED,
    ),
    Rule(
        "gate_warns",
        "",
        "a difference, or none, is shown, and a check of the comparison warns that the arms may be unlike for another "
        "reason",
        lambda e: bool(e.warnings),
    ),
    Rule(
        "designs_leave_open",
        "",
        "under another design, estimator or measure the estimate lies on the same side, and chance could explain it",
        lambda e: e.side != 0 and any(look.changes == OTHER_DESIGN and not look.interval.side for look in e.looks),
    ),
)
