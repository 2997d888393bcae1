"""The matching estimator of Abadie and Imbens: everybody against the nearest of the other arm, ties averaged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.answer import Answer, Counted
from iop_outcomes.estimates.checks import checked_outcome
from iop_outcomes.estimates.measures import NO_VARIATION, Estimate, half_width
from iop_outcomes.estimates.question import Question
from iop_outcomes.estimates.sample import KINDS, Sample, take_sample
from iop_outcomes.estimates.unseen_variance import (
    without_intervals_of_constant_arms,
    without_intervals_of_lone_clusters,
)
from iop_outcomes.kernel.errors import EstimationError, counted
from iop_outcomes.kernel.registry import estimator
from iop_outcomes.tables.measure import DIFFERENCE, MEAN, names_of

_DIFFERENCES = names_of(MEAN, compared=(DIFFERENCE,))
TIE_TOLERANCE = 1e-5
#: A standard error below this share of the range of the outcomes is none.
ROUNDING = 1e-7


@dataclass(frozen=True)
class MatchingEstimate:
    """Mean difference between matched people, with its Abadie-Imbens standard error.

    Attributes
    ----------
    value, se : float
        The variance adds, to that of the differences, what comes from a person serving several times.
    naive_se : float
        As if every pair were new; for comparison only.
    n_pairs : int
        Pairs, ties counted.
    """

    value: float
    se: float
    naive_se: float
    n_pairs: int


def match_with_ties(
    outcome: ArrayLike,
    treated: ArrayLike,
    score: ArrayLike,
    *,
    estimand: str = "ATT",
    n_matches: int = 1,
    tie_tolerance: float = TIE_TOLERANCE,
) -> MatchingEstimate:
    """Estimate a mean difference by matching with replacement on one number.

    Parameters
    ----------
    outcome : array_like, shape (n,)
    treated : array_like, shape (n,)
    score : array_like, shape (n,)
        Propensity score or another distance; it is divided by its standard deviation.
    estimand : {"ATT", "ATE"}
        Who looks for a match: the treated, or everybody.
    n_matches : int
        Nearest of the other arm to average over, and with them all who are as near.
    tie_tolerance : float
        How much the squared standardised distance of an equal may exceed that of the last match.

    Returns
    -------
    MatchingEstimate
        The outcome's variance is taken to be the same for all, and the score as known.

    Raises
    ------
    EstimationError
        An arm is empty or smaller than ``n_matches``, or a score or outcome is missing.

    References
    ----------
    Abadie A, Imbens GW. Econometrica 2006;74:235-267. Ties and the variance are those of R's Matching 4.10
    (Sekhon, J Stat Softw 2011;42(7)).
    """
    first = np.asarray(treated, dtype=bool)
    y = checked_outcome(outcome, first)
    score = np.asarray(score, dtype=float)
    _refuse(estimand, n_matches, first, score)
    y = y - y.mean()  # differences do not change, and sums of squares stay precise
    spread = score.std(ddof=1)
    z = (score - score.mean()) / spread if spread > 0 else np.zeros(len(y))
    choosers = [first, ~first] if estimand == "ATE" else [first]
    sides = [_one_side(y, z, arm, n_matches, tie_tolerance) for arm in choosers]
    # The second arm's people are subtracted from their matches.
    differences = np.concatenate([side.differences * sign for side, sign in zip(sides, (1, -1), strict=False)])
    count, value = len(differences), differences.mean()
    squares_of_pairs = sum(side.pair_squares for side in sides) - count * value**2
    uses = np.sum([side.uses for side in sides], axis=0)
    squared_uses = np.sum([side.squared_uses for side in sides], axis=0)
    repeated = uses**2 - squared_uses + (2 * uses if estimand == "ATE" else 0)
    # Half the variance of a pair's difference is one outcome's variance.
    outcome_variance = squares_of_pairs / count / 2
    variance = (np.sum((differences - value) ** 2) + outcome_variance * repeated.sum()) / count**2
    n_pairs = sum(side.n_pairs for side in sides)
    # Sums that cancel may end below zero by rounding.
    se, naive_se = np.sqrt(max(variance, 0.0)), np.sqrt(max(squares_of_pairs, 0.0)) / count
    return MatchingEstimate(float(value), float(se), float(naive_se), n_pairs)


@dataclass(frozen=True)
class MatchedDifference(Answer):
    """A difference by matching, which has no means of its own."""

    sample: Sample
    found: MatchingEstimate

    @property
    def comparison(self) -> Comparison:
        """Of the members that count."""
        return self.sample.comparison

    @property
    def method(self) -> str:
        """How the interval was made, in words."""
        method = "Abadie-Imbens variance, propensity score taken as known"
        if self.comparison.cluster is not None:
            method += ", clusters not counted"
        if self.sample.n_missing:
            method += f"; {counted(self.sample.n_missing, 'missing outcome')} left out"
        return method

    @property
    def counted(self) -> Sequence[Counted]:
        """Who is behind the contrast."""
        used = self.sample.observed
        n_events = float(self.sample.outcome[used].sum()) if self.sample.kind == "binary" else np.nan
        return [Counted(int(used.sum()), n_events, np.nan)]

    def estimates(self, measure: str) -> tuple[Estimate, Sequence[Estimate]]:
        """Return the difference."""
        sample, comparison = self.sample, self.comparison
        checked = sample.checked(measure)
        if checked not in _DIFFERENCES:
            raise EstimationError(f"abadie_imbens: gives differences and no {checked}; use the estimator 'matched'")
        between = _estimate(self.found, checked, np.ptp(sample.outcome[sample.observed]))
        if not sample.is_share:
            constant = [value is not None for value in sample.of_all]
            between, _ = without_intervals_of_constant_arms(between, [between, between], comparison.arms, constant)
        return without_intervals_of_lone_clusters(between, (), comparison, sample.observed)


@estimator(
    estimands=("ATE", "ATT"),
    kinds=KINDS,
    measures=_DIFFERENCES,
    description="matching with replacement on the propensity score, ties averaged (Abadie & Imbens)",
)
def abadie_imbens(
    question: Question,
    comparison: Comparison,
    *,
    matches: Annotated[int, Field(ge=1)] = 1,
) -> MatchedDifference:
    """Estimate a difference by matching anew on the design's score; its weights are not used."""
    sample = take_sample(question, comparison)
    if comparison.estimand not in ("ATE", "ATT"):
        raise EstimationError(f"abadie_imbens: speaks of the ATE or ATT, and this design of the {comparison.estimand}")
    used = sample.observed
    found = match_with_ties(
        sample.outcome[used],
        sample.first[used],
        sample.comparison.score[used],
        estimand=comparison.estimand,
        n_matches=matches,
    )
    return MatchedDifference(sample, found)


def _estimate(found: MatchingEstimate, measure: str, spread: float) -> Estimate:
    # Pairs that all have the same difference leave nothing, or less than nothing by rounding, of their variance.
    if not found.se > ROUNDING * spread:
        return Estimate(measure, found.value, np.nan, "identity", np.nan, np.nan, NO_VARIATION)
    half = half_width(found.se, np.inf)
    return Estimate(measure, found.value, found.se, "identity", found.value - half, found.value + half)


@dataclass(frozen=True)
class _Side:
    """One arm with its matches: differences per person, squares summed over pairs, and how often others were used."""

    differences: NDArray[np.float64]
    pair_squares: float
    uses: NDArray[np.float64]
    squared_uses: NDArray[np.float64]
    n_pairs: int


def _one_side(
    y: NDArray[np.float64], z: NDArray[np.float64], arm: NDArray[np.bool_], n_matches: int, tolerance: float
) -> _Side:
    others = np.flatnonzero(~arm)[np.argsort(z[~arm], kind="stable")]
    begin, end = _equals(z[arm], z[others], n_matches, tolerance)
    size = end - begin
    total, squares = (_window_sums(values, begin, end) for values in (y[others], y[others] ** 2))
    uses, squared_uses = np.zeros(len(y)), np.zeros(len(y))
    uses[others] = _coverage(1 / size, begin, end, len(others))
    squared_uses[others] = _coverage(1 / size**2, begin, end, len(others))
    pair_squares = np.sum(y[arm] ** 2 - 2 * y[arm] * total / size + squares / size)
    return _Side(y[arm] - total / size, float(pair_squares), uses, squared_uses, int(size.sum()))


def _refuse(estimand: str, n_matches: int, first: NDArray[np.bool_], score: NDArray[np.float64]) -> None:
    if estimand not in ("ATT", "ATE"):
        raise EstimationError(f"matching: there is no estimand '{estimand}' here; allowed are ATT and ATE")
    missing = int((~np.isfinite(score)).sum())
    if missing:
        people = counted(missing, "person", "people")
        raise EstimationError(f"matching: the score of {people} is missing; leave them out or fit the score for all")
    smaller = min(first.sum(), (~first).sum())
    if not 1 <= n_matches <= smaller:
        raise EstimationError(f"matching: {n_matches} matches were asked for; it must be between 1 and {smaller:,}")


def _equals(
    own: NDArray[np.float64], others: NDArray[np.float64], n_matches: int, tolerance: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return for each person where the matches among the sorted ``others`` begin and end."""
    place = np.searchsorted(others, own)
    window = np.clip(place[:, None] + np.arange(-n_matches, n_matches), 0, len(others) - 1)
    apart = np.abs(others[window] - own[:, None])
    # At an end of the line the window shows the last person more than once; only the first showing counts.
    apart[:, 1:][window[:, 1:] == window[:, :-1]] = np.inf
    last = np.partition(apart, n_matches - 1, axis=1)[:, n_matches - 1]
    reach = np.sqrt(last**2 + tolerance) * (1 + 1e-14)  # rounding must not lose the nearest itself
    return np.searchsorted(others, own - reach, side="left"), np.searchsorted(others, own + reach, side="right")


def _window_sums(values: NDArray[np.float64], begin: NDArray[np.intp], end: NDArray[np.intp]) -> NDArray[np.float64]:
    running: NDArray[np.float64] = np.concatenate([[0.0], np.cumsum(values)])
    return running[end] - running[begin]


def _coverage(
    amount: NDArray[np.float64], begin: NDArray[np.intp], end: NDArray[np.intp], length: int
) -> NDArray[np.float64]:
    """Add up, for each position, the amounts of all windows that cover it."""
    change = np.bincount(begin, amount, length + 1) - np.bincount(end, amount, length + 1)
    return np.cumsum(change[:-1])
