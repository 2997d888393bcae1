"""Entropy balancing: the weights nearest to equal ones that make covariate means exactly equal."""

import numpy as np

from iop_outcomes.designs.arms import two_arms
from iop_outcomes.kernel.errors import DesignError, counted
from iop_outcomes.stats.linear.centring import centred
from iop_outcomes.stats.linear.identifiability import aliased_columns
from iop_outcomes.stats.linear.matrix import ModelMatrix

MAX_STEPS = 200
EXACT = 1e-9
FAR = 1e-6


def entropy_weights(matrix: ModelMatrix, treated, estimand: str = "ATE", *, base_weights=None) -> np.ndarray:
    """Return entropy-balancing weights with mean 1 in each arm.

    For the ATE each arm is weighted to the means of everybody, for the ATT the second arm to the means of the first,
    for the ATC the first to those of the second. Newton's method on the dual, whose unknowns are one number per
    column.

    Parameters
    ----------
    matrix : ModelMatrix of shape (n, p)
        Columns whose means are to be equal, with an intercept; all levels of a category follow from all but one.
    treated : array_like of shape (n,)
    estimand : {"ATE", "ATT", "ATC"}
    base_weights : array_like of shape (n,), optional
        Weights to stay near to, and that the target means count with; equal by default.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    DesignError
        No weights balance some covariate, which is named: the target means lie outside what an arm can reach.

    References
    ----------
    Hainmueller 2012, Political Analysis 20:25.
    """
    first = two_arms(treated, "entropy balancing")
    base = np.ones(len(first)) if base_weights is None else np.asarray(base_weights, dtype=float)
    targets = {"ATE": np.ones(len(first), dtype=bool), "ATT": first, "ATC": ~first}
    if estimand not in targets:
        raise DesignError(f"entropy balancing: the estimand is '{estimand}'; it can be ATE, ATT or ATC.")
    wanted = targets[estimand]
    matrix = centred(matrix).matrix
    means = matrix.transpose_matvec(base * wanted) / base[wanted].sum()
    weights = base.copy()
    for arm, name in ((first, "first"), (~first, "second")):
        if np.array_equal(arm, wanted):
            weights[arm] /= weights[arm].mean()
        else:
            weights[arm] = _tilt_to(matrix.rows(arm), means, base[arm], name)
    return weights


def _tilt_to(arm: ModelMatrix, means: np.ndarray, base: np.ndarray, name: str) -> np.ndarray:
    """Return the weights of one arm, with mean 1, that give its columns the means wanted."""
    share = base / base.sum()
    kept = ~aliased_columns(arm.sandwich(share), arm.has_intercept)
    free = arm.columns(kept)
    spread = np.sqrt(np.maximum(np.diag(arm.sandwich(share)) - arm.transpose_matvec(share) ** 2, 0.0))
    scale = np.where(spread > 0, spread, 1.0)
    weights, tilt = share, np.zeros(free.shape[1])
    value = 0.0
    for _ in range(MAX_STEPS):
        reached = free.transpose_matvec(weights)
        gap = reached - means[kept]
        if np.abs(gap / scale[kept]).max() < EXACT:
            break
        curvature = free.sandwich(weights) - np.outer(reached, reached)
        step = -np.linalg.lstsq(_scaled(curvature, scale[kept]), gap / scale[kept], rcond=1e-13)[0] / scale[kept]
        weights, tilt, value, moved = _down(free, share, means[kept], tilt, step, value, step @ gap)
        if not moved:
            break
    _refuse_unbalanced(arm, weights, means, scale, name)
    return weights * len(weights)


def _scaled(curvature, scale):
    return curvature / np.outer(scale, scale)


def _down(free, share, means, tilt, step, value, slope):
    """Halve the step until the dual falls as far as a line with a part of its slope (Armijo)."""
    along = free.matvec(step)
    before = free.matvec(tilt)
    for halving in range(50):
        part = 0.5**halving
        exponent = before + part * along
        top = exponent.max()
        tilted = share * np.exp(exponent - top)
        total = tilted.sum()
        new = np.log(total) + top - (tilt + part * step) @ means
        if new <= value + 1e-4 * part * slope + 1e-14 * abs(value):
            return tilted / total, tilt + part * step, new, True
    tilted = share * np.exp(before - before.max())
    return tilted / tilted.sum(), tilt, value, False


def _refuse_unbalanced(arm, weights, means, scale, name):
    gap = np.abs(arm.transpose_matvec(weights) - means) / scale
    far = np.flatnonzero(gap > FAR)
    if len(far):
        worst = [arm.names[i] for i in far[np.argsort(-gap[far], kind="stable")][:5]]
        raise DesignError(
            f"entropy balancing: no weights give the {name} arm ({counted(len(weights), 'person', 'people')}) "
            f"the means wanted of {', '.join(worst)}; "
            "merge levels that only one arm has, leave the covariate out, or restrict the cohort."
        )
