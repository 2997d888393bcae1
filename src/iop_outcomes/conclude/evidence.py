"""What a verdict is made from, all of it turned so that 0 is no difference and more is more of the outcome."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.tables.conclusion import PRIMARY
from iop_outcomes.tables.estimate import SHOWN, has_interval
from iop_outcomes.tables.measure import measure_of

#: What a further look changes: the rule for missing tests and reports, or the design, estimator or measure.
MISSING_RULE, OTHER_DESIGN = "missing rule", "design"

#: How much a verdict knows of missing outcomes: none that could matter; looked at under another rule, which agrees, or
#: leaves no difference possible; or not looked at.
COMPLETE, AGREES, LEAVES_OPEN, UNEXAMINED = "complete", "agrees", "leaves open", "unexamined"
#: Below this share of people known in an arm, what the others had could change the answer.
ENOUGH_KNOWN = 0.8


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval, turned; ratios as logarithms."""

    value: float
    low: float
    high: float

    @property
    def side(self) -> int:
        """1 or -1 where the interval leaves no difference out, 0 where it does not or is none."""
        return int(self.low > 0) - int(self.high < 0)

    @property
    def exists(self) -> bool:
        """Are there both ends? A ratio may reach down to 0."""
        return not (np.isnan(self.low) or np.isnan(self.high))


NO_INTERVAL = Interval(np.nan, np.nan, np.nan)


def interval_of(row: pd.Series) -> Interval:
    """Return the interval of a row of the ``estimate`` table, turned so that more is more of the outcome."""
    measure = measure_of(row["measure"])
    if not has_interval(row):
        return NO_INTERVAL
    value, low, high = (measure.from_no_difference(row[c]) for c in ("value", "ci_low", "ci_high"))
    return Interval(-value, -high, -low) if measure.follows < 0 else Interval(value, low, high)


@dataclass(frozen=True)
class Look:
    """A further look at the same outcome: what it changes, what it found, and by which measure."""

    analysis: str
    changes: str
    interval: Interval
    measure: str = ""


@dataclass(frozen=True)
class Evidence:
    """Everything the rules look at.

    Attributes
    ----------
    interval : Interval
        Of the analysis.
    measure : str
        By which it was judged.
    margin : float
        Smallest difference that matters, turned like the interval; missing where nobody has stated it.
    good : int
        1 where more of the outcome is better, -1 where less is, 0 where nobody has said.
    status : str
        shown, flagged, withheld or refused.
    place : str
        The study's answer, that of another outcome, or a further look.
    crude : bool
        Are the arms compared as they are?
    warnings : tuple of str
        Checks of the gate that warn of a bias.
    only_those_who_stayed : bool
        Does observation end with care, so that the outcome is known only of those who stayed?
    known_of_leavers : bool
        Was one arm's observation cut short, so that the outcome is known of those who left and not of those who stayed?
    unlike_lengths : bool
        Does the outcome hang on how long treatment lasts, which is unlike in the arms, at a day after the shorter ends?
    unlike_plans : bool
        Does the outcome count what one arm plans far more of than the other?
    predicts : bool
        Does the measure only describe and predict?
    others : tuple of Interval
        The analysis's own further measures.
    looks : tuple of Look
        Further looks at the outcome that are shown.
    missing : str
        What is known of missing outcomes, a constant of this module.
    least_share : float
        The smallest share of people with, or without, the outcome in an arm; missing where it is no share.
    p_adjusted, p_allowed : float
        Holm-adjusted p-value and what it must be below; missing where an answer stands alone.
    placebo_failed : bool
        Does the design find a difference before time zero?
    ease : float
        Expected absolute systematic error that negative controls show, on the log scale; missing where none were asked.
    calibrated : Interval
        Of the ratio, with that error taken into account; missing where there is none.
    answer_side : int
        Of a further look: the side of the analysis that answers for its outcome, 0 where it shows no difference.
    """

    interval: Interval
    measure: str = ""
    margin: float = np.nan
    good: int = 1
    status: str = SHOWN
    place: str = PRIMARY
    crude: bool = False
    warnings: tuple[str, ...] = ()
    only_those_who_stayed: bool = False
    known_of_leavers: bool = False
    unlike_lengths: bool = False
    unlike_plans: bool = False
    predicts: bool = False
    others: tuple[Interval, ...] = ()
    looks: tuple[Look, ...] = ()
    missing: str = COMPLETE
    least_share: float = np.nan
    p_adjusted: float = np.nan
    p_allowed: float = np.nan
    placebo_failed: bool = False
    ease: float = np.nan
    calibrated: Interval = NO_INTERVAL
    answer_side: int = 0

    @property
    def side(self) -> int:
        """1 or -1 where the interval leaves no difference out."""
        return self.interval.side

    @property
    def nearest(self) -> float:
        """The end of the interval nearer to no difference, as a distance from it."""
        return min(abs(self.interval.low), abs(self.interval.high))

    @property
    def furthest(self) -> float:
        """The other end."""
        return max(abs(self.interval.low), abs(self.interval.high))

    def contradicted_by(self, changes: str) -> bool:
        """Return whether a look that changes this points the other way, where the answer leaves no difference out."""
        return any(look.changes == changes and look.interval.value * self.side < 0 for look in self.looks)

    @property
    def missing_rules_leave_room(self) -> bool:
        """Does another missing rule leave a difference possible that matters, by the same measure?"""
        rules = [look.interval for look in self.looks if look.changes == MISSING_RULE and look.measure == self.measure]
        return any(max(abs(rule.low), abs(rule.high)) > self.margin for rule in rules)

    @property
    def others_find_a_difference(self) -> bool:
        """Does a further measure or look leave no difference out?"""
        return any(other.side for other in (*self.others, *(look.interval for look in self.looks)))
