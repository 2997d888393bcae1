"""A clinic with dates and codes, as other systems keep it: one made-up clinic, to be written as OMOP, FHIR or claims.

Half of its people are in intensive outpatient treatment, three days a week, half see a counsellor weekly; some do not
come, some stop early, one died. Nobody in it is real, and the people of the two arms differ in nothing but the arm.
"""

import datetime
from dataclasses import dataclass

import numpy as np
import pandas as pd

FIRST = datetime.date(2022, 1, 3)
DRAWN = datetime.date(2023, 6, 30)


@dataclass
class Clinic:
    """People, and what happened to them by date.

    Attributes
    ----------
    people : DataFrame
        ``person``, ``born``, ``sex``, ``race`` (White, Black), ``hispanic``, ``died``, ``site``, ``iop``.
    sessions : DataFrame
        ``person``, ``date``, ``code`` (H0015, H0004), ``minutes``, ``status`` (attended, no_show).
    tests : DataFrame
        ``person``, ``date``, ``result``: opiates in urine.
    scores : DataFrame
        ``person``, ``date``, ``total`` of the PHQ-9.
    diagnoses : DataFrame
        ``person``, ``date``, ``code`` (ICD-10-CM).
    """

    people: pd.DataFrame
    sessions: pd.DataFrame
    tests: pd.DataFrame
    scores: pd.DataFrame
    diagnoses: pd.DataFrame


def clinic(n: int = 8, seed: int = 1) -> Clinic:
    """Return a clinic of ``n`` people; the first half is in intensive outpatient treatment."""
    random = np.random.default_rng(seed)
    iop = np.arange(n) < n // 2
    start = [FIRST + datetime.timedelta(days=int(days)) for days in random.integers(0, 200, n)]
    ids = [f"{number}" for number in 1000 + random.permutation(n)]
    people = pd.DataFrame(
        {
            "person": ids,
            "born": [datetime.date(int(year), 3, 15) for year in random.integers(1960, 2000, n)],
            "sex": random.choice(["female", "male"], n),
            "race": random.choice(["White", "Black"], n),
            "hispanic": random.random(n) < 0.2,
            "died": None,
            "site": [f"{number % 4}" for number in range(n)],
            "iop": iop,
            "start": start,
        }
    )
    people.loc[n - 1, "died"] = start[n - 1] + datetime.timedelta(days=300)
    sessions = pd.DataFrame([row for person in people.itertuples() for row in _sessions(person, random)])
    weekly = [
        (p.person, p.start + datetime.timedelta(days=7 * week)) for p in people.itertuples() for week in range(12)
    ]
    tests = pd.DataFrame(weekly, columns=["person", "date"])
    tests["result"] = random.choice(["positive", "negative"], len(tests), p=[0.4, 0.6])
    scores = pd.DataFrame([(p, d) for p, d in weekly[::12]] + weekly[8::12], columns=["person", "date"])
    scores["total"] = random.integers(4, 22, len(scores))
    diagnoses = people.assign(date=[d - datetime.timedelta(days=3) for d in start], code="F11.20")
    return Clinic(people, sessions, tests, scores, diagnoses[["person", "date", "code"]])


def _sessions(person, random) -> list[dict]:
    """Return the sessions of one person: every other weekday in IOP for eight weeks, weekly for twelve otherwise."""
    days = (
        [7 * week + day for week in range(8) for day in (0, 2, 4)] if person.iop else [7 * week for week in range(12)]
    )
    last = random.geometric(0.03) if random.random() < 0.6 else 10_000
    rows = []
    for number, day in enumerate(day for day in days if day <= last):
        came = number == 0 or random.random() < 0.85
        rows.append(
            {
                "person": person.person,
                "date": person.start + datetime.timedelta(days=int(day)),
                "code": "H0015" if person.iop else "H0004",
                "minutes": 180 if person.iop else 45,
                "status": "attended" if came else "no_show",
            }
        )
    return rows


def of_one(*sessions: tuple[str, str], **people) -> Clinic:
    """Return a clinic of one woman with opioid use disorder, and sessions as ``("2022-03-01", "H0015")``."""
    made = clinic(2)
    known = {"person": "1", "born": datetime.date(1980, 3, 15), "sex": "female", "died": None} | people
    person = made.people.iloc[[0]].assign(**known)
    rows = [
        {
            "person": known["person"],
            "date": datetime.date.fromisoformat(date),
            "code": code,
            "minutes": 60,
            "status": "attended",
        }
        for date, code in sessions
    ]
    diagnosis = pd.DataFrame([(known["person"], FIRST, "F11.20")], columns=made.diagnoses.columns)
    none = [frame.iloc[:0] for frame in (made.tests, made.scores)]
    return Clinic(person, pd.DataFrame(rows, columns=made.sessions.columns), *none, diagnosis)


def together(clinics: list[Clinic]) -> Clinic:
    """Return several clinics as one."""
    names = ("people", "sessions", "tests", "scores", "diagnoses")
    return Clinic(*(pd.concat([getattr(each, name) for each in clinics], ignore_index=True) for name in names))


def arms_study(source: dict, drawn: bool = True) -> dict:
    """Return a study of these sources: intensive outpatient against outpatient, attendance and retention."""
    when = {"drawn": DRAWN.isoformat()} if drawn else {}
    return {
        "study": "dated",
        "source": source | when,
        "cohort": {
            "arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}},
            "time_zero": "assignment",
            "eligibility": ["adult", "substance_use_diagnosis"],
            "follow_up_days": 120,
        },
        "covariates": ["sex", "age_years"],
        "metrics": {"treatment_days": {}, "attendance": {"metric": "attendance_rate"}},
        "designs": {"overlap": {"method": "overlap_weights"}},
        "analyses": {
            "days": {
                "outcome": "treatment_days",
                "design": "overlap",
                "estimator": "weighted",
                "measure": "mean_difference",
            }
        },
    }
