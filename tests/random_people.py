"""Many people with random calendars, reports on stretches, tests and time in jail: for what must always hold."""

import numpy as np
import pandas as pd

from iop_outcomes import tables
from iop_outcomes.history.history import History

N_DAYS = 42


def random_people(seed: int, n: int = 400, follow_up_days: int = N_DAYS) -> History:
    """Return a history of ``n`` people, about half of whose days are known."""
    rng = np.random.default_rng(seed)
    person = np.array([f"p{i:04d}" for i in range(n)])
    members = pd.DataFrame({"person_id": person, "arm": rng.choice(["iop", "outpatient"], n), "time_zero_day": 0})
    members = members.set_index(pd.Index(person, name="member_id"))
    members["follow_up_end_day"] = np.where(rng.random(n) < 0.8, follow_up_days, rng.integers(1, follow_up_days, n)) - 1
    members["end_reason"] = rng.choice(["end_of_follow_up", "death"], n, p=[0.95, 0.05])
    records = {
        "use_report": pd.concat([_calendar(rng, person), _stretches(rng, person)], ignore_index=True),
        "drug_test": _tests(rng, person),
        "controlled_period": _jail(rng, person),
    }
    return History(members, {name: tables.check(frame, name) for name, frame in records.items()})


def _calendar(rng: np.random.Generator, person: np.ndarray) -> pd.DataFrame:
    known = rng.random((len(person), N_DAYS)) < rng.random((len(person), 1))
    member, day = np.nonzero(known)
    habit = rng.random(len(person)) ** 2
    used = (rng.random(len(member)) < habit[member]).astype(float)
    return pd.DataFrame({"person_id": person[member], "day": day, "window_days": 1, "days_used": used}).assign(
        substance="opioid", source="tlfb"
    )


def _stretches(rng: np.random.Generator, person: np.ndarray) -> pd.DataFrame:
    member = np.repeat(np.arange(len(person)), rng.integers(0, 4, len(person)))
    length = rng.integers(2, 31, len(member))
    frame = pd.DataFrame(
        {
            "person_id": person[member],
            "day": rng.integers(-10, N_DAYS, len(member)),
            "window_days": length,
            "days_used": np.floor(rng.random(len(member)) ** 2 * (length + 1)),
        }
    ).assign(substance="opioid", source="interview")
    return frame.drop_duplicates(["person_id", "day", "window_days"])


def _tests(rng: np.random.Generator, person: np.ndarray) -> pd.DataFrame:
    member, day = np.nonzero(rng.random((len(person), N_DAYS)) < 0.08)
    result = rng.choice(["negative", "positive", "missing"], len(member), p=[0.5, 0.3, 0.2])
    return pd.DataFrame({"person_id": person[member], "day": day, "substance": "opioid", "result": result})


def _jail(rng: np.random.Generator, person: np.ndarray) -> pd.DataFrame:
    jailed = np.flatnonzero(rng.random(len(person)) < 0.3)
    start = rng.integers(0, N_DAYS, len(jailed))
    end = start + rng.integers(0, 20, len(jailed))
    return pd.DataFrame({"person_id": person[jailed], "start_day": start, "end_day": end, "reason": "jail"})
