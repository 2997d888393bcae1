"""The rules for what following one strategy of attending does: the first that holds decides.

Only clones that were censored and weighted decide. A landmark analysis and a model of weekly hours can speak against
them and not for them, and groups formed by attendance are never asked at all. Changes of the level of care are judged
by the same rules, from trials nested in weeks.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from iop_outcomes.conclude.evidence import NO_INTERVAL, Interval
from iop_outcomes.study import Study
from iop_outcomes.study.outcome import outcome_of
from iop_outcomes.study.participation import FIRST_POSITIVE
from iop_outcomes.tables.attending import AS_STARTED, CLONES, CLONES_TRUNCATED, LANDMARK, MARGINAL
from iop_outcomes.tables.conclusion import (
    BETTER,
    CANNOT_TELL,
    DIFFERENT,
    INCONCLUSIVE,
    NO_DIFFERENCE,
    REFUSED,
    WITHHELD,
    WORSE,
)
from iop_outcomes.tables.estimate import FLAGGED, SHOWN
from iop_outcomes.tables.estimate import REFUSED as IS_REFUSED
from iop_outcomes.tables.estimate import WITHHELD as IS_WITHHELD


@dataclass(frozen=True)
class Followed:
    """What is known of two strategies; intervals are turned so that more is more of the outcome.

    Attributes
    ----------
    status : str
        Of the weighted clones: shown, flagged, withheld or refused.
    weighted, truncated, landmark, hours : Interval
        Missing where there is none.
    margin : float
        Smallest difference of shares that matters.
    good : int
        1 where more of the outcome is better, -1 where less is, 0 where nobody has said.
    """

    status: str = SHOWN
    weighted: Interval = NO_INTERVAL
    truncated: Interval = NO_INTERVAL
    landmark: Interval = NO_INTERVAL
    hours: Interval = NO_INTERVAL
    margin: float = 0.05
    good: int = 1

    @property
    def side(self) -> int:
        """1 or -1 where the interval of the weighted clones leaves no difference out."""
        return self.weighted.side


@dataclass(frozen=True)
class Rule:
    """A row of the table: its code, what it decides, when, in words, and the same of ``Followed``."""

    code: str
    verdict: str
    when: str
    holds: Callable[[Followed], bool]


RULES: tuple[Rule, ...] = (
    Rule("refused", REFUSED, "there is no estimate, and a reason why", lambda f: f.status == IS_REFUSED),
    Rule("withheld", WITHHELD, "the gate, or disclosure control, allows no number", lambda f: f.status == IS_WITHHELD),
    Rule("no_interval", CANNOT_TELL, "there is no interval", lambda f: not f.weighted.exists),
    Rule(
        "gate_failed",
        INCONCLUSIVE,
        "weights stray from 1, or the outcome is known of too few who stopped coming, or too few sites were drawn",
        lambda f: f.status == FLAGGED,
    ),
    Rule(
        "weights_carry_it",
        INCONCLUSIVE,
        "the interval leaves no difference out, and with the largest weights cut chance could explain it",
        lambda f: f.side != 0 and f.truncated.side != f.side,
    ),
    Rule(
        "landmark_contradicts",
        INCONCLUSIVE,
        "the interval leaves no difference out, and the landmark analysis finds the opposite",
        lambda f: f.side != 0 and f.landmark.side == -f.side,
    ),
    Rule(
        "hours_contradict",
        INCONCLUSIVE,
        "the interval leaves no difference out, and the marginal structural model of weekly hours finds the opposite",
        lambda f: f.side != 0 and f.hours.side == -f.side,
    ),
    Rule(
        "no_direction",
        DIFFERENT,
        "the interval leaves no difference out, and nobody has said which way is better",
        lambda f: f.side != 0 and f.good == 0,
    ),
    Rule("good_side", BETTER, "the interval lies wholly on the good side", lambda f: f.side != 0 and f.side == f.good),
    Rule("bad_side", WORSE, "the interval lies wholly on the bad side", lambda f: f.side != 0),
    Rule(
        "within_margin",
        NO_DIFFERENCE,
        "the interval holds no difference and lies wholly within the margin",
        lambda f: max(abs(f.weighted.low), abs(f.weighted.high)) <= f.margin,
    ),
    Rule("beyond_margin", CANNOT_TELL, "the interval holds no difference, and one that would matter", lambda f: True),
)


def decide(followed: Followed) -> tuple[str, str]:
    """Return the verdict and the code of the rule that decided.

    Examples
    --------
    >>> decide(Followed(weighted=Interval(0.1, 0.02, 0.18), truncated=Interval(0.08, 0.01, 0.15)))
    ('better', 'good_side')
    >>> decide(Followed(weighted=Interval(0.1, 0.02, 0.18), truncated=Interval(0.05, -0.02, 0.12)))
    ('inconclusive', 'weights_carry_it')
    """
    rule = next(rule for rule in RULES if rule.holds(followed))
    return rule.verdict, rule.code


def good_of(study: Study) -> int:
    """Return which way of the outcome of a study's strategies is good."""
    if study.participation is None or study.participation.outcome == FIRST_POSITIVE:
        return -1
    return outcome_of(study, study.participation.outcome).good


def judge_participation(table: pd.DataFrame, study: Study) -> tuple[str, str]:
    """Return the verdict on a study's strategies and its code.

    Parameters
    ----------
    table : pandas.DataFrame
        Of the ``participation`` contract, or as released.
    study : Study
    """
    rows = {str(row["way"]): row for _, row in table.iterrows()}
    clones = rows.get(CLONES)
    if clones is None:
        return REFUSED, "refused"
    known = Followed(
        str(clones["status"]),
        _interval(clones),
        _interval(rows.get(CLONES_TRUNCATED)),
        _interval(rows.get(LANDMARK)),
        _interval(rows.get(MARGINAL)),
        study.margin,
        good_of(study),
    )
    return decide(known)


def judge_change(table: pd.DataFrame, study: Study) -> tuple[str, str]:
    """Return the verdict on one change of the level of care and its code; a positive test is bad.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of that change, of the ``level_change`` contract or as released.
    study : Study
    """
    rows = {str(row["way"]): row for _, row in table.iterrows()}
    trials = rows.get(AS_STARTED)
    if trials is None:
        return REFUSED, "refused"
    found = _interval(trials)
    return decide(Followed(str(trials["status"]), found, found, margin=study.margin, good=-1))


def _interval(row: pd.Series | None) -> Interval:
    if row is None or str(row["status"]) not in (SHOWN, FLAGGED):
        return NO_INTERVAL
    return Interval(float(row["value"]), float(row["ci_low"]), float(row["ci_high"]))
