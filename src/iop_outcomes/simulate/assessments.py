"""Depression questionnaires at intake and every four weeks, for those who are seen: mood follows use and care."""

import numpy as np
import pandas as pd

from iop_outcomes.simulate.contact import Contact
from iop_outcomes.simulate.course import Course
from iop_outcomes.simulate.draws import Draws
from iop_outcomes.simulate.identifiers import numbered
from iop_outcomes.simulate.people import People

INSTRUMENT, N_ITEMS = "PHQ9", 9
#: Weeks of the questionnaires after the one at intake.
WEEKS = (4, 8, 12, 24)
#: Cut-points of the latent mood between the answers 0, 1, 2 and 3.
CUTS = (0.2, 1.3, 2.2)
BY_COMORBIDITY, BY_SEVERITY, BY_USE, BY_CARE = 0.9, 0.25, 0.8, -0.5


def make_assessments(people: People, course: Course, contact: Contact, draws: Draws) -> pd.DataFrame:
    """Return the ``assessment`` table: nine answers, 0 to 3, for every questionnaire filled in."""
    n, weeks = course.engaged.shape
    trait = (
        BY_COMORBIDITY * (people.true["psychiatric_comorbidity"] == "yes").to_numpy()
        + BY_SEVERITY * people.severity
        + 0.7 * draws.normal("mood")
    )
    before = trait + BY_USE * people.true["use_days_at_baseline"].to_numpy() / 30
    parts = [_filled_in(np.arange(n), np.zeros(n, dtype=int), before, draws, 0)]
    for week in (w for w in WEEKS if w < weeks):
        month = slice(7 * (week - 4), 7 * week)
        care = course.engaged[:, :week].mean(axis=1)
        mood = trait + BY_USE * course.used[:, month].mean(axis=1) + BY_CARE * care
        parts.append(_filled_in(np.flatnonzero(contact.came[:, week]), contact.day[:, week], mood, draws, week))
    return pd.concat(parts, ignore_index=True)


def _filled_in(person: np.ndarray, day: np.ndarray, mood: np.ndarray, draws: Draws, week: int) -> pd.DataFrame:
    answers = np.searchsorted(CUTS, mood[:, None] + 0.8 * draws.normal(f"answers in week {week}", N_ITEMS))[person]
    n = answers.size
    items = [str(item) for item in range(1, N_ITEMS + 1)]
    return pd.DataFrame(
        {
            "person_id": numbered("P", (np.repeat(person + 1, N_ITEMS), 7)),
            "day": np.repeat(day[person], N_ITEMS).astype(np.int32),
            "instrument": pd.Categorical.from_codes(np.zeros(n, dtype=np.int8), [INSTRUMENT]),
            "item": pd.Categorical.from_codes(np.tile(np.arange(N_ITEMS, dtype=np.int8), len(person)), items),
            "value": answers.ravel().astype(float),
        }
    )
