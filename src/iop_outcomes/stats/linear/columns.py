"""From covariates to coded terms: levels, codes, and a sentence for everything that cannot be a column."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import DesignError, counted, did_you_mean
from iop_outcomes.kernel.values import LARGEST


@dataclass(frozen=True)
class Term:
    """One covariate, before it becomes columns.

    ``levels`` is None for a number; then ``values`` holds it. Otherwise ``codes`` are positions in ``levels``, and the
    first level is the reference.
    """

    name: str
    levels: tuple | None
    codes: np.ndarray | None = None
    values: np.ndarray | None = None


def read_terms(frame: pd.DataFrame, names, *, unusable: str) -> tuple[list[Term], tuple[str, ...]]:
    """Return the covariates as terms and the names of what was left out.

    Parameters
    ----------
    frame : DataFrame
    names : sequence of str
        Columns of ``frame``.
    unusable : {"refuse", "drop"}
        What to do with levels nobody has and with covariates of one value.

    Returns
    -------
    terms : list of Term
    dropped : tuple of str
        Empty unless ``unusable`` is "drop".

    Raises
    ------
    DesignError
        A column does not exist, has missing values or numbers too large or too close to be squared, or is unusable and
        ``unusable`` is "refuse".
    """
    names = list(names)
    _refuse_unknown(frame, names)
    # Taken once: of a small frame to take a column costs as much as to read it.
    columns = {name: frame[name] for name in names}
    _refuse_missing(columns, len(frame))
    read = [_read_term(column, name) for name, column in columns.items()]
    problems = [problem for _, found in read for problem in found]
    if problems and unusable == "refuse":
        raise DesignError(
            f"covariates: {'; '.join(problems)}; a model cannot use these: "
            "merge the level with a neighbour or leave the covariate out."
        )
    return [term for term, _ in read if term is not None], tuple(problems)


def _refuse_unknown(frame, names):
    there = set(frame.columns)
    for name in names:
        if name not in there:
            raise DesignError(f"covariates: there is no column '{name}'; {did_you_mean(name, map(str, frame.columns))}")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DesignError(f"covariates: {', '.join(repeated)} named more than once; name each covariate once.")


def _refuse_missing(columns, n_rows):
    counts = {name: absent for name, column in columns.items() if (absent := _absent(column))}
    if counts:
        listed = ", ".join(f"{name} ({count:,})" for name, count in counts.items())
        raise DesignError(
            f"covariates: missing or infinite values in {listed} of {counted(n_rows, 'row')}; "
            "impute them, give missing a level of its own, or leave the covariate out."
        )


def _absent(column: pd.Series) -> int:
    """Return how many values are missing or infinite."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf":
        return 0 if column.dtype.kind != "f" else int((~np.isfinite(column.to_numpy())).sum())
    if isinstance(column.array, pd.Categorical):
        return int((column.array.codes < 0).sum())
    absent = column.isna().to_numpy()
    if pd.api.types.is_float_dtype(column.dtype):
        absent = absent | np.isinf(column.to_numpy(dtype=float, na_value=np.nan))
    return int(absent.sum())


def _refuse_unsquarable(low, high, name):
    if max(-low, high) > LARGEST or high - low < 1 / LARGEST:
        raise DesignError(
            f"covariates: the numbers of {name} are beyond {LARGEST:g} or closer together than {1 / LARGEST:g}, and a "
            "model needs their squares; give the covariate in another unit."
        )


def _read_term(column: pd.Series, name: str) -> tuple[Term | None, list[str]]:
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        values = column.to_numpy(dtype=float)
        if len(values):
            low, high = values.min(), values.max()
            if low == high:
                return None, [f"{name} has the same value in every row"]
            _refuse_unsquarable(low, high, name)
        return Term(name, None, values=values), []
    levels, codes = _levels_and_codes(column)
    present = np.bincount(codes, minlength=len(levels)) > 0
    problems = [f"nobody has level '{levels[empty]}' of {name}" for empty in np.flatnonzero(~present)]
    if present.sum() < 2:
        return None, [*problems, f"{name} has the same value in every row"]
    if present.all():
        return Term(name, levels, codes=codes), []
    kept = tuple(levels[used] for used in np.flatnonzero(present))
    return Term(name, kept, codes=(np.cumsum(present) - 1)[codes]), problems


def _levels_and_codes(column: pd.Series) -> tuple[tuple, np.ndarray]:
    """Return the levels of a column, those of categories as they are and others in the order of their names."""
    if isinstance(column.array, pd.Categorical):
        return tuple(column.array.categories), column.array.codes
    codes, found = pd.factorize(column.array)
    order = sorted(range(len(found)), key=lambda place: str(found[place]))
    levels = pd.CategoricalDtype([found[place] for place in order]).categories
    rank = np.empty(len(order), dtype=np.min_scalar_type(-max(len(order), 1)))
    rank[order] = np.arange(len(order))
    return tuple(levels), rank[codes]
