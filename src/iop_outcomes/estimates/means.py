"""An answer in means: the mean outcome had everybody been in each arm."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.scores.balancing_weights import effective_sample_size
from iop_outcomes.estimates.answer import Answer, Counted
from iop_outcomes.estimates.measures import ArmMeans, Estimate, arm_mean, contrast
from iop_outcomes.estimates.sample import Sample
from iop_outcomes.estimates.score_interval import SCORE_METHOD, need_score_limits, with_score_limits
from iop_outcomes.estimates.unseen_variance import (
    clusters_by_arm,
    without_intervals_of_constant_arms,
    without_intervals_of_lone_clusters,
)
from iop_outcomes.kernel.errors import counted

#: How far a fitted share may be from the 0 or 1 that it is the limit of.
ROUNDING_OF_FITS = 1e-6


@dataclass(frozen=True)
class Means(Answer):
    """Mean outcomes of both arms.

    Attributes
    ----------
    sample : Sample
    fitted : ArmMeans
        As the estimator gave them.
    missing : str
        How missing outcomes were handled, in words; said only if there are any.
    said : str
        What else there is to say of the method.
    count_events : bool
        Does a member have the outcome once, so that those with it can be counted?
    """

    sample: Sample
    fitted: ArmMeans
    missing: str = "left out"
    said: str = ""
    count_events: bool = True

    @property
    def comparison(self) -> Comparison:
        """Of the members that count."""
        return self.sample.comparison

    @cached_property
    def arms(self) -> ArmMeans:
        """The means; 0 or 1 where nobody or everybody of the arm has the event and only rounding hides it."""
        if not self.sample.is_share:
            return self.fitted
        means = [
            mean if value is None or abs(mean - value) > ROUNDING_OF_FITS else value
            for mean, value in zip(self.fitted.means, self.sample.of_all, strict=True)
        ]
        return replace(self.fitted, means=np.array(means))

    @property
    def method(self) -> str:
        """How the intervals were made, in words."""
        said = [self.arms.method]
        if self.sample.n_missing:
            said.append(f"{counted(self.sample.n_missing, 'missing outcome')} {self.missing}")
        if self._has_score_limits:
            said.append(SCORE_METHOD)
        return "; ".join([*said, self.said] if self.said else said)

    @property
    def counted(self) -> Sequence[Counted]:
        """Who is behind the contrast, the first arm and the second."""
        first, second = self.sample.first, self.sample.second
        people = zip((first | second, first, second), (sum(self._sizes), *self._sizes), strict=True)
        return [self._counted(arm, size) for arm, size in people]

    def estimates(self, measure: str) -> tuple[Estimate, Sequence[Estimate]]:
        """Return the contrast by a measure, and both means."""
        sample, comparison, own = self.sample, self.comparison, self._own
        between = contrast(self.arms, sample.checked(measure), names=comparison.arms)
        known = sample.observed[sample.first | sample.second]
        if not sample.is_share:
            constant = [value is not None for value in sample.of_all]
            between, own = without_intervals_of_constant_arms(between, own, comparison.arms, constant)
        elif self._has_score_limits:
            clusters = clusters_by_arm(comparison, known)
            between, own = with_score_limits(between, own, self.arms, self._sizes, clusters)
        return without_intervals_of_lone_clusters(between, own, comparison, known)

    @cached_property
    def _own(self) -> list[Estimate]:
        return [arm_mean(self.arms, position) for position in (0, 1)]

    @property
    def _has_score_limits(self) -> bool:
        return self.sample.is_share and need_score_limits(self._own)

    @cached_property
    def _sizes(self) -> list[float]:
        sample = self.sample
        return [effective_sample_size(sample.weight[arm & sample.observed]) for arm in (sample.first, sample.second)]

    def _counted(self, arm: NDArray[np.bool_], size: float) -> Counted:
        used = self.sample.observed & arm
        has_events = self.count_events and self.sample.kind == "binary"
        n_events = float(self.sample.outcome[used].sum()) if has_events else np.nan
        return Counted(int(used.sum()), n_events, size)
