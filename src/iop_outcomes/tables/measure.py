"""What each measure of a comparison is: its scale, its value of no difference, and which way it goes with the outcome.

This is the only place that knows that a hazard falls when people stay longer.
"""

from dataclasses import dataclass

import numpy as np

DIFFERENCE, RATIO = "difference", "ratio"


@dataclass(frozen=True)
class Measure:
    """A measure of the first arm against the second.

    Attributes
    ----------
    name : str
        As in the column ``measure`` of the ``estimate`` table.
    scale : str
        ``difference`` or ``ratio``.
    follows : int
        1: more of it is more of the outcome. -1: more of it is less of the outcome. 0: nobody has said.
    is_share : bool
        Is it a difference of shares, whatever the unit of the outcome?
    """

    name: str
    scale: str = DIFFERENCE
    follows: int = 1
    is_share: bool = False

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
        Measure("risk_difference"),
        Measure("mean_difference"),
        Measure("survival_difference", is_share=True),
        Measure("rmst_difference"),
        Measure("risk_ratio", RATIO),
        Measure("mean_ratio", RATIO),
        Measure("odds_ratio", RATIO),
        Measure("survival_ratio", RATIO),
        Measure("rmst_ratio", RATIO),
        Measure("rate_ratio", RATIO),
        # The rate at which time in care ends: the more of it, the shorter the time.
        Measure("hazard_ratio", RATIO, follows=-1),
        Measure("subdistribution_ratio", RATIO, follows=-1),
    )
}


def measure_of(name: str) -> Measure:
    """Return what a measure is; one that is not listed here is a difference of which nobody has said which way it goes.

    Examples
    --------
    >>> measure_of("hazard_ratio").follows
    -1
    """
    return MEASURES.get(str(name), Measure(str(name), follows=0))
