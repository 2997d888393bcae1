"""Numbers that are equal but for rounding.

Whole years in another unit, or counted from another day, are no longer equal to the last bit, and neither are the
distances between them. Who is matched with whom must not hang on that: numbers nearer than a tolerance are ties.
"""

import numpy as np
import pandas as pd

#: Numbers nearer than this share of their standard deviation are ties.
RELATIVE = 1e-9
#: Roundings of a number that are laid upon one another until it is compared.
ROUNDINGS = 8 * np.finfo(float).eps


def tie_width(values: np.ndarray) -> float:
    """Return the distance up to which two of the values, shape (n,), are ties."""
    return float(max(RELATIVE * values.std(), ROUNDINGS * np.abs(values).max()))


def rounding_of(covariates: pd.DataFrame) -> float:
    """Return the coarsest rounding among the numbers of a frame, as a share of their standard deviation."""
    numbers = covariates.select_dtypes("number").to_numpy(dtype=float)
    spread = numbers.std(axis=0)
    varying = spread > 0
    return float(max((ROUNDINGS * np.abs(numbers).max(axis=0)[varying] / spread[varying]).tolist(), default=0.0))


def snapped(values: np.ndarray, tie: float) -> np.ndarray:
    """Return the values, shape (n,), with ties at one and the same number: the least of them."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    begins = np.append(True, np.diff(ordered) > tie)
    result = np.empty_like(ordered)
    result[order] = ordered[begins][np.cumsum(begins) - 1]
    return result


def ranks(distances: np.ndarray, tie: float) -> np.ndarray:
    """Return the rank of each distance along the last axis, the same for ties; infinite ones come last."""
    order = np.argsort(distances, axis=-1, kind="stable")
    ordered = np.take_along_axis(distances, order, axis=-1)
    with np.errstate(invalid="ignore"):
        further = np.diff(ordered, axis=-1) > tie
    result = np.zeros(distances.shape, dtype=np.int64)
    along = np.concatenate([np.zeros((*distances.shape[:-1], 1), dtype=np.int64), np.cumsum(further, axis=-1)], axis=-1)
    np.put_along_axis(result, order, along[..., : distances.shape[-1]], axis=-1)
    return result
