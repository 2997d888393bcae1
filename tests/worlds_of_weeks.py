"""Study tables of worlds in which the motivated come more and use less, and coming does something or nothing."""

import numpy as np
import pandas as pd

import iop_outcomes
from iop_outcomes import tables

WEEKS = 12
CONTENT = {
    "study": "own",
    "source": {"kind": "simulated", "n_people": 200, "true_effect": "none"},
    "cohort": {"arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}},
    "covariates": ["sex", "age_years"],
    "metrics": {
        "abstinent": {"metric": "abstinence_at_end", "missing": "observed", "window_days": 84},
        "made_up": {"metric": "abstinence_at_end", "missing": "positive", "window_days": 84},
    },
    "designs": {"overlap": {"method": "overlap_weights"}},
    "analyses": {"primary": {"outcome": "abstinent", "design": "overlap", "estimator": "weighted"}},
    "gate": {"min_ess": 25},
}
STRATEGIES = {
    "active": {"least_hours": 6, "grace_weeks": 2, "last_week": 5, "lapses_allowed": 1},
    "less": {"below_hours": 6, "grace_weeks": 2, "last_week": 5, "lapses_allowed": 1},
}


def study(**changes):
    """Return a study that holds coming at least six hours a week against coming less."""
    asked = {
        "outcome": "abstinent",
        "strategies": STRATEGIES,
        "bootstrap": 50,
        "landmark": {"weeks": 4, "least_hours": 6},
        "hours": {"high": 7, "low": 4, "curve": [5.5], "borders": [6]},
        "changes": {"stepping_down": {"to": "1", "arms": ["iop"], "weeks": 4}},
    }
    return iop_outcomes.load_study(CONTENT | {"participation": asked | changes})


def made(n: int, seed: int, effect: float = 0.0, forced: str = "") -> dict[str, pd.DataFrame]:
    """Return the tables that the stage reads.

    ``effect`` is what a week of nine hours does to the log odds of use in the next; ``forced`` makes everybody follow
    one strategy from the third week on.
    """
    draw = np.random.default_rng(seed)
    readiness = draw.normal(size=n)
    used, came = draw.random(n) < _chance(-0.9 * readiness), np.ones(n, dtype=bool)
    hours, urine = [], []
    for week in range(WEEKS):
        came = draw.random(n) < _chance(0.3 + 0.5 * readiness - 0.5 * used + np.where(came, 0.3, -0.3))
        if forced and 2 <= week <= 5:
            came = np.full(n, forced == "active")
        used = draw.random(n) < _chance(-0.7 - 0.8 * readiness + 1.6 * used + effect * came)
        hours.append(np.where(came, 9.0, 2.0))
        urine.append(np.where(used, "+", "-"))
    member = pd.Series([f"m{i:05d}" for i in range(n)])
    episode = _stepping_down(member, np.array(urine), draw)
    abstinent = np.all([week == "-" for week in urine[5:7]], axis=0).astype(float)
    return _tables(member, readiness, np.array(hours), np.array(urine), abstinent) | {"episode": episode}


def _stepping_down(member: pd.Series, urine: np.ndarray, draw: np.random.Generator) -> pd.DataFrame:
    """Return episodes of outpatient care, which begin in some week after a negative one more often: it does nothing."""
    goes = draw.random((WEEKS - 1, len(member))) < np.where(urine[:-1] == "-", 0.12, 0.04)
    week = np.where(goes.any(axis=0), goes.argmax(axis=0) + 1, -1)
    down = member[week > 0].to_numpy()
    own = pd.DataFrame({"episode_id": member, "person_id": member, "level_of_care": "2.1", "assignment_day": 0})
    later = pd.DataFrame({"episode_id": down + "b", "person_id": down, "level_of_care": "1"})
    return pd.concat([own, later.assign(assignment_day=7 * week[week > 0] + 2)], ignore_index=True)


def _tables(member, readiness, hours, urine, abstinent) -> dict[str, pd.DataFrame]:
    n = len(member)
    cohort = pd.DataFrame({"member_id": member, "person_id": member, "site_id": "s1", "arm": "iop", "time_zero_day": 0})
    weekly = pd.DataFrame(
        {
            "member_id": np.repeat(member, WEEKS).to_numpy(),
            "week": np.tile(np.arange(1, WEEKS + 1), n),
            "hours_attended": hours.T.ravel(),
            "urine": urine.T.ravel(),
        }
    )
    outcomes = pd.DataFrame(
        {"member_id": member, "retention_days": 84.0, "care_ended_by": None, "abstinent": abstinent}
    )
    return {
        "cohort": cohort.assign(follow_up_end_day=179, end_reason="end_of_follow_up"),
        "covariates": pd.DataFrame({"member_id": member, "arm": "iop", "readiness": readiness}),
        "weekly": weekly,
        "outcomes": outcomes,
        "controlled_period": tables.empty("controlled_period"),
        "service": tables.empty("service"),
    }


def _chance(logit):
    return 1 / (1 + np.exp(-logit))
