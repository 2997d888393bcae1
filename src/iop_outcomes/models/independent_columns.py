"""Columns of a regression that earlier columns already say."""

import numpy as np

TOLERANCE = 1e-7  # that of R's lm and glm, so that the same columns are dropped


def independent_columns(columns: np.ndarray, tolerance: float = TOLERANCE) -> np.ndarray:
    """Say which columns are no linear combination of those before them.

    Parameters
    ----------
    columns : (n, p) array
        For a weighted regression multiplied by the square roots of the weights.
    tolerance : float
        A column is dependent when the part of it that is new is shorter than this share of it.

    Returns
    -------
    (p,) bool array
    """
    columns = np.asarray(columns, dtype=float)
    independent = np.zeros(columns.shape[1], dtype=bool)
    basis = np.empty((len(columns), min(columns.shape)))
    n_kept = 0
    for position, column in enumerate(columns.T):
        length = np.linalg.norm(column)
        rest = column
        for _ in range(2):  # twice is enough to be orthogonal to working precision (Parlett 1980)
            rest = rest - basis[:, :n_kept] @ (basis[:, :n_kept].T @ rest)
        new = np.linalg.norm(rest)
        if length > 0 and new > tolerance * length and n_kept < basis.shape[1]:
            basis[:, n_kept] = rest / new
            n_kept += 1
            independent[position] = True
    return independent
