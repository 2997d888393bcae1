"""Urine tests week by week: what was found of each member, and what a week after death counts as."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.endpoints.matrix import MISSING, MIXED, NEGATIVE, OUTSIDE, POSITIVE, UNSCHEDULED
from iop_outcomes.history.death import died_within
from iop_outcomes.history.due import due_weeks, weeks_without_schedule
from iop_outcomes.history.history import History
from iop_outcomes.history.outcome_rules import Panel, Schedule
from iop_outcomes.history.panel import day_panels, without_target
from iop_outcomes.history.windows import observed_weeks, week_of
from iop_outcomes.kernel.errors import Refusal
from iop_outcomes.tables.capability import unmet


@dataclass(frozen=True)
class UrineWeeks:
    """Weeks of the members of a history.

    Attributes
    ----------
    found : ndarray of int8, shape (members, weeks)
        Codes of ``iop_outcomes.endpoints.matrix``; ``OUTSIDE`` after the last whole week observed.
    judged : ndarray of int8
        The same, with the weeks from death on positive where a test would have been due.
    beyond : ndarray of bool
        Members in whose arm no test was due any more when the metric needs one.
    no_target : ndarray of bool
        Members whose own primary substance is the target and is not known or not tested for.
    """

    found: np.ndarray
    judged: np.ndarray
    beyond: np.ndarray
    no_target: np.ndarray

    @property
    def n_seen(self) -> np.ndarray:
        """Number of weeks with a result."""
        return np.isin(self.found, (NEGATIVE, POSITIVE, MIXED)).sum(axis=1)

    @property
    def n_due(self) -> np.ndarray:
        """Number of weeks in which a test was due or obtained in life."""
        return self.n_seen + (self.found == MISSING).sum(axis=1)

    @property
    def n_dead(self) -> np.ndarray:
        """Number of weeks from death on in which a test would have been due."""
        return ((self.judged == POSITIVE) & (self.found == OUTSIDE)).sum(axis=1)

    def between(self, first: int, last: int) -> "UrineWeeks":
        """Return weeks ``first`` to ``last - 1``, counted from 0."""
        return UrineWeeks(self.found[:, first:last], self.judged[:, first:last], self.beyond, self.no_target)


def urine_weeks(
    history: History,
    window_days: int | None = None,
    panel: Panel = None,
    schedule: Schedule = None,
    needed: int = 0,
) -> UrineWeeks:
    """Return what the urine tests of each week say; made once, then remembered.

    A day's panel is positive if any target that is not prescribed is positive; a week is mixed if its days differ.
    Weeks that lie wholly in jail or hospital count as not due.

    Parameters
    ----------
    history : History
        Members and their records.
    window_days : int, optional
        Weeks that end within days 0 to ``window_days - 1``; the whole follow-up when left out.
    panel : str or list of str, optional
        Target substances: ``all``, ``primary`` (each person's own), a name or several; the study's when left out.
    schedule : 'recorded', 'weekly', int or list of int, optional
        When tests were due; the study's when left out.
    needed : int
        Last week that must be one of the schedule, 0 for none.

    Raises
    ------
    Refusal
        A target is not tested for, or no arm was tested for as long as needed.
    """
    listed = tuple(schedule) if isinstance(schedule, list) else schedule
    rules = (history.rules.targets(panel), listed, str(history.rules.schedule), history.rules.thinning)
    key = ("urine_weeks", window_days, *rules)
    found, judged, due = history.once(key, lambda: _make(history, window_days, panel, schedule))
    beyond, last = weeks_without_schedule(history, due, needed, schedule)
    if beyond.all() and history.n:
        raise Refusal(
            f"needs drug tests until week {needed} and none was due after week {last}; look at weeks that end by "
            "then, or say with 'urine_schedule' when tests were due"
        )
    return UrineWeeks(found, judged, beyond, without_target(history, panel))


def urine_weeks_or_none(history: History, capability: pd.DataFrame, panel: Panel = None) -> UrineWeeks | None:
    """Return the weeks of the whole follow-up, None where the source has no drug tests for the targets."""
    if unmet(("drug_test.result",), capability):
        return None
    try:
        return urine_weeks(history, panel=panel)
    except Refusal:
        return None


def _make(history: History, window_days: int | None, panel: Panel, schedule: Schedule):
    weeks = observed_weeks(history, window_days)
    whole = int(weeks.max(initial=0)) if window_days is None else window_days // 7
    n_weeks = max(whole, 1)
    due = due_weeks(history, n_weeks, panel, schedule)
    days = day_panels(history, panel)
    member, week = days["member"].to_numpy(), week_of(days["day"].to_numpy())
    inside = (week >= 0) & (week < n_weeks)
    shown = np.zeros((2, history.n, n_weeks), dtype=bool)
    shown[days["positive"].to_numpy()[inside].astype(int), member[inside], week[inside]] = True
    negative, positive = shown
    found = np.where(due, MISSING, UNSCHEDULED).astype(np.int8)
    found[negative] = NEGATIVE
    found[positive] = POSITIVE
    found[positive & negative] = MIXED
    found[_controlled_weeks(history, n_weeks)] = UNSCHEDULED
    found[np.arange(n_weeks) >= weeks[:, None]] = OUTSIDE
    dead = (found == OUTSIDE) & died_within(history, 7 * whole)[:, None]
    judged = np.where(dead, np.where(due, POSITIVE, UNSCHEDULED), found).astype(np.int8)
    for codes in (found, judged):
        codes.setflags(write=False)
    return found, judged, due


def _controlled_weeks(history: History, n_weeks: int) -> np.ndarray:
    """Return the weeks that lie wholly in jail or hospital, where a negative test says little."""
    controlled = np.zeros((history.n, n_weeks), dtype=bool)
    if not len(history.records.get("controlled_period", ())):
        return controlled
    periods = history.table("controlled_period")
    first = -(-periods["start_day"].to_numpy(float) // 7)
    last = (periods["end_day"].to_numpy(float) + 1) // 7 - 1
    for member, start, end in zip(periods["member"], np.maximum(first, 0), np.minimum(last, n_weeks - 1), strict=True):
        controlled[member, int(start) : int(end) + 1] = True
    return controlled
