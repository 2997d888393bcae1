"""What a column of an analyst's frame holds, however it is stored, and its values as numbers."""

from decimal import Decimal
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.kernel.errors import EstimationError, counted, did_you_mean

#: Numbers beyond this have squares that a computer cannot hold.
LARGEST = 1e150
#: Days in each unit of time; a year has 365.25 and twelve months.
UNITS = {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12, "years": 365.25}
_NAMES = {"b": "numbers", "i": "numbers", "u": "numbers", "f": "numbers", "m": "durations", "M": "dates"}


def held(column: pd.Series) -> str:
    """Return what a column holds: ``numbers`` (or yes and no), ``durations``, ``dates`` or ``labels``."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return held(column.cat.categories.to_series())
    if isinstance(column.dtype, pd.StringDtype):
        # A column without any value passes for one of numbers, whatever it could hold.
        return "labels" if column.notna().any() else "numbers"
    kind = getattr(column.dtype, "kind", "O")
    if kind in _NAMES:
        return _NAMES[kind]
    found = pd.api.types.infer_dtype(column, skipna=True)
    if found in ("datetime", "datetime64", "date", "period"):
        return "dates"
    if found in ("timedelta", "timedelta64"):
        return "durations"
    # Durations of numpy pass for whole numbers.
    known = column[column.notna()]
    plain = all(isinstance(v, Real | Decimal | np.bool_) and not isinstance(v, np.timedelta64) for v in known)
    return "numbers" if plain else "labels"


def known_numbers(data: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Return a column as numbers, NaN where missing, or refuse one that holds anything else.

    Raises
    ------
    EstimationError
        Text, dates, durations, infinite values or ones beyond ``LARGEST``.
    """
    column = data[name]
    if held(column) != "numbers":
        raise EstimationError(
            f"{name}: it holds {column.dtype} and an outcome is a number; code two answers as 0 and 1, times as days"
        )
    values = column.to_numpy(dtype=float, na_value=np.nan)
    infinite = int((np.abs(values) > LARGEST).sum())
    if infinite:
        raise EstimationError(
            f"{name}: {counted(infinite, 'value is', 'values are')} infinite or beyond {LARGEST:g}; correct them, mark "
            "them as missing or give them in another unit"
        )
    return values


def known_times(data: pd.DataFrame, name: str, unit: str = "days") -> NDArray[np.float64]:
    """Return a column of follow-up times in a unit, NaN where missing, or refuse one that holds anything else.

    Parameters
    ----------
    data : DataFrame
    name : str
        Column of numbers, which are in this unit, or of durations, which are converted to it.
    unit : str
        A key of ``UNITS``.

    Raises
    ------
    EstimationError
        The unit is unknown; text, dates, infinite or negative values.
    """
    if unit not in UNITS:
        raise EstimationError(f"unit: there is no unit '{unit}' of time; {did_you_mean(unit, UNITS)}")
    column = data[name]
    if held(column) == "durations":
        spans = pd.to_timedelta(column.astype(object)).to_numpy()
        values = spans / np.timedelta64(1, "D") / UNITS[unit]
    else:
        values = known_numbers(data, name)
    negative = int((values < 0).sum())
    if negative:
        raise EstimationError(
            f"{name}: {counted(negative, 'row has', 'rows have')} negative follow-up times; correct them or leave "
            "those people out"
        )
    return values


def known_events(data: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Return a column of 1 (ended in the event) and 0 (cut off), NaN where missing, or refuse one of other codes.

    Raises
    ------
    EstimationError
    """
    values = known_numbers(data, name)
    other = int((~np.isin(values, (0, 1)) & ~np.isnan(values)).sum())
    if other:
        raise EstimationError(
            f"{name}: {counted(other, 'value is', 'values are')} neither 0 (cut off) nor 1 (ended in the event); "
            "where there are several kinds of end, choose one as the event and code the others 0"
        )
    return values


def known_causes(data: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Return a column of 0 (cut off), 1 (ended in the event), 2 (ended in another), NaN where missing.

    Other events may have any whole number from 2 on.

    Raises
    ------
    EstimationError
    """
    values = known_numbers(data, name)
    wrong = int(((values < 0) | (values % 1 != 0))[~np.isnan(values)].sum())
    if wrong:
        raise EstimationError(
            f"{name}: {counted(wrong, 'value is', 'values are')} no kind of end; give 0 (cut off), 1 (ended in the "
            "event), or 2, 3, ... (ended in another)"
        )
    return np.minimum(values, 2.0)


def known_covariate(data: pd.DataFrame, name: str) -> pd.Series:
    """Return a covariate as it is, numbers kept as objects as numbers; refuse dates, durations and other objects.

    Raises
    ------
    EstimationError
    """
    column = data[name]
    found = held(column)
    if found in ("dates", "durations"):
        raise EstimationError(
            f"covariates: '{name}' holds {found} ({column.dtype}); give a number, such as days before the assignment"
        )
    if found == "labels":
        refuse_unlike_labels(column, name)
    elif column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) not in ("boolean", "empty"):
        return pd.Series(column.to_numpy(dtype=float, na_value=np.nan), index=column.index, name=column.name)
    return column


def refuse_unlike_labels(column: pd.Series, name: str) -> None:
    """Raise if a column holds complex numbers, lists or other things that are no labels."""
    if isinstance(column.dtype, pd.StringDtype | pd.CategoricalDtype):
        return
    try:
        usable = getattr(column.dtype, "kind", "O") != "c" and column.nunique() >= 0
    except (TypeError, NotImplementedError):
        usable = False
    if not usable:
        raise EstimationError(f"'{name}': it holds neither numbers nor labels ({column.dtype}); give one of them")
