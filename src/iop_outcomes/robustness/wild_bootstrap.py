"""Does a p-value that trusts no formula for few sites say the same as the interval?"""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from iop_outcomes.estimates.in_time import RestrictedMeans, SurvivalAt
from iop_outcomes.estimates.means import Means
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.kernel.registry import check
from iop_outcomes.robustness.refit import Refit
from iop_outcomes.stats.linear.wild_bootstrap import wild_cluster_bootstrap
from iop_outcomes.tables.measure import WILD_P, measure_of

LEVEL = 0.05


@check(description="p-value of no difference by the wild cluster bootstrap, and whether it agrees", refits=True)
def wild_bootstrap(refit: Refit, *, replicates: Annotated[int, Field(ge=199)] = 9_999) -> list[dict[str, object]]:
    """Return the p-value of no difference when whole sites change the sign of what they add to it.

    With 12 sites or fewer all patterns of signs are tried, so that nothing is drawn.

    Parameters
    ----------
    refit : Refit
    replicates : int
        Patterns drawn with more than 12 sites.

    Raises
    ------
    EstimationError
        The study names no sites or has fewer than six, or the estimator gives no means with influences.

    References
    ----------
    Cameron, Gelbach & Miller 2008, Rev Econ Stat 90:414.
    """
    answer = refit.answer()
    if not isinstance(answer, Means | SurvivalAt | RestrictedMeans) or answer.arms.influence is None:
        raise EstimationError(
            f"wild_bootstrap: '{refit.estimator.name}' does not say what each person adds to a mean; ask it of another "
            "estimator"
        )
    estimate, cluster = answer.estimates(refit.measure)[0], answer.comparison.population.cluster
    measure = measure_of(estimate.measure)
    if cluster is None:
        raise EstimationError("wild_bootstrap: this study names no sites; set 'cluster: site', or leave it out")
    if not np.isfinite(estimate.se):
        raise EstimationError(f"wild_bootstrap: there is no standard error: {estimate.reason}")
    found = wild_cluster_bootstrap(
        measure.from_no_difference(estimate.value),
        measure.between(*answer.arms.means)[1],
        answer.arms.influence,
        _counts(answer),
        cluster=cluster,
        n_patterns=replicates,
        seed=refit.question.seed,
    )
    outside = not estimate.ci_low <= measure.no_difference <= estimate.ci_high
    agrees = (found.p_value < LEVEL) == outside
    patterns = f"{'all ' if found.every_pattern else ''}{found.n_patterns:,} patterns of signs"
    return [
        {
            "measure": WILD_P,
            "value": found.p_value,
            "se_method": f"wild cluster bootstrap of {found.n_clusters} sites, no difference imposed, {patterns}; "
            f"{'agrees' if agrees else 'does not agree'} with the interval",
        }
    ]


def _counts(answer: Means | SurvivalAt | RestrictedMeans) -> NDArray[np.float64]:
    """Return how much each member counts in each arm, shape (n, 2)."""
    if isinstance(answer, Means):
        sample = answer.sample
        return np.where(sample.pair & sample.observed[:, None], sample.weight[:, None], 0.0)
    follow_up = answer.follow_up
    return np.where(np.column_stack(follow_up.arms), follow_up.comparison.weight[:, None], 0.0)
