"""Scheduled contacts: what each arm books, week by week, and what became of it."""

import numpy as np
import pandas as pd
from scipy.special import expit

from iop_outcomes.simulate.course import Course
from iop_outcomes.simulate.draws import Draws, choose
from iop_outcomes.simulate.identifiers import numbered
from iop_outcomes.simulate.people import People
from iop_outcomes.tables.canonical import SESSION_MODES, SESSION_STATUSES, SESSION_TYPES

STATUS = {name: code for code, name in enumerate(SESSION_STATUSES)}
TYPE = {name: code for code, name in enumerate(SESSION_TYPES)}


#: Slots a week: three of three hours in the intensive phase, then fewer and shorter. Outpatient care has one hour.
SLOTS = 3
INTENSIVE_WEEKS, STEP_DOWN_WEEKS = 8, 4
INTENSIVE_MINUTES, STEP_DOWN_MINUTES, OUTPATIENT_MINUTES = 180, 120, 60
INTENSIVE_HOURS_PER_WEEK = SLOTS * INTENSIVE_MINUTES / 60
OUTPATIENT_HOURS_PER_WEEK = OUTPATIENT_MINUTES / 60
#: What is prescribed at assignment: the intensive phase, or four months of outpatient care.
PRESCRIBED_WEEKS = {"iop": float(INTENSIVE_WEEKS), "outpatient": 16.0}

#: What becomes of a session that is held and not attended. Moved sessions get a new one on the next day.
ABSENCES = {"no_show": 0.58, "late_cancel": 0.12, "cancel_patient": 0.15, "excused": 0.06, "rescheduled": 0.09}
CLOSED_RATE, PROGRAM_CANCELS_RATE, PARTIAL_RATE, MOVED_ATTENDED_RATE = 0.01, 0.015, 0.06, 0.7
TYPES_BY_ARM = {
    "iop": {"group": 0.66, "individual": 0.14, "education": 0.10, "family": 0.04, "peer": 0.06},
    "outpatient": {"group": 0.34, "individual": 0.52, "case_management": 0.06, "family": 0.05, "peer": 0.03},
}
MODE_SHARES = (0.78, 0.17, 0.05)


def slots_per_week(iop: np.ndarray, weeks_in_care: np.ndarray) -> np.ndarray:
    """Return the sessions booked in a week of care.

    Parameters
    ----------
    iop, weeks_in_care : ndarray
        Arm, and weeks since the week of admission; they broadcast.
    """
    taper = np.where(weeks_in_care < INTENSIVE_WEEKS + STEP_DOWN_WEEKS, 2, 1)
    return np.where(iop, np.where(weeks_in_care < INTENSIVE_WEEKS, SLOTS, taper), 1)


def minutes_per_session(iop: np.ndarray, weeks_in_care: np.ndarray) -> np.ndarray:
    """Return the minutes of each session in a week of care; arguments as ``slots_per_week``."""
    taper = np.where(weeks_in_care < INTENSIVE_WEEKS + STEP_DOWN_WEEKS, STEP_DOWN_MINUTES, OUTPATIENT_MINUTES)
    return np.where(iop, np.where(weeks_in_care < INTENSIVE_WEEKS, INTENSIVE_MINUTES, taper), OUTPATIENT_MINUTES)


def make_sessions(people: People, course: Course, draws: Draws) -> pd.DataFrame:
    """Return the sessions of a world, sorted by person and day.

    Returns
    -------
    pandas.DataFrame
        The ``session`` table with ``person`` (position) in the place of the identifiers; see ``identified``.
    """
    booked = pd.concat([_intakes(course), _treatment(people, course, draws)], ignore_index=True)
    return booked.sort_values(["person", "day"], kind="stable", ignore_index=True)


def identified(sessions: pd.DataFrame) -> pd.DataFrame:
    """Return the sessions with the identifiers of the canonical table."""
    person = sessions["person"].to_numpy()
    first = np.searchsorted(person, person)
    order = np.arange(len(person)) - first + 1
    columns = {"session_id": numbered("A", (person + 1, 7), (order, 3)), "episode_id": numbered("E", (person + 1, 7))}
    return pd.DataFrame(columns | {name: sessions[name] for name in sessions.columns if name != "person"})


def _intakes(course: Course) -> pd.DataFrame:
    """Return the first appointment of everybody: kept by those who start, missed by those who never do."""
    came = course.started
    alive = came | (course.death_day > 0)
    person = np.flatnonzero(alive)
    came = came[person]
    status = np.where(came, STATUS["attended"], STATUS["no_show"])
    minutes = np.full(len(person), 60)
    return _frame(
        person, np.where(came, course.admission_day[person], 0), TYPE["assessment"], 0, status, minutes, came * minutes
    )


def _treatment(people: People, course: Course, draws: Draws) -> pd.DataFrame:
    weeks = course.engaged.shape[1]
    since = course.weeks_in_care
    slots = slots_per_week(course.iop[:, None], since)
    weekday = (3 * draws.uniform("weekday")).astype(np.int32)
    day = (7 * np.arange(weeks)[:, None] + 2 * np.arange(SLOTS) + weekday[:, None, None]).astype(np.int32)
    booked = (np.arange(SLOTS) < slots[:, :, None]) & course.started[:, None, None]
    booked &= (day > course.admission_day[:, None, None]) & (day <= course.last_day[:, None, None])
    at = np.nonzero(booked)
    person, in_week, _ = at
    day, since = day[at], since[person, in_week]
    length = minutes_per_session(course.iop[person], since)
    status = _status(people, course, draws, at, day)
    part = 0.25 + 0.65 * draws.uniform("partial minutes", weeks, SLOTS)[at]
    attended = np.where(status == STATUS["attended"], length, 0)
    attended = np.where(status == STATUS["partial"], np.round(length * part / 5) * 5, attended)
    kind = _types(course.iop[person], draws.uniform("session type", weeks, SLOTS)[at])
    mode = choose(draws.uniform("session mode", weeks, SLOTS)[at], np.array(MODE_SHARES))
    sessions = _frame(person, day, kind, mode, status, length, attended)
    return pd.concat([sessions, _moved(sessions, course, draws.uniform("moved", weeks, SLOTS)[at])])


def _status(people: People, course: Course, draws: Draws, at: tuple, day: np.ndarray) -> np.ndarray:
    """Return what became of each booked session."""
    person, week, _ = at
    weeks = course.engaged.shape[1]
    engaged = course.engaged[person, week]
    come = expit(np.where(engaged, 2.3, -1.0) - 0.25 * people.severity[person])
    held = draws.uniform("session held", weeks, SLOTS)[at]
    came = draws.uniform("session attended", weeks, SLOTS)[at] < come
    absence = choose(draws.uniform("kind of absence", weeks, SLOTS)[at], np.array(list(ABSENCES.values())))
    partial = draws.uniform("partial", weeks, SLOTS)[at] < PARTIAL_RATE
    status = np.array([STATUS[name] for name in ABSENCES])[absence]
    status = np.where(came, np.where(partial, STATUS["partial"], STATUS["attended"]), status)
    status = np.where(course.controlled[person, day], STATUS["excused"], status)
    status = np.where(held < CLOSED_RATE + PROGRAM_CANCELS_RATE, STATUS["cancel_program"], status)
    return np.where(held < CLOSED_RATE, STATUS["closed"], status)


def _types(iop: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    by_arm = []
    for arm in ("outpatient", "iop"):
        shares = TYPES_BY_ARM[arm]
        by_arm.append(np.array([TYPE[name] for name in shares])[choose(uniform, np.array(list(shares.values())))])
    return np.where(iop, by_arm[1], by_arm[0])


def _moved(sessions: pd.DataFrame, course: Course, uniform: np.ndarray) -> pd.DataFrame:
    """Return the session that takes the place of each moved one, where care goes on until then."""
    person, day = sessions["person"].to_numpy(), sessions["day"].to_numpy() + 1
    moved = (sessions["status"] == "rescheduled").to_numpy() & (day <= course.last_day[person])
    person, day = person[moved], day[moved]
    free = ~course.controlled[person, day]
    came = free & (uniform[moved] < MOVED_ATTENDED_RATE)
    status = np.where(came, STATUS["attended"], np.where(free, STATUS["no_show"], STATUS["excused"]))
    again = sessions[moved]
    length = again["minutes_scheduled"].to_numpy()
    return _frame(
        person, day, again["type"].cat.codes, again["mode"].cat.codes, status, length, np.where(came, length, 0)
    )


def _frame(person, day, kind, mode, status, scheduled, attended) -> pd.DataFrame:
    n = len(person)

    def codes(values, names) -> pd.Categorical:
        return pd.Categorical.from_codes(np.broadcast_to(np.asarray(values, dtype=np.int8), n), names)

    return pd.DataFrame(
        {
            "person": person,
            "day": np.asarray(day, dtype=np.int32),
            "type": codes(kind, SESSION_TYPES),
            "mode": codes(mode, SESSION_MODES),
            "status": codes(status, SESSION_STATUSES),
            "minutes_scheduled": np.asarray(scheduled, dtype=float),
            "minutes_attended": np.asarray(attended, dtype=float),
            "hours_source": codes(0, ("recorded", "scheduled", "imputed")),
        }
    )
