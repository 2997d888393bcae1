"""An analysis made in every site by itself."""

from dataclasses import asdict, replace
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.means import Means
from iop_outcomes.kernel.errors import EstimationError, StudyError, counted
from iop_outcomes.kernel.registry import check
from iop_outcomes.robustness.refit import Refit
from iop_outcomes.tables.by_site import BY_SITE, ONE_ARM, TOO_FEW, population
from iop_outcomes.tables.estimate import REFUSED


@check(
    name=BY_SITE,
    description="The first analysis of a design in every site by itself, under the weights of the whole comparison",
    refits=True,
)
def by_site(
    refit: Refit, *, fewest_people: Annotated[int, Field(ge=2)] = 20, most_sites: Annotated[int, Field(ge=2)] = 60
) -> list[dict[str, object]]:
    """Return the estimate of every site, or why it has none; of the first analysis of each design only.

    Everybody keeps the weight of the whole comparison, as in subgroups; models of the outcome are fitted anew. Within a
    site people are no longer alike for being of one site, so that intervals are those of single people. The gate, which
    judges the whole comparison, judges none of them.

    Parameters
    ----------
    refit : Refit
    fewest_people : int
        Sites with fewer people in one of the two arms have no estimate.
    most_sites : int
        With more sites than this nobody reads them one by one, and the check is not made.

    Raises
    ------
    EstimationError
        The study names no sites, or has more than ``most_sites`` of them.
    """
    if str(refit.rows["analysis"].iloc[0]) != next(iter(refit.study.analyses)):
        return []
    if refit.sites is None:
        raise EstimationError("by_site: this study names no sites; set 'cluster: site', or leave it out")
    sites = sorted(pd.unique(refit.sites), key=str)
    if len(sites) > most_sites:
        raise EstimationError(f"by_site: {counted(len(sites), 'site')}; it is for up to {most_sites} (most_sites)")
    return [{"population": population(site)} | _of_site(refit, site, fewest_people) for site in sites]


def _of_site(refit: Refit, site: object, fewest_people: int) -> dict[str, object]:
    whole = refit.comparison
    own = refit.people.loc[refit.people["cluster"] == site, "member_id"]
    arms = whole.treated[whole.members.index.isin(own)]
    least = int(min(arms.sum(), (~arms).sum()))
    if least < fewest_people:
        return _refused(refit, TOO_FEW if least else ONE_ARM)
    try:
        answer = replace(
            refit, comparison=_without_sites(whole.only(whole.population.members.index.isin(own)))
        ).answer()
        found = answer.estimates(refit.measure)[0]
    except StudyError as error:
        return _refused(refit, str(error))
    if not (np.isfinite([found.value, found.se]).all() and found.se > 0):
        return _refused(refit, found.reason or "it has no standard error")
    counts = answer.counted[1:]
    # That few are still in care at the end says nothing of how long the others stayed.
    binary = isinstance(answer, Means) and answer.sample.kind == "binary"
    events = [min(arm.n_events, arm.n - arm.n_events) if binary else arm.n_events for arm in counts]
    return asdict(found) | {"n": min(arm.n for arm in counts), "n_events": min(events), "reason": None}


def _without_sites(comparison: Comparison) -> Comparison:
    together = comparison.together
    return replace(comparison, cluster=None, together=None if together is None else replace(together, cluster=None))


def _refused(refit: Refit, reason: str) -> dict[str, object]:
    return {"measure": refit.measure or "none", "status": REFUSED, "reason": reason}
