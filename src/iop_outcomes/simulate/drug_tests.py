"""Urine tests: one due every week, missing where the person does not come, and some that nobody announced."""

import numpy as np
import pandas as pd

from iop_outcomes.simulate.contact import Contact, recent_use
from iop_outcomes.simulate.course import Course
from iop_outcomes.simulate.draws import Draws
from iop_outcomes.simulate.identifiers import numbered
from iop_outcomes.simulate.people import People

RESULTS = ("negative", "positive", "invalid", "missing")
NEGATIVE, POSITIVE, INVALID, MISSING = range(4)
SENSITIVITY, FALSE_POSITIVES, INVALID_RATE = 0.97, 0.01, 0.005
#: Share of the weeks with a test in which there is a second, unannounced one.
UNANNOUNCED_RATE = 0.22
MEDICATION = "buprenorphine"


def make_drug_tests(people: People, course: Course, contact: Contact, draws: Draws) -> pd.DataFrame:
    """Return the ``drug_test`` table, sorted by person and day.

    People are tested for their primary substance. Those on opioid medication are tested for that too, and are positive
    as they should be (``prescribed``).
    """
    medicated = (people.true["opioid_medication"] == "yes").to_numpy()[:, None]
    result = np.where(contact.came, _result(course, contact.day, draws, "weekly"), MISSING)
    other_day, tested = _unannounced(course, contact, draws)
    panels = [
        _panel(contact.due, contact.day, result, scheduled=True),
        _panel(tested, other_day, _result(course, other_day, draws, "unannounced"), scheduled=False),
        _panel(contact.came & medicated, contact.day, np.full_like(result, POSITIVE), scheduled=True, prescribed=True),
    ]
    tests = pd.concat(panels, ignore_index=True).sort_values(["person", "day", "prescribed"], ignore_index=True)
    person = tests.pop("person").to_numpy()
    primary = people.true["primary_substance"].cat
    substance = np.where(tests["prescribed"], len(primary.categories), primary.codes.to_numpy()[person])
    tests.insert(0, "person_id", numbered("P", (person + 1, 7)))
    tests.insert(2, "substance", pd.Categorical.from_codes(substance, [*primary.categories, MEDICATION]))
    tests.insert(4, "matrix", pd.Categorical.from_codes(np.zeros(len(tests), dtype=np.int8), ["urine"]))
    return tests


def _unannounced(course: Course, contact: Contact, draws: Draws) -> tuple[np.ndarray, np.ndarray]:
    """Return day and presence of second tests, on another day of a week in which the person was in care and came."""
    n, weeks = course.engaged.shape
    weekday = (contact.day + 3) % 7
    day = 7 * np.arange(weeks) + weekday
    tested = contact.came & course.engaged & (draws.uniform("unannounced test", weeks) < UNANNOUNCED_RATE)
    return day, tested & ~course.controlled[np.arange(n)[:, None], day] & (day < course.death_day[:, None])


def _result(course: Course, day: np.ndarray, draws: Draws, which: str) -> np.ndarray:
    weeks = day.shape[1]
    positive_rate = np.where(recent_use(course, day), SENSITIVITY, FALSE_POSITIVES)
    positive = draws.uniform(f"result of the {which} test", weeks) < positive_rate
    invalid = draws.uniform(f"invalid {which} test", weeks) < INVALID_RATE
    return np.where(invalid, INVALID, np.where(positive, POSITIVE, NEGATIVE)).astype(np.int8)


def _panel(
    chosen: np.ndarray, day: np.ndarray, result: np.ndarray, scheduled: bool, prescribed: bool = False
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "person": np.nonzero(chosen)[0],
            "day": day[chosen].astype(np.int32),
            "result": pd.Categorical.from_codes(result[chosen], RESULTS),
            "scheduled": scheduled,
            "prescribed": prescribed,
        }
    )
