"""Does the answer hang on one site?"""

from dataclasses import asdict
from typing import Annotated

import pandas as pd
from pydantic import Field

from iop_outcomes.kernel.errors import EstimationError, StudyError, counted
from iop_outcomes.kernel.registry import check
from iop_outcomes.robustness.refit import Refit


@check(description="The lowest and the highest estimate when each site in turn is left out", refits=True)
def leave_one_site_out(refit: Refit, *, most_sites: Annotated[int, Field(ge=2)] = 50) -> list[dict[str, object]]:
    """Return the lowest and the highest estimate of those without one site, design and estimate made anew each time.

    Which site it was is not said, because a site may be known by it.

    Parameters
    ----------
    refit : Refit
    most_sites : int
        With more sites than this, none of them can decide, and the check is not made.

    Raises
    ------
    EstimationError
        The study names no sites, has fewer than three or more than ``most_sites``, or leaving one out makes the
        analysis impossible.
    """
    if refit.sites is None:
        raise EstimationError("leave_one_site_out: this study names no sites; set 'cluster: site', or leave it out")
    sites = pd.unique(refit.sites)
    if not 3 <= len(sites) <= most_sites:
        raise EstimationError(
            f"leave_one_site_out: {counted(len(sites), 'site')}; it is for 3 to {most_sites} (most_sites)"
        )
    found = []
    for site in sites:
        try:
            found.append(refit.among(refit.sites != site).contrast())
        except StudyError as error:
            raise EstimationError(
                f"leave_one_site_out: without one of the sites there is no estimate: {error}"
            ) from None
    found.sort(key=lambda estimate: estimate.value)
    said = f"the {{}} of {len(sites)} estimates, each without one site"
    return [
        {**asdict(estimate), "scenario": which, "se_method": said.format(which)}
        for which, estimate in (("lowest", found[0]), ("highest", found[-1]))
    ]
