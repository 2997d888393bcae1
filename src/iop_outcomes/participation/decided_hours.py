"""How people came to their hours, week by week, and what each person-week weighs for it.

Weekly hours pile up at none and at what a programme plans, so that no normal density fits them, and it is in its tails
that weights are made (Naimi et al. 2014, Epidemiology 25:292). Hours are therefore taken in bands. Which band a week
falls into is a multinomial regression, which asks for no order and no proportional odds: most people decide whether to
come before they decide for how long. It is fitted band by band against the commonest one (Begg & Gray 1984, Biometrika
71:11), so that a ridge carries bands of few people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.kernel.errors import EstimationError, StudyError
from iop_outcomes.participation.clones import TOLERANCE
from iop_outcomes.participation.person_weeks import PersonWeeks
from iop_outcomes.stats.linear.glm import fit_glm
from iop_outcomes.stats.linear.matrix import ModelMatrix, model_matrix

BAND_BEFORE = "band of the week before"
_FIRST_WEEK, _EXCUSED = "first week", "excused"


@dataclass(frozen=True)
class DecidedHours:
    """Bands of hours, and models of which band a week falls into.

    Attributes
    ----------
    weeks : PersonWeeks
    borders : tuple of float
        Hours from which on each band but the first begins, in order.
    week_powers : int
    unusable : {"refuse", "drop"}
    ridge : float
        0 for none.
    """

    weeks: PersonWeeks
    borders: tuple[float, ...]
    week_powers: int
    unusable: Literal["refuse", "drop"] = "refuse"
    ridge: float = 0.0

    @classmethod
    def of(
        cls,
        weeks: PersonWeeks,
        borders: Sequence[float],
        week_powers: int,
        unusable: Literal["refuse", "drop"] = "refuse",
        ridge: float = 0.0,
    ) -> "DecidedHours":
        """Return the hours of person-weeks in bands.

        Raises
        ------
        EstimationError
            Borders are not above zero and rising, or all hours lie in one band.
        """
        cuts = np.asarray(borders, dtype=float)
        if cuts.ndim != 1 or not len(cuts) or not (np.diff(cuts, prepend=0.0) > 0).all():
            raise EstimationError("borders: give hours above 0, each above the one before, such as (3, 6, 9)")
        made = cls(weeks, tuple(cuts.tolist()), week_powers, unusable, ridge)
        if len(np.unique(made.band[weeks.binding])) < 2:
            raise EstimationError("borders: the hours of all person-weeks lie in one band; choose other borders")
        return made

    @cached_property
    def band(self) -> NDArray[np.intp]:
        """Number of the band of each week, 0 for the lowest, -1 where the week is excused, shape (n,)."""
        hours = np.where(self.weeks.binding, self.weeks.hours, 0.0)
        return np.where(self.weeks.binding, np.searchsorted(self.borders, hours, side="right"), -1)

    @cached_property
    def hours(self) -> NDArray[np.float64]:
        """Mean hours of the band that each week fell into; NaN where it is excused.

        What is weighted is the band, so that is what may be compared.
        """
        binding, band = self.weeks.binding, self.band
        n = np.bincount(band[binding], minlength=len(self.borders) + 1)
        total = np.bincount(band[binding], self.weeks.hours[binding], len(n))
        of_band = np.divide(total, n, out=np.zeros(len(n)), where=n > 0)
        return np.where(binding, of_band[band], np.nan)

    @cached_property
    def mean_hours(self) -> NDArray[np.float64]:
        """Mean of these hours over all earlier weeks and this one; NaN before the first that is not excused."""
        counted = self.weeks.running(self.weeks.binding)
        summed = self.weeks.running(np.where(self.weeks.binding, self.hours, 0.0))
        mean: NDArray[np.float64] = np.divide(summed, counted, out=np.full(len(counted), np.nan), where=counted > 0)
        return mean

    @cached_property
    def _before(self) -> pd.DataFrame:
        """Powers of the week and the band of the week before: what both probabilities know."""
        before = np.where(self.weeks.first, len(self.borders) + 1, np.roll(self.band, 1)).astype(np.int64)
        names = [_EXCUSED, *(f"band {number + 1}" for number in range(len(self.borders) + 1)), _FIRST_WEEK]
        columns = {f"week^{power}": self.weeks.week.astype(float) ** power for power in range(1, self.week_powers + 1)}
        bands = pd.Categorical(np.asarray(names)[before + 1], categories=names)
        return pd.DataFrame(columns, index=self.weeks.covariates.index).assign(**{BAND_BEFORE: bands})

    def weights(self) -> tuple[NDArray[np.float64], pd.DataFrame]:
        """Return the stabilised weight of every person-week, and the models behind the probabilities.

        Returns
        -------
        weights : ndarray, shape (n,)
            Over the weeks up to and with each, the product of the probability of the band given week and earlier band,
            divided by the same given the covariates as well. Excused weeks leave it as it is.
        models : DataFrame
            ``probability`` (plain, given covariates), ``from_hours`` (where a band begins), ``name``,
            ``coefficient``: log odds against the commonest band.
        """
        logarithm, rows = np.zeros(len(self.band)), []
        for sign, said, covariates in ((1, "plain", None), (-1, "given covariates", self.weeks.covariates)):
            chance, coefficients = self._chances(covariates)
            logarithm += sign * np.log(chance)
            rows += [(said, *row) for row in coefficients]
        models = pd.DataFrame(rows, columns=["probability", "from_hours", "name", "coefficient"])
        return np.exp(self.weeks.running(logarithm)), models

    def _chances(self, covariates: pd.DataFrame | None) -> tuple[NDArray[np.float64], list[tuple[float, str, float]]]:
        """Return the probability of the band that each week fell into, 1 where it is excused, and the coefficients."""
        binding, band = self.weeks.binding, self.band[self.weeks.binding]
        n = np.bincount(band)
        commonest = int(np.argmax(n))
        matrix = self._matrix(covariates)
        odds = np.zeros((len(n), len(band)))
        odds[n == 0] = -np.inf
        coefficients = []
        for number in np.flatnonzero(n):
            if number == commonest:
                continue
            from_hours = self.borders[number - 1] if number else 0.0
            two = (band == number) | (band == commonest)
            try:
                # Hours of the week before may stand among the covariates, too: what follows from others is left out.
                fit = fit_glm(
                    (band == number).astype(float),
                    matrix,
                    weights=two.astype(float),
                    penalty=self.ridge or None,
                    aliased="drop",
                    tolerance=TOLERANCE,
                )
            except StudyError as error:
                raise EstimationError(f"model of hours from {from_hours:g} on: {error}") from None
            odds[number] = matrix.matvec(fit.coefficients)
            coefficients += [(from_hours, name, value) for name, value in zip(fit.names, fit.coefficients, strict=True)]
        chance = np.ones(len(self.band))
        own = odds[band, np.arange(len(band))]
        chance[binding] = 1 / np.exp(odds - own).sum(axis=0)
        return chance, coefficients

    def _matrix(self, covariates: pd.DataFrame | None) -> ModelMatrix:
        before = self._before[self.weeks.binding].reset_index(drop=True)
        before[BAND_BEFORE] = before[BAND_BEFORE].cat.remove_unused_categories()
        told = before[[name for name in before if len(before[name].unique()) > 1]]
        if covariates is None:
            return model_matrix(told)
        own = covariates[self.weeks.binding].reset_index(drop=True)
        return model_matrix(pd.concat([told, own], axis=1), unusable=self.unusable)
