"""An arm whose members are all in one cluster does not show how clusters differ: no interval may rest on it."""

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
    return [len(np.unique(codes[arm & known])) for arm in (comparison.treated, ~comparison.treated)]


def without_intervals_of_lone_clusters(
    estimates: Sequence[tuple[str, Estimate]], comparison: Comparison, known: NDArray[np.bool_]
) -> list[tuple[str, Estimate]]:
    """Return estimates by name of arm or contrast, without the intervals that rest on an arm in one cluster."""
    clusters = clusters_by_arm(comparison, known)
    if clusters is None or min(clusters) > 1:
        return list(estimates)
    lone = [name for name, n in zip(comparison.arms, clusters, strict=True) if n == 1]
    named = " and ".join(f"arm '{name}'" for name in lone)
    reason = f"{named} in one cluster, which does not show how clusters differ, so that there is no standard error"
    bare = {"se": np.nan, "ci_low": np.nan, "ci_high": np.nan, "reason": reason}
    seen = set(comparison.arms) - set(lone)
    return [(name, estimate if name in seen else replace(estimate, **bare)) for name, estimate in estimates]
