"""A clinic in which IOP changes nothing, as a user would have it: tables in a folder, and a study file that reads them.

Everybody leaves with the same daily chance and completes after twelve weeks; the arms are drawn by lot. A world takes
these tables, spoils one thing and asks what a reader would be told. No difference is true in all of them.
"""

import copy
from pathlib import Path

import numpy as np
import pandas as pd

from iop_outcomes import study
from iop_outcomes.in_memory import run_study
from iop_outcomes.tables.estimate import ADJUSTED, SHOWN, is_contrast

#: Days of the programme, and the daily chance to leave before.
WEEKS, LEAVING = 12, 0.01

Tables = dict[str, pd.DataFrame]


def clinic(n: int = 800, seed: int = 1) -> Tables:
    """Return people, episodes, baseline and a session a week in care; the arms by lot, half and half."""
    rng = np.random.default_rng(seed)
    ids = [f"{i:04}" for i in range(n)]
    episode = pd.DataFrame({"episode_id": ids, "person_id": ids, "assignment_day": 0, "admission_day": 0})
    stay = np.minimum(rng.geometric(LEAVING, n), 7 * WEEKS)
    episode["discharge_day"] = stay
    episode["discharge_reason"] = np.where(stay == 7 * WEEKS, "completed", "dropout")
    episode["level_of_care"] = rng.permutation(np.repeat(["2.1", "1"], n // 2))
    baseline = pd.DataFrame({"episode_id": ids, "severity": rng.normal(size=n).round(3)})
    baseline["referral"] = rng.choice(["court", "self"], n)
    person = pd.DataFrame({"person_id": ids, "age_years": rng.integers(18, 80, n)})
    return {"person": person, "episode": episode, "baseline": baseline, "session": weekly_sessions(episode)}


def weekly_sessions(episode: pd.DataFrame) -> pd.DataFrame:
    """Return a session attended on every seventh day in care, the first on the day of admission."""
    there = episode[episode["admission_day"].notna()]
    last = there["discharge_day"].to_numpy(int) - there["admission_day"].to_numpy(int)
    weeks = last // 7 + 1
    owner = np.repeat(there["episode_id"].to_numpy(), weeks)
    week = np.concatenate([np.arange(k) for k in weeks])
    day = np.repeat(there["admission_day"].to_numpy(int), weeks) + 7 * week
    ids = [f"{one}-{k}" for one, k in zip(owner, week, strict=True)]
    return pd.DataFrame({"session_id": ids, "episode_id": owner, "day": day, "status": "attended"})


CONTENT = {
    "study": "world",
    "cohort": {"arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}, "follow_up_days": 120},
    "covariates": ["severity", "referral", "age_years"],
    "cluster": None,
    "metrics": {"completion": {}},
    "designs": {"overlap": {"method": "overlap_weights"}},
    "analyses": {
        "primary": {"outcome": "completion", "design": "overlap", "estimator": "aipw", "measure": "risk_difference"}
    },
}


def content(folder: Path, **sections) -> dict:
    """Return the study file of a folder of tables, with some sections replaced or extended."""
    asked = copy.deepcopy(CONTENT) | {"source": {"kind": "tables", "path": str(folder), "max_rejected_share": 0.5}}
    for name, section in sections.items():
        known = asked.get(name)
        asked[name] = known | section if isinstance(known, dict) and isinstance(section, dict) else section
    return asked


def run(folder: Path, tables: Tables, **sections) -> Tables:
    """Write the tables and run the study as a user does."""
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return run_study(study.parse(content(folder, **sections)))


def answer(made: Tables, analysis: str = "primary") -> pd.Series:
    """Return the row a reader is told: the adjusted contrast."""
    estimate = made["estimate"]
    return estimate[(estimate["analysis"] == analysis) & is_contrast(estimate, ADJUSTED)].iloc[0]


def fooled(made: Tables, analysis: str = "primary") -> bool:
    """Return whether a difference is shown, with no word of caution, in a world without one."""
    row = answer(made, analysis)
    return bool(row["status"] == SHOWN and (row["ci_low"] > 0 or row["ci_high"] < 0))


def checks(made: Tables) -> pd.DataFrame:
    """Return the rows of the gate by their names."""
    return made["diagnostic"].set_index("check")
