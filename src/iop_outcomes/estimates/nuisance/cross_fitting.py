"""Nuisance models fitted on other people than those they are used for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.estimates.nuisance.outcome_model import MODELS, certain_outcome, with_arm
from iop_outcomes.stats.linear.centring import centred
from iop_outcomes.stats.linear.matrix import INTERCEPT, ModelMatrix
from iop_outcomes.stats.linear.robust_glm import fit_equation

Learner = Literal["regression", "boosting"]
#: Fold of rows for which nothing is predicted.
NO_FOLD = -1
#: In observations' worth, on columns divided by their standard deviations: keeps levels that a fold lacks finite.
FOLD_RIDGE = 1.0
#: Cross-fitted probabilities are kept this far from 0 and 1.
SMALLEST_PROBABILITY = 0.005


@dataclass(frozen=True)
class CrossFitted:
    """Predictions for each row from models that never saw the row's cluster.

    Attributes
    ----------
    predicted : ndarray, shape (n, 2)
        Outcome in the first and in the second arm.
    score : ndarray, shape (n,)
        Probability of the first arm.
    observation : ndarray, shape (n, 2), or None
        Probability that the outcome is observed, in the first and in the second arm.
    """

    predicted: NDArray[np.float64]
    score: NDArray[np.float64]
    observation: NDArray[np.float64] | None


def cross_fit(
    outcome: NDArray[np.float64],
    first: NDArray[np.bool_],
    covariates: ModelMatrix,
    folds: NDArray[np.intp],
    *,
    kind: str,
    used: NDArray[np.bool_] | None = None,
    learner: Learner = "regression",
    seed: int = 0,
) -> CrossFitted:
    """Fit propensity, outcome and observation models on all folds but one, and predict for that one, in turn.

    Parameters
    ----------
    outcome : ndarray, shape (n,)
        NaN where missing.
    first : ndarray of bool, shape (n,)
    covariates : ModelMatrix
    folds : ndarray, shape (n,)
        From ``designs.scores.propensity.folds_by_cluster``; rows in ``NO_FOLD`` get no prediction.
    kind : str
        A key of ``outcome_model.MODELS``.
    used : ndarray of bool, shape (n,), optional
        Rows to learn from.
    learner : {"regression", "boosting"}
        Generalised linear models with a slight ridge, or scikit-learn's histogram gradient boosting.
    seed : int
        For boosting.

    References
    ----------
    Chernozhukov et al. 2018, Econom J 21:C1.
    """
    used = np.ones(len(first), dtype=bool) if used is None else used
    known = np.isfinite(outcome) & used
    covariates = centred(covariates).matrix
    crossed = with_arm(covariates, first)
    as_arm = [with_arm(covariates, np.full(len(first), arm)) for arm in (True, False)]
    any_missing = bool((used & ~known).any())
    predicted, score = np.zeros((len(first), 2)), np.full(len(first), 0.5)
    observation = np.full((len(first), 2), 0.5) if any_missing else None
    fit = _boost if learner == "boosting" else _regress
    y = np.where(known, outcome, 0.0)
    certain = [certain_outcome(y[arm & known], kind) for arm in (first, ~first)]
    for fold in np.unique(folds[folds != NO_FOLD]):
        inside, training = folds == fold, folds != fold
        score[inside] = fit(first.astype(float), covariates, training & used, [covariates], inside, "binary", seed)[0]
        if None in certain:
            values = fit(y, crossed, training & known, as_arm, inside, kind, seed)
            predicted[inside] = np.column_stack(values)
        if observation is not None:
            chances = fit(known.astype(float), crossed, training & used, as_arm, inside, "binary", seed)
            observation[inside] = np.column_stack(chances)
    for position, value in enumerate(certain):
        # The limit of the model, as without folds: what a slight ridge leaves beside it is no chance of the event.
        if value is not None:
            predicted[:, position] = value
    return CrossFitted(predicted, _kept_inside(score), None if observation is None else _kept_inside(observation))


def _regress(
    response: NDArray[np.float64],
    matrix: ModelMatrix,
    training: NDArray[np.bool_],
    targets: Sequence[ModelMatrix],
    inside: NDArray[np.bool_],
    kind: str,
    seed: int,
) -> list[NDArray[np.float64]]:
    family, link = MODELS[kind]
    seen = _varying(matrix.rows(training))
    rows = matrix.columns(seen).rows(training)
    fitted = fit_equation(response[training], rows, family=family, link=link, penalty=FOLD_RIDGE)
    return [fitted.link.mean(target.columns(seen).rows(inside).matvec(fitted.coefficients)) for target in targets]


def _varying(matrix: ModelMatrix) -> NDArray[np.bool_]:
    """Say which columns vary, the intercept apart: a level that only the fold itself has counts as the reference."""
    ones = np.ones(matrix.n_rows)
    mean = matrix.transpose_matvec(ones) / matrix.n_rows
    variance = matrix.sandwich(ones).diagonal() / matrix.n_rows - mean**2
    varying: NDArray[np.bool_] = (variance > 1e-12 * (1 + mean**2)) | (np.array(matrix.names) == INTERCEPT)
    return varying


def _boost(
    response: NDArray[np.float64],
    matrix: ModelMatrix,
    training: NDArray[np.bool_],
    targets: Sequence[ModelMatrix],
    inside: NDArray[np.bool_],
    kind: str,
    seed: int,
) -> list[NDArray[np.float64]]:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    rows = matrix.rows(training).dense()
    others = [target.rows(inside).dense() for target in targets]
    # One thread, because sums over threads come out in an order of their own.
    with threadpool_limits(1):
        if kind == "binary":
            model = HistGradientBoostingClassifier(random_state=seed).fit(rows, response[training])
            # Where all that was learned from are alike, there is one column only.
            position = {value: place for place, value in enumerate(model.classes_)}.get(1.0)
            chances = [model.predict_proba(other) for other in others]
            return [np.zeros(len(c)) if position is None else c[:, position] for c in chances]
        loss = "poisson" if kind == "count" else "squared_error"
        model = HistGradientBoostingRegressor(loss=loss, random_state=seed).fit(rows, response[training])
        return [model.predict(other) for other in others]


def _kept_inside(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(probability, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
