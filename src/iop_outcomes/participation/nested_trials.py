"""Trials nested in weeks: in each week, who of those still at their first level of care changes it, and who does not.

A trial is no copy of rows: it is a person-week in which its person might have changed, and the weeks that follow it.
"""

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

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class NestedTrials:
    """Everybody in every trial that they might have been in.

    Attributes
    ----------
    weeks : PersonWeeks
        With the level that people may change to in the place of hours: above 0 in weeks at it.
    first, last : int
        Weeks of the first and the last trial.
    horizon : int
        Weeks of follow-up of each, the week of the change being the first.
    stay_weeks : int
        Weeks that somebody who changed has to stay, where protocols are to be kept.
    week_powers : int
    unusable : {"refuse", "drop"}
    ridge : float
    """

    weeks: PersonWeeks
    first: int
    last: int
    horizon: int
    stay_weeks: int = 1
    week_powers: int = 2
    unusable: Literal["refuse", "drop"] = "refuse"
    ridge: float = 0.0

    @cached_property
    def changed(self) -> NDArray[np.bool_]:
        """Weeks at the level that people may change to, shape (n,)."""
        changed: NDArray[np.bool_] = self.weeks.binding & (self.weeks.hours > 0)
        return changed

    @cached_property
    def might_change(self) -> NDArray[np.bool_]:
        """Weeks that a person who has never changed began at the first level, free to change, shape (n,)."""
        before = self.weeks.running(self.changed) - self.changed
        might: NDArray[np.bool_] = self.weeks.binding & (before == 0) & (self.weeks.week >= self.first)
        return might

    @cached_property
    def begun(self) -> NDArray[np.intp]:
        """Rows in which a trial begins for somebody, shape (n_trials,)."""
        return np.flatnonzero(self.might_change & (self.weeks.week <= self.last))

    @cached_property
    def starts(self) -> NDArray[np.bool_]:
        """Whether the person of each trial changes in its first week, shape (n_trials,)."""
        return self.changed[self.begun]

    @cached_property
    def chance(self) -> Numbers:
        """Probability of changing in each week in which somebody might, 0 elsewhere, shape (n,)."""
        rows = np.flatnonzero(self.might_change)
        found = np.zeros(len(self.weeks.week))
        found[rows] = self._fitted(self.changed[rows], rows, {}, "changing")
        return found

    @cached_property
    def followed(self) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
        """Trial, week of its follow-up (from 0) and row of every week up to its event, each shape (m,)."""
        ends = np.flatnonzero(np.append(self.weeks.first[1:], True))[self.weeks.person[self.begun]]
        length = np.minimum(ends - self.begun + 1, self.horizon)
        trial = np.repeat(np.arange(len(self.begun)), length)
        since = np.arange(len(trial)) - np.repeat(np.cumsum(length) - length, length)
        row = self.begun[trial] + since
        event = self.weeks.event[row]
        first = _running(event, since) - event == 0
        return trial[first], since[first], row[first]

    def at_start(self, estimand: str) -> Numbers:
        """Return what each trial of a person weighs, shape (n_trials,).

        Parameters
        ----------
        estimand : {"ATT", "ATE"}
            Of those who changed, in the weeks in which they did; or of all who might have, with stabilised weights.
        """
        chance, starts = self.chance[self.begun], self.starts
        if estimand == "ATT":
            return np.where(starts, 1.0, chance / (1 - chance))
        number = self.weeks.week[self.begun] - self.first
        share = np.bincount(number, starts) / np.maximum(np.bincount(number), 1)
        return np.where(starts, share[number] / chance, (1 - share[number]) / (1 - chance))

    def keeping(self) -> tuple[NDArray[np.bool_], Numbers]:
        """Return which weeks of follow-up are still as the trial's arm asks, and the inverse of the chance of that.

        Who did not change must not change later; who did has to stay for ``stay_weeks``.

        Returns
        -------
        kept : ndarray of bool, shape (m,)
        weights : ndarray, shape (m,)
        """
        trial, since, row = self.followed
        started = self.starts[trial]
        free = ~started & (since > 0) & self.might_change[row]
        bound = started & (since > 0) & (since < self.stay_weeks) & self.weeks.binding[row]
        leaves = np.where(started, bound & ~self.changed[row], self.changed[row] & (since > 0))
        gone = _running(leaves, since)
        kept = gone == 0
        # A week counts among those who might leave only while its person still keeps to the arm.
        logarithm = np.zeros(len(row))
        free_now = free & (gone - leaves == 0)
        logarithm[free_now] = np.log1p(-self.chance[row[free_now]])
        bound_now = np.flatnonzero(bound & (gone - leaves == 0))
        if len(bound_now):
            stays = ~leaves[bound_now]
            told = {"weeks since": since[bound_now].astype(float)}
            logarithm[bound_now] = np.log(self._fitted(stays, row[bound_now], told, "staying"))
        return kept, np.where(kept, np.exp(-_running(logarithm, since)), 0.0)

    def _fitted(
        self, happens: NDArray[np.bool_], rows: NDArray[np.intp], told: dict[str, Numbers], what: str
    ) -> Numbers:
        """Return the fitted probability of something in some rows, given week, covariates and what else is told."""
        if happens.all():
            return np.ones(len(rows))
        try:
            fit = fit_glm(
                happens.astype(float), self._matrix(rows, told), penalty=self.ridge or None, tolerance=TOLERANCE
            )
        except StudyError as error:
            raise EstimationError(f"model of {what}: {error}") from None
        return np.asarray(fit.fitted, dtype=float)

    def _matrix(self, rows: NDArray[np.intp], told: dict[str, Numbers]) -> ModelMatrix:
        week = self.weeks.week[rows].astype(float)
        powers = range(1, min(self.week_powers, len(np.unique(week)) - 1) + 1)
        columns = {f"week^{power}": week**power for power in powers}
        columns |= {name: values for name, values in told.items() if len(np.unique(values)) > 1}
        covariates = self.weeks.covariates.iloc[rows].reset_index(drop=True)
        whole = pd.concat([pd.DataFrame(columns, index=covariates.index), covariates], axis=1)
        return model_matrix(whole, unusable=self.unusable)


def _running(values: Numbers | NDArray[np.bool_], since: NDArray[np.intp]) -> Numbers:
    """Return the sum of values over the weeks of follow-up of a trial up to and with each."""
    total = np.cumsum(values, dtype=float)
    starts = np.flatnonzero(since == 0)
    before = np.append(0.0, total)[starts]
    within: Numbers = total - np.repeat(before, np.diff(np.append(starts, len(total))))
    return within
