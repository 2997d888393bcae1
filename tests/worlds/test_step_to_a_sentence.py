"""Worlds put through the whole road, in which the step from an estimate to a sentence once went wrong.

People are 240 in each arm at 12 sites, alike in everything unless a world says other; nobody's care is real.
"""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import study as studies
from iop_outcomes.release.stage import release_tables
from iop_outcomes.stages import run_study

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


def test_a_shorter_programme_of_equal_dropout_never_supports_that_iop_keeps_people_longer(tmp_path):
    world = World(1)
    world.leave(0.01, np.where(world.iop, 56, 112))  # 8 weeks against 16
    verdict, claim = world.judge(
        tmp_path,
        {"retention_60": {"metric": "retention", "day": 60}},
        {
            "primary": {"outcome": "time_in_care", "estimator": "cox", "measure": "hazard_ratio"},
            "day_60": risk("retention_60"),
        },
        [
            {"claim": "IOP keeps people in care longer", "analysis": "primary", "direction": "higher"},
            {"claim": "IOP does better", "analysis": "primary"},
        ],
    )
    assert verdict.loc["primary", "value"] > 1.3
    assert verdict["verdict"].tolist() == ["worse", "worse"]
    assert claim["verdict"].tolist() == ["contradicted", "contradicted"]
    assert "left care, completed or not, at" in verdict.loc["primary", "sentence"]


def test_harm_is_worse_and_contradicts_the_claim(tmp_path):
    world = World(2)
    world.leave(np.where(world.iop, 0.02, 0.006), 90)
    claims = [{"claim": "IOP leads to more completed treatment", "analysis": "primary"}]
    verdict, claim = world.judge(tmp_path, {"completion": {}}, {"primary": risk("completion")}, claims)
    assert verdict["verdict"].tolist() == ["worse"]
    assert claim["verdict"].tolist() == ["contradicted"]


@pytest.mark.parametrize("seed", range(3, 7))
def test_where_nothing_differs_no_verdict_is_stronger_than_its_interval(tmp_path, seed):
    world = World(seed)
    world.leave(0.01, 90)
    names = {f"day_{day}": {"metric": "retention", "day": day} for day in (30, 60, 89)}
    analyses = {"primary": risk("completion")} | {name: risk(name) for name in names}
    claims = [{"claim": f"IOP does better in {name}", "analysis": name} for name in analyses]
    verdict, claim = world.judge(tmp_path, {"completion": {}, **names}, analyses, claims)
    holds_none = (verdict["ci_low"] <= 0) & (verdict["ci_high"] >= 0)
    assert verdict.loc[holds_none, "verdict"].isin(["cannot tell", "no difference"]).all()
    assert (claim.set_index("analysis").loc[verdict.index[holds_none], "verdict"] != "supported").all()


def test_arms_that_nobody_made_alike_are_different_and_not_better(tmp_path):
    world = World(8)
    women = (world.person["sex"] == "female").to_numpy()
    world.leave(np.where(women, 0.004, 0.02), 90)
    world.episode["level_of_care"] = np.where(world.random.random(2 * N) < np.where(women, 0.75, 0.25), "2.1", "1")
    as_they_are = {"overlap": {"method": "unweighted"}}
    claims = [{"claim": "IOP leads to more completed treatment", "analysis": "primary"}]
    # The gate would withhold this; the study asks for it to be shown.
    gate = {"max_smd": 9}
    verdict, claim = world.judge(
        tmp_path, {"completion": {}}, {"primary": risk("completion")}, claims, designs=as_they_are, gate=gate
    )
    assert verdict.loc["primary", "ci_low"] > 0
    assert verdict["verdict"].tolist() == ["different"]
    assert claim["verdict"].tolist() == ["inconclusive"]
    assert "similar" not in verdict.loc["primary", "sentence"]


def test_tests_missed_by_those_who_use_more_in_one_arm_leave_the_answer_inconclusive(tmp_path):
    world = World(9)
    world.leave(0.0001, 170)
    used = world.random.random((2 * N, 12)) < 0.5
    # In outpatient care tests are missed, more of them after use. Counted as positive, 50% against 30% are negative; of
    # those seen, 50% against 0.30 / (0.30 + 0.20) = 60%.
    missed = np.where(world.iop[:, None], 0.0, np.where(used, 0.6, 0.4))
    missed = world.random.random(used.shape) < missed
    world.tested_weekly(used, ~missed)
    rules = {
        rule: {"metric": "proportion_negative", "window_days": 84, "missing": rule} for rule in ("positive", "observed")
    }
    analyses = {name: risk(name, measure="mean_difference") for name in ("positive", "observed")}
    claims = [{"claim": "IOP leads to more negative tests", "analysis": "positive"}]
    verdict, claim = world.judge(tmp_path, rules, analyses, claims)
    assert verdict.loc["positive", "value"] > 0.05 > 0 > verdict.loc["observed", "value"]
    assert verdict["verdict"].tolist() == ["inconclusive", "inconclusive"]
    assert verdict.loc["positive", "reasons"].startswith("missing_rules_contradict")
    assert claim["verdict"].tolist() == ["inconclusive"]


def test_observation_that_ends_with_care_leaves_abstinence_inconclusive(tmp_path):
    world = World(10)
    world.leave(np.where(world.iop, 0.004, 0.02), 150)
    used = np.repeat(world.random.random((2 * N, 1)) < 0.5, 12, axis=1)
    world.episode["observation_end_day"] = world.episode["discharge_day"]
    in_care = 7 * np.arange(12) + 3 <= world.episode["discharge_day"].to_numpy()[:, None]
    world.tested_weekly(used, in_care)
    tests = world.others["drug_test"]
    world.others["drug_test"] = tests[in_care.ravel()]
    metrics = {"negative": {"metric": "proportion_negative", "window_days": 84, "missing": "observed"}}
    verdict, _ = world.judge(tmp_path, metrics, {"primary": risk("negative", measure="mean_difference")})
    assert verdict.loc["primary", "reasons"] == "only_those_who_stayed"
    assert verdict.loc["primary", "sentence"].startswith("Inconclusive: ")
