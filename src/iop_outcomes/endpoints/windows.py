"""Which weeks of a word an endpoint looks at; all of them parameters a caller may change."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from iop_outcomes.endpoints.matrix import WeekMatrix
from iop_outcomes.kernel.errors import StudyFileError

Bound = int | np.ndarray


class Window(Protocol):
    """A stretch of a word: the positions ``start`` (included, 0-based) to ``stop`` (not included) of each person."""

    def bounds(self, words: WeekMatrix) -> tuple[Bound, Bound]:
        """Return start and stop, each one number or one per person."""


@dataclass(frozen=True)
class Weeks:
    """Study weeks ``first`` to ``last``, both included, cut off at the end of the word."""

    first: int = 1
    last: int | None = None

    def __post_init__(self):
        """Refuse a window that runs backwards."""
        if self.first < 1 or (self.last is not None and self.last < self.first):
            raise StudyFileError(f"window: weeks {self.first} to {self.last} are no window; give 1 <= first <= last.")

    def bounds(self, words: WeekMatrix) -> tuple[Bound, Bound]:
        """Return start and stop positions."""
        stop = words.n_positions if self.last is None else words.position_of_week(self.last)
        return words.position_of_week(self.first - 1), stop

    def __str__(self) -> str:
        """Return the weeks as people write them."""
        if self.last is None:
            return "whole word" if self.first == 1 else f"weeks {self.first} to the end"
        return f"week {self.first}" if self.first == self.last else f"weeks {self.first}-{self.last}"


@dataclass(frozen=True)
class LastWeeks:
    """The last ``count`` scheduled weeks of the word, after leaving out ``skip`` at its very end."""

    count: int
    skip: int = 0

    def __post_init__(self):
        """Refuse a window without weeks."""
        if self.count < 1 or self.skip < 0:
            raise StudyFileError(
                f"window: the last {self.count} weeks before {self.skip} are no window; give count >= 1, skip >= 0."
            )

    def bounds(self, words: WeekMatrix) -> tuple[Bound, Bound]:
        """Return start and stop positions, counted from the end of each word."""
        stop = np.maximum(words.length - self.skip, 0)
        return np.maximum(stop - self.count, 0), stop

    def __str__(self) -> str:
        """Return the weeks as people write them."""
        weeks = "last week" if self.count == 1 else f"last {self.count} weeks"
        return f"{weeks} before the last {self.skip}" if self.skip else weeks


@dataclass(frozen=True)
class WhileRetained:
    """Week 1 to the week in which the person was last seen."""

    def bounds(self, words: WeekMatrix) -> tuple[Bound, Bound]:
        """Return start and stop positions."""
        return 0, words.last_seen()

    def __str__(self) -> str:
        """Return the weeks as people write them."""
        return "week 1 to the week last seen"


def as_window(given) -> Window:
    """Return a window from ``(first, last)``, one week number, or a window as it is."""
    if isinstance(given, int):
        return Weeks(given, given)
    if isinstance(given, tuple | list) and len(given) == 2:
        return Weeks(*given)
    if hasattr(given, "bounds"):
        return given
    raise StudyFileError("window: give a pair (first week, last week), one week, or a Window such as LastWeeks(12).")
