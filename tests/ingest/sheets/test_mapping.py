"""A clinic's sheets become tables: days, episodes, codes, minutes, copies, joined sheets, sessions of several rows."""

import pytest

from clinics import INTAKES, VISITS, examined, mapping, put, read, rules
from iop_outcomes import study as studies
from iop_outcomes.kernel.errors import SourceError, StudyFileError


@pytest.fixture
def clinic(tmp_path):
    put(tmp_path, intakes_csv=INTAKES, visits_csv=VISITS)
    return tmp_path


def test_days_count_from_the_first_intake_and_episodes_are_numbered(clinic):
    episode = read(clinic, mapping())["episode"].sort_values(["person_id", "assignment_day"])
    first = episode["person_id"].value_counts().idxmax()
    of_a = episode[episode["person_id"] == first]
    assert of_a["assignment_day"].tolist() == [0, 59]
    assert of_a["episode_id"].tolist() == [f"{first}-1", f"{first}-2"]
    assert of_a["level_of_care"].tolist() == ["2.1", "1"]
    # Drawn on 2024-12-31, a leap year: 364 days after the second of January.
    assert set(of_a["observation_end_day"]) == {364}


def test_a_visit_belongs_to_the_episode_that_was_open_on_its_day(clinic):
    session = read(clinic, mapping())["session"].sort_values("day")
    assert session["episode_id"].str[-2:].tolist() == ["-1", "-1", "-1", "-2"]
    assert session["day"].tolist() == [1, 2, 2, 63]
    assert session["minutes_scheduled"].tolist() == [180, 180, 50, 50]
    assert session["status"].tolist() == ["attended", "no_show", "attended", "attended"]


def test_no_date_and_no_number_of_the_clinic_is_in_any_table(clinic):
    written = "".join(frame.to_csv() for frame in read(clinic, mapping()).values())
    assert "2024" not in written
    assert ",A," not in written and ",B," not in written


def test_the_order_of_rows_decides_nothing(tmp_path):
    def turned(text):
        header, *rows = text.splitlines()
        return "\n".join([header, *reversed(rows)])

    put(tmp_path, intakes_csv=INTAKES, visits_csv=VISITS)
    before = read(tmp_path, mapping())["session"]
    put(tmp_path, intakes_csv=turned(INTAKES), visits_csv=turned(VISITS))
    after = read(tmp_path, mapping())["session"]
    content = ["episode_id", "day", "status", "minutes_scheduled"]
    assert sorted(map(tuple, before[content].to_numpy())) == sorted(map(tuple, after[content].to_numpy()))


def test_every_row_that_is_not_taken_is_counted_by_a_rule(clinic):
    put(
        clinic,
        visits_csv=VISITS
        + "A,1/3/2024,9:00 AM,12:00 PM,Kept\n"  # a copy
        + "Client,Date,Start,End,Status\n"  # the header of the next printed page
        + "A,12/30/2023,9:00 AM,12:00 PM,Kept\n"  # before any intake
        + "C,1/3/2024,9:00 AM,12:00 PM,Kept\n"  # nobody of the intakes
        + "A,1/5/2024,12:00 PM,9:00 AM,Kept\n"  # ends before it begins
        + "A,1/6/2024,9:00 AM,10:00 AM,dunno\n"  # a code that nobody knows
        + "A,31/6/2024,9:00 AM,10:00 AM,Kept\n"  # no such day
        + "A,1/6/2025,9:00 AM,10:00 AM,Kept\n"  # after the data were drawn
        + "A,1/7/2024,9:00 AM\n"  # too few cells
        + "Total,12,,,\n",
    )
    tables = read(clinic, mapping(max_rejected_share=1))
    assert rules(tables, "session") == {
        "the same row again": 1,
        "the header again": 1,
        "episode_id: no episode of the person had begun on its day (day)": 1,
        "day: the person has no day 0 to count from": 1,
        "episode_id: the person has no episode": 1,
        "minutes_scheduled: ends before it begins": 1,
        "status: a code that the mapping does not name": 1,
        "day: is no date of the form M/D/YYYY": 1,
        "day: after the day on which the data were drawn": 1,
        "has more or fewer cells than the header": 1,
        "a row of totals": 1,
    }
    counts = tables["intake"].set_index("table").loc["session"]
    assert (counts["n_in"], counts["n_accepted"], counts["n_rejected"]) == (14, 4, 10)


def test_a_sheet_of_which_too_much_is_set_aside_is_refused(clinic):
    put(clinic, visits_csv=VISITS.replace("Kept", "Came").replace("kept", "came"))
    with pytest.raises(SourceError, match=r"3 of 4 rows cannot become rows of 'session'.*a code that the mapping"):
        read(clinic, mapping())


def test_a_discharge_is_joined_by_client_and_day_of_intake_written_otherwise(clinic):
    put(
        clinic,
        out_csv="Client,Intake Date,Left\n"
        "A,01/02/2024,2/1/2024\nB,2024-01-20,\na ,3/1/2024,4/1/2024\nZ,1/1/2024,2/2/2024\n",
    )
    asked = mapping(dates=["M/D/YYYY", "YYYY-MM-DD"])
    asked["sheets"]["out"] = {"file": "out.csv"}
    asked["tables"]["episode"]["join"] = {"out": {"by": {"Client": "Client", "Intake": "Intake Date"}}}
    asked["tables"]["episode"]["columns"]["discharge_day"] = {"sheet": "out", "column": "Left"}
    tables = read(clinic, asked)
    assert sorted(tables["episode"]["discharge_day"].dropna()) == [30, 90]
    assert rules(tables, "episode") == {"no row of the sheet it is joined to has its Client and Intake Date": 1}


def test_a_discharge_without_a_key_goes_to_the_latest_intake_before_it(clinic):
    put(clinic, out_csv="Client,Left\nA,2/1/2024\nA,4/1/2024\nB,2/1/2024\nB,1/1/2024\n")
    asked = mapping()
    asked["sheets"]["out"] = {"file": "out.csv"}
    asked["tables"]["episode"]["join"] = {"out": {"day": "Left", "here": "Intake"}}
    asked["tables"]["episode"]["columns"]["discharge_day"] = {"sheet": "out", "column": "Left"}
    tables = read(clinic, asked)
    assert sorted(tables["episode"]["discharge_day"]) == [12, 30, 90]
    assert rules(tables, "episode") == {"no row of the sheet it is joined to has its person and day (Left)": 1}


def test_two_discharges_of_one_intake_are_not_chosen_from(clinic):
    put(clinic, out_csv="Client,Left\nA,2/1/2024\nA,2/8/2024\nB,2/1/2024\n")
    asked = mapping()
    asked["sheets"]["out"] = {"file": "out.csv"}
    asked["tables"]["episode"]["join"] = {"out": {"day": "Left", "here": "Intake"}}
    asked["tables"]["episode"]["columns"]["discharge_day"] = {"sheet": "out", "column": "Left"}
    tables = read(clinic, asked)
    assert tables["episode"]["discharge_day"].count() == 1
    assert rules(tables, "episode") == {"several rows of one person and day (Left)": 2}


def test_three_rows_of_one_hour_are_one_session_attended_in_part(clinic):
    put(
        clinic,
        visits_csv="Client,Date,Start,End,Status\n"
        "A,1/3/2024,9:00 AM,10:00 AM,Kept\n"
        "A,1/3/2024,10:00 AM,11:00 AM,Kept\n"
        "A,1/3/2024,11:00 AM,12:00 PM,NS\n"
        "B,1/22/2024,9:00 AM,10:00 AM,Kept\n",
    )
    asked = mapping()
    session = asked["tables"]["session"]
    session["columns"]["minutes_attended"] = {
        "take": "minutes_scheduled",
        "when": {"status": "attended"},
        "otherwise": 0,
    }
    session["together"] = ["day"]
    tables = read(clinic, asked)
    got = tables["session"].sort_values("day")
    assert got["status"].tolist() == ["partial", "attended"]
    assert got["minutes_scheduled"].tolist() == [180, 60]
    assert got["minutes_attended"].tolist() == [120, 60]
    # All four rows became part of a session.
    counts = tables["intake"].set_index("table").loc["session"]
    assert (counts["n_in"], counts["n_accepted"], counts["n_rejected"]) == (4, 4, 0)


def test_free_text_goes_by_the_first_pattern_and_a_flag_by_a_condition(clinic):
    put(
        clinic,
        intakes_csv="Client,Intake,Level,Drug,Born\n"
        "A,1/2/2024,IOP,ETOH + THC,1/3/1990\nB,1/20/2024,op,Heroin,1/20/1930\nC,1/20/2024,op,,1/20/2000\n",
    )
    asked = mapping()
    patterns = {"etoh|alcohol": "alcohol", "thc": "cannabis", "heroin": "opioid"}
    asked["tables"]["person"]["columns"] = {"age_years": {"column": "Born", "as": "age"}}
    asked["tables"]["baseline"] = {
        "from": "intakes",
        "columns": {
            "substance": {"column": "Drug", "patterns": patterns, "empty": "not asked"},
            "opioid_medication": {"constant": True, "when": {"substance": "opioid"}, "otherwise": False},
        },
    }
    tables = read(clinic, asked)
    got = tables["baseline"].sort_values("substance")
    assert got["substance"].tolist() == ["alcohol", "not asked", "opioid"]
    assert got["opioid_medication"].tolist() == [False, False, True]
    # A day short of 34 is 33; 94 is told as 90.
    assert sorted(tables["person"]["age_years"]) == [24, 33, 90]


def test_one_file_a_month_is_one_sheet(clinic):
    header, *rows = VISITS.splitlines()
    put(clinic, visits_1_csv="\n".join([header, *rows[:2]]), visits_2_csv="\n".join([header, *rows[2:]]))
    (clinic / "raw" / "visits.csv").unlink()
    asked = mapping()
    asked["sheets"]["visits"] = {"file": "visits_*.csv"}
    tables = read(clinic, asked)
    assert len(tables["session"]) == 4
    assert set(tables["intake"]["file"]) == {"intakes.csv", "visits_1.csv", "visits_2.csv"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"anchor": {"sheet": "intake", "column": "Intake"}}, r"there is no sheet 'intake'; did you mean 'intakes'"),
        ({"dates": ["M/D/YYYY", "D/M/YYYY"]}, r"read 3/4 as two days"),
        ({"dates": ["mm-yy"]}, r"'mm-yy' is no form of a date"),
        ({"sheets": {"intakes": {"file": "intake.csv"}}}, r"there is no sheet 'visits'"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_one_sentence(clinic, change, sentence):
    with pytest.raises(SourceError, match=sentence):
        read(clinic, mapping(**change))


@pytest.mark.parametrize(
    ("column", "cell", "sentence"),
    [
        ("day", "Datum", r"there is no column 'Datum'"),
        ("status", {"column": "Status", "codes": {"Kept": "came"}}, r"there is no code 'came'; known: attended"),
        ("statu", "Status", r"no column 'statu'; did you mean 'status'"),
        ("minutes_scheduled", {"column": "Start", "unit": "miles"}, r"'miles' cannot become this column"),
        ("mode", {"take": "stat"}, r"there is no column 'stat' in this mapping"),
        ("mode", "Date", r"holds calendar dates, which are never stored"),
    ],
)
def test_a_column_that_cannot_be_made_is_one_sentence(clinic, column, cell, sentence):
    asked = mapping()
    asked["tables"]["session"]["columns"][column] = cell
    with pytest.raises(SourceError, match=sentence):
        read(clinic, asked)


@pytest.mark.parametrize(("key", "value"), [("together", ["dai"]), ("one_per", ["dai"]), ("episode", "dai")])
def test_rows_cannot_be_put_together_by_a_column_that_is_not_there(clinic, key, value):
    asked = mapping()
    asked["tables"]["session"][key] = value
    with pytest.raises(
        SourceError, match=r"'dai' .* in this mapping; did you mean 'day'|no column 'dai' in this mapping"
    ):
        read(clinic, asked)


def test_without_a_day_of_assignment_nothing_is_said_twice_and_nothing_falls_over(clinic):
    asked = mapping()
    del asked["tables"]["episode"]["columns"]["assignment_day"]
    found = examined(clinic, asked)
    assert "there is no column 'assignment_day'" in found.problems[0]
    assert len(found.problems) == 2


def test_a_code_that_yaml_reads_as_true_is_refused(clinic):
    asked = mapping()
    asked["tables"]["session"]["columns"]["mode"] = {"column": "Status", "codes": {True: "video"}}
    with pytest.raises(StudyFileError, match="quote the code"):
        read(clinic, asked)


def test_what_is_known_later_cannot_be_mapped_to_what_must_be_known_at_assignment(clinic):
    asked = mapping()
    asked["tables"]["episode"]["columns"]["level_of_care"]["column"] = "Discharge LOC"
    content = {
        "study": "s",
        "source": {"kind": "sheets", **asked},
        "cohort": {"arms": {"iop": {"level_of_care": "2.1"}}},
    }
    with pytest.raises(StudyFileError, match=r"source.tables.episode: 'Discharge LOC' speaks of discharge"):
        studies.parse(content)


def test_a_sheet_of_which_every_row_is_left_out_is_an_empty_table(clinic):
    asked = mapping()
    asked["sheets"]["visits"]["leave_out"] = {"Status": ["*"]}
    attended = {"take": "minutes_scheduled", "when": {"status": ["attended"]}, "otherwise": 0}
    asked["tables"]["session"]["columns"]["minutes_attended"] = attended
    tables = read(clinic, asked)
    assert len(tables["session"]) == 0 and rules(tables, "session") == {"Status: left out by the study": 4}


def test_rows_are_put_together_by_what_they_have_in_common(clinic):
    asked = mapping()
    asked["tables"]["session"]["together"] = ["status"]
    assert any("rows of one session differ in 'status'" in problem for problem in examined(clinic, asked).problems)
