"""Targeted maximum likelihood: predictions of the outcome are moved until they solve the efficient equation."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.scores.balancing_weights import bound_of, bounded_score
from iop_outcomes.designs.weighting import Bound
from iop_outcomes.estimates.checks import checked_arms, checked_outcome, checked_score
from iop_outcomes.estimates.few_clusters import FewClusters
from iop_outcomes.estimates.means import Means
from iop_outcomes.estimates.measures import ArmMeans, arm_means
from iop_outcomes.estimates.nuisance.cross_fitting import Learner
from iop_outcomes.estimates.nuisance.nuisances import cross_fitted, outcome_model_of
from iop_outcomes.estimates.nuisance.outcome_model import Form
from iop_outcomes.estimates.question import Question
from iop_outcomes.estimates.sample import KINDS, Sample, Sites, take_sample
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.kernel.registry import estimator
from iop_outcomes.tables.measure import MEAN, names_of

#: Predictions are kept this far from 0 and 1 before they are moved on the logit scale.
LARGEST_PREDICTION = 0.9995
#: Along the path of the ATT, so that it is followed and not left.
LARGEST_STEP = 0.01
MOST_STEPS = 1_000
Fluctuation = Literal["weighted", "covariate"]


def targeted_means(
    outcome: ArrayLike,
    treated: ArrayLike,
    predicted: NDArray[np.float64],
    score: ArrayLike,
    *,
    estimand: str = "ATE",
    observation: NDArray[np.float64] | None = None,
    fluctuation: Fluctuation = "weighted",
    bounds: tuple[float, float] | None = None,
    cluster: ArrayLike | None = None,
    small_sample: bool = True,
) -> ArmMeans:
    """Return the targeted mean of each arm; the standard error is that of the efficient influence function.

    Outcomes are put on the unit interval by their bounds and moved along a logistic path, so that no estimate leaves
    the range of the outcome.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        May be missing where ``observation`` is given.
    treated : array_like, shape (n,)
    predicted : ndarray, shape (n, 2)
        Initial predictions for each row in the first and in the second arm.
    score : array_like, shape (n,)
        Propensity score.
    estimand : {"ATE", "ATT"}
        ATT is moved in small steps along the least favourable path of outcome and propensity model together.
    observation : ndarray, shape (n,) or (n, 2), optional
        Probability that the outcome is observed, of each row in its own arm or in the first and in the second (ATE
        only). As covariates the inverse probabilities are needed of both arms.
    fluctuation : {"weighted", "covariate"}
        For ATE: inverse probabilities as weights of the logistic step, or as its covariates.
    bounds : (float, float), optional
        Least and greatest possible outcome; those seen unless told.
    cluster, small_sample
        As in ``influence_covariance``.

    References
    ----------
    van der Laan & Rubin 2006, Int J Biostat 2(1):11; Gruber & van der Laan 2010, Int J Biostat 6(1):26 (bounded
    continuous outcomes); van der Laan & Gruber 2016, Int J Biostat 12:351 (one-step path).
    """
    first = checked_arms(treated)
    observed = np.isfinite(np.asarray(outcome, dtype=float))
    y = checked_outcome(outcome, first, observed.astype(float) if observation is not None else None)
    low, high = bounds or (float(y[observed].min()), float(y[observed].max()))
    if not high > low:
        raise EstimationError("tmle: the outcome has one value only, so that there is nothing to estimate")
    unit = _Unit(
        outcome=np.where(observed, (y - low) / (high - low), 0.0),
        first=first,
        observed=observed,
        predicted=_logit(_bounded((predicted - low) / (high - low))),
        score=np.asarray(score, dtype=float),
        observation=_in_both_arms(observation, len(y), fluctuation),
    )
    if estimand == "ATE":
        means, influence = _everybody(unit, fluctuation)
    elif estimand == "ATT" and observation is None:
        means, influence = _like_the_first_arm(unit)
    else:
        missing = " with missing outcomes" if estimand == "ATT" else ""
        raise EstimationError(f"tmle: {estimand}{missing} is not offered; use aipw, where it is")
    scale = high - low
    result = arm_means(low + scale * means, scale * influence, cluster=cluster, small_sample=small_sample)
    return result.with_method("targeted maximum likelihood, efficient influence function")


@dataclass(frozen=True)
class _Unit:
    """The data with the outcome on the unit interval and predictions on the logit scale."""

    outcome: NDArray[np.float64]
    first: NDArray[np.bool_]
    observed: NDArray[np.bool_]
    predicted: NDArray[np.float64]
    score: NDArray[np.float64]
    observation: NDArray[np.float64]


def _everybody(unit: _Unit, fluctuation: Fluctuation) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    probabilities = np.column_stack([unit.score, 1 - unit.score]) * unit.observation
    in_arm = np.column_stack([unit.first, ~unit.first]) & unit.observed[:, None]
    weights = np.where(in_arm, 1 / probabilities, 0.0)
    moved = np.empty_like(unit.predicted)
    for position in range(2):
        inverse = 1 / probabilities[:, position]
        covariate = np.ones_like(inverse) if fluctuation == "weighted" else inverse
        prior = weights[:, position] if fluctuation == "weighted" else in_arm[:, position].astype(float)
        start = unit.predicted[:, position]
        end = _certain(unit.outcome[in_arm[:, position]])
        if end is not None:
            # Nobody, or everybody, of the arm is at an end of the scale, which the step would reach without end.
            moved[:, position] = end
            continue
        moved[:, position] = _expit(start + _fluctuation(unit.outcome, start, covariate, prior) * covariate)
    means = moved.mean(axis=0)
    influence = weights * (unit.outcome[:, None] - moved) + moved - means
    return means, influence / len(moved)


def _in_both_arms(observation: NDArray[np.float64] | None, n: int, fluctuation: Fluctuation) -> NDArray[np.float64]:
    """Return the probability of observation of each row in both arms, shape (n, 2)."""
    if observation is None:
        return np.ones((n, 2))
    given = np.asarray(observation, dtype=float)
    if given.shape not in ((n,), (n, 2)):
        raise EstimationError(f"tmle: the probabilities of observation have the shape {given.shape} for {n:,} rows")
    if given.ndim == 2:
        return given
    if fluctuation == "covariate":
        raise EstimationError(
            "tmle: with fluctuation='covariate' the probability of observation is needed in both arms, shape (n, 2)"
        )
    # As weights they count in a row's own arm only.
    return np.column_stack([given, given])


def _certain(outcome: NDArray[np.float64]) -> float | None:
    """Return the end of the scale at which all outcomes are, or None."""
    low, high = outcome.min(), outcome.max()
    return float(low) if low == high and low in (0.0, 1.0) else None


def _fluctuation(
    y: NDArray[np.float64], start: NDArray[np.float64], covariate: NDArray[np.float64], prior: NDArray[np.float64]
) -> float:
    """Return the coefficient of one covariate in a logistic regression with an offset, by Newton's method."""
    used = prior > 0
    y, start, covariate, prior = y[used], start[used], covariate[used], prior[used]
    epsilon = 0.0
    for _ in range(100):
        fitted = _expit(start + epsilon * covariate)
        gradient = np.sum(prior * covariate * (y - fitted))
        step = gradient / np.sum(prior * covariate**2 * fitted * (1 - fitted))
        epsilon += step
        if abs(step) < 1e-12 * (1 + abs(epsilon)):
            return epsilon
    raise EstimationError(
        "tmle: the step that targets the predictions has no solution, because propensity scores are too extreme; "
        "look at the overlap of the design"
    )


def _like_the_first_arm(unit: _Unit) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if any(_certain(unit.outcome[arm]) is not None for arm in (unit.first, ~unit.first)):
        raise EstimationError("tmle: an arm has one outcome only, where the path of the ATT has no end; use aipw")
    path = _Path(unit, unit.first.mean())
    predicted, score = unit.predicted, unit.score
    for _ in range(MOST_STEPS):
        equation = path.equation(predicted, score)
        slope = equation.mean()
        if abs(slope) <= 1e-8 * np.sqrt(np.mean(equation**2) / len(equation)):
            break
        newton = slope / path.information(predicted, score)
        predicted, score = path.move(predicted, score, np.clip(newton, -LARGEST_STEP, LARGEST_STEP))
    else:
        raise EstimationError("tmle: the path of the ATT does not end; the propensity scores are too extreme, use aipw")
    means = score @ _expit(predicted) / score.sum()
    return means, path.influence(predicted, score, means) / len(score)


@dataclass(frozen=True)
class _Path:
    """The least favourable path of the ATT, outcome and propensity model moved together."""

    unit: _Unit
    share: float

    def clever(self, score: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the covariates of the outcome step in each arm, shape (n, 2)."""
        return np.column_stack([np.ones_like(score), -score / (1 - score)]) / self.share

    def own(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return each row's value under its own arm."""
        return np.where(self.unit.first, values[:, 0], values[:, 1])

    def residual_part(self, predicted: NDArray[np.float64], score: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.own(self.clever(score)) * (self.unit.outcome - self.own(_expit(predicted)))

    def equation(self, predicted: NDArray[np.float64], score: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return each row's part of the efficient equation; targeting ends where these sum to zero."""
        return (
            self.residual_part(predicted, score)
            + self.centred(predicted, score) * (self.unit.first - score) / self.share
        )

    def information(self, predicted: NDArray[np.float64], score: NDArray[np.float64]) -> float:
        """Return minus the derivative of the mean of ``equation`` along the path."""
        mean = self.own(_expit(predicted))
        by_outcome = self.own(self.clever(score)) ** 2 * mean * (1 - mean)
        by_score = (self.centred(predicted, score) / self.share) ** 2 * score * (1 - score)
        return float(np.mean(by_outcome + by_score))

    def centred(self, predicted: NDArray[np.float64], score: NDArray[np.float64]) -> NDArray[np.float64]:
        gap = _expit(predicted) @ np.array([1.0, -1.0])
        # Centred by the moved scores themselves, so that equation and influence function reach zero together.
        centred: NDArray[np.float64] = gap - gap @ score / score.sum()
        return centred

    def move(
        self, predicted: NDArray[np.float64], score: NDArray[np.float64], step: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        centred = self.centred(predicted, score)
        moved = _logit(_bounded(_expit(predicted + step * self.clever(score))))
        return moved, np.clip(_expit(_logit(score) + step * centred / self.share), 1e-9, 1 - 1e-9)

    def influence(
        self, predicted: NDArray[np.float64], score: NDArray[np.float64], means: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        mean, first = _expit(predicted), self.unit.first
        residual = self.residual_part(predicted, score)
        standardised = first[:, None] * (mean - means) / self.share
        own = np.column_stack([np.where(first, residual, 0.0), np.where(first, 0.0, -residual)])
        influence: NDArray[np.float64] = standardised + own
        return influence


@estimator(
    estimands=("ATE", "ATT"),
    kinds=KINDS,
    measures=names_of(MEAN),
    description="Targeted maximum likelihood with the propensity score of the design and an outcome model",
)
def tmle(
    question: Question,
    comparison: Comparison,
    *,
    outcome_model: Form = "main",
    fluctuation: Fluctuation = "weighted",
    folds: Annotated[int, Field(ge=0)] = 0,
    learner: Learner = "regression",
    bound: Bound = None,
    by_site: Sites = "no",
    few_clusters: FewClusters = "no",
) -> Means:
    """Compare targeted means; with ``folds`` the models are cross-fitted, by cluster where these have no intercepts.

    Missing outcomes are weighted for by the inverse probability of observation (ATE only). Scores, and probabilities of
    observation, come no nearer to 0 and 1 than ``bound``, as in the design methods that weight.
    """
    sample = take_sample(question, comparison, by_site=by_site)
    predicted, score, observation = _models(sample, outcome_model, folds, learner, question.seed)
    used, cluster = sample.used, sample.cluster
    least = bound_of(bound, int(used.sum()))
    arms = targeted_means(
        sample.outcome[used],
        sample.first[used],
        predicted[used],
        bounded_score(checked_score(score[used]), comparison.estimand, least),
        estimand=comparison.estimand,
        observation=None if observation is None else np.maximum(observation[used], least),
        fluctuation=fluctuation,
        bounds=(0.0, 1.0) if sample.is_share else None,
        cluster=None if cluster is None else cluster[used],
    )
    counts = np.where(sample.observed, sample.weight, 0.0)
    arms = sample.for_few_clusters(_of_everybody(arms, used), few_clusters, counts)
    arms = arms.with_method(f"{folds} folds") if folds else arms
    return Means(sample, arms, missing=sample.missing_in_words("weight"))


def _of_everybody(arms: ArmMeans, used: NDArray[np.bool_]) -> ArmMeans:
    """Return the means with influences of all members, none of those whom the design does not use."""
    influence = np.zeros((len(used), 2))
    influence[used] = arms.influence
    return replace(arms, influence=influence)


def _models(
    sample: Sample, form: Form, folds: int, learner: Learner, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64] | None]:
    """Return predictions under both arms, propensity score, and probability of observation or None."""
    if folds:
        fitted = cross_fitted(sample, folds, learner, seed)
        return fitted.predicted, fitted.score, fitted.observation
    observation = None if sample.observation is None else sample.observation.in_arms
    return outcome_model_of(sample, form).predicted, sample.comparison.score, observation


def _bounded(share: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(share, 1 - LARGEST_PREDICTION, LARGEST_PREDICTION)


def _logit(share: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log(share / (1 - share))


def _expit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-values))
