"""Repeated outcomes compared on one scale: the mean under each arm, whatever model stands behind it.

Coefficients of a marginal model (GEE) and of a random-intercept model answer different questions and must not be laid
side by side. Both are therefore turned into the share of people (or mean) had everybody been in one arm.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.checks import checked_outcome
from iop_outcomes.estimates.few_clusters import FewClusters, wants_cr2
from iop_outcomes.estimates.means import Means
from iop_outcomes.estimates.measures import ArmMeans
from iop_outcomes.estimates.occasions import Occasions, take_occasions
from iop_outcomes.estimates.question import Question
from iop_outcomes.estimates.sample import KINDS, kind_of, take_sample
from iop_outcomes.kernel.errors import EstimationError, counted
from iop_outcomes.kernel.registry import estimator
from iop_outcomes.stats.linear.centring import centred
from iop_outcomes.stats.linear.families import family_and_link
from iop_outcomes.stats.linear.matrix import ModelMatrix, model_matrix
from iop_outcomes.stats.linear.sandwich import Covariance
from iop_outcomes.stats.repeated.gee import fit_gee
from iop_outcomes.stats.repeated.random_intercept import fit_random_intercept
from iop_outcomes.tables.measure import MEAN, MEASURES, names_of

ARM, WEEK = "(arm)", "(week)"
FEW_CLUSTERS = 40
FAMILY_OF = {"binary": "binomial", "proportion": "binomial", "count": "poisson"}
INTEGRATION_NODES = 40


def gee_means(
    outcome: ArrayLike,
    treated: ArrayLike,
    cluster: ArrayLike,
    *,
    covariates: pd.DataFrame | None = None,
    weights: ArrayLike | None = None,
    wave: ArrayLike | None = None,
    family: str = "binomial",
    correlation: str = "exchangeable",
    correction: str = "none",
) -> ArmMeans:
    """Return mean outcomes had everybody been in each arm, by generalised estimating equations.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        One row per person and occasion; rows of weight zero may be missing.
    treated : array_like, shape (n,)
    cluster : array_like, shape (n,)
        Person whose occasions these are, or site.
    covariates : DataFrame of n rows, optional
        Measured before the arm; week or visit as a category belongs here too.
    weights : array_like, shape (n,), optional
        Weights of the design, times those of observation; taken as fixed. The means are over the weighted rows.
    wave, family, correlation, correction
        As for ``fit_gee``.

    Returns
    -------
    ArmMeans
        The covariance counts the sampling of the covariates, cluster by cluster.
    """
    first = np.asarray(treated, dtype=bool)
    y = checked_outcome(outcome, first, weights)
    counting = np.full(len(y), True) if weights is None else np.asarray(weights) > 0
    if np.ptp(y[counting]) == 0:
        raise EstimationError("GEE: the outcome is the same on all occasions, so that there is nothing to compare")
    matrix = _with_arm(first, covariates)
    fit = fit_gee(
        y, matrix, cluster, family=family, correlation=correlation, wave=wave, weights=weights, correction=correction
    )
    link = family_and_link(family, None)[1]
    share = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=float)
    share = share / share.sum()
    used = fit.cluster_codes >= 0
    means, influence, gradients = np.empty(2), np.empty((fit.n_clusters, 2)), np.empty((2, len(fit.names)))
    for position, linear in enumerate(_under_each_arm(matrix, fit.coefficients)):
        predicted = link.mean(linear)
        means[position] = share @ predicted
        gradients[position] = _under_arm(matrix, share * link.slope(linear), first_arm=position == 0)
        sampling = np.bincount(fit.cluster_codes[used], (share * (predicted - means[position]))[used], fit.n_clusters)
        influence[:, position] = fit.influence @ gradients[position] + sampling
    modelled = gradients @ fit.model_covariance @ gradients.T
    working = None if fit.working is None else fit.working(gradients.T)
    covariance = replace(fit.covariance, values=influence.T @ influence, unclustered=modelled, working=working)
    # A cluster's influence is that of its rows together; which of them it is laid to makes no difference.
    sizes = np.bincount(fit.cluster_codes[used], minlength=fit.n_clusters)
    of_rows = np.zeros((len(y), 2))
    of_rows[used] = (influence / sizes[:, None])[fit.cluster_codes[used]]
    return ArmMeans(means, covariance, of_rows).with_method("marginal means")


def random_intercept_means(
    outcome: ArrayLike,
    treated: ArrayLike,
    cluster: ArrayLike,
    *,
    covariates: pd.DataFrame | None = None,
    nodes: int = 15,
) -> ArmMeans:
    """Return the share with the outcome had everybody been in each arm, by random-intercept logistic regression.

    The conditional probabilities are averaged over the normal distribution of the intercepts, so that the result can
    stand beside :func:`gee_means`.

    Parameters
    ----------
    outcome, treated, cluster, covariates
        As in :func:`gee_means`; the outcome is 0/1, and no weights are possible.
    nodes : int
        Of the adaptive quadrature in the fit.

    Returns
    -------
    ArmMeans
        The covariance is the model's own (delta method over coefficients and standard deviation), with the
        covariates taken as given: it holds as far as the intercepts are normal and the clusters differ in nothing else.
    """
    first = np.asarray(treated, dtype=bool)
    y = checked_outcome(outcome, first)
    if not np.isin(y, (0, 1)).all():
        raise EstimationError("random intercept: the outcome is not 0 and 1 throughout; use GEE, or another outcome")
    matrix = _with_arm(first, covariates)
    fit = fit_random_intercept(y, matrix, cluster, nodes=nodes)
    share = np.full(len(y), 1 / len(y))
    means, gradients = np.empty(2), np.empty((2, len(fit.names) + 1))
    for position, linear in enumerate(_under_each_arm(matrix, fit.coefficients)):
        predicted, slope, by_deviation = _integrated(linear, fit.standard_deviation)
        means[position] = share @ predicted
        gradients[position] = np.append(
            _under_arm(matrix, share * slope, first_arm=position == 0), share @ by_deviation
        )
    known = np.isfinite(np.diag(fit.covariance))
    values = gradients[:, known] @ fit.covariance[np.ix_(known, known)] @ gradients[:, known].T
    method = (
        f"random-intercept logistic regression, intercept integrated out ({fit.n_clusters:,} clusters), model-based"
    )
    return ArmMeans(means, Covariance(values, np.inf, method)).with_method("marginal means")


@estimator(
    estimands=("ATE", "ATT", "ATC", "ATO", "ATM"),
    kinds=(*KINDS, "repeated"),
    measures=names_of(MEAN),
    description="generalised estimating equations: repeated outcomes, or one outcome of people within sites",
)
def gee(
    question: Question,
    comparison: Comparison,
    *,
    correlation: Literal["independence", "exchangeable", "ar1"] = "exchangeable",
    cluster: Literal["person", "site"] | None = None,
    correction: Literal["none", "mancl-derouen", "kauermann-carroll", "cr2"] | None = None,
    adjust: bool = True,
    few_clusters: FewClusters = "no",
) -> Means:
    """Compare mean outcomes with the design's weights, over the occasions seen.

    Occasions of a person, or of a site, are alike; the default is the person for weekly outcomes and the site for
    others. Unless a correction is named, few clusters get the one that ``few_clusters`` asks for, and without one fewer
    than 40 get that of Mancl and DeRouen. ``adjust`` puts the covariates, and the week, into the model.
    """
    occasions = take_occasions(question, comparison)
    labels = _clusters(comparison, occasions, cluster)
    if correction is None and wants_cr2(few_clusters, labels, comparison.weight[occasions.member] > 0):
        correction = "cr2"
    elif correction is None:
        correction = "mancl-derouen" if len(np.unique(labels)) < FEW_CLUSTERS else "none"
    arms = gee_means(
        occasions.outcome,
        comparison.treated[occasions.member],
        labels,
        covariates=_covariates(comparison, occasions) if adjust else None,
        weights=comparison.weight[occasions.member],
        wave=occasions.week if cluster != "site" else None,
        family=FAMILY_OF.get(kind_of(occasions.outcome), "gaussian"),
        correlation=correlation,
        correction=correction,
    )
    return _answer(question, comparison, occasions, arms)


@estimator(
    estimands=("ATE",),
    kinds=("binary", "repeated"),
    measures=tuple(name for name in names_of(MEAN) if MEASURES[name].only_binary),
    description="random-intercept logistic regression, intercept integrated out so that it can stand beside GEE",
)
def random_intercept(
    question: Question,
    comparison: Comparison,
    *,
    cluster: Literal["person", "site"] | None = None,
    nodes: Annotated[int, Field(ge=1, le=100)] = 15,
) -> Means:
    """Compare the share with the outcome by a model in which people (or sites) differ in their own odds.

    The covariates are in the model, and a design with weights is refused, because the likelihood has no place for them.
    """
    if np.ptp(comparison.weight[comparison.weight > 0]) > 0:
        raise EstimationError(
            f"random_intercept: takes no weights, and the design '{comparison.design}' has them; use the method "
            "'unweighted' for it, or the estimator 'gee'"
        )
    occasions = take_occasions(question, comparison)
    arms = random_intercept_means(
        occasions.outcome,
        comparison.treated[occasions.member],
        _clusters(comparison, occasions, cluster),
        covariates=_covariates(comparison, occasions),
        nodes=nodes,
    )
    return _answer(question, comparison, occasions, arms)


def _clusters(comparison: Comparison, occasions: Occasions, cluster: str | None) -> ArrayLike:
    cluster = cluster or ("site" if occasions.week is None else "person")
    if cluster == "person":
        if occasions.week is None:
            raise EstimationError("cluster: a person has this outcome once; use cluster 'site', or a weekly outcome")
        return occasions.member
    if comparison.cluster is None:
        raise EstimationError("cluster: this study names no sites; set 'cluster: site' in the study, or use 'weighted'")
    return comparison.cluster.to_numpy()[occasions.member]


def _covariates(comparison: Comparison, occasions: Occasions) -> pd.DataFrame:
    frame = comparison.model_frame.iloc[occasions.member].reset_index(drop=True)
    return frame if occasions.week is None else frame.assign(**{WEEK: pd.Categorical(occasions.week)})


def _answer(question: Question, comparison: Comparison, occasions: Occasions, arms: ArmMeans) -> Means:
    """Return the answer, in which a member counts once."""
    first_seen = pd.Series(occasions.outcome, index=occasions.member).groupby(level=0).first()
    members = question.data.index
    column = first_seen.reindex(range(len(members))).set_axis(members).to_frame(question.outcome)
    every = (occasions.outcome, comparison.treated[occasions.member])
    if arms.influence is not None:
        by_member = [np.bincount(occasions.member, one, len(members)) for one in arms.influence.T]
        arms = replace(arms, influence=np.column_stack(by_member))
    sample = take_sample(replace(question, data=column), comparison, occasions=every)
    if occasions.week is None:
        return Means(sample, arms)
    said = f"{counted(len(occasions.outcome), 'weekly result')}, {occasions.n_missing:,} not seen and left out"
    return Means(sample, arms, said=said, count_events=False)


def _integrated(
    linear: NDArray[np.float64], deviation: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Average the logistic curve over normal intercepts; also its slope, and its derivative by their deviation."""
    from scipy.special import expit

    z, weight = np.polynomial.hermite_e.hermegauss(INTEGRATION_NODES)
    weight = weight / np.sqrt(2 * np.pi)
    mean, slope, by_deviation = (np.zeros(len(linear)) for _ in range(3))
    for node, share in zip(z, weight, strict=True):
        p = expit(linear + deviation * node)
        mean += share * p
        slope += share * p * (1 - p)
        by_deviation += share * p * (1 - p) * node
    return mean, slope, by_deviation


def _with_arm(first: NDArray[np.bool_], covariates: pd.DataFrame | None) -> ModelMatrix:
    frame = pd.DataFrame(index=range(len(first))) if covariates is None else covariates.reset_index(drop=True)
    matrix = model_matrix(frame.assign(**{ARM: first.astype(float)}), unusable="drop")
    return centred(matrix, fixed=(ARM,)).matrix


def _under_each_arm(matrix: ModelMatrix, coefficients: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """Yield the linear predictors had everybody been in the first arm, and in the second."""
    without = np.where(_is_arm(matrix), 0.0, coefficients)
    second = matrix.matvec(without)
    yield second + coefficients[_is_arm(matrix)]
    yield second


def _under_arm(matrix: ModelMatrix, values: NDArray[np.float64], *, first_arm: bool) -> NDArray[np.float64]:
    """Return X'values as if everybody's arm were the same."""
    return np.where(_is_arm(matrix), values.sum() if first_arm else 0.0, matrix.transpose_matvec(values))


def _is_arm(matrix: ModelMatrix) -> NDArray[np.bool_]:
    return np.array([name == ARM for name in matrix.names])
