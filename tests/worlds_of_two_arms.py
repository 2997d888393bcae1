"""Worlds of two arms put through the whole road: 240 people in each, alike in everything unless a world says other."""

import numpy as np
import pandas as pd

from iop_outcomes import study as studies
from iop_outcomes.in_memory import run_study
from iop_outcomes.release.stage import release_tables

N, SITES, DAYS = 240, 12, 180
AFTER = DAYS + 20


class World:
    """People of two arms; worlds change their ``episode``, ``person`` and further tables before they are written."""

    def __init__(self, seed: int):
        self.random = np.random.default_rng(seed)
        self.iop = np.arange(2 * N) < N
        ids = [f"P{number:04d}" for number in range(2 * N)]
        sex = self.random.choice(["female", "male"], 2 * N)
        self.person = pd.DataFrame({"person_id": ids, "age_years": 40, "sex": sex})
        self.episode = pd.DataFrame(
            {
                "episode_id": [f"E{number:04d}" for number in range(2 * N)],
                "person_id": ids,
                "site_id": [f"S{number % SITES}" for number in range(2 * N)],
                "assignment_day": 0,
                "admission_day": 0,
                "discharge_day": 60,
                "discharge_reason": "dropout",
                "observation_end_day": AFTER,
                "level_of_care": np.where(self.iop, "2.1", "1"),
            }
        )
        self.others: dict[str, pd.DataFrame] = {}

    def leave(self, daily_dropout, last_day) -> None:
        """Let people drop out at a daily rate, and complete on the last day of their programme."""
        dropout = self.random.geometric(daily_dropout, 2 * N)
        self.episode["discharge_day"] = np.minimum(dropout, last_day)
        self.episode["discharge_reason"] = np.where(dropout < last_day, "dropout", "completed")

    def tested_weekly(self, used, seen, weeks: int = 12) -> None:
        """Test everybody weekly; ``used`` and ``seen`` say by person and week who used and who was tested."""
        day = 7 * np.arange(weeks) + 3
        result = np.where(seen, np.where(used, "positive", "negative"), "missing")
        place = {"person_id": np.repeat(self.person["person_id"].to_numpy(), weeks), "day": np.tile(day, 2 * N)}
        self.others["drug_test"] = pd.DataFrame(
            place | {"substance": "any", "result": result.ravel(), "scheduled": True}
        )

    def judge(self, folder, metrics: dict, analyses: dict, claims=(), **changes) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Run the study and return what is released of verdicts and claims."""
        for name, table in {"person": self.person, "episode": self.episode, **self.others}.items():
            table.to_csv(folder / f"{name}.csv", index=False)
        content = {
            "study": "world",
            "source": {"kind": "tables", "path": str(folder)},
            "cohort": {
                "arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}},
                "follow_up_days": DAYS,
            },
            "covariates": ["sex"],
            "metrics": metrics,
            "designs": {"overlap": {"method": "overlap_weights"}},
            "analyses": {name: {"design": "overlap", **analysis} for name, analysis in analyses.items()},
            "claims": list(claims),
        }
        study = studies.parse(content | changes)
        released = release_tables(study, run_study(study))
        claim = released["claim"].frame.set_index("claim") if claims else pd.DataFrame()
        return released["verdict"].frame.set_index("analysis"), claim


def risk(outcome: str, **more) -> dict:
    """Return an analysis of a share."""
    return {"outcome": outcome, "estimator": "weighted", "measure": "risk_difference", **more}
