"""How small is too small, and how coarse is what is shown."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

#: What stands in place of a number that may not be shown.
SUPPRESSED = "suppressed"


@dataclass(frozen=True)
class ReleaseRules:
    """The two numbers of disclosure control.

    Attributes
    ----------
    min_cell : int
        Smallest number of people that may be shown; 1 to ``min_cell - 1`` may be neither shown nor worked out.
    round_to : int
        Counts that are shown are rounded to a multiple of this, after suppression.

    References
    ----------
    CMS cell size suppression policy (no cell of 1 to 10, and none derivable by percentages or subtraction), as stated
    by ResDAC (2024). Rounding after suppression follows OpenSAFELY's statistical disclosure control.
    """

    min_cell: int = 11
    round_to: int = 5

    @classmethod
    def of(cls, settings: object) -> "ReleaseRules":
        """Return the rules of a study's ``release`` section."""
        return cls(int(settings.min_cell), int(settings.round_to))

    @property
    def clear(self) -> int:
        """Smallest count that also looks large enough as the difference of two rounded ones."""
        return self.min_cell + self.round_to - 1

    def small(self, counts: ArrayLike) -> np.ndarray:
        """Tell which counts are of 1 to ``min_cell - 1`` people; missing ones are not."""
        counts = np.asarray(counts, dtype=float)
        return (counts > 0) & (counts < self.min_cell)

    def rounded(self, counts: ArrayLike) -> np.ndarray:
        """Round counts half up; one that may be shown is never rounded to one that looks too small.

        With 11 and 5 the counts 11 to 17 all become 15, since 10 would look like a cell that should be hidden.
        """
        counts = np.asarray(counts, dtype=float)
        nearest = np.floor(counts / self.round_to + 0.5) * self.round_to
        least = np.ceil(self.min_cell / self.round_to) * self.round_to
        return np.where((counts >= self.min_cell) & (nearest < least), least, nearest)
