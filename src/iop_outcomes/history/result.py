"""What a metric gives back: a value per member, or why there is none."""

import numpy as np
import pandas as pd

from iop_outcomes.history.history import History

#: Reason of a value that would need more time than a member was observed for.
NOT_OBSERVED = "observed for less than this time"


def result(
    history: History, value: np.ndarray, reason: str | np.ndarray, observed_share: np.ndarray | float = np.nan
) -> pd.DataFrame:
    """Return one row per member: ``value``, ``observed_share`` and, where the value is NaN, ``missing_reason``.

    Parameters
    ----------
    history : History
        Members and their records.
    value : ndarray, shape (n,)
        NaN where there is none.
    reason : str or ndarray of str
        Why there is none.
    observed_share : ndarray or float
        Share of what should have been seen that was seen.
    """
    value = np.asarray(value, dtype=float)
    columns = {"value": value, "observed_share": observed_share, "missing_reason": _reasons(np.isnan(value), reason)}
    return pd.DataFrame(columns, index=history.members.index)


def _reasons(missing: np.ndarray, reason: str | np.ndarray) -> np.ndarray:
    """Return the reason of each missing value, None elsewhere; one text for all that have it, not one for each."""
    found = np.full(len(missing), None, dtype=object)
    if isinstance(reason, str):
        found[missing] = reason
    else:
        code, names = pd.factorize(np.broadcast_to(reason, missing.shape)[missing].astype(object))
        found[missing] = np.append(names, None)[code]
    return found


def either(condition: np.ndarray, then: str | np.ndarray, otherwise: str | np.ndarray) -> np.ndarray:
    """Return one of two reasons for each member, as it stands: an array of text has the longest once for everybody."""
    return np.where(condition, np.asarray(then, dtype=object), np.asarray(otherwise, dtype=object))


def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return part over whole, NaN where there is no whole."""
    whole = np.asarray(whole, dtype=float)
    return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)


def window_share(history: History, window_days: int) -> np.ndarray:
    """Return the share of a window's days on which each member was observed."""
    return np.minimum(history.follow_up_days, window_days) / window_days


def or_missing(history: History, column: str) -> np.ndarray:
    """Return a column of numbers of the members, all NaN where the source has none."""
    values = history.members.get(column)
    return np.full(history.n, np.nan) if values is None else values.to_numpy(dtype=float, na_value=np.nan)


def label_or_none(history: History, column: str) -> pd.Series:
    """Return a column of codes of the members as text, None where nothing is recorded or the source has none.

    Made once for all who ask, who do not write into it.
    """
    return history.once(("label", column), lambda: _as_label(history, column))


def _as_label(history: History, column: str) -> pd.Series:
    values = history.members.get(column, pd.Series(None, index=history.members.index, dtype=object)).astype(object)
    return values.where(values.notna(), None)
