"""People with sessions to test attendance with: written out by hand, or drawn at random."""

import numpy as np
import pandas as pd

from iop_outcomes import tables
from iop_outcomes.dataset.metric_values import as_table
from iop_outcomes.history.history import History
from iop_outcomes.kernel.registry import METRICS
from iop_outcomes.tables.canonical import SESSION_STATUSES, SESSION_TYPES
from small import history

FAMILIES = ("attendance", "weekly_hours", "dose", "first_session", "gaps", "session_mix", "dropout", "retention")
FAMILIES += ("ninety_days", "initiation", "washington_circle", "continuity")


def attendance_metrics() -> list:
    """Return every metric of the attendance families."""
    return [metric for metric in METRICS if metric.function.__module__.rpartition(".")[2] in FAMILIES]


def values_of(metric, people: History) -> pd.DataFrame:
    """Return what a metric gives, by member, with a reason where there is no value, also of one that gives a Series."""
    return as_table(metric.name, metric(people), people).set_index("member_id")


def session(day: int, status: str = "attended", minutes: float | None = None, of: float = 60, **others) -> dict:
    """Return one session of e1; minutes attended are those scheduled if it was attended, none if not."""
    attended = (of if status == "attended" else 0) if minutes is None else minutes
    row = {"episode_id": "e1", "day": day, "status": status, "minutes_scheduled": of, "minutes_attended": attended}
    return row | others


def person(*sessions: dict, follow_up_days: int = 28, **episode) -> History:
    """Return a history of e1 with these sessions, beside e2 who has none."""
    rows = [{"session_id": f"s{number}"} | row for number, row in enumerate(sessions)]
    return history(episode, {}, session=rows, follow_up_days=follow_up_days)


def crowd(seed: int, n_people: int = 12, days: int = 60) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Return a cohort and canonical tables of people with random sessions, stays and follow-up."""
    rng = np.random.default_rng(seed)
    names = [f"e{number:02}" for number in range(n_people)]
    n = 20 * n_people
    status = rng.choice(SESSION_STATUSES, n, p=(0.4, 0.1, 0.2, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05))
    share = np.select([status == "attended", status == "partial"], [1, rng.choice([0.25, 0.5, 0.75], n)], 0)
    length = rng.choice([60.0, 120.0, 180.0], n)
    sessions = {
        "session_id": [f"s{number}" for number in range(n)],
        "episode_id": rng.choice(names, n),
        "day": rng.integers(-3, days + 5, n),
        "status": status,
        "type": rng.choice(SESSION_TYPES, n),
        "mode": rng.choice(["in_person", "video", "phone"], n),
        "minutes_scheduled": length,
        "minutes_attended": length * share,
    }
    left = rng.random(n_people) < 0.7
    stay = np.where(left, rng.integers(1, days, n_people), np.nan)
    reason = np.where(left, rng.choice(["completed", "dropout", "transfer"], n_people), None)
    episode = {"episode_id": names, "person_id": [f"p{name}" for name in names], "assignment_day": 0}
    episode |= {"admission_day": 0, "referral_day": -rng.integers(0, 9, n_people), "discharge_day": stay}
    episode |= {"discharge_reason": reason, "level_of_care": rng.choice(["1", "2.1"], n_people)}
    episode |= {"prescribed_hours_per_week": 9, "prescribed_weeks": 12}
    records = {"session": pd.DataFrame(sessions), "episode": pd.DataFrame(episode)}
    records["person"] = pd.DataFrame({"person_id": episode["person_id"], "age_years": rng.choice([16, 40], n_people)})
    records = {name: tables.check(frame, name) for name, frame in records.items()}
    cohort = pd.DataFrame({"member_id": names, "person_id": episode["person_id"], "site_id": "s1", "time_zero_day": 0})
    cohort["arm"] = np.where(records["episode"]["level_of_care"] == "2.1", "iop", "outpatient")
    cohort["follow_up_end_day"] = rng.integers(days // 2, days, n_people)
    cohort["end_reason"] = rng.choice(["end_of_data", "end_of_follow_up", "death"], n_people, p=(0.4, 0.4, 0.2))
    return tables.check(cohort, "cohort"), {name: tables.empty(name) for name in tables.CANONICAL} | records
