"""The one list of measures: what of the arms each compares, on which scale, and which way it goes with the outcome.

This is the only place that knows that a hazard, the share who have had an event, and the time lost to it fall when
people stay without it for longer. Whether an outcome is better high or low, the outcome says (``study.outcome``): of
time until an event, more of any of these is less.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

DIFFERENCE: Final = "difference"
RATIO: Final = "ratio"
ODDS_RATIO: Final = "odds ratio"
#: What a row says of one arm alone: its mean outcome, its survival at a day, its mean time up to a day, the share with
#: an event by a day where others compete with it, and the mean time lost to that event up to a day.
MEAN: Final = "mean"
SURVIVAL: Final = "survival"
RMST: Final = "rmst"
INCIDENCE: Final = "incidence"
TIME_LOST: Final = "time lost"
OF_ONE_ARM = (MEAN, SURVIVAL, RMST, INCIDENCE, TIME_LOST)
HAZARD: Final = "hazard"
SUBDISTRIBUTION: Final = "subdistribution"
Of = Literal["mean", "survival", "rmst", "incidence", "time lost", "hazard", "subdistribution"]
#: What a check finds and no contrast does: ratios of risks and of odds.
RATIOS_OF_CHECKS = ("e_value", "tipping_gamma")
#: The p-value of a check.
WILD_P: Final = "wild_bootstrap_p"


@dataclass(frozen=True)
class Measure:
    """A measure of the first arm against the second.

    Attributes
    ----------
    name : str
        As in a study file and in the column ``measure`` of the ``estimate`` table.
    of : {"mean", "survival", "rmst", "incidence", "time lost", "hazard", "subdistribution"}
        What of each arm is compared.
    compared : {"difference", "ratio", "odds ratio"}
    follows : int
        1: more of it is more of the outcome. -1: more of it is less of the outcome. 0: nobody has said.
    only_binary : bool
        Is it only for outcomes of 0 and 1?
    predicts : bool
        Does it only describe and predict, so that it is no effect and nothing follows from it?
    """

    name: str
    of: Of = "mean"
    compared: Literal["difference", "ratio", "odds ratio"] = "difference"
    follows: int = 1
    only_binary: bool = False
    predicts: bool = False

    @property
    def scale(self) -> str:
        """``difference`` or ``ratio``."""
        return DIFFERENCE if self.compared == DIFFERENCE else RATIO

    @property
    def se_scale(self) -> str:
        """Scale of its standard error: ``identity``, or ``log`` for ratios."""
        return "identity" if self.scale == DIFFERENCE else "log"

    def between(self, first: float, second: float) -> tuple[float, NDArray[np.float64]]:
        """Return the measure of two values on the scale of its standard error, and its derivative by both.

        Parameters
        ----------
        first, second : float
            Of the first and of the second arm: above zero for ratios, and below one for odds.
        """
        if self.compared == DIFFERENCE:
            return first - second, np.array([1.0, -1.0])
        if self.compared == RATIO:
            return float(np.log(first / second)), np.array([1 / first, -1 / second])
        log_odds = np.log(first / (1 - first)) - np.log(second / (1 - second))
        return float(log_odds), np.array([1 / (first * (1 - first)), -1 / (second * (1 - second))])

    @property
    def is_share(self) -> bool:
        """Is it a difference of shares, whatever the unit of the outcome?"""
        return self.of in (SURVIVAL, INCIDENCE) and self.scale == DIFFERENCE

    @property
    def no_difference(self) -> float:
        """Its value where the arms do not differ."""
        return 1.0 if self.scale == RATIO else 0.0

    def from_no_difference(self, value: float) -> float:
        """Return how far a value is from no difference: itself, or the logarithm of a ratio, which may be 0."""
        with np.errstate(divide="ignore"):
            return float(np.log(value)) if self.scale == RATIO else float(value)


MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure("risk_difference", MEAN, DIFFERENCE, only_binary=True),
        Measure("mean_difference", MEAN, DIFFERENCE),
        Measure("risk_ratio", MEAN, RATIO, only_binary=True),
        Measure("mean_ratio", MEAN, RATIO),
        Measure("odds_ratio", MEAN, ODDS_RATIO, only_binary=True),
        Measure("survival_difference", SURVIVAL, DIFFERENCE),
        Measure("survival_ratio", SURVIVAL, RATIO),
        Measure("rmst_difference", RMST, DIFFERENCE),
        Measure("rmst_ratio", RMST, RATIO),
        # The rate at which time in care ends: the more of it, the shorter the time.
        Measure("hazard_ratio", HAZARD, RATIO, follows=-1),
        # The more people have had an event by a day, or the more time was lost to it, the shorter the time until it.
        Measure("incidence_difference", INCIDENCE, DIFFERENCE, follows=-1),
        Measure("incidence_ratio", INCIDENCE, RATIO, follows=-1),
        Measure("time_lost_difference", TIME_LOST, DIFFERENCE, follows=-1),
        Measure("time_lost_ratio", TIME_LOST, RATIO, follows=-1),
        # Whoever had another event stays at risk of this one, so that it is the ratio of no rate among people in care.
        Measure("subdistribution_ratio", SUBDISTRIBUTION, RATIO, follows=-1, predicts=True),
    )
}


def names_of(*of: str, compared: tuple[str, ...] = (DIFFERENCE, RATIO, ODDS_RATIO)) -> tuple[str, ...]:
    """Return the names of the measures of some property of the arms, those of each property in the list's order."""
    return tuple(m.name for one in of for m in MEASURES.values() if m.of == one and m.compared in compared)


def measure_of(name: str) -> Measure:
    """Return what a measure is; one that is not listed here is a difference of which nobody has said which way it goes.

    Examples
    --------
    >>> measure_of("hazard_ratio").follows
    -1
    """
    return MEASURES.get(str(name), Measure(str(name), follows=0))
