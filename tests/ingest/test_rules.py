"""Rules a person can read: each has a row in docs/tables.md, is what rows are set aside by, and can be refused."""

import re
from pathlib import Path

import pandas as pd
import pytest

from clinics import mapping, put, read
from iop_outcomes import in_memory, stages
from iop_outcomes import study as studies
from iop_outcomes.ingest.crosschecks import ORDER
from iop_outcomes.ingest.rules import OF_EVERY, OF_SHEETS, check_refused, rules_of
from iop_outcomes.ingest.stage import examine, ingest
from iop_outcomes.kernel.errors import StudyError, StudyFileError
from iop_outcomes.kernel.refusing import matches, refused
from iop_outcomes.tables.answered import ANSWERED

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "tables.md").read_text(encoding="utf-8")
PERSON = "person_id,death_day\np1,\np2,5\n"
EPISODE = (
    "episode_id,person_id,assignment_day,admission_day,discharge_day,last_contact_day,level_of_care\n"
    "e1,p1,0,1,30,30,2.1\ne2,p2,0,0,4,4,1\ne3,p1,-200,,,-230,1\n"
)
SESSION = "session_id,episode_id,day,status,minutes_scheduled,minutes_attended\n" + "".join(
    f"s{i},e1,{1 + i},attended,60,60\n" for i in range(20)
)


@pytest.fixture
def own(tmp_path):
    """Return a function that writes small tables and returns the study of them, with some rules refused."""

    def study(*refuse: str, session: str = SESSION) -> studies.Study:
        for name, text in (("person", PERSON), ("episode", EPISODE), ("session", session)):
            (tmp_path / f"{name}.csv").write_text(text)
        levels = {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}
        source = {"kind": "tables", "path": str(tmp_path), "max_rejected_share": 1}
        return studies.parse({"study": "own", "source": source, "refuse": list(refuse), "cohort": {"arms": levels}})

    return study


@pytest.mark.parametrize("table", ORDER)
def test_every_rule_of_a_table_is_a_row_of_the_page(table):
    part = PAGE.partition(f"rule of `{table}`")[2].partition("\n### ")[0]
    for rule in (*rules_of(table), *OF_EVERY):
        assert f"| {rule} | set aside |" in part
    for rule in ANSWERED.get(table, ()):
        assert f"| {rule} | answered |" in part


BAD = [
    ("person", "p1,\np1,3\n", "person_id: rows of one key that contradict each other; none is taken"),
    ("person", "p1,40000\n", "death_day: must be at most 36525"),
    ("session", "s1,e9,3,attended,60,60\n", "episode_id: not among the accepted rows of 'episode'"),
    ("session", "s1,e1,0,attended,60,60\n", "day: a session before admission"),
    ("session", "s1,e1,3,attended,60,90\n", "minutes_attended: more than minutes_scheduled"),
    ("session", "s1,e1,3,sleeping,60,60\n", "status: must be one of attended*"),
    ("session", "s1,e1,3,attended,60,60\ns1,e1,3,attended,60,60\n", "session_id: the same row again"),
    ("session", "s1,e1,3,attended,60\n", "has more or fewer cells than the header"),
]


@pytest.mark.parametrize(("table", "rows", "rule"), BAD)
def test_what_rows_are_set_aside_by_is_a_rule_of_the_page_and_may_be_refused(own, tmp_path, table, rows, rule):
    own()
    header = {"person": PERSON, "session": SESSION}[table].partition("\n")[0]
    study = own(f"{table}: {rule}")
    (tmp_path / f"{table}.csv").write_text(f"{header}\n{rows}{'p2,' if table == 'person' else ''}")
    assert any(matches(f"{table}: {rule}", table, one) for one in (*rules_of(table), *OF_EVERY))
    with pytest.raises(StudyError, match=re.escape("refuse: ")) as told:
        ingest(study)
    assert f"of '{table}' fell under the rule" in str(told.value)
    assert str(told.value) in examine(study).problems


def test_a_rule_that_nothing_falls_under_refuses_nothing(own):
    assert len(ingest(own("session: minutes_attended: *", "drug_test: *"))["session"]) == 20


def test_a_record_that_is_answered_can_be_refused_too(own):
    rule = "episode: last contact before the assignment of somebody never admitted: not used (episodes)"
    made = in_memory.run_stages(own(rule), stages.between("", "cohort"), {})
    with pytest.raises(StudyError, match="refuse: 1 record of 'episode' fell under the rule 'last contact before"):
        stages.named("metrics").run(own(rule), made)
    assert len(stages.named("metrics").run(own(), made)["set_aside"])


@pytest.mark.parametrize(
    ("entry", "hint"),
    [
        ("session: day: a sesion before admission", "did you mean 'session: day: a session before admission'"),
        ("day: a session before admission", "there is no rule"),
        ("sessions: the same row again", "there is no rule"),
    ],
)
def test_a_rule_that_is_none_is_told_when_the_files_are_read(own, entry, hint):
    with pytest.raises(StudyFileError, match=re.escape(hint)):
        ingest(own(entry))
    assert any(hint in problem for problem in examine(own(entry)).problems)


def test_the_rules_of_sheets_are_those_on_the_page(tmp_path):
    visits = (
        "Client,Date,Start,End,Status\nA,1/3/2024,9:00 AM,12:00 PM,Kept\nA,1/3/2024,9:00 AM,12:00 PM,Kept\n"
        "A,13/13/2024,9:00 AM,12:00 PM,Kept\nA,1/4/2024,9:00 AM,noon,Kept\nA,1/5/2024,3:00 PM,2:00 PM,Kept\n"
        "A,1/6/2024,9:00 AM,12:00 PM,???\nZ,1/6/2024,9:00 AM,12:00 PM,Kept\nA,1/6/2023,9:00 AM,12:00 PM,Kept\n"
        "A,1/6/2026,9:00 AM,12:00 PM,Kept\nClient,Date,Start,End,Status\nTotal,,,,9\nA,1/7/2024,9:00 AM\n"
        "A,1/8/2024,9:00 AM,12:00 PM,PENDING\n"
    )
    put(tmp_path, intakes_csv="Client,Intake,Level\nA,1/2/2024,IOP\nB,1/20/2024,op\n", visits_csv=visits)
    asked = mapping(max_rejected_share=1)
    asked["sheets"]["visits"]["leave_out"] = {"Status": "PENDING"}
    rejected = read(tmp_path, asked)["rejected"].astype(str)
    seen = set(rejected.loc[rejected["table"] == "session", "rule"])
    known = [*OF_SHEETS, *OF_EVERY, *rules_of("session")]
    assert len(seen) >= 11
    assert [rule for rule in seen if not any(matches(f"session: {one}", "session", rule) for one in known)] == []
    for rule in OF_SHEETS:
        assert f"- {rule}\n" in PAGE
    check_refused(["session: Status: left out by the study", "session: status: a code that the mapping does not name"])


def test_rules_are_counted_by_hand():
    counts = [("session", "day: late", 3), ("session", "day: early", 0), ("episode", "day: late", 1)]
    found = pd.Series(refused(["session: day: *"], counts))
    assert found.str.contains("3 records of 'session' fell under the rule 'day: late'").tolist() == [True]
