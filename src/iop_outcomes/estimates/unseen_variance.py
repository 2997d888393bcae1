"""No interval may rest on an arm that does not show its variance: all in one cluster, or all with one outcome."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.measures import Estimate


def clusters_by_arm(comparison: Comparison, known: NDArray[np.bool_]) -> list[int] | None:
    """Return in how many clusters the members of each arm are of whom the outcome is known; None without clusters."""
    codes = comparison.cluster_codes
    if codes is None:
        return None
    arms = (comparison.treated, ~comparison.treated)
    # One more, for members without a cluster, who have code -1.
    return [int(np.count_nonzero(np.bincount(codes[arm & known] + 1))) for arm in arms]


def without_intervals_of_lone_clusters(
    between: Estimate, own: Sequence[Estimate], comparison: Comparison, known: NDArray[np.bool_]
) -> tuple[Estimate, list[Estimate]]:
    """Return a contrast and the estimates of its arms, if any, without intervals that rest on an arm in one cluster."""
    clusters = clusters_by_arm(comparison, known)
    if clusters is None or min(clusters) > 1:
        return between, list(own)
    lone = [name for name, n in zip(comparison.arms, clusters, strict=True) if n == 1]
    reason = (
        f"{_named(lone)} in one cluster, which does not show how clusters differ, so that there is no standard error"
    )
    bare = [_bare(each, reason) if name in lone else each for each, name in zip(own, comparison.arms, strict=False)]
    return _bare(between, reason), bare


def without_intervals_of_constant_arms(
    between: Estimate, own: Sequence[Estimate], names: Sequence[str], constant: Sequence[bool]
) -> tuple[Estimate, list[Estimate]]:
    """Return a contrast and the estimates of its arms, without the intervals that rest on an arm of one outcome.

    Parameters
    ----------
    between : Estimate
    own : sequence of Estimate
        Of the first and of the second arm.
    names : sequence of str
        Of the arms.
    constant : sequence of bool
        Whether all of an arm have the same outcome.
    """
    if not any(constant):
        return between, list(own)
    named = _named([name for name, same in zip(names, constant, strict=True) if same])
    reason = f"the outcome does not vary in {named}, so that there is no standard error"
    bare = [_bare(each, reason) if same else each for each, same in zip(own, constant, strict=True)]
    return _bare(between, reason), bare


def _named(arms: Sequence[str]) -> str:
    return " and ".join(f"arm '{name}'" for name in arms)


def _bare(estimate: Estimate, reason: str) -> Estimate:
    return replace(estimate, se=np.nan, ci_low=np.nan, ci_high=np.nan, reason=reason)
