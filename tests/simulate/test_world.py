"""What holds of every simulated study, whatever its numbers."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import tables
from iop_outcomes.simulate import Settings, simulate
from iop_outcomes.tables.canonical import DISCHARGE_REASONS, SESSION_STATUSES

#: Tables that say how people fare, not what was booked for them.
OUTCOMES = ("person", "drug_test", "use_report", "assessment", "controlled_period")
STAY = ["admission_day", "discharge_day", "discharge_reason"]


def world(seed=1, true_effect="benefit", n_people=600, **settings):
    return simulate(Settings(true_effect=true_effect, n_people=n_people, **settings), seed)


@pytest.fixture(scope="module")
def records():
    return world().tables()


def assert_same(some, others, names=None):
    for name in names or some:
        pd.testing.assert_frame_equal(some[name], others[name])


@pytest.mark.parametrize("arm", [None, "iop", "outpatient"])
def test_every_table_keeps_its_contract(arm):
    for name, table in world(n_people=400).tables(arm).items():
        tables.check(table, name)


@pytest.mark.parametrize(
    "settings",
    [
        {"weeks": 4},
        {"weeks": 52, "n_people": 60},
        {"n_sites": 1, "n_people": 20},
        {"missing_covariates": 0.0, "confounding": 0.0},
        {"stays": "trial", "self_report": "daily"},
        {"effect_size": 5.0, "unmeasured_confounding": 3.0, "true_effect": "harm"},
    ],
)
def test_unusual_settings_keep_the_contracts_too(settings):
    for name, table in world(**({"n_people": 200} | settings)).tables().items():
        tables.check(table, name)


@pytest.mark.slow
def test_same_seed_same_tables_and_another_seed_others(records):
    assert_same(records, world().tables())
    assert not records["session"].equals(world(seed=2).tables()["session"])


def test_the_first_people_do_not_depend_on_how_many_follow(records):
    few = world(n_people=300).tables()
    for name, key in {"person": "person_id", "episode": "episode_id", "drug_test": "person_id"}.items():
        first = records[name][records[name][key].str[1:].astype(int) <= 300].reset_index(drop=True)
        pd.testing.assert_frame_equal(few[name], first)


@pytest.mark.slow
def test_without_effect_the_worlds_differ_only_in_what_is_booked():
    iop, outpatient = (world(true_effect="none").tables(arm) for arm in ("iop", "outpatient"))
    assert_same(iop, outpatient, OUTCOMES)
    pd.testing.assert_frame_equal(iop["episode"][STAY], outpatient["episode"][STAY])
    assert len(iop["session"]) > 1.5 * len(outpatient["session"])


@pytest.mark.parametrize("effect", ["benefit", "harm"])
def test_with_an_effect_the_same_people_fare_differently(effect):
    iop, outpatient = (world(true_effect=effect).tables(arm) for arm in ("iop", "outpatient"))
    assert_same(iop, outpatient, ("site", "baseline", "service"))
    completed = [(w["episode"]["discharge_reason"] == "completed").mean() for w in (iop, outpatient)]
    assert (completed[0] > completed[1]) == (effect == "benefit")
    assert completed[0] != completed[1]


@pytest.mark.slow
def test_what_is_observed_is_what_the_own_arm_brings(records):
    study = world()
    own = {arm: study.tables(arm) for arm in ("iop", "outpatient")}
    people = records["episode"].assign(iop=study.people.iop)
    for arm, chosen in people.groupby(np.where(people["iop"], "iop", "outpatient")):
        for name, key in {"session": "episode_id", "drug_test": "person_id", "cost": "episode_id"}.items():
            seen = records[name][records[name][key].isin(chosen[key])].reset_index(drop=True)
            potential = own[arm][name][own[arm][name][key].isin(chosen[key])].reset_index(drop=True)
            pd.testing.assert_frame_equal(seen, potential)


def test_propensity_is_the_share_that_chooses_iop():
    study = world(n_people=20_000)
    bins = pd.qcut(study.propensity, 10)
    chosen = pd.Series(study.people.iop.astype(float), study.propensity.index)
    gap = (chosen - study.propensity).groupby(bins, observed=True).mean()
    # 2,000 people in each tenth: a standard error of at most 0.011.
    assert gap.abs().max() < 0.045


def test_both_arms_at_every_site_and_good_overlap():
    study = world(n_people=4000)
    arms = pd.crosstab(study.people.site, study.people.iop)
    assert arms.shape == (40, 2)
    assert arms.to_numpy().min() >= 5
    share = study.people.iop.mean()
    odds = study.propensity / (1 - study.propensity) / (share / (1 - share))
    preference = odds / (1 + odds)
    assert preference.between(0.3, 0.7).mean() > 0.5


def test_a_coin_toss_when_nothing_confounds():
    study = world(n_people=20_000, confounding=0.0)
    days = study.people.true["use_days_at_baseline"]
    assert abs(np.corrcoef(days, study.people.iop)[0, 1]) < 0.03


def test_sessions_stop_when_care_does_and_start_with_it(records):
    episode = records["episode"].set_index("episode_id")
    session = records["session"].join(episode[["admission_day", "discharge_day"]], on="episode_id")
    started = session[session["admission_day"].notna()]
    assert (started["day"] >= started["admission_day"]).all()
    assert not (started["day"] > started["discharge_day"]).any()
    never = session[session["admission_day"].isna()]
    assert never["minutes_attended"].sum() == 0
    assert set(episode.loc[episode["admission_day"].isna(), "discharge_reason"]) <= {"dropout", "death"}


def test_minutes_are_attended_only_in_attended_sessions(records):
    session = records["session"]
    came = session["status"].isin(["attended", "partial"])
    assert ((session["minutes_attended"] > 0) == came).all()
    assert (session["minutes_attended"] <= session["minutes_scheduled"]).all()
    assert set(session["status"]) == set(SESSION_STATUSES)


def test_every_moved_session_has_another_the_day_after_unless_care_ended(records):
    episode = records["episode"].set_index("episode_id")
    session = records["session"]
    moved = session[session["status"] == "rescheduled"].join(episode["discharge_day"], on="episode_id")
    moved = moved[moved["day"] + 1 <= moved["discharge_day"].fillna(209)]
    booked = set(zip(session["episode_id"], session["day"], strict=True))
    assert all((e, d + 1) in booked for e, d in zip(moved["episode_id"], moved["day"], strict=True))


def test_nobody_is_tested_or_treated_where_they_are_not_free(records):
    periods = records["controlled_period"]
    tests = records["drug_test"].merge(periods, on="person_id")
    assert not tests["day"].between(tests["start_day"], tests["end_day"]).any()
    episode = records["episode"][["episode_id", "person_id"]]
    session = records["session"].merge(episode, on="episode_id").merge(periods, on="person_id")
    inside = session["day"].between(session["start_day"] + 1, session["end_day"])
    # The session of the day on which care ends for a long jail, and the intake, are outside this rule.
    held = session[inside & (session["type"] != "assessment")]
    assert set(held["status"]) <= {"excused", "cancel_program", "closed"}


def test_periods_of_one_person_do_not_overlap(records):
    periods = records["controlled_period"].sort_values(["person_id", "start_day"])
    follows = periods["person_id"] == periods["person_id"].shift()
    assert (periods["start_day"] > periods["end_day"].shift())[follows].all()


@pytest.mark.slow
def test_nothing_is_recorded_after_death():
    records = world(n_people=20_000).tables()
    person = records["person"].set_index("person_id")
    assert person["death_day"].notna().sum() > 20
    for name in ("drug_test", "use_report", "assessment"):
        table = records[name].join(person["death_day"], on="person_id")
        assert not (table["day"] >= table["death_day"]).any()
    assert set(records["episode"]["discharge_reason"].dropna()) == set(DISCHARGE_REASONS)


def test_daily_calendar_adds_up_to_the_weekly_one():
    weekly, daily = (world(self_report=kind).tables()["use_report"] for kind in ("weekly", "daily"))
    weekly, daily = (t[t["source"] == "tlfb"] for t in (weekly, daily))
    summed = daily.assign(day=daily["day"] // 7 * 7).groupby(["person_id", "day"])["days_used"].agg(["sum", "size"])
    by_week = weekly.set_index(["person_id", "day"])["days_used"]
    assert (summed["size"] == 7).all()
    pd.testing.assert_series_equal(summed["sum"], by_week.sort_index(), check_names=False)


def test_medicated_people_are_positive_for_what_is_prescribed(records):
    tests = records["drug_test"]
    prescribed = tests[tests["prescribed"]]
    assert len(prescribed)
    assert set(prescribed["result"]) == {"positive"}
    assert set(prescribed["substance"]) == {"buprenorphine"}


@pytest.mark.slow
def test_missing_covariates_are_as_many_as_asked_for():
    baseline = world(n_people=20_000, missing_covariates=0.1).tables()["baseline"]
    assert baseline["employment"].isna().mean() == pytest.approx(0.1, abs=0.01)
    assert world(missing_covariates=0.0).tables()["baseline"].notna().all(axis=None)
