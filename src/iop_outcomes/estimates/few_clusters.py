"""Standard errors where there are few sites: CR2, with the degrees of freedom that few and unequal sites leave."""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.estimates.measures import ArmMeans
from iop_outcomes.kernel.plugin import InStudy
from iop_outcomes.stats.linear.few_clusters import unbiased_covariance
from iop_outcomes.stats.linear.sandwich import Covariance, cluster_codes

#: Fewer clusters than this are few.
FEW = 30
#: What to do about few clusters: nothing, CR2 where there are fewer than 30, or CR2 always.
FewClusters = Annotated[Literal["no", "auto", "cr2"], InStudy("auto")]


def wants_cr2(few_clusters: FewClusters, cluster: ArrayLike | None, used: ArrayLike) -> bool:
    """Say whether a standard error is to be CR2.

    Parameters
    ----------
    few_clusters : {"no", "auto", "cr2"}
    cluster : array_like, shape (n,), optional
    used : array_like of bool, shape (n,)
        Rows whose clusters are counted.
    """
    if cluster is None or few_clusters == "no":
        return False
    return few_clusters == "cr2" or cluster_codes(cluster, used)[1] < FEW


def few_clusters_covariance(
    influence: NDArray[np.float64] | None,
    few_clusters: FewClusters,
    *,
    weights: NDArray[np.float64],
    pair: NDArray[np.bool_],
    cluster: ArrayLike | None,
    used: ArrayLike | None = None,
) -> Covariance | None:
    """Return the covariance of both arms' means that few clusters ask for; None where they are not few.

    Parameters
    ----------
    influence : ndarray, shape (n, 2), or None
        None where the variance is that of a likelihood.
    few_clusters, weights, pair, cluster, used
        As in :func:`for_few_clusters`.
    """
    counted = weights > 0 if used is None else np.asarray(used, dtype=bool)
    if influence is None or cluster is None or not wants_cr2(few_clusters, cluster, counted):
        return None
    return unbiased_covariance(influence, np.where(pair, weights[:, None], 0.0), cluster=cluster, used=counted)


def for_few_clusters(
    arms: ArmMeans,
    few_clusters: FewClusters,
    *,
    weights: NDArray[np.float64],
    pair: NDArray[np.bool_],
    cluster: ArrayLike | None,
    used: ArrayLike | None = None,
) -> ArmMeans:
    """Return means of both arms with the covariance that few clusters ask for, where they are few.

    Parameters
    ----------
    arms : ArmMeans
        With influences.
    few_clusters : {"no", "auto", "cr2"}
        As they are; CR2 with fewer than 30 clusters; CR2 whatever their number.
    weights : ndarray, shape (n,)
        How much each row counts in the mean of its arm.
    pair : ndarray of bool, shape (n, 2)
        Membership of the first arm and of the second.
    cluster : array_like, shape (n,), optional
    used : array_like of bool, shape (n,), optional
        Rows whose clusters are counted; those that count unless told.
    """
    covariance = few_clusters_covariance(
        arms.influence, few_clusters, weights=weights, pair=pair, cluster=cluster, used=used
    )
    return arms if covariance is None else replace(arms, covariance=covariance)
