"""The clones of one strategy: the person-weeks they keep, what they weigh, and their risk by week.

A clone is no copy of rows: it is which of its person's weeks still count.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.kernel.errors import EstimationError, StudyError
from iop_outcomes.participation.person_weeks import PersonWeeks
from iop_outcomes.participation.strategies import followed
from iop_outcomes.stats.linear.glm import GlmFit, fit_glm
from iop_outcomes.stats.linear.matrix import ModelMatrix, model_matrix
from iop_outcomes.study.participation import Strategy

#: Length of the last step in standard errors; what is left is about its square.
TOLERANCE = 1e-8


@dataclass(frozen=True)
class Clones:
    """Everybody on one strategy.

    Attributes
    ----------
    name : str
    weeks : PersonWeeks
    kept, at_risk : ndarray of bool, shape (n,)
        As ``strategies.followed`` gives them.
    week_powers : int
        Powers of the week in the model of staying.
    unusable : {"refuse", "drop"}
        What to do with a covariate that is alike in all weeks at risk of leaving.
    ridge : float
        Strength of a ridge on the model of staying, 0 for none.
    """

    name: str
    weeks: PersonWeeks
    kept: NDArray[np.bool_]
    at_risk: NDArray[np.bool_]
    week_powers: int
    unusable: Literal["refuse", "drop"] = "refuse"
    ridge: float = 0.0

    @classmethod
    def of(
        cls,
        name: str,
        weeks: PersonWeeks,
        strategy: Strategy,
        week_powers: int,
        unusable: Literal["refuse", "drop"] = "refuse",
        ridge: float = 0.0,
    ) -> "Clones":
        """Return everybody on a strategy."""
        return cls(name, weeks, *followed(weeks, strategy), week_powers, unusable, ridge)

    @cached_property
    def matrix(self) -> ModelMatrix:
        """Covariates of the model of staying, of the weeks at risk of leaving."""
        week = self.weeks.week[self.at_risk]
        powers = range(1, min(self.week_powers, len(np.unique(week)) - 1) + 1)
        columns = {"week" if power == 1 else f"week^{power}": week.astype(float) ** power for power in powers}
        covariates = self.weeks.covariates[self.at_risk].reset_index(drop=True)
        whole = pd.concat([pd.DataFrame(columns, index=covariates.index), covariates], axis=1)
        return model_matrix(whole, unusable=self.unusable)

    @property
    def leaves(self) -> NDArray[np.bool_]:
        """Weeks in which the strategy is left, which count no more, shape (n,)."""
        return self.at_risk & ~self.kept

    def staying(self, drawn: NDArray[np.float64] | None = None) -> GlmFit | None:
        """Return the logistic model of staying on the strategy, or None where nobody leaves it.

        Raises
        ------
        EstimationError
            Everybody leaves it as soon as they may, or the model cannot be fitted; the sentence names the strategy.
        """
        stays = self.kept[self.at_risk]
        if stays.all():
            return None
        if not stays.any():
            raise EstimationError(
                f"strategy '{self.name}': nobody follows it in any week that it binds, so that nothing can be said of "
                "it; choose a rule that some people keep"
            )
        weights = None if drawn is None else drawn[self.at_risk]
        penalty = self.ridge or None
        try:
            return fit_glm(stays.astype(float), self.matrix, weights=weights, penalty=penalty, tolerance=TOLERANCE)
        except StudyError as error:
            raise EstimationError(f"strategy '{self.name}', model of staying on it: {error}") from None

    def weights(self, fit: GlmFit | None) -> NDArray[np.float64]:
        """Return the inverse of the probability of having stayed up to and with each week, 0 where not kept."""
        logarithm = np.zeros(len(self.kept))
        if fit is not None:
            logarithm[self.at_risk] = np.log(fit.fitted)
        return np.where(self.kept, np.exp(-self.weeks.running(logarithm)), 0.0)

    def risk(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the risk of the event by the end of each week, NaN from the first that no clone reaches."""
        week = self.weeks.since_start
        reached = np.bincount(week, weights)
        happened = np.bincount(week, weights * self.weeks.event)
        hazard = np.divide(happened, reached, out=np.full(len(reached), np.nan), where=reached > 0)
        return 1 - np.cumprod(1 - hazard)

    def diagnostics(self, weights: NDArray[np.float64]) -> pd.DataFrame:
        """Return, by week, the clones that remain and what they weigh."""
        week, n_weeks = self.weeks.since_start, int(self.weeks.since_start.max()) + 1
        n = np.bincount(week[self.kept], minlength=n_weeks)
        first, second = (np.bincount(week, weights**power, n_weeks) for power in (1, 2))
        largest = np.zeros(n_weeks)
        np.maximum.at(largest, week, weights)
        none = n == 0
        with np.errstate(divide="ignore", invalid="ignore"):
            ess, mean = first**2 / second, first / n
        return pd.DataFrame(
            {
                "strategy": self.name,
                "week": self.weeks.week[0] + np.arange(n_weeks),
                "n_uncensored": n,
                "n_deviating": np.bincount(week[self.leaves], minlength=n_weeks),
                "n_events": np.bincount(week[self.kept & self.weeks.event], minlength=n_weeks),
                "mean_weight": mean,
                "mean_stabilised": self._share_recovered(weights),
                "max_weight": np.where(none, np.nan, largest),
                "ess": ess,
            }
        )

    def _share_recovered(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return by week what those who stay weigh over what those who began it weighed, multiplied up to each week.

        Where the model of staying is right, those who stay make up for those who leave, in every week and whatever the
        event does to who is left. Mean weights do not show that: where those who leave have the event more often, the
        weighted clones come to be fewer than the shares who stayed would make them.
        """
        week, n_weeks = self.weeks.since_start, int(self.weeks.since_start.max()) + 1
        # What somebody weighed when the week began: for leavers, too, whose own weight is 0 by now.
        previous = np.where(self.weeks.first, 1.0, np.roll(weights, 1))
        began, stayed = np.bincount(week, previous, n_weeks), np.bincount(week, weights, n_weeks)
        shares: NDArray[np.float64] = np.cumprod(
            np.divide(stayed, began, out=np.full(n_weeks, np.nan), where=began > 0)
        )
        return shares


def truncated(
    weights: NDArray[np.float64], drawn: NDArray[np.float64] | None, percentile: float
) -> NDArray[np.float64]:
    """Return weights with those above a percentile of the positive ones set to it.

    Parameters
    ----------
    weights : ndarray, shape (n,)
    drawn : ndarray of whole numbers, shape (n,), optional
        How often each row counts; the percentile is that of the rows written out.
    percentile : float
        0 to 100; between two weights it is interpolated (Hyndman & Fan's type 7).
    """
    counted = weights > 0 if drawn is None else (weights > 0) & (drawn > 0)
    values = np.sort(weights[counted])
    if drawn is None:
        return np.minimum(weights, np.percentile(values, percentile))
    times = np.cumsum(drawn[counted][np.argsort(weights[counted])])
    place = (times[-1] - 1) * percentile / 100
    low, high = (values[np.searchsorted(times, np.floor(place) + step, side="right")] for step in (0, place % 1 > 0))
    cut: NDArray[np.float64] = np.minimum(weights, low + (high - low) * (place % 1))
    return cut
