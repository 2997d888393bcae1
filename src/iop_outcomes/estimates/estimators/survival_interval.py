"""Survival of two arms where the time is known only as an interval, as the coded length of stay of TEDS."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.answer import Answer, Counted
from iop_outcomes.estimates.checks import checked_arms
from iop_outcomes.estimates.few_clusters import FewClusters
from iop_outcomes.estimates.in_time import RestrictedMeans, SurvivalAt
from iop_outcomes.estimates.measures import ArmMeans, Estimate, arm_means
from iop_outcomes.estimates.nuisance.design_weights import counting
from iop_outcomes.estimates.nuisance.weights import Weights
from iop_outcomes.estimates.question import Question
from iop_outcomes.estimates.time_to_event import ESTIMANDS, KINDS, Day, FollowUp, counted_influence
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.kernel.registry import estimator
from iop_outcomes.kernel.values import known_times
from iop_outcomes.stats.survival.interval_censored import IntervalCensored, interval_censored
from iop_outcomes.tables.measure import RMST, SURVIVAL, names_of

#: Days of the shortest and of the longest stay that a record allows; the longest is missing where there is none.
LOW, HIGH = "stay_days_low", "stay_days_high"


@dataclass(frozen=True)
class Stays(Answer):
    """Two curves of stays known as intervals, from which survival at a day and mean time up to it can be had."""

    follow_up: FollowUp
    longest: NDArray[np.float64]
    curves: Sequence[IntervalCensored]
    weights: Weights
    day: float
    few_clusters: FewClusters = "no"

    @property
    def comparison(self) -> Comparison:
        """Of the members that count."""
        return self.follow_up.comparison

    @property
    def method(self) -> str:
        """How the intervals were made, in words."""
        return self.of("").method

    @property
    def counted(self) -> Sequence[Counted]:
        """Who is behind the contrast, the first arm and the second."""
        return self.of("").counted

    def estimates(self, measure: str) -> tuple[Estimate, Sequence[Estimate]]:
        """Return the contrast by a measure, and both survivals or mean times."""
        return self.of(measure).estimates(measure)

    def records(self, measures: Sequence[str] = ("",)) -> list[dict[str, object]]:
        """Return the rows of every measure, survivals and mean times each with their own words."""
        found: dict[tuple[object, ...], dict[str, object]] = {}
        for record in [record for measure in measures for record in self.of(measure).records([measure])]:
            found.setdefault(tuple(record[name] for name in ("role", "arm", "against", "measure")), record)
        return list(found.values())

    def of(self, measure: str) -> SurvivalAt | RestrictedMeans:
        """Return the answer in survival at the day, or in mean time up to it."""
        if measure in names_of(RMST):
            _refuse_unseen(self.longest, self.follow_up, self.day)
            means = self._means([curve.mean_values(self.day) for curve in self.curves])
            return RestrictedMeans(self.follow_up, means, self.day)
        for curve, name in zip(self.curves, self.comparison.arms, strict=True):
            _refuse_crossed(curve, self.day, name)
        values = [curve.survival_values(np.array([self.day]))[:, 0] for curve in self.curves]
        return SurvivalAt(self.follow_up, self._means(values), self.day)

    def _means(self, values: Sequence[NDArray[np.float64]]) -> ArmMeans:
        """Return linear functions of the masses of both arms, one of ``values`` for each."""
        follow_up = self.follow_up
        influence = np.zeros((len(follow_up.time), 2))
        for position, (arm, curve) in enumerate(zip(follow_up.arms, self.curves, strict=True)):
            influence[arm, position] = curve.influence(values[position][:, None])[:, 0]
        means = [curve.mass @ own for curve, own in zip(self.curves, values, strict=True)]
        counted = counted_influence(influence, self.weights)
        arms = arm_means(means, counted, cluster=self.comparison.cluster, used=follow_up.used)
        arms = follow_up.for_few_clusters(arms, self.few_clusters, self.weights.values)
        return arms.with_method(f"survival from intervals (Turnbull), {self.weights.method}")


@estimator(
    estimands=ESTIMANDS,
    kinds=KINDS,
    measures=names_of(SURVIVAL, RMST),
    description="Survival at a day, or restricted mean time, from stays known as intervals (Turnbull)",
    several_arms="two arms",
)
def interval_survival(
    question: Question,
    comparison: Comparison,
    *,
    day: Day = 90,
    count_estimation: bool = True,
    few_clusters: FewClusters = "no",
) -> Stays:
    """Compare weighted survival at a day, or mean time up to it, from the columns ``stay_days_low`` and
    ``stay_days_high``.

    Survival is had only at days that no interval crosses. For restricted means stays are taken as even inside
    intervals.
    """
    checked_arms(comparison.treated, comparison.arms)
    data, comparison = counting(question.data, replace(comparison, together=None))
    follow_up = _take_stays(data, comparison, question.outcome)
    weights = follow_up.weights(count_estimation)
    longest = _longest(data)
    lower, upper = stay_bounds(follow_up.time, longest)
    curves = [interval_censored(lower[arm], upper[arm], weights.values[arm]) for arm in follow_up.arms]
    return Stays(follow_up, longest, curves, weights, day, few_clusters)


def stay_bounds(low: NDArray[np.float64], high: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return stays of ``low`` to ``high`` whole days as intervals (lower, upper], open without ``high``."""
    upper = np.where(np.isnan(high), np.inf, high)
    return np.where(low == upper, low, low - 1.0), upper


def _take_stays(data: pd.DataFrame, comparison: Comparison, outcome: str) -> FollowUp:
    absent = [name for name in (LOW, HIGH) if name not in data.columns]
    if absent:
        raise EstimationError(
            f"{outcome}: the data have no column '{absent[0]}'; stays as intervals need {LOW} and {HIGH}, exact days "
            "of follow-up the estimator 'weighted_kaplan_meier' or 'rmst'"
        )
    low = known_times(data, LOW)
    in_design = comparison.weight > 0
    used = in_design & np.isfinite(low)
    for arm, name in zip((comparison.treated, ~comparison.treated), comparison.arms, strict=True):
        if not (used & arm).any():
            raise EstimationError(f"{outcome}: nobody in arm '{name}' whom the design uses has a known stay")
    ended = used & np.isfinite(_longest(data))
    n_missing = int(in_design.sum() - used.sum())
    return FollowUp(comparison, np.where(used, low, 0.0), ended, np.zeros_like(ended), used, n_missing)


def _longest(data: pd.DataFrame) -> NDArray[np.float64]:
    """Return the longest stay that each record allows, NaN where there is none."""
    return known_times(data[[HIGH]].replace(np.inf, np.nan), HIGH)


def _refuse_unseen(longest: NDArray[np.float64], follow_up: FollowUp, day: float) -> None:
    """Raise if no stay in an arm is known as late as ``day``: what lies beyond is in no record."""
    last_known = np.fmax(follow_up.time, longest)
    for arm, name in zip(follow_up.arms, follow_up.comparison.arms, strict=True):
        last = float(last_known[arm].max())
        if day > last:
            raise EstimationError(
                f"rmst: stays in arm '{name}' are known to day {last:g} and not to day {day:g}; choose an earlier day"
            )


def _refuse_crossed(curve: IntervalCensored, day: float, name: str) -> None:
    survival = curve.at([day])
    if float((survival["survival_high"] - survival["survival_low"]).iloc[0]) > 0:
        known = sorted({float(end) for end in curve.upper if np.isfinite(end)})
        nearest = min(known, key=lambda end: abs(end - day), default=day)
        raise EstimationError(
            f"survival: stays in arm '{name}' are known only as intervals that cross day {day:g}; "
            f"choose a day at which they end, such as {nearest:g}"
        )
