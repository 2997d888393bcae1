"""Mean outcomes in a matched sample, with standard errors that know who was matched with whom.

Matches are taken as given (Abadie & Spiess 2022): people of one matched set are alike, so residuals are summed within
sets. With replacement there are no disjoint sets, and the variance is the heteroscedastic one.
"""

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.checks import checked_outcome
from iop_outcomes.estimates.few_clusters import FewClusters, few_clusters_covariance
from iop_outcomes.estimates.means import Means
from iop_outcomes.estimates.measures import ArmMeans
from iop_outcomes.estimates.question import Question
from iop_outcomes.estimates.sample import KINDS, Sample, take_sample
from iop_outcomes.kernel.errors import counted
from iop_outcomes.kernel.registry import estimator
from iop_outcomes.stats.linear.centring import centred
from iop_outcomes.stats.linear.identifiability import aliased_columns
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.linear.sandwich import Covariance, cluster_codes
from iop_outcomes.tables.measure import MEAN, names_of

FEWEST_SETS = 30


def matched_means(
    outcome: ArrayLike,
    treated: ArrayLike,
    weights: ArrayLike,
    *,
    matched_set: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
) -> ArmMeans:
    """Return the mean outcome of the matched treated and of the controls that stand for them.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        People of weight zero may be missing.
    treated : array_like, shape (n,)
    weights : array_like, shape (n,)
        Match weights (see ``design.matching``) or subclass weights.
    matched_set : array_like, shape (n,), optional
        Pair, set or subclass of each person; absent after matching with replacement.
    cluster : array_like, shape (n,), optional
        Site; people of one site are alike besides those of one set (two-way clustering).

    Returns
    -------
    ArmMeans

    Notes
    -----
    The same as regressing the outcome on the arm, linearly or logistically, with match weights and HC1 within sets:
    the plain sandwich times G/(G - 1) (n - 1)/(n - 2), or n/(n - 2) without sets; intervals are normal. With sites too,
    the variances within sets and within sites are added and that within both is taken off; intervals then use t
    quantiles with one degree of freedom less than there are sites.

    References
    ----------
    Abadie A, Spiess J. J Am Stat Assoc 2022;117:983-995; MatchIt's vignette on estimating effects; Cameron AC, Gelbach
    JB, Miller DL. J Bus Econ Stat 2011;29:238-249 (two ways).
    """
    first, weights = np.asarray(treated, dtype=bool), np.asarray(weights, dtype=float)
    y = checked_outcome(outcome, first, weights)
    means, influence = np.empty(2), np.zeros((len(y), 2))
    for position, arm in enumerate((first, ~first)):
        share = np.where(arm, weights, 0) / np.sum(weights, where=arm)
        means[position] = share @ y
        influence[:, position] = share * (y - means[position])
    covariance = _robust(influence, weights > 0, matched_set, cluster, n_coefficients=2)
    return ArmMeans(means, covariance, influence).with_method("matched means")


def adjusted_matched_means(
    outcome: ArrayLike,
    treated: ArrayLike,
    weights: ArrayLike,
    covariates: pd.DataFrame,
    *,
    matched_set: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    over: Literal["treated", "everybody"] = "treated",
) -> ArmMeans:
    """Return mean outcomes under each arm, from a linear regression in the matched sample.

    The regression holds the arm, the covariates and their products; what matching left unbalanced is thereby taken
    out.

    Parameters
    ----------
    outcome, treated, weights, matched_set, cluster
        As in :func:`matched_means`.
    covariates : DataFrame of n rows
        Levels nobody of the matched has are left out, and so are columns that others already say, which ``method``
        counts.
    over : {"treated", "everybody"}
        Over whom of the matched predictions are averaged, each counted once whatever the weight: the treated for the
        ATT, everybody for the ATE.

    Returns
    -------
    ArmMeans
        The covariates are taken as given, as in the delta method: their sampling adds nothing to the variance.
    """
    first, weights = np.asarray(treated, dtype=bool), np.asarray(weights, dtype=float)
    y = checked_outcome(outcome, first, weights)
    used = weights > 0
    arm = first[used]
    terms = centred(model_matrix(covariates[used], unusable="drop")).matrix.dense()
    columns = _crossed(terms, arm)
    root = np.sqrt(weights[used])
    weighted = columns * root[:, None]
    kept = ~aliased_columns(weighted.T @ weighted, has_intercept=True)
    columns = columns[:, kept]
    orthogonal, triangle = np.linalg.qr(columns * root[:, None])
    coefficients = np.linalg.solve(triangle, orthogonal.T @ (root * y[used]))
    inverse = np.linalg.inv(triangle)
    score = columns * (weights[used] * (y[used] - columns @ coefficients))[:, None]

    people = terms[arm] if over == "treated" else terms
    averages = np.array([_crossed(people, np.full(len(people), was)).mean(axis=0)[kept] for was in (True, False)])
    influence = np.zeros((len(y), 2))
    influence[used] = score @ (inverse @ inverse.T) @ averages.T
    covariance = _robust(influence, used, matched_set, cluster, n_coefficients=int(kept.sum()))
    left_out = int((~kept).sum())
    method = "linear regression with interactions in the matched sample"
    if left_out:
        method += f" ({counted(left_out, 'column')} without information left out)"
    return ArmMeans(averages @ coefficients, covariance, influence).with_method(method)


@estimator(
    estimands=("ATT", "ATE"),
    kinds=KINDS,
    measures=names_of(MEAN),
    description="means in the matched sample or in subclasses, with errors robust within sets",
)
def matched(
    question: Question,
    comparison: Comparison,
    *,
    adjust: bool = False,
    few_clusters: FewClusters = "no",
) -> Means:
    """Compare matched people; ``adjust`` takes out by linear regression what matching left unbalanced.

    Who has no outcome is left out, and with them the partners who then stand alone in their set. Fewer than 30 sets,
    as subclasses are, say too little about a variance; people then count as independent, within sites if there are any.
    """
    sample = take_sample(question, comparison)
    alone = _left_alone(sample)
    if alone.any():
        members = sample.comparison.members
        kept = replace(sample.comparison, members=members.assign(weight=members["weight"].where(~alone, 0.0)))
        sample = take_sample(replace(question, data=question.data.loc[members.index]), kept)
    comparison = sample.comparison
    sets = comparison.members["matched_set"]
    weights = np.where(sample.observed, comparison.weight, 0.0)
    few = sets[weights > 0].nunique() < FEWEST_SETS
    alike = {"matched_set": None if few else sets, "cluster": comparison.cluster}
    if adjust:
        over: Literal["treated", "everybody"] = "treated" if comparison.estimand == "ATT" else "everybody"
        arms = adjusted_matched_means(sample.outcome, sample.first, weights, comparison.model_frame, over=over, **alike)
    else:
        arms = matched_means(sample.outcome, sample.first, weights, **alike)
    cluster = comparison.cluster
    covariance = few_clusters_covariance(
        arms.influence, few_clusters, weights=weights, pair=sample.pair, cluster=cluster
    )
    if covariance is not None and cluster is not None:
        covariance = covariance if few else _also_within_sets(covariance, arms, sets.where(weights > 0), cluster)
        arms = replace(arms, covariance=covariance)
    partners = f"left out, and with them {counted(int(alone.sum()), 'partner')}" if alone.any() else "left out"
    return Means(sample, arms, missing=partners)


def _also_within_sets(covariance: Covariance, arms: ArmMeans, matched_set: pd.Series, cluster: pd.Series) -> Covariance:
    """Return the CR2 variance within sites with that within matched sets added, and what lies within both taken off."""
    used = matched_set.notna().to_numpy()
    if arms.influence is None or not used.any():
        return covariance
    both = matched_set.astype(str).str.cat(cluster.astype(str), sep=" ")
    of_sets, of_both = (_within(arms.influence[used], *cluster_codes(one[used]), 2) for one in (matched_set, both))
    values = covariance.values + of_sets - of_both
    if np.linalg.eigvalsh(values)[0] <= 0:
        return covariance
    return replace(covariance, values=values, method=f"{covariance.method}, and robust within matched sets (two ways)")


def _left_alone(sample: Sample) -> NDArray[np.bool_]:
    """Say who has an outcome but nobody of the other arm with one in the set."""
    sets = sample.comparison.members["matched_set"]
    if sets.isna().all():
        return np.zeros(len(sets), dtype=bool)
    known = pd.DataFrame({"first": sample.observed & sample.first, "second": sample.observed & ~sample.first})
    in_set = known.groupby(sets.to_numpy()).transform("any").fillna(False)
    return sample.observed & ~in_set.all(axis=1).to_numpy(dtype=bool)


def _crossed(terms: NDArray[np.float64], arm: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Intercept, arm, covariates, and products of arm and covariates, in that order."""
    arm = arm.astype(float)[:, None]
    return np.hstack([terms[:, :1], arm, terms[:, 1:], arm * terms[:, 1:]])


def _robust(
    influence: NDArray[np.float64],
    used: NDArray[np.bool_],
    matched_set: ArrayLike | None,
    cluster: ArrayLike | None,
    n_coefficients: int,
) -> Covariance:
    n = int(used.sum())
    groupings = [g for g in (matched_set, cluster) if g is not None]
    if not groupings:
        return Covariance(influence.T @ influence * n / (n - n_coefficients), np.inf, "robust (HC1)")
    coded = [cluster_codes(grouping, used) for grouping in groupings]
    values = np.sum([_within(influence[used], codes[used], groups, n_coefficients) for codes, groups in coded], axis=0)
    words = "matched sets" if cluster is None else "clusters"
    alone = influence.T @ influence
    method = f"robust within {coded[0][1]:,} {words} (HC1)"
    if len(coded) == 2:
        both, n_both = cluster_codes([f"{a} {b}" for a, b in zip(coded[0][0], coded[1][0], strict=True)], used)
        values = values - _within(influence[used], both[used], n_both, n_coefficients)
        method = f"robust within {coded[0][1]:,} matched sets and within {coded[1][1]:,} clusters (HC1, two ways)"
        if np.linalg.eigvalsh(values)[0] <= 0:
            values = _within(influence[used], coded[1][0][used], coded[1][1], n_coefficients)
            method = f"robust within {coded[1][1]:,} clusters (HC1; two ways the variance would be negative)"
    if cluster is None:
        return Covariance(values, np.inf, method, alone, words)
    return Covariance(values, coded[-1][1] - 1.0, method, alone)


def _within(
    influence: NDArray[np.float64], codes: NDArray[np.intp], n_groups: int, n_coefficients: int
) -> NDArray[np.float64]:
    n = len(influence)
    sums = np.column_stack([np.bincount(codes, column, n_groups) for column in influence.T])
    return sums.T @ sums * n_groups / (n_groups - 1) * (n - 1) / (n - n_coefficients)
