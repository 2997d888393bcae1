"""Who is seen when: the weekly appointment for a test, which people miss the more the more they use."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from iop_outcomes.simulate.course import Course
from iop_outcomes.simulate.draws import Draws
from iop_outcomes.simulate.people import People
from iop_outcomes.simulate.settings import Stays
from iop_outcomes.tables.canonical import DISCHARGE_REASONS

#: Log-odds that somebody comes to a weekly appointment, while in care and in follow-up after it.
COMES_IN_CARE, COMES_AFTER = 3.1, 0.6
COMES_BY_USE, COMES_BY_SEVERITY, COMES_BY_ABSENCE = -0.9, -0.25, -1.8
#: Days that count as recent use, which keeps people away and which a test sees.
RECENT_DAYS = 4
#: Mean weeks for which people can still be found after leaving; once lost they stay lost.
WEEKS_IN_TOUCH = {
    "completed": 40.0,
    "dropout": 4.0,
    "terminated": 4.0,
    "transfer": 12.0,
    "incarcerated": 4.0,
    "death": 0.0,
    "other": 9.0,
}
#: Trials see few people after they leave treatment.
IN_TOUCH = {"teds": 1.0, "trial": 0.15}


@dataclass(frozen=True)
class Contact:
    """Weekly appointments, people by weeks.

    Attributes
    ----------
    day : ndarray of int
        Day of the appointment, 0 to 6 days into the week.
    due : ndarray of bool
        Is there one? Not in jail or hospital, nor after death.
    came : ndarray of bool
        Does the person come?
    """

    day: np.ndarray
    due: np.ndarray
    came: np.ndarray


def make_contact(people: People, course: Course, draws: Draws, stays: Stays) -> Contact:
    """Return the weekly appointments of a world, in care and after."""
    n, weeks = course.engaged.shape
    day = 7 * np.arange(weeks) + (7 * draws.uniform("weekday of the test")).astype(np.int32)[:, None]
    due = ~course.controlled[np.arange(n)[:, None], day] & (day < course.death_day[:, None])
    in_care = day <= course.end_day[:, None]
    log_odds = (
        np.where(in_care, COMES_IN_CARE + COMES_BY_ABSENCE * ~course.engaged, COMES_AFTER)
        + COMES_BY_USE * recent_use(course, day)
        + COMES_BY_SEVERITY * people.severity[:, None]
    )
    found = day <= _last_day_in_touch(course, draws, stays)[:, None]
    return Contact(day, due, due & found & (draws.uniform("comes to the test", weeks) < expit(log_odds)))


def recent_use(course: Course, day: np.ndarray) -> np.ndarray:
    """Return whether there was any use on the days up to and including the one given, by person and week."""
    person = np.arange(len(day))[:, None]
    recent = course.used[person, day]
    for back in range(1, RECENT_DAYS):
        recent = recent | course.used[person, np.maximum(day - back, 0)]
    return recent


def _last_day_in_touch(course: Course, draws: Draws, stays: Stays) -> np.ndarray:
    mean = [7 * IN_TOUCH[stays] * WEEKS_IN_TOUCH[name] for name in DISCHARGE_REASONS]
    # The last element is for those still in care, whose reason is -1.
    return course.end_day - np.array([*mean, 0.0])[course.reason] * np.log1p(-draws.uniform("in touch"))
