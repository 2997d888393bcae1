"""The use calendar, drawn: - abstinent, + used, ? on some of these days, c set apart, . unknown.

Timelines are written as in the documentation of metrics (``iop_outcomes.pages.timelines``).
"""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.history.calendar import SYMBOLS, USED
from iop_outcomes.history.evidence import use_calendar
from iop_outcomes.history.history import History
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.pages.timelines import read
from random_people import N_DAYS, random_people
from small import history

DRAW = {code: symbol for symbol, code in SYMBOLS.items()}


def days(drawn: History | str, **settings) -> str:
    drawn = read(drawn).history if isinstance(drawn, str) else drawn
    return "".join(DRAW[code] for code in use_calendar(drawn, **settings).state[0])


def reports(*rows: tuple, **others) -> History:
    """Return one person's history from (day, window_days, substance, days_used, source)."""
    columns = ("day", "window_days", "substance", "days_used", "source")
    told = [{"person_id": "p1"} | dict(zip(columns, row, strict=True)) for row in rows]
    return history({}, use_report=told, follow_up_days=7, **others)


def test_a_day_is_what_was_said_of_it_and_unknown_if_nothing_was():
    assert days("use  --+.-.+") == "--+.-.+"


def test_use_by_any_report_of_a_day_makes_it_a_day_with_use():
    contradictory = reports((0, 1, "any", 0, "tlfb"), (0, 1, "any", 1, "diary"), (1, 1, "any", 0, "tlfb"))
    assert days(contradictory) == "+-....."


@pytest.mark.parametrize(
    ("timeline", "drawn"),
    [
        ("report  0-6: 0", "-------"),
        ("report  0-6: 7", "+++++++"),
        ("report  0-6: 2", "???????"),
        ("use     ..+....\nreport  0-6: 1", "--+----"),  # the day known accounts for all use
        ("use     --.....\nreport  0-6: 5", "--+++++"),  # five days of use have only five days to lie on
        ("use     .-+....\nreport  0-6: 3", "?-+????"),
        ("report  0-6: 2; 0-2: 0", "---????"),  # the shorter report knows more
        ("report  0-6: 2; 0-2: 2", "???----"),
        ("report  -3-3: 2", "????..."),  # some of it may lie before time zero
        ("report  4-9: 0\ndied    6", "....---"),  # cut at the end of follow-up
    ],
)
def test_reports_on_several_days(timeline, drawn):
    assert days(timeline)[:7] == drawn


def test_reports_of_several_substances_on_one_stretch_count_as_the_largest():
    both = reports((0, 7, "alcohol", 3, "interview"), (0, 7, "cannabis", 5, "interview"))
    assert use_calendar(both).used_days(0, 7)[0] == pytest.approx(5)


def test_one_substance_is_known_by_its_name_or_by_a_denial_of_any_use():
    told = reports((0, 1, "Alcohol", 1, "tlfb"), (1, 1, "cannabis", 1, "tlfb"), (2, 1, "any", 0, "tlfb"))
    assert days(told, substance="alcohol") == "+.-...."
    assert days(told) == "++-...."


def test_use_somewhere_in_a_window_is_certain_when_it_has_no_room_elsewhere():
    # Eight days of ten: two are free of use, so three days cannot all be.
    calendar = use_calendar(read("report  0-9: 8\nobserved  20").history)
    assert calendar.used_in(0, 3)[0]
    assert not calendar.used_in(0, 2)[0]
    assert calendar.used_in_periods(0, 20, 5)[0].tolist() == [True, True, False, False]


@pytest.mark.parametrize(("controlled", "drawn"), [("set_apart", "--+ccc+c--"), ("abstinent", "--+---+---")])
def test_days_in_jail_are_set_apart_but_use_there_is_use(controlled, drawn):
    jailed = "use         --+-..+.--\ncontrolled  ...jjjjj.."
    assert days(jailed, controlled=controlled) == drawn


TESTED = "use   --...+...-----\ntest  ...-...+.....+"


@pytest.mark.parametrize(
    ("evidence", "drawn"),
    [
        ("self_report", "--...+...-----"),
        ("tests", ".---.+++...+++"),
        ("either", "----.+++.--+++"),  # each positive test makes three days of use, the negative one adds days 2 and 3
        ("corrected", "--...+...----+"),  # the first positive test is explained by the use reported two days before
    ],
)
def test_what_tests_add_to_reports(evidence, drawn):
    assert days(TESTED, evidence=evidence) == drawn


def test_how_far_tests_look_back_is_a_setting():
    assert days("test  ......+", evidence="tests", detection_days={"Opioid": 2}) == ".....++"
    assert days("test  ......+", evidence="tests", detection_days={"otherwise": 5}) == "....+++"


def test_the_tests_of_one_day_are_one_panel():
    panel = [
        {"person_id": "p1", "day": 6, "substance": "cannabis", "result": "negative"},
        {"person_id": "p1", "day": 6, "substance": "cocaine", "result": "negative"},
        {"person_id": "p1", "day": 2, "substance": "cocaine", "result": "positive"},
        {"person_id": "p1", "day": 2, "substance": "cannabis", "result": "negative"},
    ]
    tested = history({}, drug_test=panel, follow_up_days=7)
    assert days(tested, evidence="tests") == "+++.---"  # all negative: no further back than the cocaine test
    assert days(tested, evidence="tests", substance="cannabis") == "-------"


def test_prescribed_substances_and_results_that_are_none_do_not_count():
    rows = [
        {"person_id": "p1", "day": 1, "substance": "methadone", "result": "positive", "prescribed": True},
        {"person_id": "p1", "day": 3, "substance": "heroin", "result": "invalid", "prescribed": False},
        {"person_id": "p1", "day": 6, "substance": "heroin", "result": "missing", "prescribed": False},
    ]
    assert days(history({}, drug_test=rows, follow_up_days=7), evidence="tests") == "......."


def test_asking_for_tests_where_there_are_none_is_answered_in_a_sentence():
    with pytest.raises(StudyError, match="'either' needs drug tests and this source has none"):
        days("use  -+-", evidence="either")


@pytest.mark.parametrize("seed", range(3))
def test_tests_only_ever_add_use_to_what_was_reported_day_by_day(seed):
    people = random_people(seed)
    by_day = people.table("use_report").query("window_days == 1 and days_used > 0")
    inside = by_day["day"].to_numpy() < people.follow_up_days[by_day["member"]]
    member, day = by_day["member"].to_numpy()[inside], by_day["day"].to_numpy()[inside]
    for evidence in ("self_report", "corrected", "either"):
        assert (use_calendar(people, evidence=evidence).state[member, day] == USED).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_days_with_use_of_a_report_on_several_days_are_neither_lost_nor_doubled(seed):
    people = random_people(seed)
    people.records["controlled_period"] = people.records["controlled_period"].iloc[:0]
    reports = people.table("use_report")
    alone = ~reports["member"].duplicated(keep=False) & (reports["window_days"] > 1)
    whole = (
        alone
        & (reports["day"] >= 0)
        & (reports["day"] + reports["window_days"] <= people.follow_up_days[reports["member"]])
    )
    said = reports[whole]
    used = use_calendar(people).used_days(0, N_DAYS)[said["member"]]
    np.testing.assert_allclose(used, said["days_used"], rtol=1e-6)


def test_the_order_of_rows_and_the_names_of_people_change_nothing():
    people = random_people(seed=1)
    shuffled = {name: table.sample(frac=1, random_state=1) for name, table in people.records.items()}
    renamed = {
        name: table.assign(person_id="x" + table["person_id"].astype(str)) for name, table in people.records.items()
    }
    members = people.members.assign(person_id="x" + people.members["person_id"].astype(str))
    for other in (History(people.members, shuffled), History(members, renamed)):
        for evidence in ("self_report", "either", "corrected"):
            same = use_calendar(other, evidence=evidence).state == use_calendar(people, evidence=evidence).state
            assert same.all()


def test_calendars_are_made_once():
    drawn = read("use  -+-").history
    assert use_calendar(drawn) is use_calendar(drawn)
    assert use_calendar(drawn) is not use_calendar(drawn, controlled="abstinent")


def test_no_members_and_no_reports_give_an_empty_calendar():
    nobody = history({}, follow_up_days=3)
    assert days(nobody) == "..."
    assert isinstance(nobody.table("use_report"), pd.DataFrame)
