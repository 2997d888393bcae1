"""What is too small to be shown, and how coarse what is shown is: for a whole study, and stricter for single tables."""

from dataclasses import dataclass
from math import lcm
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike
from pydantic import BaseModel, ConfigDict, Field

from iop_outcomes.kernel.errors import StudyFileError, did_you_mean
from iop_outcomes.kernel.registry import figure_names

#: Tables of a release that are not the numbers of a figure; a test holds them against what is released.
TABLES = (
    "agreement",
    "balance",
    "capability",
    "claim",
    "diagnostic",
    "estimate",
    "intake",
    "intercurrent",
    "outcomes",
    "refusal",
    "retained",
    "set_aside",
    "truth",
    "verdict",
)

#: From so many people on, a share may have three decimals.
LARGE = 1000

People = Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class ReleaseRules:
    """The two numbers by which one table, or a figure's, is released.

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

    def coarse(self, people: ArrayLike) -> np.ndarray:
        """Tell of how many people a share has two decimals only: a third would give away how many they are."""
        return np.asarray(people, dtype=float) < LARGE

    def in_words(self) -> str:
        """Return the rules in a sentence without its stop."""
        others = f"other counts are rounded to {self.round_to}" if self.round_to > 1 else "other counts are exact"
        return f"counts of 1 to {self.min_cell - 1}, and whatever would give them away, are suppressed; {others}"


class TableRules(BaseModel):
    """What one table of a release asks for beyond the rules of its study."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    min_cell: People | None = None
    round_to: People | None = None


class Release(BaseModel):
    """The section ``release`` of a study: what may leave the building. Nothing else decides it.

    Attributes
    ----------
    min_cell, round_to : int
        Rules of every table and figure.
    tables : mapping of str to TableRules
        Tables and figures with stricter rules.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    min_cell: People = 11
    round_to: People = 5
    tables: dict[str, TableRules] = {}

    def rules(self, *names: str) -> ReleaseRules:
        """Return the rules of a table, or those that keep to the rules of several for what is made of them all."""
        asked = [self.tables[name] for name in names if name in self.tables]
        return ReleaseRules(
            max([self.min_cell, *(table.min_cell or 0 for table in asked)]),
            lcm(self.round_to, *(table.round_to or 1 for table in asked)),
        )


def check_release(release: Release) -> None:
    """Refuse rules for what is not released, and rules laxer than those of the study.

    The people of one table are counted in others, too: a laxer table would show what the others hide, and a count
    rounded to two numbers of which neither divides the other is known more closely than by either.

    Raises
    ------
    StudyFileError
        One sentence that begins with the place in the file.
    """
    for name, own in release.tables.items():
        place = f"release.tables.{name}"
        known = (*TABLES, *figure_names())
        if name not in known:
            raise StudyFileError(f"{place}: no table or figure of that name is released; {did_you_mean(name, known)}")
        if own.min_cell is not None and own.min_cell < release.min_cell:
            raise StudyFileError(
                f"{place}.min_cell: {own.min_cell} is less than the {release.min_cell} of the study, and a table may "
                "only be stricter; raise it, or lower release.min_cell and raise the other tables"
            )
        if own.round_to is not None and own.round_to % release.round_to:
            raise StudyFileError(
                f"{place}.round_to: {own.round_to} is not a multiple of the {release.round_to} of the study, so that "
                "two roundings of one count would tell more than either; choose a multiple"
            )
