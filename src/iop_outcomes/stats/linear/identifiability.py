"""What a regression cannot tell apart: collinear columns and separated levels, by name."""

import numpy as np
import scipy

from iop_outcomes.kernel.errors import DesignError, counted
from iop_outcomes.stats.linear.centring import centred
from iop_outcomes.stats.linear.matrix import INTERCEPT, ModelMatrix

UNEXPLAINED = 1e-10
NAMED_AT_MOST = 5
#: So many people are looked at before all are.
SOME = 1000
SEPARATED_ADVICE = "merge levels, leave the covariate out, restrict the cohort, or use a penalised model"


def aliased_columns(information: np.ndarray, has_intercept: bool) -> np.ndarray:
    """Return which columns are exact combinations of earlier ones.

    Parameters
    ----------
    information : ndarray of shape (p, p)
        ``X'WX`` for positive weights; the intercept, if any, is the first column.
    has_intercept : bool

    Returns
    -------
    ndarray of bool, shape (p,)
        True where less than 1e-10 of a column's variance is left unexplained by the columns before it.
    """
    rest = information
    if has_intercept:
        first = information[0, 1:]
        rest = information[1:, 1:] - np.outer(first, first) / information[0, 0]
    before = np.diag(information)[1:] if has_intercept else np.diag(information)
    spread = np.diag(rest)
    constant = spread <= UNEXPLAINED * np.maximum(before, np.finfo(float).tiny)
    scale = np.sqrt(np.where(constant, 1.0, spread))
    correlation = np.where(constant[:, None] | constant, 0.0, rest / np.outer(scale, scale))
    _, _, rank, _ = scipy.linalg.lapack.dpstrf(correlation, tol=UNEXPLAINED)
    aliased = constant if rank + constant.sum() == len(spread) else _eliminated(correlation)
    return np.concatenate([[False], aliased]) if has_intercept else aliased


def _eliminated(correlation: np.ndarray) -> np.ndarray:
    left = correlation.copy()
    aliased = np.zeros(len(left), dtype=bool)
    for column, pivot in enumerate(left.diagonal()):
        if pivot <= UNEXPLAINED:
            aliased[column] = True
        else:
            left -= np.outer(left[column], left[column]) / pivot
    return aliased


def independent_columns(matrix: ModelMatrix) -> tuple[ModelMatrix, tuple[str, ...]]:
    """Return the matrix without columns that are exact combinations of earlier ones, and a sentence for each of those.

    Fitted values are the same with and without them; only coefficients could not be told apart.

    Parameters
    ----------
    matrix : ModelMatrix

    Returns
    -------
    matrix : ModelMatrix
    sentences : tuple of str
        Column and the covariates it follows from.
    """
    moved = centred(matrix).matrix
    information = moved.sandwich(np.ones(matrix.shape[0]))
    aliased = aliased_columns(information, matrix.has_intercept)
    if not aliased.any():
        return matrix, ()
    return matrix.columns(~aliased), tuple(_aliases(moved, information, aliased))


def refuse_aliased(matrix: ModelMatrix, information: np.ndarray, aliased: np.ndarray) -> None:
    """Raise a sentence that names aliased columns and the covariates they repeat.

    Raises
    ------
    DesignError
    """
    said = _aliases(matrix, information, aliased)
    more = f", and {counted(len(said) - NAMED_AT_MOST, 'column')} more" if len(said) > NAMED_AT_MOST else ""
    raise DesignError(f"collinear covariates: {'; '.join(said[:NAMED_AT_MOST])}{more}; leave one of them out.")


def refuse_collinear(matrix: ModelMatrix, weights: np.ndarray) -> None:
    """Raise if columns are exact combinations of others among rows of positive weight, with the sentence above.

    Raises
    ------
    DesignError
    """
    information = matrix.sandwich(weights)
    aliased = aliased_columns(information, matrix.has_intercept)
    if aliased.any():
        refuse_aliased(matrix, information, aliased)


def _aliases(matrix, information, aliased) -> list[str]:
    kept = np.flatnonzero(~aliased)
    scale = np.sqrt(np.diag(information))
    inner = information[np.ix_(kept, kept)] / np.outer(scale[kept], scale[kept])
    said = []
    for column in np.flatnonzero(aliased):
        shares = scipy.linalg.lstsq(inner, information[kept, column] / scale[kept])[0]
        involved = dict.fromkeys(matrix.terms[i][0] for i in kept[np.abs(shares) > 1e-6 * np.abs(shares).max()])
        others = [name for name in involved if name != INTERCEPT]
        if others:
            said.append(f"{matrix.names[column]} follows exactly from {', '.join(others[:NAMED_AT_MOST])}")
        else:
            said.append(f"{matrix.names[column]} is the same for all who count")
    return said


def refuse_separated(
    matrix: ModelMatrix, response: np.ndarray, weights: np.ndarray, family: str, advice: str = SEPARATED_ADVICE
) -> None:
    """Raise when one covariate alone decides the response, so that no finite coefficient exists.

    Looks at every level of every category and at the range of every number; separation by several covariates together
    shows only while fitting, see :func:`refuse_diverged`. The sentence is printed in reports: it has no counts, which
    would be small ones.

    Parameters
    ----------
    matrix : ModelMatrix
    response : ndarray of shape (n,)
    weights : ndarray of shape (n,)
        Rows of weight zero do not count.
    family : {"binomial", "poisson"}
    advice : str
        What can be done, for the sentence.

    Raises
    ------
    DesignError
    """
    counting = weights > 0
    can_be_high = (counting & (response > 0)).astype(float)
    can_be_low = (counting & (response < 1)).astype(float) if family == "binomial" else None
    for side, value in ((can_be_high, 0), (can_be_low, 1)):
        if side is not None and not side.any():
            raise DesignError(
                f"separation: everybody has response {value}, so that no finite coefficient exists: "
                "there is nothing to model; compare means, or widen the cohort."
            )
    said = _separated_levels(matrix, counting.astype(float), can_be_high, can_be_low)
    if family == "binomial":
        said += _separating_numbers(matrix, can_be_high > 0, can_be_low > 0)
    if said:
        more = f"; and {len(said) - NAMED_AT_MOST} more" if len(said) > NAMED_AT_MOST else ""
        raise DesignError(
            f"separation: {'; '.join(said[:NAMED_AT_MOST])}{more}; no finite coefficient exists: {advice}."
        )


def _separated_levels(matrix, counting, can_be_high, can_be_low):
    """The first level of a category has no column: it is whoever has none of the other levels."""
    if all(level is None for _, level in matrix.terms):
        return []
    sides = [counting, can_be_high] + ([] if can_be_low is None else [can_be_low])
    sums = np.array([matrix.transpose_matvec(side) for side in sides])
    names = np.array([name if level is not None else "" for name, level in matrix.terms])
    found = [(f"level '{matrix.terms[i][1]}' of {names[i]}", sums[:, i]) for i in np.flatnonzero(names != "")]
    totals = np.array([side.sum() for side in sides])
    for name in dict.fromkeys(names[names != ""]):
        found.append((f"the first level of {name}", totals - sums[:, names == name].sum(axis=1)))
    return [
        f"everybody with {who} has response {'0' if n_sides[0] == 0 else '1'}"
        for who, (n, *n_sides) in found
        if n > 0 and min(n_sides) == 0
    ]


def _separating_numbers(matrix, can_be_high, can_be_low):
    # Numbers that are mixed among some people are mixed among all, and nearly all are.
    first = slice(SOME)
    few, some, said = matrix.rows(first), (can_be_high[first], can_be_low[first]), []
    for column, (name, level) in enumerate(matrix.terms):
        if level is not None or (column == 0 and matrix.has_intercept):
            continue
        unit = np.eye(len(matrix.names))[column]
        if not _apart(few.matvec(unit), *some):
            continue
        values = matrix.matvec(unit)
        high, low = values[can_be_high], values[can_be_low]
        if _apart(values, can_be_high, can_be_low) and min(high.min(), low.min()) < max(high.max(), low.max()):
            said.append(f"{name} alone divides the responses 0 and 1")
    return said


def _apart(values: np.ndarray, can_be_high: np.ndarray, can_be_low: np.ndarray) -> bool:
    """Whether the values of one side all lie beyond those of the other; so they do where a side has nobody."""
    high, low = values[can_be_high], values[can_be_low]
    if not len(high) or not len(low):
        return True
    return bool(high.min() >= low.max() or low.min() >= high.max())


def refuse_diverged(matrix: ModelMatrix, step: np.ndarray, linear_step: np.ndarray) -> None:
    """Raise when the fit still moves although the likelihood no longer does, naming the columns that run away.

    Parameters
    ----------
    matrix : ModelMatrix
    step : ndarray of shape (p,)
        The last step of the coefficients.
    linear_step : ndarray of shape (n,)
        The last step of the linear predictor.

    Raises
    ------
    DesignError
    """
    moving = np.abs(linear_step) > 1e-3
    everyone = np.ones(len(moving)) / len(moving)
    variance = np.diag(matrix.sandwich(everyone)) - matrix.transpose_matvec(everyone) ** 2
    size = np.abs(step) * np.sqrt(np.maximum(variance, 0.0))
    worst = [matrix.names[i] for i in np.argsort(-size, kind="stable") if size[i] > 0.1 * size.max()]
    raise DesignError(
        f"separation: {', '.join(worst[:NAMED_AT_MOST])} together decide the response of "
        f"{counted(int(moving.sum()), 'row')}; no finite coefficient exists: "
        "merge levels, leave a covariate out, or use a penalised model."
    )
