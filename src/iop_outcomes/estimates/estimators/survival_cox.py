"""Hazard ratios of two arms, and survival standardised by a Cox model."""

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.checks import checked_score
from iop_outcomes.estimates.few_clusters import FewClusters, few_clusters_covariance
from iop_outcomes.estimates.in_time import Hazards, SurvivalAt
from iop_outcomes.estimates.measures import Estimate, arm_means, half_width, why_no_variance
from iop_outcomes.estimates.nuisance.outcome_model import Form
from iop_outcomes.estimates.nuisance.tilting import tilting_function
from iop_outcomes.estimates.question import Question
from iop_outcomes.estimates.time_to_event import (
    COMPETING,
    ESTIMANDS,
    KINDS,
    Day,
    FollowUp,
    counted_influence,
    take_follow_up,
)
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.kernel.plugin import InStudy
from iop_outcomes.kernel.registry import estimator
from iop_outcomes.stats.linear.matrix import INTERCEPT
from iop_outcomes.stats.linear.sandwich import Covariance, influence_covariance
from iop_outcomes.tables.measure import HAZARD, SURVIVAL, names_of

if TYPE_CHECKING:
    from iop_outcomes.stats.linear.matrix import ModelMatrix
    from iop_outcomes.stats.survival.cox import CoxFit

Ties = Literal["efron", "breslow"]

TREATED = "(first arm)"
ROUNDING = 1e-10


@estimator(
    estimands=ESTIMANDS,
    kinds=(*KINDS, *COMPETING),
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
    few_clusters: FewClusters = "no",
) -> Hazards:
    """Compare hazards by a weighted Cox model of the arm, or of the arm and the covariates if ``adjust``.

    A hazard ratio is one number only if it is the same on all days; the test of that stands in ``se_method``. The
    ratio of an adjusted model speaks of people with the same covariates and is no average over the population.

    Where other events compete, it is the ratio of cause-specific hazards: the rate of the event among those still in
    care. Other events end the time at risk, which is no statement of what would have come without them.
    """
    from iop_outcomes.stats.survival.cox_robust import influence

    follow_up = take_follow_up(question, comparison)
    comparison, weights = follow_up.comparison, follow_up.weights(count_estimation)
    fit = _fit(follow_up, weights.values, adjust, ties)
    own = influence(fit, np.eye(len(fit.names))[:, [fit.names.index(TREATED)]])
    counted = counted_influence(own, weights)
    covariance = influence_covariance(counted, cluster=comparison.cluster, used=follow_up.used)
    # A log hazard ratio is a difference of two rates, which rest on the events of the arms.
    few = few_clusters_covariance(
        counted * np.column_stack([comparison.treated, ~comparison.treated]),
        few_clusters,
        weights=weights.values * follow_up.event,
        pair=np.column_stack(follow_up.arms),
        cluster=comparison.cluster,
        used=follow_up.used,
    )
    covariance = covariance if few is None else few.along((1.0, 1.0))
    position = fit.names.index(TREATED)
    estimate = ratio_of("hazard_ratio", fit.coefficients[position], covariance, fit.se[position])
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
    form: Annotated[Form, InStudy("per_arm")] = "main",
    few_clusters: FewClusters = "no",
) -> SurvivalAt:
    """Compare mean survival at one day, had everybody of the estimand's population been in each arm.

    The models are fitted without weights: one with the same effect of the arm for all (``main``), or one in each arm
    (``per_arm``), which is right too where the effect differs between people or over time. The weights of ATO and ATM
    are taken as fixed.
    """
    from iop_outcomes.stats.survival.cox_curves import standardised_survival

    follow_up = take_follow_up(question, comparison)
    follow_up.refuse_unseen(day)
    comparison = follow_up.comparison
    population = _population(follow_up)
    if form == "main":
        fit = _fit(follow_up, follow_up.used.astype(float), True, ties)
        curves = [standardised_survival(fit, {TREATED: value}, [day], population) for value in (1.0, 0.0)]
        model = f"standardised by a Cox model, {ties.capitalize()} ties, {_proportional(fit, comparison.cluster)}"
    else:
        fits = [_fit_of_arm(follow_up, arm, ties) for arm in follow_up.arms]
        curves = [standardised_survival(fit, {}, [day], population) for fit in fits]
        model = f"standardised by a Cox model in each arm, {ties.capitalize()} ties"
    influence = np.column_stack([curve.influence[:, 0] for curve in curves])
    means = [curve.survival[0] for curve in curves]
    arms = arm_means(means, influence, cluster=comparison.cluster, used=follow_up.used)
    arms = follow_up.for_few_clusters(arms, few_clusters, follow_up.used.astype(float))
    return SurvivalAt(follow_up, arms.with_method(model), day)


def ratio_of(measure: str, value: float, covariance: Covariance, model_se: float) -> Estimate:
    """Return the ratio of a model's coefficient, with its interval or why there is none."""
    reason = why_no_variance(covariance, np.ones(1), ROUNDING * model_se)
    if reason:
        return Estimate(measure, float(np.exp(value)), np.nan, "log", np.nan, np.nan, reason)
    se = float(covariance.se[0])
    half = half_width(se, covariance.freedom_of((1.0,)))
    ratio, low, high = (float(np.exp(end)) for end in (value, value - half, value + half))
    return Estimate(measure, ratio, se, "log", low, high)


def _population(follow_up: FollowUp) -> NDArray[np.float64]:
    """Return how much each member counts for the estimand."""
    comparison, used = follow_up.comparison, follow_up.used
    of_arms = {"ATE": used, "ATT": used & comparison.treated, "ATC": used & ~comparison.treated}
    if comparison.estimand in of_arms:
        return of_arms[comparison.estimand].astype(float)
    score = np.where(used, comparison.score, 0.5)
    return used * tilting_function(checked_score(score), comparison.estimand)[0]


def _fit_of_arm(follow_up: FollowUp, arm: NDArray[np.bool_], ties: Ties) -> "CoxFit":
    """Fit the covariates in one arm; columns that do not vary there among those who count are left out."""
    from iop_outcomes.stats.linear.identifiability import independent_columns
    from iop_outcomes.stats.survival.cox import fit_cox

    refuse_no_events(follow_up)
    whole = follow_up.matrix
    there = independent_columns(whole.rows(arm))[0].names
    matrix = whole.columns(np.isin(whole.names, there) & (np.array(whole.names) != INTERCEPT))
    return fit_cox(matrix, follow_up.time, follow_up.event, weights=arm.astype(float), ties=ties)


def _fit(follow_up: FollowUp, weights: NDArray[np.float64], adjust: bool, ties: Ties) -> "CoxFit":
    from iop_outcomes.stats.survival.cox import fit_cox

    refuse_no_events(follow_up)
    return fit_cox(arm_matrix(follow_up, adjust), follow_up.time, follow_up.event, weights=weights, ties=ties)


def refuse_no_events(follow_up: FollowUp) -> None:
    """Raise if nobody in an arm has the event."""
    for arm, name in zip(follow_up.arms, follow_up.comparison.arms, strict=True):
        if not follow_up.event[arm].any():
            raise EstimationError(
                f"hazard_ratio: nobody in arm '{name}' has the event, so that the ratio is zero or infinite; "
                "compare survival or incidence at a day, or restricted means"
            )


def arm_matrix(follow_up: FollowUp, adjust: bool) -> "ModelMatrix":
    """Return the arm, called ``TREATED``, and with ``adjust`` the covariates of everybody as a model takes them."""
    from iop_outcomes.stats.linear.matrix import model_matrix

    covariates = follow_up.comparison.model_frame
    frame = pd.DataFrame({TREATED: follow_up.comparison.treated.astype(float)}, index=covariates.index)
    if adjust:
        # Those who do not count stand in the frame as one who does, so that no level is theirs alone.
        rows = np.where(follow_up.used, np.arange(len(follow_up.used)), follow_up.used.argmax())
        # As they are: codes taken out of a category would be numbers.
        frame = pd.concat([frame, covariates.iloc[rows].set_axis(frame.index)], axis=1)
    return model_matrix(frame, unusable="drop")


def _proportional(fit: "CoxFit", cluster: pd.Series | None) -> str:
    """Return the test that the ratio of the arms is the same on all days, in words."""
    from iop_outcomes.stats.survival.cox_proportional import proportional_hazards_test

    if len(fit.at.data.sets.time) < 2:
        return "events on one day only"
    p_value = proportional_hazards_test(fit, cluster=cluster, terms=[TREATED])["p_value"].iloc[0]
    if np.isnan(p_value):
        return "too few events to test proportional hazards"
    return f"test of proportional hazards p = {p_value:.2g}"
