"""Weekly words as a matrix of small integers, so that a whole study is read at once.

A word has one symbol per study week, week 1 first: ``-`` negative, ``*`` mixed (both in one week), ``+`` positive,
``o`` expected but missing, ``_`` not scheduled. People differ in length; cells after the end of a word are ``OUTSIDE``.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import ContractError, counted

OUTSIDE, NEGATIVE, MIXED, POSITIVE, MISSING, UNSCHEDULED = range(6)
SYMBOLS = {"-": NEGATIVE, "*": MIXED, "+": POSITIVE, "o": MISSING, "_": UNSCHEDULED}
OBSERVED = "-*+"
ALLOWED = "'-' negative, '+' positive, '*' mixed, 'o' missing, '_' not scheduled"


@dataclass(frozen=True)
class WeekMatrix:
    """Words of many people, laid out week by week.

    Parameters
    ----------
    codes : ndarray of int8, shape (positions, people)
        One code per position. Weeks are rows because primitives walk along weeks, and a row of people is contiguous.
    length : ndarray of int, shape (people,)
        Number of positions in each word.
    week : ndarray of int or None
        Study week of each position where unscheduled weeks were taken out; None when position 1 is week 1 and so on.
    last_week : ndarray of int
        Study week in which each word ends; larger than ``length`` where unscheduled weeks were taken out.
    """

    codes: np.ndarray
    length: np.ndarray
    last_week: np.ndarray
    week: np.ndarray | None = None
    _kept: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_codes(cls, codes: np.ndarray) -> "WeekMatrix":
        """Return the words held in a (people x weeks) matrix whose trailing ``OUTSIDE`` cells mark the ends."""
        codes = np.ascontiguousarray(codes.T)
        length = np.count_nonzero(codes, axis=0)
        return cls(codes, length, length)

    @property
    def n_positions(self) -> int:
        """Return the length of the longest word there is room for."""
        return self.codes.shape[0]

    @property
    def n_people(self) -> int:
        """Return the number of words."""
        return self.codes.shape[1]

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return ``make()``, computed the first time only: endpoints share their recodes and counts."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def position_of_week(self, week: int) -> int | np.ndarray:
        """Return how many positions lie in weeks 1 to ``week``: one number, or one per person where weeks are out."""
        if self.week is None or week <= 0:
            return min(week, self.n_positions)
        return np.count_nonzero((self.week <= week) & (self.codes != OUTSIDE), axis=0)

    def last_seen(self) -> np.ndarray:
        """Return the 1-based position of the last symbol that is not ``o``; 0 for somebody never seen."""

        def walk() -> np.ndarray:
            last = np.zeros(self.n_people, dtype=np.int64)
            for position, row in enumerate(self.codes, start=1):
                last[(row != OUTSIDE) & (row != MISSING)] = position
            return last

        return self.once("last_seen", walk)

    def week_of_position(self, position: np.ndarray) -> np.ndarray:
        """Return the study week of a 0-based position, one per person."""
        if self.week is None or self.n_positions == 0:
            return position + 1
        inside = np.clip(position, 0, np.maximum(self.length - 1, 0))
        return self.week[inside, np.arange(self.n_people)] + (position - inside)


def to_matrix(words: Iterable | np.ndarray | pd.DataFrame, lengths: Iterable[int] | None = None) -> np.ndarray:
    """Return words as a (people x weeks) int8 matrix of codes.

    Parameters
    ----------
    words : Series or list of str, or int8 matrix or DataFrame (people x weeks)
        Words may differ in length, be empty, or be null (no word at all); all three give ``OUTSIDE`` cells.
    lengths : iterable of int, optional
        For a matrix: weeks in each word; cells after them are not read. Without it trailing ``OUTSIDE`` cells decide.

    Returns
    -------
    ndarray of int8, shape (people, weeks)

    Raises
    ------
    ContractError
        If a word holds a symbol or code that is not one of the five, or the lengths do not fit the matrix.
    """
    if isinstance(words, pd.DataFrame):
        words = words.to_numpy()
    if isinstance(words, np.ndarray) and words.ndim == 2:
        return _checked_matrix(words, lengths)
    if lengths is not None:
        raise ContractError("words: lengths go with a matrix of codes; words given as text carry their own length.")
    return _codes_of_text(pd.Series(words, dtype=object).to_numpy())


def _codes_of_text(words: np.ndarray) -> np.ndarray:
    null = pd.isna(words)
    if null.any():
        words = np.where(null, "", words)
    not_text = sum(not isinstance(word, str) for word in words)
    if not_text:
        raise ContractError(
            f"words: {counted(not_text, 'person has', 'people have')} a word that is not text; "
            f"give one text per person with one symbol per week ({ALLOWED})."
        )
    lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
    width = int(lengths.max(initial=0))
    if width == 0:
        return np.zeros((len(words), 0), dtype=np.int8)
    try:
        letters = words.astype(f"S{width}").view(np.uint8).reshape(len(words), width)
    except UnicodeEncodeError:
        raise _unknown_symbols(words) from None
    codes = np.zeros(letters.shape, dtype=np.int8)
    for symbol, code in SYMBOLS.items():
        np.copyto(codes, code, where=letters == ord(symbol))
    if (np.count_nonzero(codes, axis=1) != lengths).any():
        raise _unknown_symbols(words)
    return codes


def _unknown_symbols(words: np.ndarray) -> ContractError:
    n = sum(not set(word) <= SYMBOLS.keys() for word in words)
    return ContractError(
        f"words: {counted(n, 'person has', 'people have')} a word with an unknown symbol; allowed are {ALLOWED}; "
        "recode the others first."
    )


def _checked_matrix(matrix: np.ndarray, lengths: Iterable[int] | None) -> np.ndarray:
    if matrix.dtype.kind not in "iu":
        raise ContractError(f"words: the matrix holds {matrix.dtype} values; allowed are integer codes 0 to 5.")
    if lengths is not None:
        lengths = np.asarray(lengths)
        if lengths.shape != (len(matrix),) or (lengths < 0).any() or (lengths > matrix.shape[1]).any():
            raise ContractError(
                f"words: lengths must be one number per person between 0 and {matrix.shape[1]} weeks; "
                f"the matrix has {counted(len(matrix), 'person', 'people')}."
            )
        matrix = np.where(np.arange(matrix.shape[1]) < lengths[:, None], matrix, OUTSIDE)
    unknown = ((matrix < OUTSIDE) | (matrix > UNSCHEDULED)).any(axis=1)
    filled = matrix != OUTSIDE
    gaps = (filled[:, 1:] & ~filled[:, :-1]).any(axis=1)
    if lengths is not None:
        gaps |= filled.sum(axis=1) != lengths
    if (unknown | gaps).any():
        raise ContractError(
            f"words: {counted(int((unknown | gaps).sum()), 'person has', 'people have')} a code that is not allowed in "
            "the word; allowed are 1 '-', 2 '*', 3 '+', 4 'o', 5 '_', and 0 only after the last week."
        )
    return matrix.astype(np.int8, copy=False)


def to_words(codes: np.ndarray) -> np.ndarray:
    """Return a (people x weeks) matrix of codes as an object array of words; ``OUTSIDE`` cells are left out.

    Leading ``OUTSIDE`` cells are left out too: people may start in different week columns of one table.
    """
    codes = np.asarray(codes)
    if codes.shape[1] == 0:
        return np.full(len(codes), "", dtype=object)
    letters = np.array([" ", *SYMBOLS])[codes]
    joined = np.ascontiguousarray(letters).view(f"<U{codes.shape[1]}").ravel()
    return np.strings.strip(joined).astype(object)
