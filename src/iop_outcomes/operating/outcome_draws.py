"""Outcomes drawn from a model fitted to the records, with an effect of the first arm that is planted into them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import beta

from iop_outcomes.stats.linear.glm import fit_glm
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.study.outcome import Outcome

Numbers = NDArray[np.float64]
BINARY, SHARE, NUMBER = "binary", "share", "number"
#: Column of the arm in the model.
ARM = "first arm"
#: Shares as near to 0 and 1 as a beta distribution can be drawn from.
EDGE = 1e-6
#: Strength of the ridge that keeps rare levels from separating.
RIDGE = 1.0


@dataclass(frozen=True)
class Drawn:
    """One outcome as it is drawn.

    Attributes
    ----------
    kind : {"binary", "share", "number"}
    expected : ndarray of shape (n,)
        Mean of each member in the second arm.
    good : int
        1 where more of it is good, -1 where less is.
    unit : float
        What an effect of 1 is: 1 for shares, 100 for percentages, the standard deviation of others.
    spread : float
        Of shares: their variance over that of a 0/1 outcome of the same mean.
    residuals : ndarray
        Of numbers: what the records differ from their means by, in order.
    """

    kind: str
    expected: Numbers
    good: int
    unit: float
    spread: float
    residuals: Numbers

    def means(self, effect: Numbers | float) -> Numbers:
        """Return the mean of each member under an effect of their arm; shares end at 0 and 1."""
        moved = self.expected + effect * self.good * self.unit
        return np.asarray(moved if self.kind == NUMBER else np.clip(moved, 0.0, 1.0), dtype=float)

    def values(self, effect: Numbers, luck: Numbers) -> Numbers:
        """Return an outcome for each member; ``luck``, 0 to 1, is on the good side."""
        mean, place = self.means(effect), luck if self.good > 0 else 1 - luck
        if self.kind == NUMBER:
            return np.asarray(mean + np.quantile(self.residuals, place), dtype=float)
        if self.kind == BINARY or self.spread >= 1 - EDGE:
            return (place > 1 - mean).astype(float)
        inner = np.clip(mean, EDGE, 1 - EDGE)
        size = 1 / self.spread - 1
        return np.asarray(beta.ppf(place, inner * size, (1 - inner) * size), dtype=float)


def fit_outcome(outcome: Outcome, values: pd.Series, covariates: pd.DataFrame, first: NDArray[np.bool_]) -> Drawn:
    """Fit how an outcome goes with covariates within arms.

    Parameters
    ----------
    outcome : Outcome
    values : Series
        By member; those that are missing are not fitted to.
    covariates : DataFrame
        By member, complete; sites too.
    first : ndarray of bool
        Who is in the first arm: its own effect in the records is taken out.
    """
    seen = values.notna().to_numpy()
    y = values[seen].to_numpy(float)
    kind = BINARY if outcome.kind == "binary" else SHARE if outcome.is_share else NUMBER
    matrix = model_matrix(covariates.assign(**{ARM: first.astype(float)}), unusable="drop")
    family = "gaussian" if kind == NUMBER else "binomial"
    fit = fit_glm(y, matrix.rows(seen), family=family, penalty=RIDGE, aliased="drop")
    alike = np.where(np.array(matrix.names) == ARM, 0.0, fit.coefficients)
    predicted = matrix.matvec(alike)
    mean = predicted if kind == NUMBER else expit(predicted)
    there = fit.fitted
    spread = float(np.mean((y - there) ** 2) / np.mean(there * (1 - there))) if kind == SHARE else np.nan
    unit = 1.0 if kind != NUMBER else 100.0 if outcome.is_percent else float(np.std(y))
    return Drawn(kind, mean, outcome.good or 1, unit, spread, np.sort(y - there))
