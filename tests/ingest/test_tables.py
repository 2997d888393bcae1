"""Our own tables as files: what is accepted, what is rejected, and what is said about it."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes import tables
from iop_outcomes.ingest.crosschecks import ORDER
from iop_outcomes.kernel.errors import SourceError, StudyError
from iop_outcomes.kernel.registry import SOURCES

PERSON = "person_id,age_years,sex,death_day\np1,40,female,\np2,51,male,\np3,33,male,100\n"
EPISODE = """episode_id,person_id,assignment_day,admission_day,discharge_day,level_of_care
e1,p1,0,2,90,2.1
e2,p2,0,0,30,1
e3,p3,0,,,1
"""
SESSION = """session_id,episode_id,day,status,minutes_scheduled,minutes_attended
s1,e1,2,attended,180,180
s2,e1,1,no_show,180,0
s3,e2,37,partial,60,30
"""


def read(folder: Path, files: dict[str, str], **settings) -> dict[str, pd.DataFrame]:
    folder.mkdir(exist_ok=True)
    for name, text in {"person.csv": PERSON, "episode.csv": EPISODE, **files}.items():
        (folder / name).write_text(text)
    source = SOURCES["tables"]
    return source(folder.parent, 1, **source.check({"path": folder.name} | settings))


def rejected(read: dict[str, pd.DataFrame]) -> list[tuple]:
    return list(read["rejected"][["file", "line", "rule"]].itertuples(index=False, name=None))


def test_ids_lose_the_point_of_a_number_and_nothing_else(tmp_path):
    person = "person_id,age_years\n1.0,40\n2.00,51\nv3.0,33\n4.05,33\n"
    episode = "episode_id,person_id,assignment_day\ne1,1,0\n"
    found = read(tmp_path / "ids", {"person.csv": person, "episode.csv": episode})
    assert found["person"]["person_id"].tolist() == ["1", "2", "v3.0", "4.05"]


def test_good_files_become_tables_that_keep_their_contracts(tmp_path):
    found = read(tmp_path / "d", {"session.csv": SESSION})
    for name, frame in found.items():
        pd.testing.assert_frame_equal(tables.check(frame, name), frame)
    assert found["intake"][["table", "n_in", "n_accepted", "n_rejected"]].values.tolist() == [
        ["person", 3, 3, 0],
        ["episode", 3, 3, 0],
        ["session", 3, 3, 0],
    ]
    assert found["session"]["minutes_attended"].tolist() == [180, 0, 30]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("s4,e1,1,attended,60,60", "day: a session before admission"),
        ("s4,e2,-1,no_show,60,0", "day: a session before admission"),
        ("s4,e2,38,attended,60,60", "day: more than 7 days after discharge"),
        ("s4,e3,101,attended,60,60", "day: after the person's death"),
        ("s4,e1,3,attended,60,61", "minutes_attended: more than minutes_scheduled"),
        ("s4,e1,3,no_show,60,1", "minutes_attended: above zero in a session that was not attended"),
        ("s4,e9,3,attended,60,60", "episode_id: not among the accepted rows of 'episode'"),
        ("s4,e1,soon,attended,60,60", "day: is no whole number"),
        ("s4,e1,2.5,attended,60,60", "day: is no whole number"),
        ("s4,e1,,attended,60,60", "day: may not be empty"),
        ("s4,e1,3,attended,inf,60", "minutes_scheduled: is no number"),
        ("s4,e1,3,attended,-1,0", "minutes_scheduled: must be at least 0"),
        ("s4,e1,3,attended", "has more or fewer cells than the header"),
        ("s4,e1,3,attended,60,60,,", "has more or fewer cells than the header"),
    ],
)
def test_a_row_that_breaks_a_rule_is_kept_by_line_and_rule_and_never_by_value(tmp_path, row, rule):
    found = read(tmp_path / "d", {"session.csv": SESSION + row + "\n"}, max_rejected_share=0.3)
    assert ("session.csv", 5, rule) in rejected(found)
    assert found["session"]["session_id"].tolist() == ["s1", "s2", "s3"]
    assert found["intake"].query("table == 'session'")[["n_in", "n_rejected"]].values.tolist() == [[4, 1]]


def test_an_unknown_code_is_rejected_with_the_codes_that_are_known(tmp_path):
    found = read(tmp_path / "d", {"session.csv": SESSION + "s4,e1,3,came,60,60\n"}, max_rejected_share=0.5)
    (rule,) = [rule for _, _, rule in rejected(found)]
    assert rule.startswith("status: must be one of attended, partial, no_show")
    assert "came" not in rule


def test_a_row_that_breaks_two_rules_is_one_rejected_row(tmp_path):
    found = read(tmp_path / "d", {"session.csv": SESSION + "s4,e9,soon,attended,60,60\n"}, max_rejected_share=0.3)
    assert len(rejected(found)) == 2
    assert found["intake"].query("table == 'session'")["n_rejected"].tolist() == [1]


@pytest.mark.parametrize(
    ("name", "text", "line", "rule"),
    [
        (
            "drug_test.csv",
            "person_id,day,substance,result\np3,101,opioid,positive\n",
            2,
            "day: after the person's death",
        ),
        (
            "controlled_period.csv",
            "person_id,start_day,end_day,reason\np1,20,30,jail\np2,1,2,jail\np1,10,20,jail\n",
            2,
            "start_day: overlaps an earlier period of the person",
        ),
        (
            "use_report.csv",
            "person_id,day,window_days,substance,days_used,source\np1,0,30,alcohol,31,tlfb\n",
            2,
            "days_used: more than window_days",
        ),
        ("baseline.csv", "episode_id,housing\ne9,stable\n", 2, "episode_id: not among the accepted rows of 'episode'"),
    ],
)
def test_rules_across_rows_and_tables(tmp_path, name, text, line, rule):
    assert rejected(read(tmp_path / "d", {name: text}, max_rejected_share=1)) == [(name, line, rule)]


def test_what_belongs_to_a_rejected_person_is_rejected_too(tmp_path):
    files = {"person.csv": PERSON.replace("p1,40", "p1,140"), "session.csv": SESSION}
    found = read(tmp_path / "d", files, max_rejected_share=1)
    assert rejected(found) == [
        ("episode.csv", 2, "person_id: not among the accepted rows of 'person'"),
        ("person.csv", 2, "age_years: must be at most 90"),
        ("session.csv", 2, "episode_id: not among the accepted rows of 'episode'"),
        ("session.csv", 3, "episode_id: not among the accepted rows of 'episode'"),
    ]


def test_own_names_and_codes_are_given_in_the_study_file(tmp_path):
    person = "id,age_years,sex,notes\np1,40,2,x\np2,51,1,y\np3,33,1,z\n"
    found = read(
        tmp_path / "d",
        {"person.csv": person},
        columns={"person": {"id": "person_id", "notes": None}},
        values={"person.sex": {1: "male", 2: "female"}},
    )
    assert found["person"]["sex"].tolist() == ["female", "male", "male"]
    assert list(found["person"]) == ["person_id", "age_years", "sex"]


def test_covariates_are_numbers_or_true_and_false_where_every_cell_is(tmp_path):
    baseline = "episode_id,score,housing,veteran,smoker\ne1,1,own,No,True\ne2,NA,rent,yes,\n"
    frame = read(tmp_path / "d", {"baseline.csv": baseline})["baseline"]
    assert frame["score"].tolist()[0] == 1
    assert frame["score"].isna().tolist() == [False, True]
    assert frame["housing"].tolist() == ["own", "rent"]
    assert frame["veteran"].tolist() == ["No", "yes"]
    assert frame["smoker"].fillna(False).tolist() == [True, False]


def test_what_the_simulator_writes_as_csv_is_read_back_whole(tmp_path):
    simulated = SOURCES["simulated"]
    written = simulated(tmp_path, 1, **simulated.check({"n_people": 200, "true_effect": "none"}))
    names = [name for name in ORDER if len(written.get(name, ()))]
    for name in names:
        written[name].to_csv(tmp_path / f"{name}.csv", index=False)
    found = SOURCES["tables"](tmp_path.parent, 1, path=tmp_path.name)
    assert found["intake"]["table"].tolist() == names
    assert found["rejected"].empty
    for name in names:
        # Labels from a file are sorted; the order of the simulator's is its own.
        pd.testing.assert_frame_equal(found[name], written[name], check_categorical=False, check_dtype=False)


def test_parquet_and_csv_give_the_same_tables(tmp_path):
    text = read(tmp_path / "d", {"session.csv": SESSION})
    for name in ("person", "episode", "session"):
        file = tmp_path / "d" / f"{name}.csv"
        pd.read_csv(file).to_parquet(file.with_suffix(".parquet"))
    folder = tmp_path / "e"
    folder.mkdir()
    for file in (tmp_path / "d").glob("*.parquet"):
        file.rename(folder / file.name)
    stored = SOURCES["tables"](tmp_path, 1, path="e")
    for name in ("person", "episode", "session"):
        pd.testing.assert_frame_equal(stored[name], text[name])


@pytest.mark.parametrize(
    ("files", "settings", "sentence"),
    [
        (
            {"person.csv": "person,age_years\np1,40\n"},
            {},
            "person.csv: there is no column 'person_id'; did you mean 'per",
        ),
        ({"person.csv": "person_id\n"}, {}, "person.csv: the file has a header and no rows"),
        ({"sesion.csv": SESSION}, {}, "sesion.csv: there is no table 'sesion'; did you mean 'session'?"),
        ({"person.parquet": ""}, {}, "person.parquet: the table 'person' is also in person.csv; keep one of the two"),
        ({"person.csv": PERSON.replace("sex", "sexe")}, {}, "person.csv: the table 'person' has no column 'sexe'; did"),
        ({}, {"columns": {"person": {"gender": "sex"}}}, "person.csv: there is no column 'gender'"),
        ({}, {"columns": {"sessions": {}}}, "source.columns: there is no file of a table 'sessions'"),
        ({}, {"values": {"person.gender": {"m": "male"}}}, "source.values: 'person' has no column 'gender'"),
        ({}, {"values": {"sex": {"m": "male"}}}, "source.values: 'sex' is no table.column of this source"),
        ({}, {"values": {"person.sex": {True: "male"}}}, "source.values.person.sex: YAML reads yes, no, on and off as"),
        ({}, {"path": "nowhere"}, "source.path: there is no file or folder 'nowhere'"),
        ({}, {"path": "d/person.csv"}, "source.path: 'person.csv' is a file; give the folder"),
        ({}, {"colums": {}}, "source 'tables': there is no setting 'colums'; did you mean 'columns'?"),
    ],
)
def test_what_cannot_be_read_is_answered_in_one_sentence(tmp_path, files, settings, sentence):
    with pytest.raises(StudyError) as error:
        read(tmp_path / "d", files, **settings)
    assert str(error.value).startswith(sentence)


def test_a_missing_table_is_named(tmp_path):
    (tmp_path / "person.csv").write_text(PERSON)
    with pytest.raises(SourceError, match=r"there is no episode.csv or episode.parquet"):
        SOURCES["tables"](tmp_path.parent, 1, path=tmp_path.name)


def test_too_many_rejected_rows_refuse_the_source_with_a_count_for_each_rule(tmp_path):
    bad = "s4,e9,3,attended,60,60\ns5,e9,3,attended,60,60\ns6,e1,3,attended,60,61\n"
    with pytest.raises(SourceError) as error:
        read(tmp_path / "d", {"session.csv": SESSION + bad}, max_rejected_share=0.4)
    assert str(error.value) == (
        "session.csv: 3 of 6 rows cannot become rows of 'session', more than the share of 0.4 that "
        "'max_rejected_share' allows: episode_id: not among the accepted rows of 'episode' (2 rows); "
        "minutes_attended: more than minutes_scheduled (1 row)"
    )


@settings(max_examples=5)
@given(order=st.permutations(range(3)))
def test_the_order_of_the_rows_makes_no_difference(tmp_path_factory, order):
    lines = SESSION.splitlines()
    shuffled = "\n".join([lines[0], *[lines[1 + i] for i in order]]) + "\n"
    folder = tmp_path_factory.mktemp("order") / "d"
    found = read(folder, {"session.csv": shuffled})["session"]
    straight = read(folder, {"session.csv": SESSION})["session"]
    pd.testing.assert_frame_equal(found.sort_values("session_id", ignore_index=True), straight)
