"""Natural cubic splines: smooth curves that are straight lines beyond their outer knots."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import DesignError, counted

#: Quantiles at which Harrell places so many knots (Regression Modeling Strategies, 2nd ed., table 2.3).
HARRELL: dict[int, tuple[float, ...]] = {
    3: (0.1, 0.5, 0.9),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.5, 0.725, 0.95),
    6: (0.05, 0.23, 0.41, 0.59, 0.77, 0.95),
    7: (0.025, 0.1833, 0.3417, 0.5, 0.6583, 0.8167, 0.975),
}
#: With fewer values than this the outer knots are the fifth smallest and the fifth largest value.
FEW, FIFTH = 100, 4


def quantile_knots(values: ArrayLike, df: int) -> NDArray[np.float64]:
    """Return the knots of R's ``splines::ns(x, df)``: ``df - 1`` inner ones at quantiles, and the ends of the range.

    Parameters
    ----------
    values : array_like of shape (n,)
    df : int
        Columns of the basis, one or more.

    Returns
    -------
    ndarray of shape (df + 1,)

    Raises
    ------
    DesignError
        Knots fall together, because too few values differ.
    """
    x = np.asarray(values, dtype=float)
    return _apart(np.quantile(x, np.linspace(0, 1, df + 1)), x)


def harrell_knots(values: ArrayLike, n_knots: int) -> NDArray[np.float64]:
    """Return Harrell's knots for a restricted cubic spline, as ``Hmisc::rcspline.eval`` places them.

    Parameters
    ----------
    values : array_like of shape (n,)
    n_knots : int
        3 to 7.

    Returns
    -------
    ndarray of shape (n_knots,)

    Raises
    ------
    DesignError
        Knots fall together, because too few values differ; or there is no rule for so many.
    """
    x = np.sort(np.asarray(values, dtype=float))
    if n_knots not in HARRELL:
        raise DesignError(f"there are places for {min(HARRELL)} to {max(HARRELL)} knots, and not for {n_knots}.")
    knots = np.quantile(x, HARRELL[n_knots])
    if FIFTH < len(x) < FEW:
        knots[[0, -1]] = x[FIFTH], x[-FIFTH - 1]
    return _apart(knots, x)


def natural_spline(values: ArrayLike, knots: ArrayLike) -> NDArray[np.float64]:
    """Return the basis of a natural cubic spline, column by column as R's ``splines::ns`` gives it.

    Cubic B-splines without the first, restricted to those whose second derivative is zero at both outer knots; beyond
    these the curve goes on straight.

    Parameters
    ----------
    values : array_like of shape (n,)
    knots : array_like of shape (k,)
        Increasing, the outer ones (``Boundary.knots``) included.

    Returns
    -------
    ndarray of shape (n, k - 1)

    References
    ----------
    Hastie 1992, in Statistical Models in S, chapter 7.
    """
    from scipy.interpolate import BSpline

    x, at = np.asarray(values, dtype=float), np.asarray(knots, dtype=float)
    every = np.concatenate([np.repeat(at[0], 4), at[1:-1], np.repeat(at[-1], 4)])
    curves = BSpline(every, np.eye(len(every) - 4), 3)
    inside = np.clip(x, at[0], at[-1])
    basis = curves(inside) + (x - inside)[:, None] * curves.derivative()(inside)
    bend = curves.derivative(2)(at[[0, -1]])[:, 1:]
    rotation = np.linalg.qr(bend.T, mode="complete")[0]
    return basis[:, 1:] @ rotation[:, 2:]


def restricted_cubic_spline(values: ArrayLike, knots: ArrayLike) -> NDArray[np.float64]:
    """Return Harrell's basis of a restricted cubic spline: the number itself, and a column for all knots but two.

    With knots t_1 to t_k the column j is ((x - t_j)+^3 - (x - t_{k-1})+^3 (t_k - t_j) / (t_k - t_{k-1}) +
    (x - t_k)+^3 (t_{k-1} - t_j) / (t_k - t_{k-1})) / (t_k - t_1)^2.

    Parameters
    ----------
    values : array_like of shape (n,)
    knots : array_like of shape (k,)
        Increasing, three or more.

    Returns
    -------
    ndarray of shape (n, k - 1)

    References
    ----------
    Harrell, Regression Modeling Strategies, 2nd ed., section 2.4.5.
    """
    x, t = np.asarray(values, dtype=float), np.asarray(knots, dtype=float)
    cubes = np.maximum(x[:, None] - t, 0.0) ** 3
    last = t[-1] - t[-2]
    columns = cubes[:, :-2] - cubes[:, [-2]] * (t[-1] - t[:-2]) / last + cubes[:, [-1]] * (t[-2] - t[:-2]) / last
    return np.column_stack([x, columns / (t[-1] - t[0]) ** 2])


def _apart(knots: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    if np.all(np.diff(knots) > 0):
        return knots
    raise DesignError(
        f"its {len(knots)} knots fall together, since there are {counted(len(np.unique(values)), 'different value')} "
        "and most people have the same few; ask for fewer, list knots by hand, or take it as it is."
    )
