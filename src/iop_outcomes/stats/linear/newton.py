"""Newton's method for concave likelihoods, with answers in words where there is no maximum."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.identifiability import aliased_columns

MOST_STEPS = 60
MOST_HALVINGS = 30
# Squared length of the last step in standard errors; what is left after it is about the square of this.
CONVERGED = 1e-13
# Above this length of the last step the information is taken again, at the maximum itself.
EXACT = 1e-19
# A coefficient on its way to infinity still moves by this much when the likelihood no longer does.
MOVING = 1e-3


class Point(Protocol):
    """A likelihood at one value of its parameters."""

    log_likelihood: float

    def score(self) -> NDArray:
        """First derivative, shape (p,)."""

    def information(self) -> NDArray:
        """Minus the second derivative, shape (p, p)."""


@dataclass(frozen=True)
class Maximum:
    """Where a likelihood is highest.

    Attributes
    ----------
    values : ndarray, shape (p,)
    covariance : ndarray, shape (p, p)
        Inverse of the information.
    start, at : Point
        The likelihood at the start and at the maximum.
    score_test : float
        Squared length of the first step: the score chi-square of the start.
    iterations : int
    """

    values: NDArray[np.float64]
    covariance: NDArray[np.float64]
    start: Any
    at: Any
    score_test: float
    iterations: int


def maximise(
    evaluate: Callable[[NDArray], Point],
    start: NDArray,
    names: tuple[str, ...],
    model: str,
    spread: NDArray | float = 1.0,
) -> Maximum:
    """Maximise a likelihood from ``start``, halving steps that would lower it.

    Parameters
    ----------
    evaluate : callable
        From parameters of shape (p,) to the likelihood there.
    start : ndarray, shape (p,)
    names : tuple of str
        Of the parameters, for sentences.
    model : str
        What the model is called in a sentence.
    spread : ndarray, shape (p,), optional
        Standard deviation of what each parameter multiplies: a step of one over it counts as one.

    Raises
    ------
    EstimationError
        Parameters determine one another, or the maximum is at infinity; the sentence names them.
    """
    values = np.asarray(start, dtype=float)
    here = first = evaluate(values)
    score_test = np.nan
    for iteration in range(1, MOST_STEPS + 1):
        score, information = here.score(), here.information()
        if iteration > 1:
            # What could be told apart at the start and no longer can has run away.
            _refuse_infinite(aliased_columns(information, has_intercept=False), names, model)
        covariance = inverse_information(information, names, model)
        step = covariance @ score
        length = float(score @ step)
        score_test = length if iteration == 1 else score_test
        step, here = _not_lower(evaluate, values, step, here)
        values = values + step
        if length < CONVERGED:
            break
    moving = np.abs(step) * spread > MOVING
    _refuse_infinite(moving if moving.any() or length < CONVERGED else np.ones(len(names), dtype=bool), names, model)
    if length > EXACT:
        covariance = inverse_information(here.information(), names, model)
    return Maximum(values, covariance, first, here, score_test, iteration)


def _refuse_infinite(running: NDArray[np.bool_], names: tuple[str, ...], model: str) -> None:
    if running.any():
        found = [name for name, runs in zip(names, running, strict=True) if runs]
        raise EstimationError(
            f"{model}: the coefficient of {listed(found)} has no finite value, because the likelihood keeps rising "
            "with it; some people have all of the events or none: merge levels, or leave it out"
        )


def _not_lower(evaluate, values, step, here):
    for _ in range(MOST_HALVINGS):
        there = evaluate(values + step)
        if there.log_likelihood >= here.log_likelihood - 1e-10 * abs(here.log_likelihood):
            break
        step = step / 2
    return step, there


def inverse_information(information: NDArray, names: tuple[str, ...], model: str) -> NDArray[np.float64]:
    """Return the inverse of an information matrix, or say which parameters leave it without one."""
    aliased = aliased_columns(information, has_intercept=False)
    if aliased.any():
        found = [name for name, wrong in zip(names, aliased, strict=True) if wrong]
        raise EstimationError(
            f"{model}: {listed(found)} cannot be told apart from the other covariates among those at risk; leave out "
            "covariates that follow from others or that do not vary within strata"
        )
    scale = np.outer(*[np.sqrt(np.diag(information))] * 2)
    return np.linalg.inv(information / scale) / scale


def listed(names: list[str]) -> str:
    """Return names in quotes, the first four of them."""
    shown = ", ".join(f"'{name}'" for name in names[:4])
    return shown if len(names) <= 4 else f"{shown} and {len(names) - 4} more"
