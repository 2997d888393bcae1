"""The two arms of a contrast, as every design needs them."""

import numpy as np

from iop_outcomes.kernel.errors import DesignError, counted


def two_arms(treated, place: str = "design") -> np.ndarray:
    """Return the arms as booleans, or refuse what is not two arms with somebody in each.

    Parameters
    ----------
    treated : array_like of shape (n,)
        True or 1 in the first arm, False or 0 in the second.
    place : str
        What is being made, for the sentence.

    Raises
    ------
    DesignError
        Another value than these, or an empty arm.
    """
    values = np.asarray(treated)
    strange = 0 if values.dtype == bool else int((~np.isin(values, (0, 1))).sum())
    if strange:
        raise DesignError(
            f"{place}: the arm of {counted(strange, 'person', 'people')} is neither 0 nor 1; leave them out first."
        )
    first = values.astype(bool)
    if first.all() or not first.any():
        empty = "second" if first.all() else "first"
        raise DesignError(
            f"{place}: nobody of {counted(len(first), 'person', 'people')} is in the {empty} arm; "
            "a comparison needs both."
        )
    return first


def proper_score(score, place: str = "weights") -> np.ndarray:
    """Return propensity scores as floats, or refuse scores that are missing or not strictly between 0 and 1.

    Raises
    ------
    DesignError
    """
    values = np.asarray(score, dtype=float)
    improper = int((~((values > 0) & (values < 1))).sum())
    if improper:
        raise DesignError(
            f"{place}: the propensity score of {counted(improper, 'person', 'people')} is missing or not strictly "
            "between 0 and 1; look for covariates that decide the arm."
        )
    return values
