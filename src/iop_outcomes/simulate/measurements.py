"""What anybody sees of use: urine tests, which are missed for reasons, and reports, which leave some of it out."""

import numpy as np
import pandas as pd
from scipy.special import expit

from iop_outcomes.contracts.canonical import DISCHARGE_REASONS
from iop_outcomes.simulate.course import STILL_IN_CARE, Course
from iop_outcomes.simulate.draws import Draws
from iop_outcomes.simulate.identifiers import numbered
from iop_outcomes.simulate.people import People

RESULTS = ("negative", "positive", "invalid", "missing")
NEGATIVE, POSITIVE, INVALID, MISSING = range(4)
#: Days back that a test sees, and how well.
DETECTION_DAYS, SENSITIVITY, FALSE_POSITIVES, INVALID_RATE = 3, 0.97, 0.01, 0.005
#: Log-odds that a test which is due is obtained: while in care, and by how care ended.
OBTAINED_IN_CARE = 2.2
OBTAINED_AFTER = {
    "completed": 0.9,
    "dropout": -1.3,
    "terminated": -1.2,
    "transfer": -0.6,
    "incarcerated": -1.0,
    "death": 0.0,
    "other": -0.3,
}
OBTAINED_BY_USE, OBTAINED_BY_SEVERITY, OBTAINED_BY_ABSENCE = -1.0, -0.25, -1.8
#: Weeks with a second, unannounced test among those obtained in care.
EXTRA_TEST_RATE = 0.06
#: People who admit no use at all, and the share of days that the others report.
DENIERS, REPORTED_SHARE = 0.2, 0.85
BUPRENORPHINE = "buprenorphine"


def tests_obtained(people: People, course: Course, draws: Draws) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, by person and week, the day a test is due, whether one is due, and whether it is obtained.

    Nothing is due in jail or hospital or after death.
    """
    n, weeks = course.engaged.shape
    day = 7 * np.arange(weeks) + (7 * draws.uniform("weekday of the test")).astype(np.int32)[:, None]
    person = np.arange(n)[:, None]
    due = ~course.controlled[person, day] & (day < course.death_day[:, None])
    in_care = (day >= np.minimum(course.admission_day, 21)[:, None]) & (day <= course.end_day[:, None])
    after = np.array([OBTAINED_AFTER[name] for name in DISCHARGE_REASONS] + [OBTAINED_IN_CARE])
    left = after[np.where(course.reason == STILL_IN_CARE, len(DISCHARGE_REASONS), course.reason)]
    absent = ~course.engaged
    log_odds = (
        np.where(in_care, OBTAINED_IN_CARE + OBTAINED_BY_ABSENCE * absent, left[:, None])
        + OBTAINED_BY_USE * _recent_use(course, person, day)
        + OBTAINED_BY_SEVERITY * people.severity[:, None]
    )
    return day, due, due & (draws.uniform("test obtained", weeks) < expit(log_odds))


def make_drug_tests(people: People, course: Course, draws: Draws) -> pd.DataFrame:
    """Return the ``drug_test`` table: one test due every week, in care and after, and some unannounced ones.

    People on opioid medication are tested for it too, and are positive as they should be.
    """
    n, weeks = course.engaged.shape
    day, due, obtained = tests_obtained(people, course, draws)
    person = np.arange(n)[:, None]
    result = _result(_recent_use(course, person, day), draws, "", weeks)
    result = np.where(obtained, result, MISSING)
    extra_day = day + 1 + 2 * (day % 7 < 4)
    extra_day = np.where(day % 7 == 6, day - 2, np.minimum(extra_day, 7 * np.arange(weeks) + 6))
    again = obtained & course.engaged & (draws.uniform("extra test", weeks) < EXTRA_TEST_RATE)
    again &= ~course.controlled[person, extra_day] & (extra_day < course.death_day[:, None])
    second = _result(_recent_use(course, person, extra_day), draws, "extra ", weeks)
    medicated = (people.true["opioid_medication"] == "yes").to_numpy()[:, None]
    return _panels(
        people,
        [
            (due, day, result, True, False),
            (again, extra_day, second, False, False),
            (obtained & medicated, day, np.full_like(result, POSITIVE), True, True),
        ],
    )


def make_use_reports(people: People, course: Course, obtained: np.ndarray, draws: Draws, daily: bool) -> pd.DataFrame:
    """Return the ``use_report`` table: a calendar for the weeks in which somebody was seen, and two interviews at intake.

    Parameters
    ----------
    obtained : ndarray of bool, shape (n, weeks)
        Weeks in which a test was obtained; the calendar is filled in then, and in weeks with any attendance.
    daily : bool
        One row a day rather than one a week.
    """
    n, weeks = course.engaged.shape
    asked = obtained | course.engaged
    denies = draws.uniform("denies use") < DENIERS
    told = draws.uniform("day reported", weeks * 7) < REPORTED_SHARE
    reported = course.used & told & ~denies[:, None]
    first_day = 7 * np.arange(weeks)
    if daily:
        alive = np.arange(weeks * 7) < course.death_day[:, None]
        person, day = np.nonzero(np.repeat(asked, 7, axis=1) & alive)
        window, days_used = 1, reported[person, day]
    else:
        whole = first_day + 6 < course.death_day[:, None]
        person, week = np.nonzero(asked & whole)
        day, window = first_day[week], 7
        days_used = reported.reshape(n, weeks, 7).sum(axis=2)[person, week]
    calendar = _reports(person, day, window, days_used, "tlfb")
    everybody = np.arange(n)
    interviews = [
        _reports(everybody, -30, 30, people.recorded["use_days_at_baseline"].to_numpy(), "interview"),
        _reports(everybody, -60, 30, people.recorded["earlier_use_days"].to_numpy(), "interview"),
    ]
    return pd.concat([*interviews, calendar], ignore_index=True)


def _recent_use(course: Course, person: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Return whether a test on the day looks back on any use."""
    recent = course.used[person, day]
    for back in range(1, DETECTION_DAYS):
        recent = recent | (course.used[person, np.maximum(day - back, 0)])
    return recent


def _result(used: np.ndarray, draws: Draws, which: str, weeks: int) -> np.ndarray:
    uniform = draws.uniform(f"{which}test result", weeks)
    positive = uniform < np.where(used, SENSITIVITY, FALSE_POSITIVES)
    invalid = draws.uniform(f"{which}test invalid", weeks) < INVALID_RATE
    return np.where(invalid, INVALID, np.where(positive, POSITIVE, NEGATIVE)).astype(np.int8)


def _panels(people: People, parts: list[tuple]) -> pd.DataFrame:
    primary = people.true["primary_substance"].cat
    substances = [*primary.categories, BUPRENORPHINE]
    columns = {"person": [], "day": [], "substance": [], "result": [], "scheduled": [], "prescribed": []}
    for chosen, day, result, scheduled, prescribed in parts:
        person = np.nonzero(chosen)[0]
        columns["person"].append(person)
        columns["day"].append(day[chosen])
        columns["substance"].append(
            np.full(len(person), len(substances) - 1) if prescribed else primary.codes.to_numpy()[person]
        )
        columns["result"].append(result[chosen])
        columns["scheduled"].append(np.full(len(person), scheduled))
        columns["prescribed"].append(np.full(len(person), prescribed))
    joined = {name: np.concatenate(parts) for name, parts in columns.items()}
    order = np.lexsort((joined["prescribed"], joined["day"], joined["person"]))
    joined = {name: values[order] for name, values in joined.items()}
    n = len(order)
    return pd.DataFrame(
        {
            "person_id": numbered("P", (joined["person"] + 1, 7)),
            "day": joined["day"].astype(np.int32),
            "substance": pd.Categorical.from_codes(joined["substance"], substances),
            "result": pd.Categorical.from_codes(joined["result"], RESULTS),
            "matrix": pd.Categorical.from_codes(np.zeros(n, dtype=np.int8), ["urine"]),
            "scheduled": joined["scheduled"],
            "prescribed": joined["prescribed"],
        }
    )


def _reports(person: np.ndarray, day, window: int, days_used: np.ndarray, source: str) -> pd.DataFrame:
    n = len(person)
    return pd.DataFrame(
        {
            "person_id": numbered("P", (person + 1, 7)),
            "day": np.broadcast_to(np.asarray(day, dtype=np.int32), n),
            "window_days": np.full(n, window, dtype=np.int32),
            "substance": pd.Categorical.from_codes(np.zeros(n, dtype=np.int8), ["any"]),
            "days_used": np.asarray(days_used, dtype=float),
            "source": pd.Categorical.from_codes(np.full(n, source == "tlfb", dtype=np.int8), ["interview", "tlfb"]),
        }
    )
