"""Folds for cross-fitting and cross-validation."""

import numpy as np
import pandas as pd

from iop_outcomes.designs.arms import two_arms
from iop_outcomes.kernel.errors import DesignError, counted


def folds_by_cluster(treated, cluster=None, folds: int = 5, seed: int = 0) -> np.ndarray:
    """Return the fold of each member, 0, 1, 2, ...: both arms in every fold, no cluster in two.

    Parameters
    ----------
    treated : array_like of shape (n,)
    cluster : array_like of shape (n,), optional
    folds : int
    seed : int

    Returns
    -------
    ndarray of int, shape (n,)

    Raises
    ------
    DesignError
        Fewer than two folds; fewer clusters, or fewer members of an arm, than folds; or a fold whose complement lacks
        an arm.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    first = two_arms(treated, "folds")
    if folds < 2:
        raise DesignError(f"folds: {folds} asked for; what is fitted on the others needs 2 or more.")
    smallest = int(min(first.sum(), (~first).sum()))
    n_clusters = len(first) if cluster is None else pd.Series(np.asarray(cluster)).nunique()
    if min(smallest, n_clusters) < folds:
        raise DesignError(
            f"folds: {folds} asked for with {counted(n_clusters, 'cluster')} and {counted(smallest, 'member')} in the "
            "smaller arm; ask for fewer folds."
        )
    splitter = (StratifiedKFold if cluster is None else StratifiedGroupKFold)(folds, shuffle=True, random_state=seed)
    groups = None if cluster is None else pd.factorize(np.asarray(cluster), sort=True)[0]
    fold = np.empty(len(first), dtype=int)
    for part, (inside, outside) in enumerate(splitter.split(np.zeros(len(first)), first, groups)):
        two_arms(first[inside], f"folds: the members outside fold {part + 1}")
        fold[outside] = part
    return fold
