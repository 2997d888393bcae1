"""Propensity scores: the probability of the first arm given what was known before."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.designs.arms import two_arms
from iop_outcomes.designs.scores.folds import folds_by_cluster
from iop_outcomes.kernel.errors import DesignError
from iop_outcomes.stats.linear.centring import standardised
from iop_outcomes.stats.linear.columns import read_terms
from iop_outcomes.stats.linear.glm import GlmFit, fit_glm
from iop_outcomes.stats.linear.identifiability import independent_columns
from iop_outcomes.stats.linear.matrix import ModelMatrix, model_matrix, usable_matrix

#: Scores of trees nearer to 0 and 1 than this say no more than that.
SMALLEST_SCORE = 1e-6


@dataclass(frozen=True)
class Propensity:
    """Propensity scores and how they were made.

    Attributes
    ----------
    score : ndarray of shape (n,)
        Missing where no score can be had: members of sites with one arm.
    method : str
        In words.
    fit : GlmFit or None
        The logistic model, unless the score is penalised, cross-fitted or stratified.
    matrix : ModelMatrix or None
        Its model matrix, with which estimators count that the score was estimated.
    notes : tuple of str
        What was left out, in sentences with counts.
    sites : (float, str) or None
        The number of sites that got an intercept by themselves and a sentence on it, where that was to be found out.
    """

    score: np.ndarray
    method: str
    fit: GlmFit | None = None
    matrix: ModelMatrix | None = None
    notes: tuple[str, ...] = ()
    sites: tuple[float, str] | None = None


def logistic_score(covariates: pd.DataFrame, treated, *, penalty: str | float | None = None) -> Propensity:
    """Return scores of a logistic regression on main effects.

    Levels nobody has, covariates of one value, and columns that follow exactly from others are left out and noted: the
    score is the same without them.

    Parameters
    ----------
    covariates : DataFrame of n rows
    treated : array_like of shape (n,)
    penalty : "firth" or float, optional
        See :func:`iop_outcomes.stats.linear.glm.fit_glm`.

    Returns
    -------
    Propensity

    Raises
    ------
    DesignError
        One arm only, missing covariates, or separation (named), unless a penalty makes it harmless.
    """
    first = two_arms(treated, "propensity score")
    matrix, notes = covariate_matrix(covariates)
    try:
        fit = fit_glm(first, matrix, penalty=penalty)
    except DesignError as error:
        raise DesignError(f"propensity score, where response 1 is the first arm: {error}") from None
    names = {None: "logistic regression", "firth": "logistic regression with Firth's penalty"}
    method = names.get(penalty, f"logistic regression with a ridge of {penalty}")
    plain = penalty is None
    return Propensity(fit.fitted, method, fit if plain else None, matrix if plain else None, notes)


def covariate_matrix(covariates: pd.DataFrame) -> tuple[ModelMatrix, tuple[str, ...]]:
    """Return the model matrix that designs balance, of full rank, and sentences on what was left out of it.

    Parameters
    ----------
    covariates : DataFrame of n rows

    Raises
    ------
    DesignError
        Missing covariates.
    """
    matrix, collinear = independent_columns(usable_matrix(covariates))
    return matrix, (*matrix.dropped, *collinear)


def penalised_score(
    covariates: pd.DataFrame, treated, *, kind: str = "ridge", cluster=None, folds: int = 5, seed: int = 0
) -> Propensity:
    """Return scores of a logistic regression whose penalty is chosen by cross-validation.

    Columns are divided by their standard deviations before they are penalised.

    Parameters
    ----------
    covariates : DataFrame of n rows
    treated : array_like of shape (n,)
    kind : {"ridge", "lasso"}
    cluster : array_like of shape (n,), optional
        Members of one cluster stay in one fold.
    folds : int
    seed : int
        Of the division into folds.

    Returns
    -------
    Propensity
    """
    from glum import GeneralizedLinearRegressorCV
    from threadpoolctl import threadpool_limits

    if kind not in ("ridge", "lasso"):
        raise DesignError(f"propensity score: the penalty is '{kind}'; it can be ridge or lasso.")
    first = two_arms(treated, "propensity score")
    columns, dropped = _library_frame(covariates)
    if columns.empty:
        return _share_of_the_first_arm(first, dropped)
    fold = folds_by_cluster(first, cluster, folds, seed)
    parts = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(fold.max() + 1)]
    model = GeneralizedLinearRegressorCV(
        l1_ratio=0.0 if kind == "ridge" else 1.0,
        family="binomial",
        scale_predictors=True,
        drop_first=True,
        cv=parts,
        n_alphas=30,
        gradient_tol=1e-8,
        max_iter=1_000,
    )
    # Sums made by several threads differ in their last digits from run to run.
    with threadpool_limits(1):
        model.fit(columns, first.astype(float))
        score = np.asarray(model.predict(columns), dtype=float)
    return Propensity(
        score,
        f"logistic regression, {kind} penalty {model.alpha_:.3g} chosen in {len(parts)} folds",
        notes=dropped,
    )


def boosted_score(
    covariates: pd.DataFrame,
    treated,
    *,
    cluster=None,
    folds: int = 5,
    seed: int = 0,
    rounds: int = 200,
    learning_rate: float = 0.05,
    least_leaf: int = 20,
) -> Propensity:
    """Return cross-fitted scores of gradient-boosted trees: nobody's score comes from a model that saw them.

    Trees are too sure of themselves, and weights of their scores too large: the scores are calibrated by a logistic
    regression of the arm on their logit.

    Parameters
    ----------
    covariates : DataFrame of n rows
    treated : array_like of shape (n,)
    cluster : array_like of shape (n,), optional
        Members of one cluster stay in one fold.
    folds : int
    seed : int
        Of the folds and of the trees.
    rounds : int
        Trees.
    learning_rate : float
    least_leaf : int
        Fewest members in a leaf.

    Returns
    -------
    Propensity

    References
    ----------
    Chernozhukov et al. 2018, Econometrics Journal 21:C1 (cross-fitting); Platt 1999, Advances in Large Margin
    Classifiers, 61; of propensity scores Gutman et al. 2024, Epidemiology 35:473 (calibration).
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    first = two_arms(treated, "propensity score")
    columns, dropped = _library_frame(covariates)
    if columns.empty:
        return _share_of_the_first_arm(first, dropped)
    fold = folds_by_cluster(first, cluster, folds, seed)
    score = np.empty(len(first))
    for part in range(fold.max() + 1):
        model = HistGradientBoostingClassifier(
            max_iter=rounds,
            learning_rate=learning_rate,
            min_samples_leaf=least_leaf,
            categorical_features="from_dtype",
            early_stopping=False,
            random_state=seed,
        )
        inside = fold == part
        with threadpool_limits(1):
            model.fit(columns[~inside], first[~inside])
            score[inside] = model.predict_proba(columns[inside])[:, 1]
    method = f"gradient-boosted trees, cross-fitted in {fold.max() + 1} folds and calibrated"
    return Propensity(_calibrated(score, first), method, notes=dropped)


def _calibrated(score: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return scores turned so that their logit predicts the arm with slope 1, as they are where it tells nothing."""
    inside = np.clip(score, SMALLEST_SCORE, 1 - SMALLEST_SCORE)
    logit = np.log(inside) - np.log1p(-inside)
    if np.ptp(logit) == 0:
        return inside
    return fit_glm(first, model_matrix(pd.DataFrame({"logit": logit}))).fitted


def _share_of_the_first_arm(first: np.ndarray, notes: tuple[str, ...]) -> Propensity:
    """Return what every model of the score comes to when no covariate varies."""
    return Propensity(np.full(len(first), first.mean()), "share of the first arm: no covariate varies", notes=notes)


def _library_frame(covariates: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return covariates as libraries take them, after the checks they would not make.

    Numbers come with mean 0 and standard deviation 1, because libraries lose those that are large beside their spread.
    """
    terms, dropped = read_terms(covariates, covariates.columns, unusable="drop")
    columns = {
        term.name: standardised(term.values)
        if term.levels is None
        else pd.Categorical.from_codes(term.codes, [str(level) for level in term.levels])
        for term in terms
    }
    return pd.DataFrame(columns), dropped
