"""In which weeks a drug test was due.

The study may say so, or the source, if it has missed tests on record. Where neither does, a test was due every week
until the last scheduled one: not the person's own, since who leaves misses the tests of those who stay, but the last of
the study, of the person's arm and of the person's site.

An arm or site has an end of its own only where its tests stopped, not where its people left: if somebody of it was
observed afterwards and at least ``MANY`` of its people were tested in the last two weeks (or it has so many people and
never tested anybody). People do not leave in step; schedules end in step. A week belongs to a schedule if at least one
in twenty of those observed in it had a scheduled test, so that a stray one prolongs nothing, and neither do tests of a
later episode.
"""

import numpy as np
import pandas as pd

from iop_outcomes.history.history import History
from iop_outcomes.history.outcome_rules import Panel, Schedule
from iop_outcomes.history.panel import scheduled, target_tests
from iop_outcomes.history.windows import observed_weeks, week_of

#: People who stop being tested together for the end to be the schedule's.
MANY = 3

#: Share of those observed in a week who must have a scheduled test for the week to be one of the schedule.
FEWEST = 0.05

#: Weeks of a schedule on record that a window may go on after the last test: they may be due every other week.
BETWEEN_TESTS = 1


def due_weeks(history: History, n_weeks: int, panel: Panel = None, schedule: Schedule = None) -> np.ndarray:
    """Return in which weeks each member's test was due, were they observed for so long or not.

    Parameters
    ----------
    history : History
        Members and their records.
    n_weeks : int
        Number of weeks from time zero.
    panel : str or list of str, optional
        Target substances; the study's when left out.
    schedule : 'recorded', 'weekly', int or list of int, optional
        As ``OutcomeRules.schedule``; the study's when left out.

    Returns
    -------
    numpy.ndarray of bool, shape (members, weeks)
    """
    rule = schedule_of(history, schedule)
    key = ("due_weeks", n_weeks, history.rules.targets(panel), str(rule), history.rules.thinning)
    return history.once(key, lambda: _due(history, n_weeks, panel, rule))


def _due(history: History, n_weeks: int, panel: Panel, rule: Schedule) -> np.ndarray:
    if rule == "recorded":
        return _recorded(history, n_weeks, panel)
    week = np.arange(1, n_weeks + 1)
    if rule is None:
        return week <= _last_scheduled(history, panel)[:, None]
    if rule == "weekly":
        rule = n_weeks
    stated = week <= rule if isinstance(rule, int) else np.isin(week, rule)
    return np.tile(stated, (history.n, 1))


def schedule_of(history: History, schedule: Schedule = None) -> Schedule:
    """Return the schedule that holds: the metric's, the study's, ``recorded`` if missed tests are, or None."""
    rule = schedule or history.rules.schedule
    if rule is None and (history.records["drug_test"]["result"] == "missing").any():
        return "recorded"
    return rule


def weeks_without_schedule(
    history: History, due: np.ndarray, needed: int, schedule: Schedule = None
) -> tuple[np.ndarray, int]:
    """Return the members in whose arm no test was due any more when an endpoint needs one, and the last week due.

    Parameters
    ----------
    history : History
        Members and their records.
    due : ndarray of bool
        As ``due_weeks`` gives it.
    needed : int
        Last week the endpoint looks at.
    schedule : optional
        As for ``due_weeks``; of one on record the end may lie between two tests.

    Returns
    -------
    beyond : ndarray of bool
        By member; an arm nobody of which was observed for so long is not among them.
    last : int
        Last week in which a test was due in these arms, 0 for never.
    """
    between = BETWEEN_TESTS if schedule_of(history, schedule) == "recorded" else 0
    arm, observed = _group(history, "arm"), observed_weeks(history)
    beyond, last = np.zeros(history.n, dtype=bool), 0
    for code in np.unique(arm):
        mine = arm == code
        last_due = int(np.flatnonzero(due[mine].any(axis=0)).max(initial=-1)) + 1
        if last_due + between < min(needed, int(observed[mine].max(initial=0))):
            beyond |= mine
            last = max(last, last_due)
    return beyond, last


def _recorded(history: History, n_weeks: int, panel: Panel) -> np.ndarray:
    tests = target_tests(history, panel)
    week, member = week_of(tests["day"].to_numpy()), tests["member"].to_numpy()
    kept = (week >= 0) & (week < n_weeks) & (scheduled(tests) | (tests["result"] == "missing").to_numpy())
    due = np.zeros((history.n, n_weeks), dtype=bool)
    due[member[kept], week[kept]] = True
    # Nobody writes down what the dead missed: what the others of their arm were asked for was due.
    arm, observed = _group(history, "arm"), observed_weeks(history)
    died = (history.members["end_reason"] == "death").to_numpy()
    after = np.arange(n_weeks) >= observed[:, None]
    for code in np.unique(arm[died]):
        mine = arm == code
        asked, nobody = (due & ~after)[mine].any(axis=0), after[mine].all(axis=0)
        due[mine & died] |= after[mine & died] & (asked | nobody)
    return due


def _last_scheduled(history: History, panel: Panel) -> np.ndarray:
    """Return the number of weeks in which a test was due, by member, as far as the tests themselves show it."""
    tests = target_tests(history, panel)
    day, member = tests["day"].to_numpy(), tests["member"].to_numpy()
    observed = observed_weeks(history)
    n_weeks = int(observed.max(initial=0))
    ends = np.minimum(7 * observed, _next_assignment(history))[member]
    kept = (day >= 0) & (day < ends) & scheduled(tests)
    tested = np.zeros((history.n, n_weeks), dtype=bool)
    tested[member[kept], week_of(day[kept])] = True
    seen = np.arange(n_weeks) < observed[:, None]
    last = np.full(history.n, _end(tested, seen), dtype=float)
    for column in ("arm", "site_id"):
        group = _group(history, column)
        for code in np.unique(group[group >= 0]):
            mine = group == code
            own = _end(tested[mine], seen[mine])
            if _stopped_together(tested[mine], own):
                last[mine] = np.minimum(last[mine], own)
    return last


def _end(tested: np.ndarray, seen: np.ndarray) -> float:
    """Return the last week of a schedule; infinite where nobody was observed after it."""
    n_tested, n_seen = tested.sum(axis=0), seen.sum(axis=0)
    regular = (n_tested > 0) & (n_tested >= FEWEST * n_seen)
    last = int(np.flatnonzero(regular).max(initial=-1)) + 1
    return last if n_seen[last:].any() else np.inf


def _stopped_together(tested: np.ndarray, end: float) -> bool:
    if not np.isfinite(end):
        return False
    last_two = tested[:, max(int(end) - 2, 0) : int(end)]
    return (last_two.any(axis=1).sum() if end else len(tested)) >= MANY


def _next_assignment(history: History) -> np.ndarray:
    """Return the day on which each person's next episode begins, infinite where there is none."""
    episodes = history.records.get("episode", pd.DataFrame(columns=["person_id", "assignment_day"]))
    zero = history.members["time_zero_day"].to_numpy()
    member = pd.Index(history.members["person_id"]).get_indexer(episodes["person_id"])
    day = episodes["assignment_day"].to_numpy(float)
    later = (member >= 0) & (day > zero[member])
    begins = np.full(history.n, np.inf)
    np.minimum.at(begins, member[later], (day - zero[member])[later])
    return begins


def _group(history: History, column: str) -> np.ndarray:
    """Return the number of each member's arm or site, -1 where it is not known."""
    return pd.factorize(history.members[column].astype(object))[0]
