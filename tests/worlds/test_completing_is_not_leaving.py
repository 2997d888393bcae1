"""IOP of 8 weeks, outpatient care of 16, and the same daily dropout: whoever finishes has not left.

Before there was a rule for those who complete, this world ended in "Worse, 0 % v 41 % in care on day 60", and in a
hazard ratio of 2.27 that supported the claim that IOP keeps people in care longer. Nothing may come out in favour of
the shorter programme either: its people have less time to drop out.
"""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import study as studies
from iop_outcomes.errors import StudyFileError
from worlds_of_two_arms import World, risk

LENGTH = {"outcome": "time_in_care", "margin": 7}
DROPOUT = {"outcome": "time_to_dropout", "estimator": "aalen_johansen", "settings": {"day": 150}}
LONGER = [
    {"claim": "IOP keeps people in care longer", "analysis": "primary", "direction": "higher"},
    {"claim": "IOP does better", "analysis": "primary"},
]


def unlike_programmes(seed: int = 1, iop_days: int = 56, daily: float = 0.01) -> World:
    world = World(seed)
    world.leave(daily, np.where(world.iop, iop_days, 112))
    return world


@pytest.mark.parametrize(
    ("estimator", "measure"),
    [
        ("cox", "hazard_ratio"),
        pytest.param("rmst", "rmst_difference", marks=pytest.mark.slow),
        pytest.param("weighted_kaplan_meier", "survival_difference", marks=pytest.mark.slow),
    ],
)
def test_time_in_the_programme_gets_no_verdict(tmp_path, estimator, measure):
    settings = {"rmst": {"until_day": 56}, "weighted_kaplan_meier": {"day": 56}}.get(estimator, {})
    margin = {"cox": {"ratio": 1.25}, "rmst": 7}.get(estimator, 0.05)
    primary = LENGTH | {"estimator": estimator, "measure": measure, "settings": settings, "margin": margin}
    verdict, claim = unlike_programmes().judge(tmp_path, {}, {"primary": primary}, LONGER)
    assert verdict.loc["primary", "verdict"] == "cannot tell"
    assert verdict.loc["primary", "reasons"].startswith("unlike_lengths")
    assert claim["verdict"].tolist() == ["inconclusive", "inconclusive"]
    assert "sooner by plan, or by what is called completed." in verdict.loc["primary", "sentence"]


def test_whoever_completed_was_retained(tmp_path):
    metrics = {
        "day_50": {"metric": "retention", "day": 50},
        "day_100": {"metric": "retention", "day": 100},
        "in_programme_60": {"metric": "retention", "day": 60, "completed": "left"},
        "completion": {},
        "dropout": {},
    }
    verdict, claim = unlike_programmes().judge(
        tmp_path,
        metrics,
        {name: risk(name) for name in metrics},
        [{"claim": f"IOP does better in {name}", "analysis": name} for name in metrics],
    )
    # On day 50 both programmes last, and nothing differs.
    assert abs(verdict.loc["day_50", "value"]) < 0.1
    # By the rule that completing is leaving 0 % against 55 % on day 60; by the other rule 58 % against 37 % on day 100,
    # and as many completed: the shorter programme leaves less time to drop out.
    assert verdict.loc["in_programme_60", "value"] < -0.5
    assert verdict.loc[["day_100", "completion"], "value"].min() > 0.1
    apart = verdict.loc[["day_100", "in_programme_60", "completion", "dropout"], "reasons"]
    assert apart.str.startswith("unlike_lengths").all()
    assert verdict["verdict"].isin(["cannot tell", "no difference"]).all()
    assert set(claim["verdict"]) <= {"inconclusive", "not supported"}


def test_dropout_is_compared_while_both_programmes_last_or_as_a_rate(tmp_path):
    analyses = {
        "primary": DROPOUT | {"settings": {"day": 55}},
        "lost": DROPOUT | {"estimator": "time_lost", "margin": 7, "settings": {"until_day": 55}},
        "hazard": DROPOUT | {"estimator": "cox", "margin": {"ratio": 1.25}, "settings": {}},
        "later": DROPOUT,
        "predicts": DROPOUT | {"estimator": "fine_gray", "settings": {}},
    }
    verdict, _ = unlike_programmes().judge(tmp_path, {}, analyses)
    # 1 - 0.99^55 = 42 % of both arms.
    for name, none in (("primary", 0), ("lost", 0), ("hazard", 1)):
        assert verdict.loc[name, "ci_low"] < none < verdict.loc[name, "ci_high"]
        assert "unlike_lengths" not in verdict.loc[name, "reasons"]
    # By day 150 67 % of the longer programme have dropped out, and still 42 % of the other: by plan.
    assert verdict.loc["later", "value"] == pytest.approx(0.99**111 - 0.99**55, abs=0.08)
    assert verdict.loc["later", "reasons"].startswith("unlike_lengths")
    # The predictive ratio lies below 1 for completions alone: it answers nothing and contradicts nobody.
    assert verdict.loc["predicts", "ci_high"] < 1
    assert verdict.loc["predicts", ["verdict", "reasons"]].tolist() == ["cannot tell", "predicts_only"]


def test_where_programmes_are_alike_time_in_care_is_judged(tmp_path):
    world = World(3)
    world.leave(np.where(world.iop, 0.004, 0.02), 90)
    primary = LENGTH | {"estimator": "rmst", "measure": "rmst_difference", "settings": {"until_day": 90}}
    verdict, _ = world.judge(tmp_path, {}, {"primary": primary})
    assert verdict.loc["primary", "verdict"] == "better"


@pytest.mark.slow
def test_more_dropout_is_worse_and_contradicts_the_claim_by_every_measure(tmp_path):
    """Which way a measure goes is known in one place: verdict and claim read the same."""
    world = World(4)
    world.leave(np.where(world.iop, 0.02, 0.006), 90)
    for estimator, settings in (("aalen_johansen", {"day": 80}), ("time_lost", {}), ("cox", {})):
        primary = DROPOUT | {"estimator": estimator, "settings": settings}
        verdict, claim = world.judge(tmp_path, {}, {"primary": primary}, LONGER)
        assert verdict.loc["primary", "verdict"] == "worse", estimator
        assert claim["verdict"].tolist() == ["contradicted", "contradicted"], estimator
    assert verdict.loc["primary", "sentence"].startswith("For people assigned to IOP the rate of dropping out among")


def test_completing_more_often_is_better_though_sooner(tmp_path):
    world = World(5)
    world.leave(np.where(world.iop, 0.008, 0.016), 90)
    primary = {"outcome": "time_to_completion", "estimator": "aalen_johansen", "settings": {"day": 120}}
    verdict, claim = world.judge(
        tmp_path, {}, {"primary": primary}, [{"claim": "IOP leads to more completion", "analysis": "primary"}]
    )
    assert verdict.loc["primary", ["verdict", "better"]].tolist() == ["better", "higher"]
    assert claim["verdict"].tolist() == ["supported"]


@pytest.mark.slow
def test_a_study_may_declare_other_strategies(tmp_path):
    """Composite: completing counts as dropout, and by day 150 everybody has left both arms."""
    world, judged = unlike_programmes(), {}
    for strategy in ("competing", "composite", "hypothetical"):
        events = {"completion": {"care": strategy}}
        settings = {"settings": {"day": 50 if strategy == "hypothetical" else 150}}
        judged[strategy], _ = world.judge(tmp_path, {}, {"primary": DROPOUT | settings}, events=events)
    assert np.isnan(judged["composite"].loc["primary", "value"]) or judged["composite"].loc["primary", "value"] == 0
    assert judged["competing"].loc["primary", "value"] < -0.15
    # Up to day 50 nobody has completed, so that nothing differs.
    assert abs(judged["hypothetical"].loc["primary", "value"]) < 0.12


def test_a_strategy_that_is_none_is_answered_in_a_sentence():
    with pytest.raises(StudyFileError, match=r"events\.completion\.care"):
        studies.parse(_content(events={"completion": {"care": "ignored"}}))


def test_the_rule_for_death_of_earlier_files_is_read_as_it_was():
    assert studies.parse(_content(after_death="no_value")).events.death.use == "excluded"
    with pytest.raises(StudyFileError, match="events: {death: {use: composite}}"):
        studies.parse(_content(after_death="no_value", events={"jail": {"care": "composite"}}))


def _content(**more) -> dict:
    arms = {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}
    return {"study": "x", "source": {"kind": "tables", "path": "."}, "cohort": {"arms": arms}} | more


def test_unlike_lengths_are_told_by_completed_stays_and_else_by_what_was_prescribed():
    from iop_outcomes.conclude.lengths import unlike_lengths

    def pairs(completed: dict[str, float], prescribed: dict[str, float], n: int = 100, of: int = 20, least: int = 1):
        cohort = pd.DataFrame({"member_id": range(2 * n), "arm": ["a"] * n + ["b"] * n})
        who = np.arange(2 * n) % n < of
        outcomes = cohort.assign(
            completed_days=cohort["arm"].map(completed).where(who), prescribed_days=cohort["arm"].map(prescribed)
        )
        return unlike_lengths(cohort, outcomes.drop(columns="arm"), least)

    assert pairs({"a": 56, "b": 112}, {}) == {("a", "b"): 56}
    assert pairs({"a": 84, "b": 90}, {}) == {}
    # What was done counts, not what was prescribed.
    assert pairs({"a": 90, "b": 90}, {"a": 56, "b": 112}) == {}
    assert pairs({"a": 56}, {"a": 56, "b": 112}) == {("a", "b"): 56}
    assert pairs({"a": 56}, {"a": 56, "b": 56}) == {}
    # Completed in one arm only, and nothing tells how long the other was to last.
    assert pairs({"a": 56}, {}) == {("a", "b"): 56}
    # Nearly nobody completes within the follow-up: it bears on nothing.
    assert pairs({"a": 56, "b": 112}, {"a": 56, "b": 112}, of=4) == {}
    # Of few who completed nobody may tell whether they are 4, 6 or 10, nor how long any of them stayed.
    of_few = [pairs({"a": 56, "b": 112}, {}, of=n, least=11) for n in (4, 6, 10)]
    assert of_few == [{("a", "b"): 0}] * 3
    of_few = [pairs({"a": 56, "b": 112}, {"a": 90, "b": 90}, of=n, least=11) for n in (4, 6, 10)]
    assert of_few == [{}] * 3
    assert pairs({"a": 56, "b": 112}, {}, of=4) == {}
    # Were they ten they would hardly bear on 300.
    assert pairs({"a": 56, "b": 112}, {}, n=300, of=9, least=11) == {}
    assert pairs({"a": 56, "b": 112}, {}, of=0, least=11) == {}


def early(share: float, n: int = 1000, seed: int = 2) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return people and outcomes: half complete, about day 84, and a share of these in one arm from day 28 on."""
    rng = np.random.default_rng(seed)
    cohort = pd.DataFrame({"member_id": range(n), "arm": ["a", "b"] * (n // 2)})
    usual = rng.normal(84, 3, n).round()
    sooner = (cohort["arm"] == "a") & (rng.random(n) < share)
    done = np.where(sooner, rng.integers(28, 60, n), usual)
    return cohort, cohort.assign(completed_days=np.where(rng.random(n) < 0.5, done, np.nan)).drop(columns="arm")


@pytest.mark.parametrize(("share", "apart"), [(0.0, False), (0.05, False), (0.2, True)])
def test_completing_early_in_one_arm_is_another_treatment_completed(share, apart):
    """Before, IOP that calls a third of those who leave after a month completed was better by 8 to 11 points."""
    from iop_outcomes.conclude.lengths import unlike_lengths

    assert bool(unlike_lengths(*early(share))) is apart


def test_of_few_who_completed_none_is_early_but_by_chance():
    from iop_outcomes.conclude.lengths import unlike_lengths

    assert unlike_lengths(*early(0.2, n=60)) == {}
