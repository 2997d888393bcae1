"""The rules endpoints are declared in: a recode, a window, a primitive, and perhaps a bound that makes it yes or no.

A rule gives NaN where its window holds no week at all. In the published mode that NaN becomes ``published_if_empty``,
which is what the published program answers.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace

import numpy as np

from iop_outcomes.endpoints import primitives
from iop_outcomes.endpoints.matrix import WeekMatrix
from iop_outcomes.endpoints.recodes import View, recoded
from iop_outcomes.endpoints.windows import Weeks, Window, as_window
from iop_outcomes.kernel.errors import StudyFileError


@dataclass(frozen=True, kw_only=True)
class Measure(ABC):
    """One number per person from one window of one recoded word, made 1 or 0 by a bound if there is one."""

    recode: tuple = ("RAW",)
    window: Window = field(default_factory=Weeks)
    at_least: float | None = None
    at_most: float | None = None
    published_if_empty: float = 0.0

    @abstractmethod
    def measure(self, words: WeekMatrix) -> np.ndarray:
        """Return the measured numbers of words that are already recoded."""

    def evaluate(self, words: WeekMatrix, published: bool) -> np.ndarray:
        """Return one float per person; NaN where there is nothing to judge from, unless ``published``."""
        words = recoded(words, self.recode)
        value = self.measure(words).astype(float)
        if self.at_least is not None:
            value = np.where(np.isnan(value), np.nan, value >= self.at_least)
        if self.at_most is not None:
            value = np.where(np.isnan(value), np.nan, value <= self.at_most)
        empty = primitives.count(words, None, self.window) == 0
        value[empty] = self.published_if_empty if published else np.nan
        return value

    def at(self, *windows) -> "Measure":
        """Return the rule looking at other weeks; a ``View`` replaces the view in its recode."""
        (window,) = _one_per_part(windows, 1)
        if isinstance(window, View):
            chain = tuple(window if isinstance(step, View) else step for step in self.recode)
            return replace(self, recode=chain)
        return replace(self, window=window)


@dataclass(frozen=True, kw_only=True)
class Count(Measure):
    """Number of weeks holding one of the symbols."""

    symbols: str

    def measure(self, words: WeekMatrix) -> np.ndarray:
        """Return the counts."""
        return primitives.count(words, self.symbols, self.window)


@dataclass(frozen=True, kw_only=True)
class Points(Measure):
    """Number of weeks holding the symbol, mixed weeks one half; or, ``complement``, the other weeks of the window."""

    symbol: str
    mixed: float = 0.5
    complement: bool = False

    def measure(self, words: WeekMatrix) -> np.ndarray:
        """Return the counts."""
        points = primitives.points(words, self.symbol, self.window, self.mixed)
        return primitives.count(words, None, self.window) - points if self.complement else points


@dataclass(frozen=True, kw_only=True)
class Share(Measure):
    """``Points`` over the weeks of the window; or, ``complement``, one minus it."""

    symbol: str
    mixed: float = 0.5
    complement: bool = False

    def measure(self, words: WeekMatrix) -> np.ndarray:
        """Return the shares."""
        share = primitives.share(words, self.symbol, self.window, self.mixed)
        return 1 - share if self.complement else share


@dataclass(frozen=True, kw_only=True)
class LongestRun(Measure):
    """Longest run of consecutive weeks that hold one of the symbols."""

    symbols: str

    def measure(self, words: WeekMatrix) -> np.ndarray:
        """Return the lengths."""
        return primitives.longest_run(words, self.symbols, self.window)


@dataclass(frozen=True, kw_only=True)
class Reaches(Measure):
    """Does the word reach the last week of the window? Yes for a window that ends with the word."""

    def measure(self, words: WeekMatrix) -> np.ndarray:
        """Return 1 or 0 per person."""
        last = getattr(self.window, "last", None)
        return np.ones(words.n_people) if last is None else (words.last_week >= last).astype(float)

    def evaluate(self, words: WeekMatrix, published: bool) -> np.ndarray:
        """Return 1 or 0 per person, 0 also where the window holds no week at all."""
        return self.measure(words)


@dataclass(frozen=True, kw_only=True)
class FirstWindow:
    """Time and event of the first ``width`` weeks with at least ``threshold`` of the symbols (see ``first_window``)."""

    width: int
    threshold: int
    symbols: str = "+"
    recode: tuple = ("BIN",)
    window: Window = field(default_factory=Weeks)

    def evaluate(self, words: WeekMatrix, published: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return time and event; the two modes differ only in the words they are given."""
        words = recoded(words, self.recode)
        return primitives.first_window(words, self.width, self.threshold, self.symbols, self.window)

    def at(self, *windows) -> "FirstWindow":
        """Return the rule looking at other weeks."""
        (window,) = _one_per_part(windows, 1)
        return replace(self, window=window)


@dataclass(frozen=True, kw_only=True)
class AllOf:
    """Yes if every part is yes; no as soon as one part is no; otherwise missing if a part has nothing to judge from."""

    parts: tuple

    @property
    def recode(self) -> tuple:
        """Return the recode of the first part that has one of its own."""
        return next((part.recode for part in self.parts if part.recode != ("RAW",)), ("RAW",))

    @property
    def window(self) -> tuple:
        """Return the windows of the parts, each once."""
        return tuple(dict.fromkeys(part.window for part in self.parts))

    def evaluate(self, words: WeekMatrix, published: bool) -> np.ndarray:
        """Return 1, 0 or NaN per person."""
        answers = np.stack([part.evaluate(words, published) for part in self.parts])
        return np.where((answers == 0).any(axis=0), 0.0, answers.sum(axis=0) / len(answers))

    def at(self, *windows) -> "AllOf":
        """Return the rule looking at other weeks: one window for each different one it has, or one for all parts."""
        given = dict(zip(self.window, _one_per_part(windows, len(self.window)), strict=True))
        return replace(self, parts=tuple(part.at(given[part.window]) for part in self.parts))


@dataclass(frozen=True, kw_only=True)
class IfRetained:
    """The rule for people last seen in ``week`` or later, ``otherwise`` for everybody else."""

    week: int
    rule: Measure
    otherwise: float = 0.0

    @property
    def recode(self) -> tuple:
        """Return the recode of the rule."""
        return self.rule.recode

    @property
    def window(self) -> Window:
        """Return the window of the rule."""
        return self.rule.window

    def evaluate(self, words: WeekMatrix, published: bool) -> np.ndarray:
        """Return one float per person."""
        retained = primitives.retention(words) >= self.week
        return np.where(retained, self.rule.evaluate(words, published), self.otherwise)

    def at(self, *windows) -> "IfRetained":
        """Return the rule looking at other weeks; the retention asked for stays."""
        return replace(self, rule=self.rule.at(*windows))


@dataclass(frozen=True, kw_only=True)
class PenaltyIndex:
    """120 minus the share of the worst possible use score, use counting more the later it comes.

    Parameters
    ----------
    weights : tuple of (symbol, float)
        Score of one week; positive and mixed weeks are multiplied by the penalty of their study week.
    penalties : tuple of float or None
        One per study week; None is even steps from 1 to 5 over the weeks the word has.
    window : Weeks
        Weeks scored; it starts at week 1.
    recycle : bool
        Repeat a short word from its start until the window is full, as R's vector recycling does.

    References
    ----------
    Ling, Charuvastra, Kaim & Klett 1976, doi:10.1001/archpsyc.1976.01770060043007.
    """

    weights: tuple
    penalties: tuple | None
    window: Weeks
    recycle: bool = False
    recode: tuple = ("RAW",)

    def evaluate(self, words: WeekMatrix, published: bool) -> np.ndarray:
        """Return one float per person, 120 best."""
        if self.recycle:
            words = self._recycled(words)
        weights = dict(self.weights)
        penalties = self._penalties(words)
        scored = penalties > 0
        score = primitives.weighted_sum(words, {"+": weights["+"], "*": weights["*"]}, penalties)
        score += weights["o"] * np.count_nonzero(primitives.matches(words, "o") & scored, axis=0)
        worst = np.where(scored, np.maximum(weights["+"] * penalties, weights["o"]), 0.0).sum(axis=0)
        return 120 - 120 * score / np.where(worst > 0, worst, np.nan)

    def _penalties(self, words: WeekMatrix) -> np.ndarray:
        """Return the penalty of each position, 0 where it is not scored."""
        week = np.arange(1, words.n_positions + 1)[:, None] if words.week is None else words.week
        if self.penalties is None:
            steps = np.maximum(np.minimum(words.last_week, self.window.last) - 1, 1)
            penalties = 1 + 4 * (week - 1) / steps
        else:
            penalties = np.asarray(self.penalties, dtype=float)[np.minimum(week, len(self.penalties)) - 1]
        return np.where((week <= self.window.last) & (words.codes != 0), penalties, 0.0)

    def _recycled(self, words: WeekMatrix) -> WeekMatrix:
        source = np.arange(self.window.last)[:, None] % np.maximum(words.length, 1)
        length = np.full(words.n_people, self.window.last)
        if words.n_positions == 0:
            return words
        return WeekMatrix(np.take_along_axis(words.codes, source, axis=0), length, length)

    def at(self, *windows) -> "PenaltyIndex":
        """Return the rule over other weeks, which must start at week 1 and have as many penalties."""
        (window,) = _one_per_part(windows, 1)
        known = self.window.last if self.penalties is None else len(self.penalties)
        if not isinstance(window, Weeks) or window.first != 1 or window.last is None:
            raise StudyFileError("window: a penalty index is scored from week 1 to a given week; give (1, last week).")
        if self.penalties is not None and window.last > known:
            raise StudyFileError(
                f"window: the penalties are declared for {known} weeks and {window.last} were asked for; "
                "give the endpoint penalties of that many weeks."
            )
        return replace(self, window=window)


def _one_per_part(windows: tuple, n_parts: int) -> tuple:
    windows = tuple(window if isinstance(window, View) else as_window(window) for window in windows)
    if len(windows) == 1:
        return windows * n_parts
    if len(windows) != n_parts:
        raise StudyFileError(
            f"window: the rule has {n_parts} and {len(windows)} were given; give one for each, or one."
        )
    return windows
