"""Time-to-event outcomes of a comparison: who is followed for how long, with the weights of the design."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.checks import checked_arms
from iop_outcomes.estimates.few_clusters import FewClusters, for_few_clusters
from iop_outcomes.estimates.measures import ArmMeans, arm_means
from iop_outcomes.estimates.nuisance.design_weights import counting, design_weights, span_of
from iop_outcomes.estimates.nuisance.weights import Weights
from iop_outcomes.estimates.question import Question
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.kernel.registry import Estimand, OutcomeKind
from iop_outcomes.kernel.values import known_causes, known_events, known_times
from iop_outcomes.stats.linear.matrix import ModelMatrix
from iop_outcomes.stats.survival.tied_times import on_known_times, tied_times
from iop_outcomes.study.names import TIME_TO

#: Columns that hold time and event of outcomes whose names differ from them; what ended care stands in one for all.
ENDED_BY = "care_ended_by"
COLUMNS = {"time_in_care": ("retention_days", "retention_ended")} | dict.fromkeys(TIME_TO, ("retention_days", ENDED_BY))
#: Estimands of estimators that only use the weights of a design.
ESTIMANDS: tuple[Estimand, ...] = ("ATE", "ATT", "ATC", "ATO", "ATM")
KINDS: tuple[OutcomeKind, ...] = ("time_to_event",)
COMPETING: tuple[OutcomeKind, ...] = ("competing",)
#: A day after time zero, as a setting.
Day = Annotated[float, Field(gt=0)]


@dataclass(frozen=True)
class FollowUp:
    """Members of a comparison with follow-up to an event.

    Attributes
    ----------
    comparison : Comparison
        Of the members that count, which are not all of those it was taken from.
    time : ndarray, shape (n,)
        Days to the event or to censoring; 0 for members not used.
    event : ndarray of bool, shape (n,)
        The event asked about.
    other : ndarray of bool, shape (n,)
        Another event that competes with it came first; nobody where none does.
    used : ndarray of bool, shape (n,)
        In the design, with known follow-up.
    n_missing : int
        Members the design uses whose follow-up is not known.
    """

    comparison: Comparison
    time: NDArray[np.float64]
    event: NDArray[np.bool_]
    other: NDArray[np.bool_]
    used: NDArray[np.bool_]
    n_missing: int

    @property
    def arms(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Used members of the first and of the second arm."""
        return self.used & self.comparison.treated, self.used & ~self.comparison.treated

    @property
    def cause(self) -> NDArray[np.intp]:
        """0 censored, 1 the event asked about, 2 another."""
        return self.event + 2 * self.other

    @cached_property
    def matrix(self) -> ModelMatrix:
        """Covariates of the design with an intercept."""
        return span_of(self.comparison)

    def known_at(self, day: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return of whom of the first and of the second arm it is known whether they had the event by a day."""
        by = on_known_times(day, np.unique(self.time[self.used]))
        known = (self.time > by) | np.where(self.cause > 0, self.time <= by, self.time >= by)
        first, second = self.arms
        return first & known, second & known

    def weights(self, count_estimation: bool) -> Weights:
        """Return the weights of the design, 0 for members not used."""
        known = design_weights(self.comparison, self.matrix) if count_estimation else Weights(self.comparison.weight)
        return known.only(self.used)

    def for_few_clusters(self, arms: ArmMeans, few_clusters: FewClusters, weights: NDArray[np.float64]) -> ArmMeans:
        """Return survivals or mean times with the standard errors that few clusters ask for."""
        pair, cluster = np.column_stack(self.arms), self.comparison.cluster
        return for_few_clusters(arms, few_clusters, weights=weights, pair=pair, cluster=cluster, used=self.used)

    @property
    def last_days(self) -> tuple[float, float]:
        """Last day on which somebody of the first and of the second arm is still followed."""
        first, second = self.arms
        return float(self.time[first].max()), float(self.time[second].max())

    def refuse_unseen(self, day: float) -> None:
        """Raise if an arm is not followed to a day while some of it have had no event."""
        asked = on_known_times(day, np.unique(self.time[self.used]))
        for arm, name, last in zip(self.arms, self.comparison.arms, self.last_days, strict=True):
            if last < asked and not self.cause[arm & (self.time == last)].all():
                raise EstimationError(
                    f"survival: nobody in arm '{name}' is followed to day {day:g}, so that survival is unknown there; "
                    "choose an earlier day"
                )

    def checked_horizon(self, until: float | None) -> float:
        """Return the day up to which both arms are compared, or refuse one that an arm is not followed to.

        Neither who has the event nor where the curves stand is looked at: a horizon chosen by the outcome is part of
        the result.

        Raises
        ------
        EstimationError
            No day is given, or nobody in an arm is followed to it.
        """
        last = min(self.last_days)
        if until is None:
            raise EstimationError(
                "rmst: nothing says up to which day mean times are compared; set until_day, at most "
                f"{last:g}, to which both arms are followed"
            )
        for name, own in zip(self.comparison.arms, self.last_days, strict=True):
            if own < on_known_times(until, np.array([own])):
                raise EstimationError(
                    f"rmst: nobody in arm '{name}' is followed to day {until:g}; set until_day to at most {last:g}, "
                    "to which both arms are followed"
                )
        return float(until)


def columns_of(outcome: str) -> tuple[str, str]:
    """Return the columns that hold the time of an outcome and whether it ended in the event."""
    return COLUMNS.get(outcome, (f"{outcome}_days", f"{outcome}_ended"))


def causes_of(outcome: str) -> str:
    """Return the column that holds what an outcome in time ended in, where several events compete."""
    return f"{outcome}_cause"


def take_follow_up(question: Question, comparison: Comparison) -> FollowUp:
    """Return the follow-up of an outcome, or refuse it by name.

    Parameters
    ----------
    question : Question
        Its data are indexed like ``comparison.members``, with the columns of ``COLUMNS[outcome]``, or
        ``<outcome>_days`` and ``<outcome>_ended``; or ``<outcome>_days`` and ``<outcome>_cause``, where 1 is the event,
        0 is censoring and other numbers are events that compete with it.
    comparison : Comparison

    Raises
    ------
    EstimationError
        The columns are not there or hold other than days and 0/1, an arm is empty, or nobody in an arm has known
        follow-up.
    """
    data, outcome = question.data, question.outcome
    days, ended = columns_of(outcome)
    if ended not in data.columns and causes_of(outcome) in data.columns:
        ended = causes_of(outcome)
    absent = [name for name in (days, ended) if name not in data.columns]
    if absent:
        raise EstimationError(
            f"{outcome}: the data have no column '{absent[0]}'; an outcome in time needs days of follow-up and whether "
            "they ended in the event"
        )
    checked_arms(comparison.treated, comparison.arms)
    data, comparison = counting(data, replace(comparison, together=None))
    time, cause = known_times(data, days), _causes(data, ended, outcome)
    in_design = comparison.weight > 0
    used = in_design & np.isfinite(time) & np.isfinite(cause)
    for arm, name in zip((comparison.treated, ~comparison.treated), comparison.arms, strict=True):
        if not (used & arm).any():
            raise EstimationError(
                f"{outcome}: nobody in arm '{name}' whom the design uses has known days of follow-up, "
                "so that time to the event cannot be compared"
            )
    kept = np.zeros(len(time))
    # Tied over both arms, because some models take them one by one.
    kept[used] = tied_times(time[used])[0]
    event, other = used & (cause == 1), used & (cause > 1)
    return FollowUp(comparison, kept, event, other, used, int(in_design.sum() - used.sum()))


def _causes(data: pd.DataFrame, column: str, outcome: str) -> NDArray[np.float64]:
    """Return 0 censored, 1 the event, 2 another, NaN where that is not known."""
    if column == ENDED_BY:
        found = data[column].astype(object)
        return np.where(found.isna(), 0.0, np.where(found == TIME_TO[outcome], 1.0, 2.0))
    return known_causes(data, column) if column == causes_of(outcome) else known_events(data, column)


def counted_influence(influence: NDArray[np.float64], weights: Weights) -> NDArray[np.float64]:
    """Return influences with what the estimation of the weights adds to them.

    Parameters
    ----------
    influence : ndarray, shape (n, k)
        What each row adds to each estimate, weights held fixed: weight times the derivative by it.
    weights : Weights
    """
    if not weights.parts:
        return influence
    gradient = np.divide(
        influence, weights.values[:, None], out=np.zeros_like(influence), where=weights.values[:, None] > 0
    )
    return influence + np.column_stack([weights.carry(column) for column in gradient.T])


def means_of_arms(
    follow_up: FollowUp,
    of_arm: Callable[[NDArray[np.bool_], NDArray[np.float64]], tuple[float, NDArray[np.float64]]],
    method: str,
    *,
    count_estimation: bool = True,
) -> ArmMeans:
    """Return one number of each arm's weighted curve, with the covariance that follows from the influences.

    Parameters
    ----------
    follow_up : FollowUp
    of_arm : callable
        Gets who is in an arm and their weights, and returns the number and what each of them adds to it, weights fixed.
    method : str
        What it is, in words.
    count_estimation : bool
        Is the estimation of the weights counted, where that can be done?
    """
    weights = follow_up.weights(count_estimation)
    means, influence = np.empty(2), np.zeros((len(follow_up.time), 2))
    for position, arm in enumerate(follow_up.arms):
        means[position], influence[arm, position] = of_arm(arm, weights.values[arm])
    influence = counted_influence(influence, weights)
    arms = arm_means(means, influence, cluster=follow_up.comparison.cluster, used=follow_up.used)
    return arms.with_method(f"{method}, {weights.method}")
