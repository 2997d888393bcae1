"""Strategies of attending in a study: person-weeks from its own tables, gate, verdict, and worlds that are known."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import stages
from iop_outcomes.conclude.evidence import Interval
from iop_outcomes.conclude.participation import Followed, decide, judge_change, judge_participation
from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.participation.from_history import person_weeks, weeks_of_change
from iop_outcomes.tables import check
from iop_outcomes.tables.attending import (
    AS_STARTED,
    BY_ATTENDANCE,
    CLONES,
    EVER_CHANGED,
    LANDMARK,
    MARGINAL,
    PER_PROTOCOL,
)
from worlds_of_weeks import made, study

AWAY = Interval(0.10, 0.02, 0.18)
OPEN = Interval(0.05, -0.02, 0.12)


def run(asked, tables):
    return stages.named("participation").run(asked, tables)


@pytest.fixture(scope="module")
def without_effect():
    return run(study(), made(900, 1))


def test_where_coming_does_nothing_the_page_does_not_say_that_it_helps(without_effect):
    table = check(without_effect["participation"], "participation").set_index("way")
    naive = table.loc[BY_ATTENDANCE]
    assert naive["ci_low"] > 0.05
    assert naive["reason"].startswith("biased")
    assert table.loc[CLONES, "status"] == "shown"
    assert table.loc[CLONES, "ci_low"] < 0 < table.loc[CLONES, "ci_high"]
    assert table.loc[LANDMARK, "value"] < naive["value"]
    verdict, code = judge_participation(table.reset_index(), study())
    assert (verdict, code) in [("cannot tell", "beyond_margin"), ("no difference", "within_margin")]


def test_weights_stay_near_one_and_nobody_is_lost_uncounted(without_effect):
    weeks = check(without_effect["participation_week"], "participation_week")
    assert weeks["mean_stabilised"].between(0.8, 1.25).all()
    for _, own in weeks.groupby("strategy", observed=True):
        gone = own["n_uncensored"].shift(1) - own["n_uncensored"] - own["n_deviating"]
        assert (gone.dropna() == 0).all()


def test_the_verdict_never_asks_groups_formed_by_attendance():
    table = pd.DataFrame(
        [
            {"way": CLONES, "status": "shown", "value": 0.01, "ci_low": -0.03, "ci_high": 0.04},
            {"way": BY_ATTENDANCE, "status": "shown", "value": 0.4, "ci_low": 0.35, "ci_high": 0.45},
        ]
    )
    assert judge_participation(table, study()) == ("no difference", "within_margin")
    assert judge_participation(table.iloc[1:], study()) == ("refused", "refused")


@pytest.mark.parametrize(
    ("known", "decided"),
    [
        (Followed(weighted=AWAY, truncated=AWAY, landmark=AWAY), ("better", "good_side")),
        (Followed(weighted=AWAY, truncated=AWAY, good=-1), ("worse", "bad_side")),
        (Followed(weighted=AWAY, truncated=OPEN), ("inconclusive", "weights_carry_it")),
        (
            Followed(weighted=AWAY, truncated=AWAY, landmark=Interval(-0.1, -0.2, -0.01)),
            ("inconclusive", "landmark_contradicts"),
        ),
        (
            Followed(weighted=AWAY, truncated=AWAY, hours=Interval(-0.1, -0.2, -0.01)),
            ("inconclusive", "hours_contradict"),
        ),
        (Followed("flagged", AWAY, AWAY), ("inconclusive", "gate_failed")),
        (Followed("withheld"), ("withheld", "withheld")),
        (Followed(), ("cannot tell", "no_interval")),
        (Followed(weighted=OPEN, truncated=OPEN), ("cannot tell", "beyond_margin")),
    ],
)
def test_the_first_rule_that_holds_decides(known, decided):
    assert decide(known) == decided


def test_too_few_who_follow_withhold_the_answer_and_what_would_stand_alone():
    table = run(study(), made(60, 3))["participation"].set_index("way")
    assert table.loc[[CLONES, BY_ATTENDANCE], "status"].tolist() == ["withheld"] * 2
    assert table.loc[[CLONES, BY_ATTENDANCE], "value"].isna().all()


def test_a_landmark_that_stands_without_the_strategies_stands_with_caution():
    table = run(study(), made(120, 3))["participation"].set_index("way")
    assert table.loc[[CLONES, LANDMARK], "status"].tolist() == ["withheld", "flagged"]
    assert "without the strategies, which alone decide" in table.loc[LANDMARK, "reason"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"outcome": "made_up"}, "who does not come is not tested, so that coming alone would decide it"),
        ({"outcome": "nothing"}, "there is no outcome 'nothing'"),
        ({"weeks": 40}, "40 weeks are more than the 180 days of follow-up"),
        ({"weeks": 8}, "looks at 84 days and the strategies are followed for 8 weeks"),
        ({"arms": ["iopp"]}, "there is no arm 'iopp'"),
        ({"hours": {"high": 3, "low": 9}}, "high takes the larger number of hours"),
        ({"changes": {"up": {"to": "2.1", "arms": ["outpatient"], "weeks": 12}}}, "leaves no week in which somebody"),
        ({"changes": {"up": {"to": "2.1", "arms": ["out"], "weeks": 4}}}, "participation.changes.up.arms: there is no"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(changes, sentence):
    changes = {"landmark": None} | changes
    with pytest.raises(StudyFileError) as error:
        study(**changes)
    assert sentence in str(error.value)


def test_where_no_week_binds_anybody_there_is_nothing_to_compare():
    """Everybody is in jail all along: both strategies are everybody, whose difference of 0 would be no finding."""
    tables = made(60, 0)
    jail = {"start_day": 0, "end_day": 200, "reason": "jail"}
    tables["controlled_period"] = tables["cohort"][["person_id"]].assign(**jail)
    found = run(study(), tables)["participation"]
    assert found["status"].tolist() == ["refused"]
    assert "no week of anybody could break it" in found["reason"].iloc[0]


def test_an_interval_of_two_sites_drawn_anew_is_not_taken_at_its_word():
    tables = made(300, 1)
    tables["cohort"]["site_id"] = np.where(np.arange(300) % 2, "s1", "s2")
    asked = study(bootstrap_by="site")
    found = run(asked, tables)["participation"]
    row = found.set_index("way").loc[CLONES]
    # Four ways to draw two sites leave no difference outside of what they give.
    assert row["ci_high"] < 0
    assert (row["status"], "of 2 sites drawn anew" in row["reason"]) == ("flagged", True)
    assert judge_participation(found, asked) == ("inconclusive", "gate_failed")


def test_where_nobody_differs_there_is_a_reason_and_no_interval():
    tables = made(300, 1)
    found = run(study(), {**tables, "outcomes": tables["outcomes"].assign(abstinent=1.0)})["participation"]
    row = found.set_index("way").loc[[CLONES, BY_ATTENDANCE], ["ci_low", "ci_high"]]
    assert row.isna().all(axis=None)
    assert "makes no interval" in found.set_index("way").loc[CLONES, "reason"]


def test_groups_by_attendance_do_not_stand_where_the_strategies_are_refused():
    tables = made(300, 1)
    found = run(study(), {**tables, "outcomes": tables["outcomes"].assign(abstinent=np.nan)})["participation"]
    assert found.set_index("way")["status"][[CLONES, BY_ATTENDANCE]].tolist() == ["refused", "withheld"]


def test_jail_and_an_end_by_plan_excuse_and_what_is_not_known_is_no_event():
    tables = made(40, 0)
    tables["controlled_period"] = pd.DataFrame(
        {"person_id": ["m00000"], "start_day": [20], "end_day": [22], "reason": ["jail"]}
    )
    outcomes = tables["outcomes"]
    outcomes.loc[1, ["care_ended_by", "retention_days"]] = ["completion", 50.0]
    outcomes.loc[2, "abstinent"] = np.nan
    rows, names = person_weeks(study().participation, ["iop"], tables)
    excused = rows[rows["excused"] == 1].groupby("person_id")["week"].apply(list).to_dict()
    # Days 20 to 22 lie in weeks 2 and 3 (from 0); day 50 is in week 7.
    assert excused == {"m00000": [2, 3], "m00001": [7, 8, 9, 10, 11]}
    assert rows.groupby("person_id")["week"].max()["m00002"] == 10
    before = "hours in the week before", "6 hours or more in the week before"
    assert set(names) == {"readiness", "use in the week before", *before}
    # Both strategies part weeks at six hours: whoever kept one last week keeps it again more often.
    assert (rows[before[1]] == (rows[before[0]] >= 6)).all()


@pytest.mark.slow
def test_where_coming_does_nothing_only_attendance_finds_something():
    rows = []
    for seed in range(40):
        table = run(study(), made(900, 100 + seed))["participation"].set_index("way")
        rows.append(
            {way: (table.loc[way, "ci_low"], table.loc[way, "ci_high"]) for way in (CLONES, LANDMARK, BY_ATTENDANCE)}
        )
    covers = {way: np.mean([low <= 0 <= high for low, high in (row[way] for row in rows)]) for way in rows[0]}
    found = np.mean([row[BY_ATTENDANCE][0] > 0 for row in rows])
    assert found > 0.95
    # 40 worlds tell 95% from 85%, not more.
    assert covers[CLONES] >= 0.85
    assert covers[LANDMARK] >= 0.85


@pytest.mark.slow
def test_where_coming_works_what_following_the_strategy_gives_is_found():
    truth = np.subtract(
        *(made(60_000, 5, effect=-1.0, forced=f)["outcomes"]["abstinent"].mean() for f in ("active", "less"))
    )
    values = [run(study(), made(900, 200 + s, -1.0))["participation"].set_index("way").loc[CLONES] for s in range(20)]
    assert np.mean([row["ci_low"] <= truth <= row["ci_high"] for row in values]) >= 0.8


def test_hours_that_do_nothing_are_not_said_to_help_and_few_who_came_so_much_are_withheld(without_effect):
    table = check(without_effect["participation"], "participation").set_index("way")
    own = table.loc[MARGINAL]
    assert (own["strategy"], own["against"]) == ("7 hours a week", "4 hours a week")
    assert own["ci_low"] < 0 < own["ci_high"]
    curve = check(without_effect["participation_hours"], "participation_hours")
    assert curve["hours"].tolist() == [4, 5.5, 7] and curve["risk"].notna().all()
    few = run(study(hours={"high": 9, "low": 3}), made(60, 3))
    row = few["participation"].set_index("way").loc[MARGINAL]
    assert row["status"] == "withheld" and np.isnan(row["value"])
    assert "too few people came about 9 hours a week: the gate asks for an effective size of 25" in row["reason"]
    assert few["participation_hours"]["risk"].isna().all()


def test_stepping_down_that_does_nothing_is_not_said_to_harm_or_help(without_effect):
    table = check(without_effect["level_change"], "level_change")
    assert table["way"].tolist() == [AS_STARTED, PER_PROTOCOL, EVER_CHANGED]
    own = table.iloc[:2]
    assert ((own["ci_low"] < 0) & (own["ci_high"] > 0)).all() and (own["max_smd"] < 0.1).all()
    assert judge_change(table, study())[0] in ("cannot tell", "no difference")


def test_a_change_that_few_make_or_that_nobody_is_seen_to_make_has_no_number():
    few = study(changes={"stepping_down": {"to": "1", "arms": ["iop"], "weeks": 4}})
    table = run(few.model_copy(update={"gate": few.gate.model_copy(update={"min_ess": 100})}), made(60, 3))
    assert table["level_change"]["status"].tolist() == ["withheld"] * 3
    assert table["level_change"]["value"].isna().all()
    none = run(study(changes={"stepping_up": {"to": "2.5", "arms": ["iop"], "weeks": 4}}), made(60, 3))
    row = none["level_change"].iloc[0]
    assert row["status"] == "refused" and row["reason"].startswith("nobody changes in the weeks of the trials")
    assert judge_change(none["level_change"], study()) == ("refused", "refused")


def test_a_later_episode_changes_the_level_from_its_week_on():
    tables = made(3, 0)
    later = {"episode_id": "later", "person_id": "m00001", "level_of_care": "1", "assignment_day": 23}
    earlier = later | {"episode_id": "earlier", "person_id": "m00002", "assignment_day": -5}
    index = tables["episode"].query("level_of_care == '2.1'")
    tables["episode"] = pd.concat([index, pd.DataFrame([later, earlier])], ignore_index=True)
    asked = study().participation
    weeks, _ = weeks_of_change(asked, asked.changes["stepping_down"], tables)
    # Day 23 lies in week 3, counted from 0; what began before time zero changes nothing.
    assert weeks[weeks["changed"] == 1].groupby("person_id")["week"].min().to_dict() == {"m00001": 3}


def test_without_weekly_records_nothing_is_answered_and_the_claim_cannot_be_tested():
    tables = made(60, 3)
    tables["weekly"] = tables["weekly"].assign(hours_attended=np.nan, urine=pd.Series(dtype="str"))
    found = run(study(), tables)
    assert found["participation"]["status"].tolist() == ["refused"]
    assert found["level_change"]["status"].tolist() == ["refused"]
    assert found["participation_week"].empty and found["participation_hours"].empty
    assert judge_participation(found["participation"], study()) == ("refused", "refused")
    reasons = found["participation"]["reason"].tolist() + found["level_change"]["reason"].tolist()
    assert reasons == [
        f"participation: this source records no {w} week by week" for w in ("hours attended", "drug tests")
    ]
