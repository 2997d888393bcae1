"""Hazard ratios of two arms, and survival standardised by a Cox model."""

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.checks import checked_score
from iop_outcomes.estimates.in_time import Hazards, SurvivalAt
from iop_outcomes.estimates.measures import Estimate, arm_means, half_width, why_no_variance
from iop_outcomes.estimates.nuisance.tilting import tilting_function
from iop_outcomes.estimates.question import Question
from iop_outcomes.estimates.time_to_event import ESTIMANDS, KINDS, Day, FollowUp, counted_influence, take_follow_up
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.kernel.registry import estimator
from iop_outcomes.stats.linear.sandwich import Covariance, influence_covariance
from iop_outcomes.tables.measure import HAZARD, SURVIVAL, names_of

if TYPE_CHECKING:
    from iop_outcomes.stats.survival.cox import CoxFit

Ties = Literal["efron", "breslow"]

TREATED = "(first arm)"
ROUNDING = 1e-10


@estimator(
    estimands=ESTIMANDS,
    kinds=KINDS,
    measures=names_of(HAZARD),
    description="Hazard ratio of a Cox model, with the weights of the design",
    several_arms="two arms",
)
def cox(
    question: Question,
    comparison: Comparison,
    *,
    adjust: bool = False,
    ties: Ties = "efron",
    count_estimation: bool = True,
) -> Hazards:
    """Compare hazards by a weighted Cox model of the arm, or of the arm and the covariates if ``adjust``.

    A hazard ratio is one number only if it is the same on all days; the test of that stands in ``se_method``. The
    ratio of an adjusted model speaks of people with the same covariates and is no average over the population.
    """
    from iop_outcomes.stats.survival.cox_robust import influence

    follow_up = take_follow_up(question, comparison)
    comparison, weights = follow_up.comparison, follow_up.weights(count_estimation)
    fit = _fit(follow_up, weights.values, adjust, ties)
    own = influence(fit, np.eye(len(fit.names))[:, [fit.names.index(TREATED)]])
    covariance = influence_covariance(counted_influence(own, weights), cluster=comparison.cluster, used=follow_up.used)
    position = fit.names.index(TREATED)
    estimate = _hazard_ratio(fit.coefficients[position], covariance, fit.se[position])
    model = f"Cox model{' with covariates' if adjust else ''}, {ties.capitalize()} ties, {weights.method}"
    method = f"{model}; {covariance.method}; {_proportional(fit, comparison.cluster)}"
    return Hazards(follow_up, estimate, method)


@estimator(
    estimands=ESTIMANDS,
    kinds=KINDS,
    measures=names_of(SURVIVAL),
    description="Survival at a day standardised by a Cox model of arm and covariates (g-formula)",
)
def standardised_cox(
    question: Question,
    comparison: Comparison,
    *,
    day: Day = 90,
    ties: Ties = "efron",
) -> SurvivalAt:
    """Compare mean survival at one day, had everybody of the estimand's population been in each arm.

    The model is fitted without weights, with the same effect of the arm for all; the weights of ATO and ATM are taken
    as fixed.
    """
    from iop_outcomes.stats.survival.cox_curves import standardised_survival

    follow_up = take_follow_up(question, comparison)
    follow_up.refuse_unseen(day)
    comparison = follow_up.comparison
    fit = _fit(follow_up, follow_up.used.astype(float), True, ties)
    population = _population(follow_up)
    curves = [standardised_survival(fit, {TREATED: value}, [day], population) for value in (1.0, 0.0)]
    influence = np.column_stack([curve.influence[:, 0] for curve in curves])
    means = [curve.survival[0] for curve in curves]
    arms = arm_means(means, influence, cluster=comparison.cluster, used=follow_up.used)
    model = f"standardised by a Cox model, {ties.capitalize()} ties, {_proportional(fit, comparison.cluster)}"
    return SurvivalAt(follow_up, arms.with_method(model), day)


def _hazard_ratio(value: float, covariance: Covariance, model_se: float) -> Estimate:
    reason = why_no_variance(covariance, np.ones(1), ROUNDING * model_se)
    if reason:
        return Estimate("hazard_ratio", float(np.exp(value)), np.nan, "log", np.nan, np.nan, reason)
    se = float(covariance.se[0])
    half = half_width(se, covariance.degrees_of_freedom)
    ratio, low, high = (float(np.exp(end)) for end in (value, value - half, value + half))
    return Estimate("hazard_ratio", ratio, se, "log", low, high)


def _population(follow_up: FollowUp) -> NDArray[np.float64]:
    """Return how much each member counts for the estimand."""
    comparison, used = follow_up.comparison, follow_up.used
    of_arms = {"ATE": used, "ATT": used & comparison.treated, "ATC": used & ~comparison.treated}
    if comparison.estimand in of_arms:
        return of_arms[comparison.estimand].astype(float)
    score = np.where(used, comparison.score, 0.5)
    return used * tilting_function(checked_score(score), comparison.estimand)[0]


def _fit(follow_up: FollowUp, weights: NDArray[np.float64], adjust: bool, ties: Ties) -> "CoxFit":
    from iop_outcomes.stats.linear.matrix import model_matrix
    from iop_outcomes.stats.survival.cox import fit_cox

    for arm, name in zip(follow_up.arms, follow_up.comparison.arms, strict=True):
        if not follow_up.event[arm].any():
            raise EstimationError(
                f"hazard_ratio: nobody in arm '{name}' has the event, so that the ratio is zero or infinite; "
                "compare survival at a day or restricted means"
            )
    covariates = follow_up.comparison.model_frame
    frame = pd.DataFrame({TREATED: follow_up.comparison.treated.astype(float)}, index=covariates.index)
    if adjust:
        # Those who do not count stand in the frame as one who does, so that no level is theirs alone.
        rows = np.where(follow_up.used, np.arange(len(follow_up.used)), follow_up.used.argmax())
        # As they are: codes taken out of a category would be numbers.
        frame = pd.concat([frame, covariates.iloc[rows].set_axis(frame.index)], axis=1)
    matrix = model_matrix(frame, unusable="drop")
    return fit_cox(matrix, follow_up.time, follow_up.event, weights=weights, ties=ties)


def _proportional(fit: "CoxFit", cluster: pd.Series | None) -> str:
    """Return the test that the ratio of the arms is the same on all days, in words."""
    from iop_outcomes.stats.survival.cox_proportional import proportional_hazards_test

    if len(fit.at.data.sets.time) < 2:
        return "events on one day only"
    p_value = proportional_hazards_test(fit, cluster=cluster, terms=[TREATED])["p_value"].iloc[0]
    if np.isnan(p_value):
        return "too few events to test proportional hazards"
    return f"test of proportional hazards p = {p_value:.2g}"
