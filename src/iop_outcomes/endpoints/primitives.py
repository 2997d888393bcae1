"""The few operations every published endpoint is made of, each over all people at once.

Definitions follow the catalogue of Odom, Brandt, Balise, Bouzoubaa & Luo (CTNote). Each function takes a
``WeekMatrix`` and returns one number per person.
"""

from collections.abc import Mapping

import numpy as np

from iop_outcomes.endpoints.matrix import OBSERVED, OUTSIDE, SYMBOLS, WeekMatrix
from iop_outcomes.endpoints.windows import Weeks, Window

WHOLE = Weeks()


def matches(words: WeekMatrix, symbols: str) -> np.ndarray:
    """Return where the words hold one of the symbols, shape (positions, people)."""

    def compare() -> np.ndarray:
        found = words.codes == SYMBOLS[symbols[0]]
        for symbol in symbols[1:]:
            found |= words.codes == SYMBOLS[symbol]
        return found

    return words.once(("matches", symbols), compare)


def tally(words: WeekMatrix, symbols: str | None = None) -> np.ndarray:
    """Return running counts, shape (positions + 1, people): row k counts the symbols in the first k positions.

    Without symbols every position of the word counts. Any window is then a difference of two rows.
    """

    def add_up() -> np.ndarray:
        found = words.codes != OUTSIDE if symbols is None else matches(words, symbols)
        total = np.zeros((words.n_positions + 1, words.n_people), dtype=np.int16)
        for position, row in enumerate(found):
            np.add(total[position], row, out=total[position + 1])
        return total

    return words.once(("tally", symbols), add_up)


def count(words: WeekMatrix, symbols: str | None, window: Window = WHOLE) -> np.ndarray:
    """Return the number of the symbols in the window; with ``symbols=None`` the number of weeks in it."""
    start, stop = window.bounds(words)
    total = tally(words, symbols)
    return _row(total, np.maximum(start, stop)) - _row(total, start)


def _row(total: np.ndarray, position: int | np.ndarray) -> np.ndarray:
    if np.ndim(position) == 0:
        return total[position]
    return total[position, np.arange(total.shape[1])]


def points(words: WeekMatrix, symbol: str, window: Window = WHOLE, mixed: float = 0.5) -> np.ndarray:
    """Return the number of the symbol in the window, a mixed week counting ``mixed`` of one."""
    return count(words, symbol, window) + mixed * count(words, "*", window)


def share(words: WeekMatrix, symbol: str, window: Window = WHOLE, mixed: float = 0.5) -> np.ndarray:
    """Return ``points`` over all weeks of the window, missing ones included; NaN for a window without weeks."""
    weeks = count(words, None, window).astype(float)
    weeks[weeks == 0] = np.nan
    return points(words, symbol, window, mixed) / weeks


def longest_run(words: WeekMatrix, symbols: str, window: Window = WHOLE) -> np.ndarray:
    """Return the longest run of consecutive positions that hold any of the symbols; 0 if there is none."""

    def walk() -> np.ndarray:
        start, stop = window.bounds(words)
        found = matches(words, symbols)
        if np.ndim(start) == 0 and np.ndim(stop) == 0:
            found = found[start:stop]
        else:
            position = np.arange(words.n_positions)[:, None]
            found = found & (position >= start) & (position < stop)
        run, longest = np.zeros((2, words.n_people), dtype=np.int16)
        for row in found:
            run += 1
            run *= row
            np.maximum(longest, run, out=longest)
        return longest

    return words.once(("longest_run", symbols, window), walk)


def retention(words: WeekMatrix) -> np.ndarray:
    """Return the study week of the last symbol that is not ``o``; 0 for somebody never seen."""

    position = words.last_seen()
    return np.where(position > 0, words.week_of_position(position - 1), 0)


def first_window(
    words: WeekMatrix,
    width: int,
    threshold: int,
    symbols: str = "+",
    window: Window = WHOLE,
    offset: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return time and event of the first stretch of ``width`` positions with at least ``threshold`` of the symbols.

    Parameters
    ----------
    words : WeekMatrix
    width, threshold : int
        Length of the stretch and how many of its positions must hold one of ``symbols``.
    symbols : str
        One or more symbols.
    window : Window
        Weeks in which the stretch has to lie.
    offset : int, optional
        Positions from the start of the stretch to the event; ``width - threshold`` unless given.

    Returns
    -------
    time, event : ndarray of float, shape (people,)
        Study week of the event and 1; without a hit the week that the last possible stretch would have given and 0;
        NaN for both when the word is shorter than the stretch.
    """
    offset = width - threshold if offset is None else offset
    start, stop = window.bounds(words)
    stop = np.minimum(stop, words.length)
    total = tally(words, symbols)
    hit = np.full(words.n_people, -1, dtype=np.int64)
    for position in reversed(range(words.n_positions - width + 1)):
        enough = total[position + width] - total[position] >= threshold
        hit[enough & (position >= start) & (position + width <= stop)] = position
    event = hit >= 0
    time = words.week_of_position(np.where(event, hit, stop - width) + offset).astype(float)
    too_short = stop - start < width
    time[too_short] = np.nan
    return time, np.where(too_short, np.nan, event)


def transitions(words: WeekMatrix, before: str, after: str) -> np.ndarray:
    """Return how often a week with the symbol ``before`` is followed directly by one with ``after``."""
    return np.count_nonzero(matches(words, before)[:-1] & matches(words, after)[1:], axis=0)


def seen(words: WeekMatrix, window: Window = WHOLE) -> np.ndarray:
    """Return the number of weeks with a result in the window."""
    return count(words, OBSERVED, window)


def weighted_sum(words: WeekMatrix, weights: Mapping[str, float], penalties: np.ndarray | float = 1.0) -> np.ndarray:
    """Return the sum of week scores, larger for more use.

    Parameters
    ----------
    words : WeekMatrix
    weights : mapping of symbol to float
        Score of a week by its symbol; other symbols score 0.
    penalties : ndarray, broadcast to (positions, people)
        Factor of positive and mixed weeks. A missing week carries none.
    """
    score = np.zeros(words.codes.shape)
    for symbol, weight in weights.items():
        score += matches(words, symbol) * (weight * (penalties if symbol in "+*" else 1.0))
    return score.sum(axis=0)


def general_index(words: WeekMatrix, weights: Mapping[str, float] | None = None) -> np.ndarray:
    """Return the unpenalised use index, 0 (none) to 120 (positive every week).

    References
    ----------
    Ling, Charuvastra, Kaim & Klett 1976, doi:10.1001/archpsyc.1976.01770060043007 (weights 1, 0.5, 0.22).
    """
    weights = {"+": 1.0, "*": 0.5, "o": 0.22} if weights is None else weights
    weeks = np.where(words.length > 0, words.length, np.nan)
    return 120 * weighted_sum(words, weights) / weeks
