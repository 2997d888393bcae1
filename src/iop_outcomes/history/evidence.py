"""From reports, tests and controlled periods to the use calendar.

Rules, in the order in which they are applied:

1. A day somebody was asked about is a day with use if any report of it says so, whatever substance or way of asking,
   and abstinent if all deny. A report without a number of days, or with more days of use than it speaks of, says
   nothing. Every day not spoken of is unknown.
2. Tests, if they count, add what ``evidence`` says (see ``use_calendar``).
3. A day in a controlled environment is set apart unless use on it is known; use is use wherever it happens.
4. A report on a stretch of days ("3 of the last 30") fills the days that are still unknown: none used if the days
   already known account for all the use, all used if nothing else is possible, otherwise ``SOME``. Shorter stretches
   go first, because they know more. Reports of several substances on one stretch count as the largest of them: days of
   use overlap as far as they can.
5. Days after a death are set apart as such; whoever reads the calendar counts them with use (see ``death.py``).
"""

from typing import Literal

import numpy as np
import pandas as pd

from iop_outcomes.history.calendar import ABSTINENT, CONTROLLED, DEAD, SOME, UNKNOWN, USED, Calendar, Stretches
from iop_outcomes.history.detection import DetectionDays
from iop_outcomes.history.history import History
from iop_outcomes.history.outcome_rules import Panel
from iop_outcomes.history.panel import bears_on, day_panels
from iop_outcomes.kernel.errors import Refusal

#: What decides whether a day was a day with use.
Evidence = Literal["self_report", "tests", "either", "corrected"]

#: What becomes of days in jail, hospital or residential care.
ControlledRule = Literal["set_apart", "abstinent"]


def use_calendar(
    history: History,
    substance: Panel = None,
    evidence: Evidence = "self_report",
    controlled: ControlledRule = "set_apart",
    detection_days: DetectionDays = None,
) -> Calendar:
    """Return what is known of every member's use on every day of the follow-up; made once, then remembered.

    Parameters
    ----------
    history : History
        Members and their records.
    substance : str or list of str, optional
        Substances by name, upper or lower case alike, or ``primary`` for each person's own; a denial of ``any`` use
        denies each of them. When left out, reports of all substances and tests for the study's targets.
    evidence : {'self_report', 'tests', 'either', 'corrected'}
        ``tests``: a positive test makes every day of its detection window a day with use, a negative one makes them
        abstinent, use deciding. ``either``: reports and tests together, use deciding. ``corrected``: reports, and a
        positive test that no reported day with use explains makes the day of the test a day with use.
    controlled : {'set_apart', 'abstinent'}
        Days in a controlled environment without known use are set apart, or counted as abstinent.
    detection_days : mapping of str to int, optional
        Days a test looks back by substance, in place of those in ``detection.py``.

    Raises
    ------
    Refusal
        Tests were asked for and the source has none, or none for a target.
    """
    if evidence != "self_report" and not len(history.records.get("drug_test", ())):
        raise Refusal(f"with evidence '{evidence}' needs drug tests and this source has none; use 'self_report'")
    named = None if substance is None else history.rules.targets(substance)
    detection = tuple(sorted((detection_days or {}).items()))
    rules = (history.rules.targets(substance), history.rules.thinning)
    key = ("use_calendar", named, *rules, evidence, controlled, detection)
    return history.once(key, lambda: _make(history, substance, evidence, controlled, detection_days))


def _make(
    history: History, substance: Panel, evidence: Evidence, controlled: ControlledRule, looks_back: DetectionDays
) -> Calendar:
    follow_up = history.follow_up_days.astype(np.int64)
    state = np.zeros((history.n, int(follow_up.max(initial=0))), dtype=np.int8)
    reports = _reports(history, substance) if evidence != "tests" else _reports(history, substance).iloc[:0]
    single = (reports["window_days"] == 1).to_numpy()
    _paint_days(state, follow_up, reports[single])
    if evidence != "self_report":
        _paint_tests(state, follow_up, day_panels(history, substance, looks_back), evidence)
    paint_controlled(state, follow_up, history, ABSTINENT if controlled == "abstinent" else CONTROLLED)
    stretches = _paint_stretches(state, follow_up, reports[~single])
    died = (history.members["end_reason"] == "death").to_numpy(bool)
    state[died[:, None] & (np.arange(state.shape[1]) >= follow_up[:, None])] = DEAD
    state.setflags(write=False)
    return Calendar(state, follow_up, died, stretches)


def usable(reports: pd.DataFrame) -> np.ndarray:
    """Return which rows of ``use_report`` say something: a number of days with use that fits into the window."""
    used, window = reports["days_used"].to_numpy(float), reports["window_days"].to_numpy()
    return (window >= 1) & (used >= 0) & (used <= window)


def cells(member: np.ndarray, first: np.ndarray, end: np.ndarray, follow_up: np.ndarray, n_days: int):
    """Return the calendar cells of intervals of days ``first`` to ``end - 1``, cut at zero and at the follow-up.

    Returns
    -------
    cell, owner : ndarray of int
        Flat position in the calendar, and the interval it belongs to.
    """
    first, end = np.maximum(first, 0), np.minimum(end, follow_up[member])
    length = np.maximum(end - first, 0)
    owner = np.repeat(np.arange(len(member)), length)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(length) - length, length)
    return member[owner] * n_days + first[owner] + within, owner


def _reports(history: History, substance: Panel) -> pd.DataFrame:
    reports = history.table("use_report")
    denies = (reports["days_used"] == 0).to_numpy()
    return reports[usable(reports) & bears_on(history, reports, substance, denies)]


def _paint_days(state: np.ndarray, follow_up: np.ndarray, reports: pd.DataFrame) -> None:
    member, day = reports["member"].to_numpy(), reports["day"].to_numpy().astype(np.int64)
    inside = (day >= 0) & (day < follow_up[member])
    cell = (member * state.shape[1] + day)[inside]
    used = reports["days_used"].to_numpy()[inside] > 0
    flat = state.reshape(-1)
    flat[cell[~used]] = ABSTINENT
    flat[cell[used]] = USED


def _paint_tests(state: np.ndarray, follow_up: np.ndarray, tests: pd.DataFrame, evidence: Evidence) -> None:
    flat = state.reshape(-1)

    def days_of(chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        member, first, last = (tests[c].to_numpy()[chosen].astype(np.int64) for c in ("member", "first_day", "day"))
        return cells(member, first, last + 1, follow_up, state.shape[1])

    positive = tests["positive"].to_numpy()
    looked_at, owner = days_of(positive)
    if evidence == "corrected":
        explained = np.bincount(owner[flat[looked_at] == USED], minlength=positive.sum()) > 0
        last_day = np.append(owner[1:] != owner[:-1], True)[: len(owner)]
        flat[looked_at[last_day & ~explained[owner]]] = USED
        return
    denied, _ = days_of(~positive)
    flat[denied[flat[denied] == UNKNOWN]] = ABSTINENT
    flat[looked_at] = USED


def paint_controlled(state: np.ndarray, follow_up: np.ndarray, history: History, becomes: int) -> None:
    """Give the days of controlled periods a state, those with use excepted."""
    if not len(history.records.get("controlled_period", ())):
        return
    periods = history.table("controlled_period")
    start, end = (periods[c].to_numpy().astype(np.int64) for c in ("start_day", "end_day"))
    cell, _ = cells(periods["member"].to_numpy(), start, end + 1, follow_up, state.shape[1])
    flat = state.reshape(-1)
    flat[cell[flat[cell] != USED]] = becomes


def _paint_stretches(state: np.ndarray, follow_up: np.ndarray, reports: pd.DataFrame) -> Stretches:
    """Fill what is unknown from reports on several days at once, the shortest of each member first."""
    keys = ["member", "window_days", "day"]
    reports = reports.groupby(keys, sort=True)["days_used"].max().reset_index()
    turn = reports.groupby("member").cumcount().to_numpy()
    share = np.zeros(state.size if len(reports) else 0, dtype=np.float32)
    found, n_found = [], 0
    for layer in range(turn.max(initial=-1) + 1):
        new = _paint_layer(state, follow_up, reports[turn == layer], share)
        found.append(Stretches(new.cell, new.stretch + n_found, new.used_days, new.open_days))
        n_found += len(new.used_days)
    if not found:
        nothing = np.zeros(0)
        return Stretches(nothing.astype(np.int64), nothing.astype(np.int64), nothing, nothing)
    return Stretches(
        *(
            np.concatenate([getattr(new, part) for new in found])
            for part in ("cell", "stretch", "used_days", "open_days")
        )
    )


def _paint_layer(state: np.ndarray, follow_up: np.ndarray, reports: pd.DataFrame, share: np.ndarray) -> Stretches:
    """Fill at most one stretch of each member; ``share`` holds the expected use on days of earlier stretches."""
    flat = state.reshape(-1)
    member, first = reports["member"].to_numpy(), reports["day"].to_numpy().astype(np.int64)
    length, used = reports["window_days"].to_numpy().astype(np.int64), reports["days_used"].to_numpy(float)
    cell, owner = cells(member, first, first + length, follow_up, state.shape[1])
    known = flat[cell]
    accounted = np.bincount(owner, weights=np.where(known == USED, 1.0, share[cell]), minlength=len(member))
    left = used - accounted
    open_ = known == UNKNOWN
    beyond = length - np.bincount(owner, minlength=len(member))
    room = np.bincount(owner[open_], minlength=len(member)) + beyond
    cell, owner = cell[open_], owner[open_]
    undecided = (left > 0) & (left < room)
    flat[cell] = np.where(undecided, SOME, np.where(left > 0, USED, ABSTINENT))[owner]
    some = undecided[owner]
    rank = np.cumsum(undecided) - 1
    share[cell[some]] = (left / np.maximum(room, 1))[owner[some]]
    return Stretches(cell[some], rank[owner[some]], left[undecided], room[undecided].astype(float))
