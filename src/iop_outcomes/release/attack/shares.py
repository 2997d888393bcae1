"""Shares rounded to a step: what a stranger makes of them who knows the rule of the step and not its counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan

import numpy as np

from iop_outcomes.study.release_rules import ReleaseRules

_STEPS = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002)
_FINEST = 0.001


@dataclass(frozen=True)
class Share:
    """A share as it stands in a table.

    Attributes
    ----------
    part, whole : str
        Counts whose ratio it is.
    shown : float
    arm : str
        Of whom the whole is all, or all but a few where it is hidden; empty where that is not known.
    finest : float
        The finest step of its table.
    beside : tuple of float
        Shares that were rounded to the same step.
    rules : ReleaseRules
    """

    part: str
    whole: str
    shown: float
    arm: str
    finest: float
    beside: tuple[float, ...]
    rules: ReleaseRules

    def step(self, bounds: Mapping[str, tuple[float, float]]) -> float:
        """Return the step it was rounded to, or a coarser one: the rule's, unless its own digits are finer.

        Parameters
        ----------
        bounds : mapping of str to (float, float)
            What is known of the counts.
        """
        seen = coarsest([self.shown, *self.beside])
        people, spread = self._people(bounds)
        return seen if people <= 0 else min(seen, float(self.rules.step(people, spread, self.finest)))

    def _people(self, bounds: Mapping[str, tuple[float, float]]) -> tuple[float, float]:
        """Return the fewest that the whole can be, and how much further a share of such a whole is blurred."""
        low, high = bounds.get(self.whole, (0.0, np.inf))
        if np.isfinite(high):
            return low, 1.0
        # A whole that is hidden, while its share is shown, lacks but a few of the arm.
        few = bounds.get(self.arm, (0.0, np.inf))[0] - self.rules.min_cell + 1
        return few, float(self.rules.spread(1.0))


def coarsest(shares: list[float]) -> float:
    """Return the coarsest step of 1, 2 or 5 times a power of ten of which all shares are multiples.

    Examples
    --------
    >>> coarsest([0.34, 0.5]), coarsest([0.35, 0.5]), coarsest([0.341])
    (0.02, 0.05, 0.001)
    """
    # They are one or a few: arrays of so few numbers take ten times as long.
    shown = [float(share) for share in shares if not isnan(share)]
    fits = (step for step in _STEPS if all(abs(one / step - round(one / step)) < 1e-6 for one in shown))
    return next(fits, _FINEST)
