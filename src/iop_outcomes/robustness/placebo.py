"""Placebo outcome: does the design find a difference in use before time zero, which no arm can have made?"""

from dataclasses import replace

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.kernel.registry import ESTIMATORS, check
from iop_outcomes.robustness.refit import Refit
from iop_outcomes.tables.controls import PLACEBO_DIFFERENCE, USE_BEFORE
from iop_outcomes.tables.measure import MEAN, names_of

#: A covariate that goes with it as closely as this is the same fact, and balance makes it alike.
THE_SAME = 0.95
#: Share of each arm of whom use before must be known.
ENOUGH_KNOWN = 0.5
#: For an analysis whose own estimator gives no means.
OTHERWISE = "weighted"


@check(
    description="Difference in use before time zero, which the arm cannot have made; made wherever it is known",
    refits=True,
)
def placebo(refit: Refit) -> list[dict[str, object]]:
    """Return the difference between the arms in use before time zero, under the design of an analysis.

    It is that of the last 30 days before time zero, or of the 30 before those where a covariate is the same fact: what
    is balanced differs in nothing and tells nothing. Made once for a design and its two arms, with the estimator of the
    first analysis; not where people were assigned by chance, whose arms differ by chance alone, nor where nothing is
    adjusted for.

    Parameters
    ----------
    refit : Refit

    Returns
    -------
    list of dict
        One row, in standard deviations of both arms together; none where use before is not known.

    References
    ----------
    Lipsitch, Tchetgen Tchetgen & Cohen 2010, Epidemiology 21:383 (negative control outcomes).
    """
    found = _known_and_free(refit) if refit.leads and refit.study.covariates else None
    if found is None:
        return []
    furthest, column = found
    estimate = _with_means(refit, column).contrast()
    if not np.isfinite(estimate.se):
        raise EstimationError(f"placebo: use before time zero has no standard error: {estimate.reason}")
    deviation = _deviation(refit, column)
    said = f"days {furthest} to {furthest - 29} before time zero"
    numbers = {name: getattr(estimate, name) / deviation for name in ("value", "se", "ci_low", "ci_high")}
    method = f"share of days with use on {said}, under the design of the analysis, in standard deviations"
    return [{"measure": PLACEBO_DIFFERENCE, **numbers, "se_scale": "identity", "se_method": method}]


def _known_and_free(refit: Refit) -> tuple[int, str] | None:
    """Return the nearest period that is known of enough people and that no covariate tells."""
    data = refit.question.data.reindex(refit.comparison.members.index)
    covariates = refit.comparison.covariates.select_dtypes("number")
    for furthest, column in USE_BEFORE.items():
        if column not in data:
            continue
        use = data[column]
        known = use.notna().groupby(refit.comparison.treated).mean()
        if known.min() < ENOUGH_KNOWN or not use.std() > 0:
            continue
        alike = covariates.corrwith(use).abs() if len(covariates.columns) else pd.Series(dtype=float)
        if not (alike > THE_SAME).any():
            return furthest, column
    return None


def _with_means(refit: Refit, column: str) -> Refit:
    """Return the analysis asked of another outcome, by an estimator of means."""
    asked = replace(refit, question=replace(refit.question, outcome=column, of_risk=False), measure="mean_difference")
    if set(refit.estimator.measures) & set(names_of(MEAN)):
        return asked
    weighted = ESTIMATORS[OTHERWISE]
    return replace(asked, estimator=weighted, settings=weighted.check_in_study({}, OTHERWISE))


def _deviation(refit: Refit, column: str) -> float:
    """Return the standard deviation of both arms together, as balance is measured: the arms' variances count alike."""
    data = refit.question.data.reindex(refit.comparison.members.index)[column]
    return float(np.sqrt(data.groupby(refit.comparison.treated).var().mean()))
