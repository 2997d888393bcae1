"""Answers in time: survival at a day, restricted mean time up to a day, and hazards."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.scores.balancing_weights import effective_sample_size
from iop_outcomes.estimates.answer import Answer, Counted
from iop_outcomes.estimates.measures import NO_VARIATION, ArmMeans, Estimate, arm_mean, contrast
from iop_outcomes.estimates.score_interval import SCORE_METHOD, with_score_limits
from iop_outcomes.estimates.time_to_event import FollowUp
from iop_outcomes.estimates.unseen_variance import (
    clusters_by_arm,
    without_intervals_of_constant_arms,
    without_intervals_of_lone_clusters,
)
from iop_outcomes.kernel.errors import EstimationError, counted, did_you_mean
from iop_outcomes.tables.measure import RMST, SURVIVAL, names_of

ROUNDING = 1e-9


@dataclass(frozen=True)
class _InTime(Answer):
    """What all answers in time share: whom they are of, and how those are counted."""

    follow_up: FollowUp

    @property
    def comparison(self) -> Comparison:
        """Of the members that count."""
        return self.follow_up.comparison

    @property
    def counted(self) -> Sequence[Counted]:
        """Who is behind the contrast, the first arm and the second."""
        follow_up = self.follow_up
        sizes = [effective_sample_size(self.comparison.weight[arm]) for arm in follow_up.arms]
        people = zip((follow_up.used, *follow_up.arms), (sum(sizes), *sizes), strict=True)
        return [Counted(int(own.sum()), float(follow_up.event[own].sum()), size) for own, size in people]

    def _told(self, method: str) -> str:
        missing = self.follow_up.n_missing
        return f"{method}; {counted(missing, 'member')} without known follow-up left out" if missing else method


@dataclass(frozen=True)
class SurvivalAt(_InTime):
    """Survival of both arms at a day, or incidence by it; the intervals of the arms stay between 0 and 1 (log-log).

    Where nobody, or everybody, of one arm has had the event by that day, its share shows no variance. The contrast
    with the other arm then has score limits, which rest on those of whom one knows whether they have had it.
    """

    fitted: ArmMeans
    day: float
    of: str = SURVIVAL

    @cached_property
    def arms(self) -> ArmMeans:
        """The shares of both arms; products of many factors hide a 0 or 1 by rounding."""
        means = self.fitted.means
        ends = np.round(means)
        return replace(self.fitted, means=np.where(np.abs(means - ends) < ROUNDING, ends, means))

    @property
    def method(self) -> str:
        """How the intervals were made, in words."""
        return self._told(
            f"{self.arms.method}; contrast by {SCORE_METHOD}" if self._one_at_an_end else self.arms.method
        )

    def estimates(self, measure: str) -> tuple[Estimate, Sequence[Estimate]]:
        """Return the contrast by a measure, and both shares."""
        comparison = self.comparison
        between = _between(comparison, self.arms, measure, self.of)
        if self._one_at_an_end:
            people = [effective_sample_size(comparison.weight[known]) for known in self.follow_up.known_at(self.day)]
            clusters = clusters_by_arm(comparison, self.follow_up.used)
            between, _ = with_score_limits(between, self._plain, self.arms, people, clusters)
        own = [self._with_own_interval(each, arm) for each, arm in zip(self._plain, np.eye(2), strict=True)]
        return without_intervals_of_lone_clusters(between, own, comparison, self.follow_up.used)

    @cached_property
    def _plain(self) -> list[Estimate]:
        return [arm_mean(self.arms, position, measure=self.of) for position in (0, 1)]

    @property
    def _one_at_an_end(self) -> bool:
        return sum(each.value in (0.0, 1.0) for each in self._plain) == 1

    def _with_own_interval(self, each: Estimate, arm: NDArray[np.float64]) -> Estimate:
        from iop_outcomes.stats.survival.kaplan_meier import survival_interval

        low, high = survival_interval(each.value, each.se, degrees_of_freedom=self.arms.covariance.freedom_of(arm))
        reason = each.reason
        if reason is None and np.isnan(low):
            reason = f"{self.of} is 0 or 1, where its interval is not defined"
        return replace(each, ci_low=float(low), ci_high=float(high), reason=reason)


@dataclass(frozen=True)
class RestrictedMeans(_InTime):
    """Restricted mean times of both arms up to a day, or times lost up to it."""

    arms: ArmMeans
    day: float
    of: str = RMST

    @property
    def method(self) -> str:
        """How the intervals were made, in words."""
        return self._told(self.arms.method)

    def estimates(self, measure: str) -> tuple[Estimate, Sequence[Estimate]]:
        """Return the contrast by a measure, and both mean times."""
        comparison = self.comparison
        own = [arm_mean(self.arms, position, measure=self.of) for position in (0, 1)]
        between = _between(comparison, self.arms, measure, self.of)
        constant = [each.reason == NO_VARIATION for each in own]
        between, own = without_intervals_of_constant_arms(between, own, comparison.arms, constant)
        return without_intervals_of_lone_clusters(between, own, comparison, self.follow_up.used)


@dataclass(frozen=True)
class Hazards(_InTime):
    """The ratio of two hazards, of the event or of its subdistribution, which have no means of their own."""

    ratio: Estimate
    how: str

    @property
    def method(self) -> str:
        """How the interval was made, in words."""
        return self._told(self.how)

    def estimates(self, measure: str) -> tuple[Estimate, Sequence[Estimate]]:
        """Return the hazard ratio."""
        if measure not in ("", self.ratio.measure):
            raise EstimationError(f"measures: this model gives a {self.ratio.measure} and no '{measure}'")
        return without_intervals_of_lone_clusters(self.ratio, (), self.comparison, self.follow_up.used)


def _between(comparison: Comparison, arms: ArmMeans, measure: str, of: str) -> Estimate:
    """Return a contrast of survivals or mean times, the difference if none is named."""
    known = names_of(of)
    if measure and measure not in known:
        raise EstimationError(f"measures: there is no measure '{measure}' here; {did_you_mean(measure, known)}")
    return contrast(arms, measure or known[0], names=comparison.arms)
