"""Recodes: what becomes of missing and mixed weeks before anything is counted. Each takes words and returns new words.

The names RAW, STAR, OPOS, BIN, ONEG, PRES, LOCF, MODE and kNV are those of the published catalogue (CTNote 0.1.3).
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from iop_outcomes.endpoints.matrix import MISSING, MIXED, NEGATIVE, OUTSIDE, POSITIVE, UNSCHEDULED, WeekMatrix
from iop_outcomes.kernel.errors import StudyFileError, did_you_mean


def _with_codes(words: WeekMatrix, codes: np.ndarray) -> WeekMatrix:
    return replace(words, codes=codes, _kept={})


def _substituted(words: WeekMatrix, *pairs: tuple[int, int]) -> WeekMatrix:
    codes = words.codes.copy()
    for old, new in pairs:
        np.copyto(codes, new, where=words.codes == old)
    return _with_codes(words, codes)


def star(words: WeekMatrix) -> WeekMatrix:
    """Return words whose mixed weeks are positive."""
    return _substituted(words, (MIXED, POSITIVE))


def opos(words: WeekMatrix) -> WeekMatrix:
    """Return words whose missing weeks are positive."""
    return _substituted(words, (MISSING, POSITIVE))


def bin_(words: WeekMatrix) -> WeekMatrix:
    """Return words whose missing and mixed weeks are positive."""
    return _substituted(words, (MISSING, POSITIVE), (MIXED, POSITIVE))


def oneg(words: WeekMatrix) -> WeekMatrix:
    """Return words whose missing weeks are negative and whose mixed weeks are positive."""
    return _substituted(words, (MISSING, NEGATIVE), (MIXED, POSITIVE))


def pres(words: WeekMatrix) -> WeekMatrix:
    """Return words without their missing weeks: shorter, and position k is the k-th observed week."""
    shorter = _without(words, MISSING)
    return replace(shorter, week=None, last_week=shorter.length, _kept={})


def without_unscheduled(words: WeekMatrix) -> WeekMatrix:
    """Return words without their unscheduled weeks; the others keep their study week."""
    if not (words.codes == UNSCHEDULED).any():
        return words
    return _without(words, UNSCHEDULED)


def _without(words: WeekMatrix, code: int) -> WeekMatrix:
    kept = (words.codes != code) & (words.codes != OUTSIDE)
    if not kept.size:
        return words
    ends = np.cumsum(kept, axis=0, dtype=np.int16)
    position, person = np.nonzero(kept)
    target = ends[position, person] - 1
    codes = np.zeros_like(words.codes)
    codes[target, person] = words.codes[position, person]
    week = np.zeros(codes.shape, dtype=np.int16)
    week[target, person] = position + 1 if words.week is None else words.week[position, person]
    return WeekMatrix(codes, ends[-1].astype(np.int64), words.last_week, week)


@dataclass(frozen=True)
class View:
    """Look at some study weeks only, in the order given; a week named twice stands in for one not looked at.

    A week after the end of the word reads as missing and stays in denominators; an unscheduled one reads as nothing.
    """

    weeks: tuple[int, ...]

    def __call__(self, words: WeekMatrix) -> WeekMatrix:
        """Return words of ``len(weeks)`` positions."""
        codes = np.stack([self._week(words, week) for week in self.weeks])
        length = np.full(words.n_people, len(self.weeks))
        return WeekMatrix(codes, length, length)

    @staticmethod
    def _week(words: WeekMatrix, week: int) -> np.ndarray:
        seen = np.full(words.n_people, OUTSIDE, dtype=np.int8)
        if words.week is not None:
            here = (words.week == week) & (words.codes != OUTSIDE)
            np.copyto(seen, (words.codes * here).sum(axis=0, dtype=np.int8))
        elif week <= words.n_positions:
            seen[:] = words.codes[week - 1]
        seen[words.last_week < week] = MISSING
        return seen

    def __str__(self) -> str:
        """Return the weeks as people write them."""
        return f"weeks {', '.join(map(str, self.weeks))}"


def _observed(codes: np.ndarray) -> np.ndarray:
    return (codes >= NEGATIVE) & (codes <= POSITIVE)


def locf(words: WeekMatrix) -> WeekMatrix:
    """Return words in which each missing week takes the last observation before it; leading ones stay missing."""
    codes = words.codes.copy()
    for before, now in pairwise(codes):
        np.copyto(now, before, where=(now == MISSING) & _observed(before))
    return _with_codes(words, codes)


def locf_d(words: WeekMatrix) -> WeekMatrix:
    """Return words carried forward as by :func:`locf`, but only up to the last observed week."""
    position = np.arange(words.n_positions)[:, None]
    return _with_codes(words, np.where(position < words.last_seen(), locf(words).codes, words.codes))


def mode(words: WeekMatrix, tiebreaker: str = "+") -> WeekMatrix:
    """Return words whose missing weeks take the person's commoner result.

    Parameters
    ----------
    words : WeekMatrix
    tiebreaker : {"+", "-"}
        With ``"+"`` mixed weeks count as positive and a tie gives positive; with ``"-"`` the other way round.
        Mixed weeks stay mixed, and a person never seen stays missing.
    """
    counts = {code: np.count_nonzero(words.codes == code, axis=0) for code in (NEGATIVE, MIXED, POSITIVE)}
    if tiebreaker == "-":
        negative = counts[NEGATIVE] + counts[MIXED] >= counts[POSITIVE]
    else:
        negative = counts[NEGATIVE] > counts[POSITIVE] + counts[MIXED]
    fill = np.where(negative, NEGATIVE, POSITIVE)
    fill[sum(counts.values()) == 0] = MISSING
    return _with_codes(words, np.where(words.codes == MISSING, fill, words.codes).astype(np.int8))


def knv(words: WeekMatrix) -> WeekMatrix:
    """Return words in which a single missing week between two observed ones takes their mean, halves going upwards.

    The neighbours are those of the original word: two missing weeks in a row, the first and the last are never filled.
    """
    codes = words.codes.copy()
    left, right = words.codes[:-2], words.codes[2:]
    fill = (words.codes[1:-1] == MISSING) & _observed(left) & _observed(right)
    # Codes 1, 2, 3 are -, *, + in order of use, so the mean rounded upwards is the symbol.
    np.copyto(codes[1:-1], (left + right + 1) // 2, where=fill)
    return _with_codes(words, codes)


RECODES = {"RAW": None, "STAR": star, "OPOS": opos, "BIN": bin_, "ONEG": oneg, "PRES": pres, "MODE": mode, "kNV": knv}
"""Recodes by the name an endpoint uses."""


def recoded(words: WeekMatrix, chain: tuple) -> WeekMatrix:
    """Return the words after each recode of the chain in turn: names of ``RECODES``, or a ``View``."""
    for step in chain:
        if isinstance(step, str) and step not in RECODES:
            raise StudyFileError(f"recode: there is no recode '{step}'; {did_you_mean(step, RECODES)}")
        recode = RECODES[step] if isinstance(step, str) else step
        if recode is not None:
            words = words.once(("recode", step), lambda recode=recode, words=words: recode(words))
    return words
