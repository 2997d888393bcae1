"""An outcome that is not known of everybody, and what the people it is known of say of the others."""

from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.estimates.checks import checked_pair
from iop_outcomes.estimates.estimators.weighting import weighted_means
from iop_outcomes.estimates.few_clusters import FewClusters, for_few_clusters
from iop_outcomes.estimates.measures import ArmMeans
from iop_outcomes.estimates.nuisance.observation import MOST_LOST, SMALLEST_PROBABILITY
from iop_outcomes.estimates.nuisance.outcome_model import LIMIT_RIDGE, OutcomeModel, fit_outcome_model
from iop_outcomes.estimates.nuisance.weights import Weights
from iop_outcomes.estimates.sample import Sample, kind_of
from iop_outcomes.kernel.errors import DesignError, EstimationError, counted
from iop_outcomes.stats.linear.centring import centred
from iop_outcomes.stats.linear.identifiability import independent_columns
from iop_outcomes.stats.linear.matrix import ModelMatrix, model_matrix
from iop_outcomes.stats.linear.robust_glm import fit_equation
from iop_outcomes.stats.linear.sandwich import EstimatingEquation

#: Kinds whose values are shares, so that a shift is one of log odds.
SHARES = ("binary", "proportion")


@dataclass(frozen=True)
class Incomplete:
    """An outcome of two arms under the weights of a design, missing for some.

    Attributes
    ----------
    outcome : ndarray, shape (n,)
        NaN where missing.
    pair : tuple of ndarray of bool, shape (n,)
        Who is in the first arm, and who in the second.
    weights : Weights
        Of the design.
    covariates : ModelMatrix
        With an intercept.
    cluster : ArrayLike or None
        Label of the unit whose members are alike.
    few_clusters : {"no", "auto", "cr2"}
        What is done about few of them, as in :func:`iop_outcomes.estimates.few_clusters.for_few_clusters`.
    """

    outcome: NDArray[np.float64]
    pair: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    weights: Weights
    covariates: ModelMatrix
    cluster: ArrayLike | None = None
    names: tuple[str, str] = field(default=("first", "second"))
    few_clusters: FewClusters = "no"

    def __post_init__(self) -> None:
        for name, arm in zip(self.names, self.pair, strict=True):
            if not (self.observed & arm).any():
                raise EstimationError(f"missing outcomes: nobody in arm '{name}' has a known one")

    @cached_property
    def used(self) -> NDArray[np.bool_]:
        """Whether the design uses the row."""
        return self.weights.values > 0

    @cached_property
    def observed(self) -> NDArray[np.bool_]:
        """Whether the outcome of somebody whom the design uses is known."""
        return self.used & np.isfinite(self.outcome)

    @cached_property
    def missing(self) -> NDArray[np.bool_]:
        """Whether somebody of the two arms whom the design uses has no known outcome."""
        return self.used & ~self.observed & (self.pair[0] | self.pair[1])

    @cached_property
    def kind(self) -> str:
        """Binary, proportion, count or continuous, from what is known of the two arms."""
        return kind_of(self.outcome[self.observed & (self.pair[0] | self.pair[1])])

    @property
    def is_share(self) -> bool:
        """Do all values lie between 0 and 1, so that a shift is one of log odds?"""
        return self.kind in SHARES

    @cached_property
    def spread(self) -> float:
        """Standard deviation of what is known: the unit of a shift of outcomes that are no shares."""
        return float(np.std(self.outcome[self.observed & (self.pair[0] | self.pair[1])], ddof=1))

    @cached_property
    def model(self) -> OutcomeModel:
        """Outcome given covariates, fitted in each arm to those of whom it is known: logistic, or linear."""
        return fit_outcome_model(
            np.where(self.observed, self.outcome, 0.0),
            self.pair[0],
            self.covariates,
            kind=self.kind if self.is_share else "continuous",
            form="per_arm",
            fitted_on=self.observed,
            names=self.names,
            others=(~self.pair[0] & ~self.pair[1])[:, None],
        )

    def filled(self, values: tuple[ArrayLike, ArrayLike]) -> NDArray[np.float64]:
        """Return the outcome with one value, or one a row, for whoever of each arm has none."""
        result = self.outcome.copy()
        for arm, value in zip(self.pair, values, strict=True):
            result = np.where(self.missing & arm, value, result)
        return result

    def means(self, outcome: NDArray[np.float64]) -> ArmMeans:
        """Return the weighted means of a completed outcome."""
        return self._weighted(outcome, self._of_arms(self.used))

    def means_of_observed(self) -> ArmMeans:
        """Return the weighted means of those of whom the outcome is known."""
        return self._weighted(self.outcome, self._of_arms(self.observed))

    def means_weighted_for_being_observed(self) -> ArmMeans:
        """Return those means with each weight divided by the probability, fitted in each arm, of being known.

        Raises
        ------
        EstimationError
            Members of some kind were hardly ever observed, so that nobody can stand for them.
        """
        weights = self._of_arms(self.used)
        for arm in self.pair:
            if not (self.missing & arm).any():
                continue
            probability, equation = _chance_of_being_known(self, arm)
            weights = weights.times_inverse_of(np.where(arm, probability, 1.0), self.observed | ~arm, equation)
        return self._weighted(self.outcome, weights)

    def for_few_clusters(self, arms: ArmMeans, weights: NDArray[np.float64]) -> ArmMeans:
        """Return means with the standard errors that few clusters ask for; ``weights`` say how much each row counts."""
        pair = np.column_stack(self.pair)
        return for_few_clusters(arms, self.few_clusters, weights=weights, pair=pair, cluster=self.cluster)

    def _weighted(self, outcome: NDArray[np.float64], weights: Weights) -> ArmMeans:
        arms = weighted_means(outcome, np.column_stack(self.pair), weights, cluster=self.cluster)
        return self.for_few_clusters(arms, weights.values)

    def _of_arms(self, rows: NDArray[np.bool_]) -> Weights:
        return self.weights.only(rows & (self.pair[0] | self.pair[1]))


def _chance_of_being_known(whole: Incomplete, arm: NDArray[np.bool_]) -> tuple[NDArray[np.float64], EstimatingEquation]:
    """Return the probability of each row of an arm, from a logistic regression on the covariates there."""
    rows, known = whole.used & arm, whole.observed & arm
    # A level that nobody of the arm has would leave the limit of a separated fit without a solution.
    there = independent_columns(whole.covariates.rows(rows))[0].names
    matrix = centred(whole.covariates.columns(np.isin(whole.covariates.names, there))).matrix
    fit_known = partial(fit_equation, known, matrix, family="binomial", weights=rows.astype(float), aliased="drop")
    try:
        fit = fit_known()
    except DesignError:
        # Levels of which everybody is known: the fit has a limit, as in the model of the outcome.
        fit = fit_known(penalty=LIMIT_RIDGE * np.count_nonzero(rows), tolerance=1e-9)
    probability = fit.link.mean(matrix.matvec(fit.coefficients))
    rare = int((rows & (probability < SMALLEST_PROBABILITY)).sum())
    if rare > MOST_LOST * np.count_nonzero(rows):
        raise EstimationError(
            f"missing outcomes: {counted(rare, 'member is', 'members are')} of a kind observed with a probability "
            f"under {SMALLEST_PROBABILITY:.0%}, so that nobody can well stand for them"
        )
    return probability, fit.equation


def incomplete_of(sample: Sample, few_clusters: FewClusters = "no") -> Incomplete:
    """Return the outcome of a sample as one that may be missing."""
    pair, names = (sample.first, sample.second), sample.comparison.arms
    return Incomplete(sample.outcome, pair, sample.weights, sample.matrix, sample.cluster, names, few_clusters)


def incomplete(
    outcome: ArrayLike,
    treated: ArrayLike,
    covariates: pd.DataFrame,
    weights: Weights | ArrayLike,
    cluster: ArrayLike | None = None,
    few_clusters: FewClusters = "no",
) -> Incomplete:
    """Return arrays of an analyst as an outcome that may be missing, checked.

    Raises
    ------
    EstimationError
        Lengths differ, a weight is missing or below zero, or nobody in an arm has a known outcome.
    """
    values = np.asarray(outcome, dtype=float)
    pair = checked_pair(treated)
    if not isinstance(weights, Weights):
        weights = Weights(np.asarray(weights, dtype=float))
    for name, found in (("arm", pair[0]), ("covariates", covariates), ("weights", weights.values)):
        if len(found) != len(values):
            raise EstimationError(
                f"missing outcomes: {counted(len(values), 'outcome')} and {len(found):,} rows of {name}; give one each"
            )
    if not (np.isfinite(weights.values).all() and (weights.values >= 0).all()):
        raise EstimationError("missing outcomes: a weight is missing or below zero; give weights of zero or more")
    return Incomplete(values, (pair[0], pair[1]), weights, model_matrix(covariates), cluster, few_clusters=few_clusters)


def shifted(whole: Incomplete, shifts: tuple[float, float]) -> tuple[NDArray[np.float64], OutcomeModel]:
    """Return the outcome completed by its expectation, shifted in each arm, and the model with slopes at the shift.

    Parameters
    ----------
    whole : Incomplete
    shifts : (float, float)
        Of the first and of the second arm: of the log odds for shares, else in standard deviations.
    """
    predicted, shift = whole.model.predicted, np.asarray(shifts, dtype=float)
    if whole.is_share:
        with np.errstate(divide="ignore"):
            odds = np.log(predicted) - np.log1p(-predicted) + shift
        predicted = 1 / (1 + np.exp(-odds))
        # Where the model is certain nothing moves, whatever the shift.
        slopes = np.where(whole.model.slopes == 0, 0.0, predicted * (1 - predicted))
    else:
        predicted, slopes = predicted + shift * whole.spread, whole.model.slopes
    return whole.filled((predicted[:, 0], predicted[:, 1])), replace(whole.model, slopes=slopes)
