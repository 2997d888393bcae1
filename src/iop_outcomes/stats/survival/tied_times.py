"""Times that are one time but for rounding: 0.1 + 0.2 and 0.3, or a day counted as a share of a year."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

TOLERANCE = float(np.sqrt(np.finfo(float).eps))


def tied_times(*columns: ArrayLike) -> tuple[NDArray[np.float64], ...]:
    """Return times with those that differ only by rounding made the same time, the earliest of them.

    Parameters
    ----------
    *columns : array_like, shape (n,)
        Times on one clock, such as entry and end of follow-up; missing and infinite ones are left as they are.

    Returns
    -------
    tuple of ndarray

    Notes
    -----
    Two neighbours among the distinct times are one time if they are not more than ``TOLERANCE`` apart, absolutely or
    relative to the mean distinct time.

    References
    ----------
    Therneau, R package survival, vignette "Roundoff error and tied times" (``aeqSurv``; ``timefix``).
    """
    arrays = tuple(np.asarray(column, dtype=float) for column in columns)
    if all(_is_coarse(times) for times in arrays):
        return arrays
    moments = np.unique(np.concatenate([times[np.isfinite(times)] for times in arrays]))
    tied = np.diff(moments) <= rounding(moments)
    if not tied.any():
        return arrays
    first = moments[np.append(True, ~tied)]
    return tuple(
        np.where(np.isfinite(times), first[np.searchsorted(first, times, side="right") - 1], times) for times in arrays
    )


def on_known_times(asked: ArrayLike, known: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return moments asked for, each replaced by the known time that it equals but for rounding, if there is one.

    Parameters
    ----------
    asked : array_like
    known : ndarray, shape (k,)
        In order, without repetition.
    """
    asked = np.asarray(asked, dtype=float)
    if len(known) == 0:
        return asked
    after = np.searchsorted(known, asked).clip(0, len(known) - 1)
    before = (after - 1).clip(0)
    with np.errstate(invalid="ignore"):
        nearest = np.where(asked - known[before] < known[after] - asked, known[before], known[after])
        return np.where(np.abs(asked - nearest) <= rounding(known), nearest, asked)


def rounding(moments: NDArray[np.float64]) -> float:
    """Return how far apart two of the distinct ``moments`` may be and yet be one."""
    # Divided first, so that the mean of the largest numbers stays one.
    mean = float(np.sum(np.abs(moments) / max(len(moments), 1)))
    return TOLERANCE * max(1.0, mean)


def _is_coarse(times):
    """Say whether all times are whole numbers too small for a difference of 1 to be rounding."""
    return bool(np.array_equal(times, np.rint(times)) and (np.abs(times) < 1 / TOLERANCE).all())
