"""Small canonical tables to test with: write what matters, the rest is filled in."""

import pandas as pd

from iop_outcomes import tables
from iop_outcomes.history.history import History
from iop_outcomes.tables.capability import capabilities


def table(name: str, rows: list[dict]) -> pd.DataFrame:
    """Return a checked contract table from a list of rows."""
    return tables.check(pd.DataFrame(rows), name)


def episodes(*rows: dict) -> pd.DataFrame:
    """Return episodes e1, e2, ... of people p1, p2, ... assigned to outpatient care on day 0."""
    filled = [
        {"episode_id": f"e{i}", "person_id": f"p{i}", "assignment_day": 0, "level_of_care": "1"} | row
        for i, row in enumerate(rows, start=1)
    ]
    return table("episode", filled)


def records(episode: pd.DataFrame, **others: list[dict]) -> dict[str, pd.DataFrame]:
    """Return canonical tables: the episodes, their people (40 years old) and whatever else is given as rows."""
    people = others.pop("person", None) or [{"person_id": p, "age_years": 40} for p in episode["person_id"].unique()]
    frames = {"episode": episode, "person": table("person", people)}
    frames |= {name: table(name, rows) for name, rows in others.items() if rows}
    frames |= {name: tables.empty(name) for name in tables.CANONICAL if name not in frames}
    frames["capability"] = capabilities(frames, {})
    return frames


def history(*rows: dict, follow_up_days: int = 180, **others: list[dict]) -> History:
    """Return the history of a cohort in which every episode is a member, observed for the given days."""
    episode = episodes(*rows)
    cohort = pd.DataFrame(
        {
            "member_id": episode["episode_id"],
            "person_id": episode["person_id"],
            "site_id": "s1",
            "arm": episode["level_of_care"].astype("str").map({"1": "outpatient", "2.1": "iop"}),
            "time_zero_day": episode["assignment_day"],
            "follow_up_end_day": follow_up_days - 1,
            "end_reason": "end_of_follow_up",
        }
    )
    return History.of(tables.check(cohort, "cohort"), records(episode, **others))
