"""Models of the outcome given arm and covariates, and the outcome they predict had everybody been in each arm."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.estimates.checks import checked_arms
from iop_outcomes.kernel.errors import DesignError
from iop_outcomes.stats.linear.blocks import DenseBlock
from iop_outcomes.stats.linear.centring import centred
from iop_outcomes.stats.linear.matrix import ModelMatrix
from iop_outcomes.stats.linear.robust_glm import FittedEquation, fit_equation
from iop_outcomes.stats.linear.sandwich import EstimatingEquation

#: Family and link by kind of outcome; a share is fitted like a probability (fractional logit).
MODELS: dict[str, tuple[str, str]] = {
    "binary": ("binomial", "logit"),
    "proportion": ("binomial", "logit"),
    "count": ("poisson", "log"),
    "continuous": ("gaussian", "identity"),
    "cost": ("gamma", "log"),
}
#: Per row.
LIMIT_RIDGE = 1e-10
Form = Literal["main", "per_arm"]


@dataclass(frozen=True)
class OutcomeModel:
    """Predictions under both arms, and how they depend on every row.

    Attributes
    ----------
    predicted, slopes : ndarray, shape (n, 2)
        Mean outcome had the row been in the first and in the second arm, and its derivative by the linear predictor.
    covariates : ModelMatrix
        Covariates without the arm, numbers centred.
    equations : tuple of EstimatingEquation
        One, whose columns behind the covariates are the first arm and arms of neither, or one per arm.
    unit_score : ndarray, shape (n,)
        Score residual per unit of prior weight.
    first : ndarray of bool, shape (n,)
        Rows of the first arm.
    dispersion : tuple of float
        Residual variance of each equation's model; 1 for binary and count outcomes.
    method : str
        The model in words.
    """

    predicted: NDArray[np.float64]
    slopes: NDArray[np.float64]
    covariates: ModelMatrix
    equations: tuple[EstimatingEquation, ...]
    unit_score: NDArray[np.float64]
    first: NDArray[np.bool_]
    dispersion: tuple[float, ...]
    method: str

    def direction(self, gradient: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return per row what one more unit of score residual there would add to a target.

        Parameters
        ----------
        gradient : ndarray, shape (n, 2)
            Derivative of the target by the row's prediction under each arm.

        Returns
        -------
        ndarray, shape (n,)
        """
        parts = [
            e.matrix.matvec(e.bread @ v)
            for e, v in zip(self.equations, self.coefficients_gradient(gradient), strict=True)
        ]
        return parts[0] if len(parts) == 1 else np.where(self.first, *parts)

    def coefficients_gradient(self, gradient: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """Return the derivative of a target by the coefficients of each equation, from that by the predictions."""
        along = gradient * self.slopes
        if len(self.equations) == 1:
            others = np.zeros(len(self.equations[0].bread) - len(self.covariates.names) - 1)
            both = self.covariates.transpose_matvec(along.sum(axis=1))
            return [np.concatenate([both, [along[:, 0].sum()], others])]
        return [self.covariates.transpose_matvec(column) for column in along.T]

    def score(self, kind: str = "HC0") -> NDArray[np.float64]:
        """Return the score residuals, scaled for HC1, HC2 or HC3 where asked."""
        scores = [equation.heteroscedastic(kind).score for equation in self.equations]
        return scores[0] if len(scores) == 1 else np.where(self.first, *scores)


def fit_outcome_model(
    outcome: ArrayLike,
    treated: ArrayLike,
    covariates: ModelMatrix,
    *,
    kind: str,
    form: Form = "main",
    weights: NDArray[np.float64] | None = None,
    fitted_on: NDArray[np.bool_] | None = None,
    names: tuple[str, str] = ("first", "second"),
    others: NDArray[np.bool_] | None = None,
) -> OutcomeModel:
    """Fit the outcome on arm and covariates by maximum likelihood.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        May be missing where ``fitted_on`` is false or the weight is zero.
    treated : array_like, shape (n,)
    covariates : ModelMatrix
        With an intercept, without the arm.
    kind : {"binary", "proportion", "count", "continuous", "cost"}
        Logistic for the first two, Poisson, linear, gamma with a logarithm.
    form : {"main", "per_arm"}
        One model with the arm as a further column, or one model in each arm (all interactions with the arm).
    weights : ndarray, shape (n,), optional
        Prior weights.
    fitted_on : ndarray of bool, shape (n,), optional
        Rows to fit on; predictions are made for all rows.
    names : tuple of str
        The arms.
    others : ndarray of bool, shape (n, m), optional
        Rows of each arm that is neither the first nor the second: predictions are made for them too, and with ``main``
        they are fitted with an indicator of their arm, if the outcome varies there.

    Raises
    ------
    EstimationError
        The model has no solution.

    Notes
    -----
    In an arm in which nobody, or everybody, has the outcome the likelihood of a model of shares or counts has no
    maximum; its predictions have a limit, which is that certainty, while the other arm is fitted by itself.
    """
    first = checked_arms(treated, names)
    covariates = centred(covariates).matrix
    others = np.zeros((len(first), 0), dtype=bool) if others is None else others
    second = ~first & ~others.any(axis=1)
    prior = np.ones(len(first)) if weights is None else np.asarray(weights, dtype=float)
    if fitted_on is not None:
        prior = prior * fitted_on
    y = np.where(prior > 0, np.asarray(outcome, dtype=float), 0.0)
    arms = (first, second)
    constant = [certain_outcome(y[arm & (prior > 0)], kind) for arm in arms]
    if any(value is not None for value in constant):
        return _with_certain_arms(y, arms, covariates, kind, prior, constant)
    if form == "main":
        others = others[:, [_can_be_fitted(y[arm & (prior > 0)], kind) for arm in others.T]]
        fit, assumed = _fit(y, with_arm(covariates, first, others), kind, prior * (first | second | others.any(axis=1)))
        fits = [fit]
        at_arm = len(covariates.names)
        shift = np.array([fits[0].coefficients[at_arm], 0.0])
        linear = covariates.matvec(fits[0].coefficients[:at_arm])[:, None] + shift
    else:
        fitted = [_fit(y, covariates, kind, prior * arm) for arm in arms]
        fits, assumed = [fit for fit, _ in fitted], max(words for _, words in fitted)
        linear = np.column_stack([covariates.matvec(fit.coefficients) for fit in fits])
    link_function = fits[0].link
    own = [fit.unit_score for fit in fits]
    words = {"main": "main effects", "per_arm": "one model per arm"}[form]
    return OutcomeModel(
        predicted=link_function.mean(linear),
        slopes=link_function.slope(linear),
        covariates=covariates,
        equations=tuple(fit.equation for fit in fits),
        unit_score=own[0] if len(own) == 1 else _by_arm(arms, own),
        first=first,
        dispersion=tuple(fit.dispersion for fit in fits),
        method=f"{_NAMES[kind]} outcome model, {words}{assumed}",
    )


_NAMES = {
    "binary": "logistic",
    "proportion": "fractional logistic",
    "count": "Poisson",
    "continuous": "linear",
    "cost": "gamma",
}


def _fit(
    y: NDArray[np.float64], matrix: ModelMatrix, kind: str, weights: NDArray[np.float64]
) -> tuple[FittedEquation, str]:
    """Return the fit, and in words what it had to assume."""
    family, link = MODELS[kind]
    try:
        return fit_equation(y, matrix, family=family, link=link, weights=weights, aliased="drop"), ""
    except DesignError:
        # Levels in which everybody or nobody has the outcome: the likelihood has no maximum, but its predictions have a
        # limit, certainty in those levels, and so have standard errors. So small a ridge is that limit to about 1e-8.
        ridge = LIMIT_RIDGE * np.count_nonzero(weights)
        fit = fit_equation(y, matrix, family=family, link=link, weights=weights, penalty=ridge, tolerance=1e-9)
        return fit, ", certain where covariates decide the outcome"


def with_arm(covariates: ModelMatrix, first: NDArray[np.bool_], others: NDArray[np.bool_] | None = None) -> ModelMatrix:
    """Return the covariates with the arm behind them (1 = first arm), and arms that are neither first nor second."""
    arms = first[:, None] if others is None else np.column_stack([first, others])
    names = ("arm", *(f"arm {place + 2}" for place in range(1, arms.shape[1])))
    position = len(covariates.names)
    block = DenseBlock(np.arange(position, position + len(names)), arms.astype(float))
    return ModelMatrix(
        (*covariates.names, *names),
        (*covariates.terms, *((name, None) for name in names)),
        (*covariates.blocks, block),
        covariates.n_rows,
        covariates.dropped,
    )


def certain_outcome(values: NDArray[np.float64], kind: str) -> float | None:
    """Return the outcome that all of an arm have, where a model of this kind would put it at the end of its scale."""
    if kind == "continuous" or not len(values) or values.min() < values.max():
        return None
    ends = (0.0,) if kind in ("count", "cost") else (0.0, 1.0)
    return float(values[0]) if values[0] in ends else None


def _can_be_fitted(values: NDArray[np.float64], kind: str) -> bool:
    return len(values) > 0 and certain_outcome(values, kind) is None


def _with_certain_arms(
    y: NDArray[np.float64],
    arms: Sequence[NDArray[np.bool_]],
    covariates: ModelMatrix,
    kind: str,
    prior: NDArray[np.float64],
    constant: Sequence[float | None],
) -> OutcomeModel:
    """Return the limit of the fit where an arm's outcome is certain: that value, and no doubt about it."""
    n, p = covariates.n_rows, len(covariates.names)
    predicted, slopes, equations, scores, dispersion = np.empty((n, 2)), np.zeros((n, 2)), [], [], []
    assumed = ""
    for position, (arm, value) in enumerate(zip(arms, constant, strict=True)):
        if value is None:
            fit, assumed = _fit(y, covariates, kind, prior * arm)
            linear = covariates.matvec(fit.coefficients)
            predicted[:, position], slopes[:, position] = fit.link.mean(linear), fit.link.slope(linear)
            equations.append(fit.equation)
            scores.append(fit.unit_score)
            dispersion.append(fit.dispersion)
            continue
        predicted[:, position] = value
        equations.append(EstimatingEquation(covariates, np.zeros(n), np.zeros(n), np.zeros((p, p))))
        scores.append(np.zeros(n))
        dispersion.append(1.0)
    return OutcomeModel(
        predicted=predicted,
        slopes=slopes,
        covariates=covariates,
        equations=tuple(equations),
        unit_score=_by_arm(arms, scores),
        first=arms[0],
        dispersion=tuple(dispersion),
        method=f"{_NAMES[kind]} outcome model in the arm whose outcome varies{assumed}",
    )


def _by_arm(arms: Sequence[NDArray[np.bool_]], values: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return each row's value in its own arm, 0 in neither."""
    return np.where(arms[0], values[0], np.where(arms[1], values[1], 0.0))
