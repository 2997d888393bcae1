"""What people say about their use: a calendar for the weeks in which they are seen, which leaves some of it out."""

import numpy as np
import pandas as pd

from iop_outcomes.simulate.contact import Contact
from iop_outcomes.simulate.course import Course
from iop_outcomes.simulate.draws import Draws
from iop_outcomes.simulate.identifiers import numbered
from iop_outcomes.simulate.people import People
from iop_outcomes.simulate.settings import SelfReport

#: People who admit no use at all, and the share of days that the others report.
DENIERS, REPORTED_SHARE = 0.26, 0.85
SOURCES = ("interview", "tlfb")


def make_use_reports(
    people: People, course: Course, contact: Contact, draws: Draws, self_report: SelfReport
) -> pd.DataFrame:
    """Return the ``use_report`` table.

    The calendar is filled in for the weeks in which the person was seen, in care or at a test, one row a week or one a
    day; weeks that a death cuts short have none. At intake an interview asks about the past 30 days and the 30 before.
    """
    interviews = [
        _rows(np.flatnonzero(days.notna()), start, 30, days.dropna().to_numpy(), "interview")
        for start, days in {
            -30: people.recorded["use_days_at_baseline"],
            -60: people.recorded["earlier_use_days"],
        }.items()
    ]
    return pd.concat([*interviews, _calendar(course, contact, draws, self_report)], ignore_index=True)


def _calendar(course: Course, contact: Contact, draws: Draws, self_report: SelfReport) -> pd.DataFrame:
    n, weeks = course.engaged.shape
    denies = draws.uniform("denies use") < DENIERS
    told = draws.uniform("day reported", weeks * 7) < REPORTED_SHARE
    reported = (course.used & told & ~denies[:, None]).reshape(n, weeks, 7)
    lived = 7 * np.arange(1, weeks + 1) <= course.death_day[:, None]
    person, week = np.nonzero((contact.came | course.engaged) & lived)
    if self_report == "weekly":
        return _rows(person, 7 * week, 7, reported[person, week].sum(axis=1), "tlfb")
    day = (7 * week[:, None] + np.arange(7)).ravel()
    return _rows(np.repeat(person, 7), day, 1, reported[person, week].ravel(), "tlfb")


def _rows(person: np.ndarray, day: np.ndarray | int, window: int, days_used: np.ndarray, source: str) -> pd.DataFrame:
    n = len(person)
    return pd.DataFrame(
        {
            "person_id": numbered("P", (person + 1, 7)),
            "day": np.broadcast_to(np.asarray(day, dtype=np.int32), n),
            "window_days": np.full(n, window, dtype=np.int32),
            "substance": pd.Categorical.from_codes(np.zeros(n, dtype=np.int8), ["any"]),
            "days_used": np.asarray(days_used, dtype=float),
            "source": pd.Categorical.from_codes(np.full(n, SOURCES.index(source), dtype=np.int8), SOURCES),
        }
    )
