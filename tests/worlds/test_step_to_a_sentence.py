"""Worlds put through the whole road, in which the step from an estimate to a sentence once went wrong.

People are those of ``worlds_of_two_arms``; nobody's care is real.
"""

import numpy as np
import pytest

from worlds_of_two_arms import N, World, risk


def test_harm_is_worse_and_contradicts_the_claim(tmp_path):
    world = World(2)
    world.leave(np.where(world.iop, 0.02, 0.006), 90)
    claims = [{"claim": "IOP leads to more completed treatment", "analysis": "primary"}]
    verdict, claim = world.judge(tmp_path, {"completion": {}}, {"primary": risk("completion")}, claims)
    assert verdict["verdict"].tolist() == ["worse"]
    assert claim["verdict"].tolist() == ["contradicted"]


@pytest.mark.slow
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
