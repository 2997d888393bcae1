"""Records that contradict each other or themselves: neither the order of rows nor a name decides which is taken."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes import study
from iop_outcomes.in_memory import run_study
from iop_outcomes.ingest.stage import ingest

PERSON = "person_id,age_years,death_day\np1,30,\np2,40,100\np3,50,\n"
DAYS = ("assignment", "admission", "discharge", "last_contact", "observation_end")
EPISODE = ",".join(["episode_id", "person_id", *(f"{day}_day" for day in DAYS), "level_of_care"]) + "\n"
E1, E3 = "e1,p1,0,1,60,58,200,2.1\n", "e3,p3,0,1,60,58,200,1\n"


def content(path, **more) -> dict:
    """Return a study of a folder of tables."""
    return {
        "study": "own",
        "source": {"kind": "tables", "path": str(path), "max_rejected_share": 1},
        "cohort": {"arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}},
        **more,
    }


def read(path, **tables: str) -> dict[str, pd.DataFrame]:
    """Return what is made of files with these texts."""
    files = {"person": PERSON, "episode": EPISODE + E1} | tables
    for name, text in files.items():
        (path / f"{name}.csv").write_text(text)
    return ingest(study.parse(content(path)))


def rules(made, table: str) -> list[str]:
    """Return the rules that rows of a table broke."""
    return made["rejected"].loc[made["rejected"]["table"] == table, "rule"].tolist()


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        # assignment, admission, discharge, last contact, end of observation; p2 dies on day 100
        ("e2,p1,0,10,9,,,1", "discharge_day: before admission_day"),
        ("e2,p1,0,,-1,,,1", "discharge_day: before assignment_day"),
        ("e2,p1,0,10,,9,,1", "last_contact_day: before admission_day"),
        ("e2,p1,0,-5,,-1,,1", "last_contact_day: before assignment_day"),
        ("e2,p1,0,1,20,28,,1", "last_contact_day: more than 7 days after discharge"),
        ("e2,p1,0,,,,-1,1", "observation_end_day: before assignment_day"),
        ("e2,p1,0,5,,,4,1", "observation_end_day: before admission_day"),
        ("e2,p2,101,,,,,1", "assignment_day: after the person's death"),
        ("e2,p2,90,101,,,,1", "admission_day: after the person's death"),
    ],
)
def test_days_of_an_episode_that_cannot_be_are_set_aside_by_name(tmp_path, row, rule):
    made = read(tmp_path, episode=EPISODE + E1 + row + "\n")
    assert rules(made, "episode") == [rule]
    assert made["episode"]["episode_id"].tolist() == ["e1"]


@pytest.mark.parametrize(
    "row",
    [
        "e2,p1,0,10,10,10,10,1",  # everything on one day
        "e2,p1,0,,0,0,0,1",  # never admitted, closed on the day of assignment
        "e2,p2,100,100,120,100,,1",  # dies on the day; discharged on paper later
        "e2,p1,0,1,20,27,,1",  # wound up in the week after discharge
        "e2,p1,0,,,-3,,1",  # seen at intake and never admitted
        "e2,p2,90,95,,103,,1",  # a contact booked after death
        "e2,p1,5,0,20,,,1",  # admitted before the level was assigned: judged elsewhere
    ],
)
def test_days_that_touch_are_no_contradiction(tmp_path, row):
    assert rules(read(tmp_path, episode=EPISODE + E1 + row + "\n"), "episode") == []


COPIES = {
    "person": (PERSON, "p1,30,\n", "p1,31,\n", "person_id"),
    "episode": (EPISODE + E3 + E1, E1, E1.replace(",60,", ",61,"), "episode_id"),
    "site": ("site_id,type\ns1,clinic\n", "s1,clinic\n", "s1,hospital\n", "site_id"),
    "baseline": ("episode_id,housing\ne1,own\n", "e1,own\n", "e1,rent\n", "episode_id"),
    "session": (
        "session_id,episode_id,day,status\ns,e1,3,attended\n",
        "s,e1,3,attended\n",
        "s,e1,3,no_show\n",
        "session_id",
    ),
    "assessment": (
        "person_id,day,instrument,item,value\np1,0,PHQ9,1,2\n",
        "p1,0,PHQ9,1,2\n",
        "p1,0,PHQ9,1,3\n",
        "person_id + day + instrument + item",
    ),
    "service": ("service_id,person_id,day,level_of_care\nx,p1,-9,3\n", "x,p1,-9,3\n", "x,p1,-9,1\n", "service_id"),
    "cost": ("cost_id,episode_id,amount\nc,e1,5\n", "c,e1,5\n", "c,e1,6\n", "cost_id"),
}  # fmt: skip


@pytest.mark.parametrize("table", COPIES)
def test_of_copies_one_is_taken_and_of_contradicting_rows_none_and_they_are_counted_apart(tmp_path, table):
    text, copy, other, key = COPIES[table]
    episode = {"episode": EPISODE + E3 + E1}
    copied = read(tmp_path, **episode | {table: text + copy})
    assert rules(copied, table) == [f"{key}: the same row again"]
    alone = read(tmp_path, **episode | {table: text})[table]
    assert len(copied[table]) == len(alone)
    contradicting = read(tmp_path, **episode | {table: text + other})
    assert rules(contradicting, table) == [f"{key}: rows of one key that contradict each other; none is taken"] * 2
    assert len(contradicting[table]) == len(alone) - 1


@pytest.mark.parametrize("order", [("negative", "positive", "invalid"), ("invalid", "positive", "negative")])
def test_of_contradicting_results_of_one_day_a_positive_one_is_taken(tmp_path, order):
    rows = "".join(f"p1,3,opioid,{result}\n" for result in order)
    made = read(tmp_path, drug_test="person_id,day,substance,result\n" + rows)
    assert made["drug_test"]["result"].tolist() == ["positive"]
    rule = "results of one day that contradict each other; a positive one is taken, then a negative one"
    assert rules(made, "drug_test") == [f"person_id + day + substance: {rule}"] * 2


@pytest.mark.parametrize("order", [("2", "5", ""), ("", "5", "2")])
def test_of_contradicting_reports_the_one_of_most_use_is_taken(tmp_path, order):
    rows = "".join(f"p1,0,30,alcohol,{days},interview\n" for days in order)
    made = read(tmp_path, use_report="person_id,day,window_days,substance,days_used,source\n" + rows)
    assert made["use_report"]["days_used"].tolist() == [5]


def test_sessions_attended_without_a_day_of_admission_are_the_admission(tmp_path):
    # Admitted never, says the record; nine sessions were attended from day 4 on, and one before the assignment.
    sessions = "".join(f"s{day},e1,{day},attended\n" for day in (-2, *range(4, 13)))
    made = read(
        tmp_path,
        episode=EPISODE + "e1,p1,0,,60,58,200,2.1\n" + "e2,p2,0,,60,,,1\n",
        session="session_id,episode_id,day,status\n" + sessions + "x,e2,3,no_show\n",
    )
    own = content(tmp_path, metrics={"retention_30": {"metric": "retention", "day": 30}})
    done = run_study(study.parse(own))
    assert done["outcomes"].set_index("member_id")["retention_30"].to_dict() == {"e1": 1, "e2": 0}
    assert "on the day of the first (episodes)" in "".join(done["set_aside"].query("n == 1")["rule"])
    assert made["episode"]["admission_day"].isna().all()  # what the source said stays as it is


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_controlled_periods_that_begin_on_one_day_the_longest_is_taken(tmp_path, order):
    rows = ["p1,5,9,inpatient\n", "p1,5,20,jail\n"]
    text = "person_id,start_day,end_day,reason\n" + "".join(rows[i] for i in order)
    made = read(tmp_path, controlled_period=text + "p1,5,20,jail\n")
    assert made["controlled_period"][["end_day", "reason"]].to_numpy().tolist() == [[20, "jail"]]
    assert sorted(rule.partition(": ")[2] for rule in rules(made, "controlled_period")) == [
        "periods that begin on one day; the longest is taken",
        "the same row again",
    ]


def test_contacts_without_a_day_of_admission_are_read_as_what_they_say(tmp_path):
    # e1: last seen on day 40, so admitted by then. e2: seen at intake only, so never admitted. e3 dies on day 100.
    episode = EPISODE + "e1,p1,0,,,40,200,2.1\n" + "e2,p3,0,,10,-3,200,1\n" + "e3,p2,0,1,170,,,1\n"
    episode = episode.replace("level_of_care\n", "level_of_care,discharge_reason\n")
    episode = episode.replace("2.1\n", "2.1,\n").replace(",1\n", ",1,completed\n")
    read(tmp_path, episode=episode)
    metrics = {"retention_30": {"metric": "retention", "day": 30}, "completion": {}}
    done = run_study(study.parse(content(tmp_path, metrics=metrics)))
    found = done["outcomes"].set_index("member_id")
    assert found["retention_30"].to_dict() == {"e1": 1, "e2": 0, "e3": 1}
    # Nobody completes treatment seventy days after death.
    assert found["completion"].isna().to_dict() == {"e1": True, "e2": False, "e3": True}
    told = "".join(done["set_aside"]["rule"])
    assert "admitted by then" in told and "of somebody never admitted" in told


@pytest.mark.slow
@settings(max_examples=12)
@given(st.permutations(range(11)), st.booleans())
def test_neither_the_order_of_rows_nor_the_names_of_people_decide_anything(tmp_path_factory, order, renamed):
    name = (lambda text: text.translate(str.maketrans("12345", "86421"))) if renamed else (lambda text: text)
    people = [f"{name(f'p{i}')},{30 + i},\n" for i in range(1, 6)]
    episodes = [
        f"{name(f'e{i}')},{name(f'p{i}')},0,1,{40 + i},,200,{level}\n"
        for i, level in enumerate(("2.1", "1", "2.1", "1", "2.1"), start=1)
    ]
    episodes += [f"{name('e1')}x,{name('p1')},0,1,50,,200,1\n"]  # p1 in both arms on one day
    tests = [f"{name('p2')},3,opioid,{result}\n" for result in ("negative", "positive")]
    tests += [f"{name(f'p{i}')},{day},opioid,negative\n" for i in (2, 3, 4) for day in (10, 17, 24)]
    path = tmp_path_factory.mktemp("own")
    made = read(
        path,
        person="person_id,age_years,death_day\n" + "".join(people[i] for i in order if i < len(people)),
        episode=EPISODE + "".join(episodes[i] for i in order if i < len(episodes)),
        drug_test="person_id,day,substance,result\n" + "".join(tests[i] for i in order),
    )
    assert len(made["episode"]) == 6
    own = content(
        path, metrics={"abstinent": {"metric": "continuous_abstinence", "window_days": 28}}, covariates=["age_years"]
    )
    done = run_study(study.parse(own))
    ages = done["covariates"].set_index("member_id")
    found = ages.join(done["outcomes"].set_index("member_id")["abstinent"])
    assert sorted(zip(found["age_years"], found["arm"].astype("str"), found["abstinent"].fillna(-1), strict=True)) == [
        (32, "outpatient", 0), (33, "iop", 0), (34, "outpatient", 0), (35, "iop", 0),
    ]  # fmt: skip
