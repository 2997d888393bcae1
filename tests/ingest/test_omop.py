"""OMOP CDM: codes to episodes and sessions, dates to study days, and what is refused."""

import pandas as pd
import pytest

from dated_clinic import DRAWN, arms_study, clinic, of_one, together
from iop_outcomes import tables as contracts
from iop_outcomes.ingest.accepting import refuse
from iop_outcomes.ingest.sources.omop.layout import NOT_READ
from iop_outcomes.ingest.sources.omop.source import read_omop
from iop_outcomes.ingest.stage import examine, ingest
from iop_outcomes.kernel.errors import SourceError
from iop_outcomes.kernel.registry import SOURCES
from iop_outcomes.study import parse
from iop_outcomes.tables.capability import capabilities
from omop_database import tables, write
from reference import reference_data

SETTINGS = {"codes": {}, "minutes": {}, "break_days": 30, "drawn": None, "max_rejected_share": 1.0}


def read(made: dict, folder, form: str = "csv", **settings) -> dict[str, pd.DataFrame]:
    return read_omop(folder, 1, SETTINGS | {"path": write(made, folder, form)} | settings, refuse, [])


@pytest.fixture(scope="module")
def eight(tmp_path_factory):
    return read(tables(clinic(8)), tmp_path_factory.mktemp("eight"))


def test_every_row_of_a_clinic_is_accepted(eight):
    assert (eight["intake"]["n_rejected"] == 0).all()
    made = clinic(8)
    came = made.sessions[made.sessions["status"] == "attended"]
    assert len(eight["session"]) == len(came)
    assert eight["session"]["minutes_attended"].sum() == came["minutes"].sum()
    assert eight["episode"]["level_of_care"].tolist().count("2.1") == 4
    assert (eight["episode"]["assignment_day"] == 0).all()
    assert (eight["drug_test"]["result"] == "positive").sum() == (made.tests["result"] == "positive").sum()
    assert sorted(eight["assessment"]["value"]) == sorted(made.scores["total"])
    assert eight["person"]["death_day"].dropna().tolist() == [300]
    for name, frame in eight.items():
        pd.testing.assert_frame_equal(contracts.check(frame, name), frame)


def test_neither_dates_nor_ids_of_the_database_reach_a_table(eight):
    made = clinic(8)
    theirs = {*made.people["person"], *("MRN-" + made.people["person"]), "a visit of somebody with a name"}
    for name, frame in eight.items():
        cells = {str(cell) for column in frame for cell in frame[column].dropna()}
        assert not cells & theirs, name
        assert not [cell for cell in cells if "2022-" in cell or "2023-" in cell], name


@pytest.mark.parametrize("form", ["parquet", "sqlite", "duckdb"])
def test_every_form_of_a_database_holds_the_same(eight, tmp_path, form):
    if form == "duckdb":
        pytest.importorskip("duckdb")
    found = read(tables(clinic(8)), tmp_path, form)
    for name in (n for n in found if n not in ("intake", "rejected")):
        pd.testing.assert_frame_equal(found[name], eight[name])


#: Codes by day, and the episodes that they are: level, first and last day.
STORIES = [
    ([(0, "H0015"), (2, "H0015")], [("2.1", 0, 2)]),
    ([(0, "H0005"), (30, "H0005")], [("1", 0, 30)]),
    # A break of more than thirty days ends an episode.
    ([(0, "H0005"), (31, "H0015")], [("1", 0, 0), ("2.1", 31, 31)]),
    # What is added later is part of the episode, and no reason to call it by another level.
    ([(0, "H0005"), (7, "H0015")], [("1", 0, 7)]),
    # On the first day the highest level counts, and its day's rate contains the counselling.
    ([(0, "H0004"), (0, "H0015")], [("2.1", 0, 0)]),
    # An assessment comes before every level alike and opens no episode.
    ([(0, "H0001"), (5, "H0015")], [("2.1", 5, 5)]),
    ([(0, "H0010"), (5, "H0005")], [("1", 5, 5)]),
]


def test_a_run_of_contacts_is_an_episode_of_the_level_of_its_first_day(tmp_path):
    first = pd.Timestamp("2022-03-01")
    people = [
        of_one(*[(str((first + pd.Timedelta(days=day)).date()), code) for day, code in days], person=str(number))
        for number, (days, _) in enumerate(STORIES)
    ]
    made = tables(together(people))
    # The year of birth tells who is who, for nothing else of a person is left.
    made["person"]["year_of_birth"] = [1950 + number for number in range(len(STORIES))]
    found = read(made, tmp_path)
    who = found["person"].sort_values("age_years", ascending=False)["person_id"]
    for person, (_, episodes) in zip(who, STORIES, strict=True):
        own = found["episode"][found["episode"]["person_id"] == person].sort_values("assignment_day")
        # Day 0 is the first day of the first episode.
        start = episodes[0][1]
        expected = [[level, low - start, high - start] for level, low, high in episodes]
        assert own[["level_of_care", "admission_day", "last_contact_day"]].values.tolist() == expected


def test_care_before_an_episode_is_referral_and_step_down(tmp_path):
    found = read(tables(of_one(("2022-03-01", "H0010"), ("2022-03-03", "H0001"), ("2022-03-06", "H0015"))), tmp_path)
    episode = found["episode"].iloc[0]
    assert (episode["stepped_down_from"], episode["referral_day"]) == ("detox", -3)
    assert found["session"]["day"].tolist() == [0]
    assert sorted(found["service"].dropna(subset="code")["day"]) == [-5, -3, 0]


def test_a_day_rate_contains_the_treatment_of_its_day(tmp_path):
    sessions = (("2022-03-01", "H0015"), ("2022-03-01", "H0015"), ("2022-03-01", "H0004"), ("2022-03-02", "H0038"))
    found = read(tables(of_one(*sessions)), tmp_path)["session"].sort_values("day")
    assert found[["day", "type"]].astype(object).values.tolist() == [[0, "group"], [1, "peer"]]


def test_counselling_is_care_of_substance_use_from_the_diagnosis_on_and_outside_beds(tmp_path):
    days = ("2022-02-01", "H0004"), ("2022-03-05", "H0004"), ("2022-03-06", "H0004"), ("2022-03-06", "H0018")
    made = tables(of_one(*days))
    made["condition_occurrence"]["condition_start_date"] = "2022-03-01"
    found = read(made, tmp_path)
    # Of four days two are counselling of somebody diagnosed, and one of these was spent in residential care.
    assert found["session"]["day"].tolist() == [0]
    assert sorted(found["service"].dropna(subset="code")["day"]) == [-32, 0, 1, 1]


def test_lengths_come_from_the_visit_then_from_the_code(tmp_path):
    made = tables(of_one(("2022-03-01", "H0015"), ("2022-03-02", "H0004")))
    made["procedure_occurrence"]["quantity"] = [1, 3]
    made["visit_occurrence"]["visit_end_datetime"] = ["2022-03-01 11:30:00", None]
    found = read(made, tmp_path)["session"].sort_values("day")
    assert found[["minutes_attended", "hours_source"]].astype(object).values.tolist() == [
        [150.0, "recorded"], [45.0, "imputed"]
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("codes", "levels"),
    [({"X77": "2.1"}, ["2.1"]), ({"X77": "day:2.1"}, ["2.1"]), ({"4711": "1"}, ["1"]), ({"H0015": None}, [])],
)
def test_a_study_says_which_codes_stand_for_care(tmp_path, codes, levels):
    made = tables(of_one(("2022-03-01", "H0015" if None in codes.values() else "X77")))
    made["procedure_occurrence"]["procedure_concept_id"] = 4711
    assert read(made, tmp_path, codes=codes)["episode"]["level_of_care"].tolist() == levels


def test_codes_behind_concepts_are_found_in_the_vocabulary_of_the_database(tmp_path):
    made = tables(of_one(("2022-03-01", "local name of a group")))
    made["procedure_occurrence"]["procedure_concept_id"] = 2721000
    made["concept"] = pd.DataFrame(
        {"concept_id": [2721000], "concept_name": ["x"], "vocabulary_id": ["HCPCS"], "concept_code": ["H0015"]}
    )
    found = read(made, tmp_path)
    assert found["episode"]["level_of_care"].tolist() == ["2.1"]
    assert found["service"]["code"].dropna().tolist() == ["H0015"]


#: Table, column, a cell that nobody should write, and the rule that it breaks; each in a row of its own.
BROKEN = [
    ("person", "year_of_birth", "x", "year_of_birth: is no year"),
    ("person", "year_of_birth", "1720", "year_of_birth: before 1850"),
    ("person", "month_of_birth", "14", "month_of_birth, day_of_birth: no day of a calendar"),
    ("procedure_occurrence", "procedure_date", "03/01/2022", "procedure_date: is no date"),
    ("procedure_occurrence", "procedure_date", "1753-01-01", "procedure_date: before 1900"),
    (
        "procedure_occurrence",
        "procedure_date",
        "2099-01-01",
        "procedure_date: after the day on which the data were drawn",
    ),
    ("procedure_occurrence", "person_id", "99", "person_id: not among the accepted rows of 'person'"),
    ("procedure_occurrence", "person_id", "", "person_id: empty"),
    ("visit_occurrence", "visit_end_date", "2021-02-01", "visit_end_date: before it starts"),
    ("measurement", "value_as_concept_id", "4", "result: says neither positive nor negative"),
    ("measurement", "value_as_concept_id", "", "result: nothing was recorded"),
    ("measurement", "measurement_source_value", "2345-7", "code: no code of the study or of the lists: not used"),
    ("observation", "value_as_number", "many", "value: is no number"),
    (
        "condition_occurrence",
        "condition_source_value",
        "S72.0",
        "condition: no code of the study or of the lists: not used",
    ),
    ("death", "death_date", "soon", "death_date: is no date"),
]


def test_a_row_that_breaks_a_rule_is_set_aside_by_name(tmp_path):
    made = {name: frame.astype(object) for name, frame in tables(clinic(12)).items()}
    # Three more people, of whom nothing else is known.
    others = made["person"].iloc[:3].assign(person_id=["7", "8", "9"])
    made["person"] = pd.concat([others, made["person"]], ignore_index=True)
    expected = set()
    rows = dict.fromkeys(made, 0)
    for table, column, cell, rule in BROKEN:
        made[table].loc[rows[table], column] = cell
        expected.add((f"{table.upper()}.csv", rows[table] + 2, rule))
        rows[table] += 1
    rejected = read(made, tmp_path, drawn=DRAWN)["rejected"]
    assert set(rejected[["file", "line", "rule"]].itertuples(index=False, name=None)) == expected


def test_nothing_is_after_death(tmp_path):
    made = tables(of_one(("2022-03-01", "H0015"), ("2022-03-05", "H0015"), died=pd.Timestamp("2022-03-03").date()))
    found = read(made, tmp_path)
    assert found["session"]["day"].tolist() == [0]
    assert set(found["rejected"]["rule"]) == {
        "procedure_date: after the person's death", "visit_start_date: after the person's death"
    }  # fmt: skip


def test_inpatient_stays_that_touch_are_one_controlled_period(tmp_path):
    made = tables(of_one(("2022-03-01", "H0015"), ("2022-04-10", "x"), ("2022-04-13", "x"), ("2022-05-20", "x")))
    visit = made["visit_occurrence"]
    visit["visit_concept_id"] = [9202, 9201, 9201, 9201]
    visit["visit_end_date"] = ["2022-03-01", "2022-04-12", "2022-04-15", "2022-05-21"]
    found = read(made, tmp_path)["controlled_period"]
    assert found[["start_day", "end_day"]].values.tolist() == [[40, 45], [80, 81]]


def test_attendance_is_refused_because_nobody_who_missed_left_a_trace(eight):
    state = capabilities(eight, SOURCES["omop"].cannot).set_index("name")
    assert not state["available"]["session.missed"]
    assert state["available"]["session"]
    for place in SOURCES["omop"].cannot:
        assert not state["available"][place], place


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"path": "nowhere"}, "source.path: there is no file or folder 'nowhere'"),
        ({"path": "plain.txt"}, "plain.txt: an OMOP database is a folder of .csv"),
        ({"path": "torn.sqlite"}, "torn.sqlite: this is no SQLite file"),
        ({"path": "empty"}, "empty: there is no table 'person'"),
        ({"path": "cdm", "codes": {"H1": "9"}}, "source.codes.H1: '9' is no meaning of a code; write a level of care"),
        ({"path": "cdm"}, "omop: 10 rows were read, and none bears a code of outpatient or intensive outpatient"),
    ],
)
def test_a_database_that_cannot_be_read_is_answered_in_one_sentence(tmp_path, settings, sentence):
    made = tables(of_one(*[("2022-03-01", "other")] * 4))
    write({name: frame for name, frame in made.items() if name != "condition_occurrence"}, tmp_path)
    (tmp_path / "plain.txt").write_text("x")
    (tmp_path / "torn.sqlite").write_text("x")
    (tmp_path / "empty").mkdir()
    source = SOURCES["omop"]
    with pytest.raises(SourceError) as error:
        source(tmp_path, 1, **source.check(settings))
    assert str(error.value).startswith(sentence)


@pytest.mark.oracle
def test_a_foreign_database_is_read_whole(tmp_path):
    import zipfile

    with zipfile.ZipFile(reference_data("omop", "Synthea27Nj_5.4.zip")) as packed:
        packed.extractall(tmp_path, [name for name in packed.namelist() if "MACOSX" not in name])
    found = read_omop(tmp_path, 1, SETTINGS | {"path": ".", "max_rejected_share": 0.1}, refuse, [])
    intake = found["intake"].groupby("file", observed=True)[["n_in", "n_accepted"]].sum()
    assert intake.loc["PERSON.csv"].tolist() == [28, 28]
    assert intake.loc["VISIT_OCCURRENCE.csv"].tolist() == [1791, 1791]
    assert intake.loc["PROCEDURE_OCCURRENCE.csv"].tolist() == [1649, 1649]
    # The seven five-drug panels have a result; of 10,040 measurements nothing else is a drug test.
    assert intake.loc["MEASUREMENT.csv"].tolist() == [10040, 7]
    # The questionnaires of this export have codes and no values.
    assert intake.loc["OBSERVATION.csv"].tolist() == [8099, 0]
    unread = {f"{name.upper()}.csv" for name in NOT_READ}
    assert (intake.loc[[name for name in intake.index if name in unread], "n_accepted"] == 0).all()
    assert len(found["drug_test"]) == 7
    assert found["person"]["death_day"].notna().sum() == 3
    study = parse(arms_study({"kind": "omop", "path": str(tmp_path)}, drawn=False))
    with pytest.raises(SourceError, match="omop: 25,252 rows were read, and none bears a code of outpatient"):
        ingest(study)
    assert len(examine(study).problems) == 1
