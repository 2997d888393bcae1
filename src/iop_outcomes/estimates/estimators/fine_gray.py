"""Fine and Gray's model of an event while others compete, with Gray's test: they predict and explain nothing."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.estimators.survival_cox import TREATED, Ties, arm_matrix, ratio_of, refuse_no_events
from iop_outcomes.estimates.in_time import Hazards
from iop_outcomes.estimates.nuisance.weights import Weights
from iop_outcomes.estimates.question import Question
from iop_outcomes.estimates.time_to_event import COMPETING, ESTIMANDS, FollowUp, counted_influence, take_follow_up
from iop_outcomes.kernel.registry import estimator
from iop_outcomes.stats.linear.sandwich import influence_covariance
from iop_outcomes.tables.measure import SUBDISTRIBUTION, names_of

if TYPE_CHECKING:
    from iop_outcomes.stats.survival.fine_gray import FineGrayFit


@estimator(
    estimands=ESTIMANDS,
    kinds=COMPETING,
    measures=names_of(SUBDISTRIBUTION),
    description="Fine and Gray's subdistribution ratio, with the weights of the design; predictive, gets no verdict",
    several_arms="two arms",
)
def fine_gray(
    question: Question,
    comparison: Comparison,
    *,
    adjust: bool = False,
    ties: Ties = "breslow",
    count_estimation: bool = True,
) -> Hazards:
    """Describe by one ratio how the arm goes with the incidence of an event while others compete with it.

    **Predictive, and no effect**: whoever had another event stays at risk, so that the ratio is of no rate among people
    in care, and a difference in completing alone moves it. It gets no verdict and supports no claim; compare incidences
    (``aalen_johansen``) or cause-specific hazards (``cox``). Gray's test that the incidences are the same, of the arms
    as they are without weights, stands in ``se_method``.

    References
    ----------
    Fine & Gray 1999, JASA 94:496; Gray 1988, Ann Stat 16:1141.
    """
    follow_up = take_follow_up(question, comparison)
    refuse_no_events(follow_up)
    comparison, weights = follow_up.comparison, follow_up.weights(count_estimation)
    fit = _fit(follow_up, weights.values, adjust, ties)
    position = fit.cox.names.index(TREATED)
    own = _influence(follow_up, fit, weights, position)
    covariance = influence_covariance(own[:, None], cluster=comparison.cluster, used=follow_up.used)
    estimate = ratio_of("subdistribution_ratio", fit.cox.coefficients[position], covariance, fit.cox.se[position])
    model = f"Fine-Gray model{' with covariates' if adjust else ''} (predictive), {ties.capitalize()} ties"
    return Hazards(follow_up, estimate, f"{model}, {weights.method}; {covariance.method}; {_gray(follow_up)}")


def _fit(follow_up: FollowUp, weights: NDArray[np.float64], adjust: bool, ties: Ties) -> "FineGrayFit":
    """Fit the model to those used: people the design leaves out say nothing of censoring either."""
    from iop_outcomes.stats.survival.fine_gray import fit_fine_gray

    rows = np.flatnonzero(follow_up.used)
    matrix = arm_matrix(follow_up, adjust).rows(rows)
    return fit_fine_gray(matrix, follow_up.time[rows], follow_up.cause[rows], weights=weights[rows], ties=ties)


def _influence(follow_up: FollowUp, fit: "FineGrayFit", weights: Weights, position: int) -> NDArray[np.float64]:
    """Return what each row adds to the coefficient, the estimation of the weights and of censoring counted.

    The weights of the design do not enter the censoring distribution, so that their estimation reaches the coefficient
    through the score alone.
    """
    direction = fit.cox.covariance[:, [position]]
    score, whole = np.zeros((2, len(follow_up.time)))
    score[follow_up.used], whole[follow_up.used] = (
        fit.score_influence(count_censoring=counts).along(direction)[:, 0] for counts in (False, True)
    )
    return counted_influence(score[:, None], weights)[:, 0] + whole - score


def _gray(follow_up: FollowUp) -> str:
    """Return Gray's test of the two arms, in words."""
    from iop_outcomes.stats.survival.gray_test import gray_test

    used = follow_up.used
    p_value = gray_test(follow_up.time[used], follow_up.cause[used], follow_up.comparison.treated[used]).p_value
    return f"Gray's test of the arms without weights p = {p_value:.2g}"
