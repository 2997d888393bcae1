"""An interval that trusts no formula, beside the one that does."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from iop_outcomes.estimates.bootstrap import bootstrap as resampled
from iop_outcomes.kernel.registry import check
from iop_outcomes.robustness.refit import Refit
from iop_outcomes.tables.measure import measure_of


@check(description="Interval by drawing people, or whole sites, anew and repeating design and estimate", refits=True)
def bootstrap(refit: Refit, *, replicates: Annotated[int, Field(ge=2)] = 200) -> list[dict[str, object]]:
    """Return the percentile interval of replicates in which design and estimate are both made anew.

    Parameters
    ----------
    refit : Refit
    replicates : int

    Raises
    ------
    EstimationError
        More than a tenth of the replicates gave no estimate.
    """
    estimate = refit.contrast()
    is_log = measure_of(estimate.measure).se_scale == "log"

    def one(rows: NDArray[np.intp]) -> float:
        value = refit.among(rows).contrast().value
        # A replicate without events has no finite logarithm, and counts as one that gave no estimate.
        with np.errstate(divide="ignore"):
            return float(np.log(value)) if is_log else value

    units = "people" if refit.sites is None else "sites"
    found = resampled(one, len(refit.people), cluster=refit.sites, n_replicates=replicates, seed=refit.question.seed)
    ends = np.exp([found.ci_low, found.ci_high]) if is_log else [found.ci_low, found.ci_high]
    return [
        {
            "measure": estimate.measure,
            "value": estimate.value,
            "se": found.se,
            "se_scale": estimate.se_scale,
            "ci_low": ends[0],
            "ci_high": ends[1],
            "se_method": f"bootstrap of {units}, {found.n_replicates:,} replicates of design and estimate",
        }
    ]
