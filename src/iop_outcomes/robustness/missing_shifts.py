"""What the missing would have to have been: outcomes shifted by arm, and the least shift that changes the answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.estimates.few_clusters import FewClusters
from iop_outcomes.estimates.measures import ArmMeans, Estimate, arm_means, contrast
from iop_outcomes.estimates.nuisance.weights import Weights
from iop_outcomes.kernel.errors import EstimationError, did_you_mean
from iop_outcomes.robustness.incomplete import Incomplete, incomplete, shifted
from iop_outcomes.tables.measure import measure_of

#: Shifts beyond this are not searched: odds of 22,000 to 1.
FURTHEST = 10.0
STEP = 0.5
#: The arm that is shifted while the other is held, or both alike.
FIRST: Final = "first"
SECOND: Final = "second"
BOTH: Final = "both"
Which = Literal["first", "second", "both"]


@dataclass(frozen=True)
class Shifts:
    """Means and contrasts of one outcome at any shift of what is missing, each arm computed once for each shift.

    The missing outcome of a person is the expectation, given the covariates, of a model fitted to the observed of the
    own arm, shifted; that the model was estimated counts in the standard error.
    """

    whole: Incomplete
    measure: str = "mean_difference"
    _known: dict[tuple[int, float], tuple[float, NDArray[np.float64]]] = field(default_factory=dict)

    @cached_property
    def _of_arms(self) -> Weights:
        return self.whole.weights.only(self.whole.used & (self.whole.pair[0] | self.whole.pair[1]))

    def at(self, first: float, second: float) -> Estimate:
        """Return the contrast with the missing of each arm shifted."""
        return contrast(self.means(first, second), self.measure)

    def means(self, first: float, second: float) -> ArmMeans:
        """Return both means with the missing of each arm shifted."""
        parts = [self._mean(place, shift) for place, shift in enumerate((first, second))]
        influence = np.column_stack([part for _, part in parts])
        used = self._of_arms.values > 0
        arms = arm_means([value for value, _ in parts], influence, cluster=self.whole.cluster, used=used)
        return self.whole.for_few_clusters(arms, self._of_arms.values)

    def _mean(self, place: int, shift: float) -> tuple[float, NDArray[np.float64]]:
        """Return the mean of one arm and what each row adds to it, through weights and the outcome model too."""
        if (place, shift) not in self._known:
            whole, weights = self.whole, self._of_arms
            both = (shift, 0.0) if place == 0 else (0.0, shift)
            outcome, model = shifted(whole, both)
            arm = whole.pair[place] & whole.used
            total = weights.values[arm].sum()
            mean = float(weights.values[arm] @ outcome[arm] / total)
            gradient = np.where(arm, np.where(arm, outcome, 0.0) - mean, 0.0) / total
            along = np.zeros_like(model.predicted)
            along[:, place] = np.where(arm & whole.missing, weights.values, 0.0) / total
            through_model = model.direction(along) * model.score()
            influence = gradient * weights.values + weights.carry(gradient) + through_model
            self._known[place, shift] = (mean, influence)
        return self._known[place, shift]


def shifted_differences(
    outcome: ArrayLike,
    treated: ArrayLike,
    covariates: pd.DataFrame,
    weights: Weights | ArrayLike,
    shifts: Sequence[float] = (-2.0, -1.0, 0.0, 1.0, 2.0),
    *,
    cluster: ArrayLike | None = None,
    few_clusters: FewClusters = "no",
    measure: str = "mean_difference",
) -> pd.DataFrame:
    """Return the difference between two arms for every pair of shifts of their missing outcomes.

    A missing outcome is what a model fitted to the observed of the own arm expects, shifted: on the log odds for
    outcomes between 0 and 1 (logistic model), else by standard deviations of the observed outcomes (linear model). No
    shift in either arm is what holds if outcomes are missing at random given the covariates.

    Parameters
    ----------
    outcome, treated, covariates, weights, cluster, few_clusters, measure
        As in :func:`missing_rules`.
    shifts : sequence of float
        Tried in each arm.

    Returns
    -------
    DataFrame
        ``shift_first``, ``shift_second``, ``value``, ``se`` (of the logarithm for ratios), ``ci_low``, ``ci_high``.

    References
    ----------
    Rubin DB. Formalizing subjective notions about the effect of nonrespondents. J Am Stat Assoc 1977;72:538-543.
    """
    at = Shifts(incomplete(outcome, treated, covariates, weights, cluster, few_clusters), measure).at
    rows = []
    for second in shifts:
        for first in shifts:
            found = at(float(first), float(second))
            numbers = {name: getattr(found, name) for name in ("value", "se", "ci_low", "ci_high")}
            rows.append({"shift_first": float(first), "shift_second": float(second)} | numbers)
    return pd.DataFrame(rows)


def tipping_shift(
    outcome: ArrayLike,
    treated: ArrayLike,
    covariates: pd.DataFrame,
    weights: Weights | ArrayLike,
    *,
    which: Which = FIRST,
    held: float = 0.0,
    of: Literal["estimate", "interval"] = "estimate",
    cluster: ArrayLike | None = None,
    few_clusters: FewClusters = "no",
    measure: str = "mean_difference",
) -> float:
    """Return the least shift of the missing outcomes of an arm at which the answer would turn.

    Parameters
    ----------
    outcome, treated, covariates, weights, cluster, few_clusters, measure
        As in :func:`missing_rules`.
    which : {"first", "second", "both"}
        The arm that is shifted, or both alike.
    held : float
        Shift of the other arm.
    of : {"estimate", "interval"}
        Where the estimate is no difference, or where the interval begins to hold it.

    Returns
    -------
    float
        On the log odds for outcomes between 0 and 1, else in standard deviations; missing if no shift of up to 10 does
        it, zero if the interval holds no difference without any.
    """
    if which not in (FIRST, SECOND, BOTH):
        hint = did_you_mean(which, [FIRST, SECOND, BOTH])
        raise EstimationError(f"missing outcomes: there is no arm '{which}' to shift; {hint}")
    whole = incomplete(outcome, treated, covariates, weights, cluster, few_clusters)
    return tipping(Shifts(whole, measure), which, held=held, of=of)


def tipping(shifts: Shifts, which: str, *, held: float = 0.0, of: str = "estimate") -> float:
    """Return the least shift of one arm, or of both alike, at which the estimate or the interval tips."""
    places: dict[str, Callable[[float], tuple[float, float]]] = {
        FIRST: lambda shift: (shift, held),
        SECOND: lambda shift: (held, shift),
        BOTH: lambda shift: (shift, shift),
    }
    apart = measure_of(shifts.measure).from_no_difference
    start = shifts.at(*places[which](0.0))
    side = np.sign(apart(start.value))

    def distance(shift: float) -> float:
        """How far the estimate, or the end of the interval that is nearer at the start, is on the side it began."""
        found = shifts.at(*places[which](float(shift)))
        nearer = found.ci_low if side > 0 else found.ci_high
        return float(side * apart(found.value if of == "estimate" else nearer))

    if of == "interval" and not distance(0.0) > 0:
        return 0.0
    roots = [_first_root(distance, way) for way in (-1.0, 1.0)]
    known = [root for root in roots if np.isfinite(root)]
    return min(known, key=abs) if known else np.nan


def _first_root(distance: Callable[[float], float], way: float) -> float:
    """Return the shift nearest to none, in one direction, at which the distance is no more above zero."""
    from scipy.optimize import brentq

    before = 0.0
    for shift in way * np.arange(STEP, FURTHEST + STEP, STEP):
        now = distance(shift)
        if not np.isfinite(now):
            return np.nan
        if now <= 0:
            low, high = sorted((before, float(shift)))
            return float(brentq(distance, low, high, xtol=1e-10))
        before = float(shift)
    return np.nan
