"""What an estimator refuses, by name."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, counted


def checked_arms(treated: ArrayLike, names: tuple[str, str] = ("first", "second")) -> NDArray[np.bool_]:
    """Return who is in the first arm as booleans, or refuse a comparison in which an arm is empty."""
    return checked_pair(treated, names)[0]


def checked_pair(
    treated: ArrayLike, names: tuple[str, str] = ("first", "second")
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return who is in the first and who in the second arm, or refuse a comparison in which an arm is empty.

    Parameters
    ----------
    treated : array_like, shape (n,) or (n, 2)
        True or 1 in the first arm; or membership of both arms, where there are rows of neither.
    names : tuple of str
        The arms.

    Raises
    ------
    EstimationError
    """
    given = np.asarray(treated)
    if given.dtype != bool and not np.isin(given, (0, 1)).all():
        raise EstimationError("arms: treated must be 0/1 or true/false for every row; code the two arms so")
    given = given.astype(bool)
    first, second = (given, ~given) if given.ndim == 1 else given.T
    for arm, name in ((first, names[0]), (second, names[1])):
        if not arm.any():
            raise EstimationError(
                f"arms: nobody of {counted(len(first), 'row')} is in arm '{name}', so that nothing can be compared; "
                "widen the eligibility or leave this contrast out"
            )
    return first, second


def checked_outcome(
    outcome: ArrayLike,
    treated: ArrayLike,
    weights: ArrayLike | None = None,
    names: tuple[str, str] = ("first", "second"),
) -> NDArray[np.float64]:
    """Return the outcome with zeros where the weight is zero, or refuse by name.

    Parameters
    ----------
    outcome : array_like, shape (n,)
    treated : array_like, shape (n,) or (n, 2)
        As in :func:`checked_pair`.
    weights : array_like, shape (n,), optional
        Rows of weight zero, and of neither arm, are not used: their outcome may be missing.
    names : tuple of str
        The arms.

    Raises
    ------
    EstimationError
        An arm is empty or has no weight; a weight is negative or missing; an outcome that is used is missing.
    """
    first, second = checked_pair(treated, names)
    y = np.asarray(outcome, dtype=float)
    weights = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=float)
    bad = int(np.sum(~(weights >= 0) | np.isinf(weights)))
    if bad:
        raise EstimationError(
            f"weights: {counted(bad, 'row has', 'rows have')} a weight that is missing, infinite or below zero; "
            "look at the design that gave them"
        )
    used = (weights > 0) & (first | second)
    for arm, name in ((first, names[0]), (second, names[1])):
        if not (arm & used).any():
            raise EstimationError(
                f"weights: nobody in arm '{name}' has any weight; the design leaves nobody to compare"
            )
    missing = int(np.sum(~np.isfinite(y) & used))
    if missing:
        raise EstimationError(
            f"outcome: missing for {counted(missing, 'row')} that the estimator would use; leave them out, "
            "or weight by the inverse probability of observation"
        )
    return np.where(used, y, 0.0)


def checked_score(score: ArrayLike) -> NDArray[np.float64]:
    """Return propensity scores, or refuse scores that are missing, 0 or 1.

    Raises
    ------
    EstimationError
    """
    e = np.asarray(score, dtype=float)
    bad = int(np.sum(~((e > 0) & (e < 1))))
    if bad:
        raise EstimationError(
            f"propensity: {counted(bad, 'row has', 'rows have')} no score strictly between 0 and 1, which this "
            "estimator needs; use a design with a score, or the estimator 'weighted'"
        )
    return e
