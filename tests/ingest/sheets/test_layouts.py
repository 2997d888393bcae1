"""Another clinic: workbooks with titles and merged headers, week grids, wide panels, UTF-16, old line ends."""

import datetime

import openpyxl
import pytest

from clinics import INTAKES, VISITS, examined, mapping, put, read, rules
from iop_outcomes.kernel.errors import SourceError, StudyFileError


def workbook(path, **sheets):
    """Write a workbook; a sheet is its rows, and what is to be merged or hidden."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, (rows, merged, hidden) in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for cells in merged:
            sheet.merge_cells(cells)
        for line in hidden:
            sheet.row_dimensions[line].hidden = True
    book.save(path)


def screens(**long):
    """Return the mapping of the small clinic with a sheet of drug tests."""
    asked = mapping()
    asked["sheets"]["screens"] = {"file": "screens.xlsx", "sheet": "UDS 2024"} | long
    asked["tables"]["drug_test"] = {
        "from": "screens",
        "columns": {
            "day": "Collected",
            "substance": {"column": "panel", "codes": {"thc": "cannabis", "coc": "cocaine"}},
            "result": {"column": "reading", "codes": {"neg": "negative", "POS": "positive"}},
        },
    }
    return asked


@pytest.fixture
def clinic(tmp_path):
    put(tmp_path, intakes_csv=INTAKES, visits_csv=VISITS)
    return tmp_path


def test_a_wide_panel_under_a_title_and_a_merged_header(clinic):
    day = datetime.datetime(2024, 1, 9)
    rows = [
        ["Urine screens, all locations"],
        [],
        ["Client", "Collected", "Panel", None],
        [None, None, "THC", "COC"],
        ["A", day, "neg", "pos"],
        ["a ", day + datetime.timedelta(days=7), "Neg", None],
        ["B", datetime.datetime(2024, 1, 30), "neg", "neg "],
        ["Total", 3, None, None],
    ]
    merged = ["A3:A4", "B3:B4", "C3:D3"]
    workbook(clinic / "raw" / "screens.xlsx", **{"UDS 2024": (rows, merged, [6]), "notes": ([["x"]], [], [])})
    long = {"columns": {"Panel THC": "thc", "Panel COC": "coc"}, "name": "panel", "value": "reading"}
    found = examined(clinic, screens(long=long))
    assert found.problems == []
    tests = found.tables["drug_test"].sort_values(["day", "substance"])
    assert tests["day"].tolist() == [7, 7, 10, 10, 14]
    assert tests["substance"].tolist() == ["cannabis", "cocaine", "cannabis", "cocaine", "cannabis"]
    assert tests["result"].tolist() == ["negative", "positive", "negative", "negative", "negative"]
    assert rules(found.tables, "drug_test") == {"a row of totals": 2, "blank: nothing was recorded": 1}
    counts = found.tables["intake"].set_index("file")["n_in"]
    assert counts["screens.xlsx, sheet UDS 2024, column Panel COC"] == 4
    assert "screens.xlsx, sheet UDS 2024: 1 row is hidden in the workbook and read as others" in found.notes


def test_a_column_for_each_result_and_its_date(clinic):
    put(
        clinic,
        screens_csv="Client;Test 1 date;Test 1 result;Test 2 date;Test 2 result\n"
        "A;1/9/2024;neg;1/16/2024;pos\nB;1/30/2024;neg;;\n",
    )
    values = {"Collected": "Test # date", "reading": "Test # result"}
    asked = screens(file="screens.csv", sheet=None, long={"values": values, "name": "number"})
    asked["tables"]["drug_test"]["columns"]["substance"] = {"constant": "any"}
    tests = read(clinic, asked)["drug_test"].sort_values("day")
    assert tests["day"].tolist() == [7, 10, 14]
    assert tests["result"].tolist() == ["negative", "negative", "positive"]


def grid(text, **long):
    """Return the mapping of the small clinic with a week grid for its visits."""
    asked = mapping()
    asked["sheets"]["visits"] = {"file": "visits.csv", "long": {"name": "slot", "value": "letter"} | long}
    letters = {"P": "attended", "A": "no_show", "E": "excused", "C": "cancel_program"}
    asked["tables"]["session"]["columns"] = {
        "day": {"column": "Week of", "plus_days": "slot"},
        "status": {"column": "letter", "codes": letters},
        "minutes_scheduled": {"constant": 180},
    }
    return asked


@pytest.mark.parametrize(
    ("encoding", "end", "separator"),
    [("utf-16", "\r\n", ";"), ("utf-8-sig", "\r", ","), ("utf-8", "\n", "\t"), ("utf-16", "\r", "|")],
)
def test_a_week_grid_in_every_dress(clinic, encoding, end, separator):
    rows = ["Client,Week of,Mon,Wed,Fri", "A,1/8/2024,P,a,", "B,1/22/2024,E,C,P "]
    put(clinic, visits_csv=end.join(rows).replace(",", separator).encode(encoding))
    session = read(clinic, grid("", columns={"Mon": 0, "Wed": 2, "Fri": 4}))["session"].sort_values(["status", "day"])
    got = dict(zip(session["status"], session["day"], strict=True))
    assert len(session) == 5
    assert got == {"attended": 6, "no_show": 8, "excused": 2, "cancel_program": 4}


WEEK = "Week of 1/8/2024,,,\nClient,Mon,Wed,Fri\nA,P,A,\n"


def weeks(**where):
    """Return the mapping of the small clinic with a grid whose rows do not say of which week they are."""
    asked = mapping()
    columns = {"columns": {"Mon": 0, "Wed": 2, "Fri": 4}, "name": "slot", "value": "letter"}
    asked["sheets"]["visits"] = {"long": columns} | where
    asked["tables"]["session"]["columns"] = {
        "day": {"column": "week", "plus_days": "slot"},
        "status": {"column": "letter", "codes": {"P": "attended", "A": "no_show"}},
    }
    return asked


def test_the_week_of_a_grid_stands_in_the_name_of_its_file(clinic):
    put(clinic, **{"week 2024-01-08_csv": WEEK, "week 2024-01-15_csv": WEEK})
    tables = read(clinic, weeks(file="week *.csv", star="week", dates=["YYYY-MM-DD"]))
    assert sorted(tables["session"]["day"]) == [6, 8, 13, 15]
    assert rules(tables, "session") == {"blank: nothing was recorded": 2}


def test_the_week_of_a_grid_stands_above_its_header(clinic):
    put(clinic, grid_csv=WEEK)
    asked = weeks(file="grid.csv", above={"week": "week of *"})
    assert sorted(read(clinic, asked)["session"]["day"]) == [6, 8]
    asked["sheets"]["visits"]["above"] = {"week": "Month of *"}
    assert "grid.csv: no line above the header is like 'Month of *'; * is any text in it" in " ".join(
        examined(clinic, asked).problems
    )


def test_the_week_of_a_grid_is_the_name_of_its_sheet(clinic):
    rows = [["Client", "Mon", "Wed", "Fri"], ["A", "P", "A", None]]
    workbook(clinic / "raw" / "weeks.xlsx", **{name: (rows, [], []) for name in ("Wk 2024-01-08", "Wk 2024-01-15")})
    asked = weeks(file="weeks.xlsx", sheet="Wk *", star="week", dates=["YYYY-MM-DD"])
    assert sorted(read(clinic, asked)["session"]["day"]) == [6, 8, 13, 15]
    asked["sheets"]["visits"]["sheet"] = "Month *"
    assert any("no sheet is called like 'Month *'" in problem for problem in examined(clinic, asked).problems)


def test_a_register_has_a_sheet_for_each_month_and_a_column_for_each_of_its_days(clinic):
    january = [["Client", *range(1, 32)], ["A", None, "P", *[None] * 29]]
    # A letter on the thirtieth of February is no session of March.
    february = [["Client", *range(1, 31)], ["A", "A", *[None] * 28, "P"]]
    sheets = {"Jan 2024": (january, [], []), "Feb 2024": (february, [], [])}
    workbook(clinic / "raw" / "register.xlsx", **sheets)
    asked = weeks(file="register.xlsx", sheet="*", star="month")
    asked["sheets"]["visits"]["long"]["columns"] = "#"
    day = {"column": "month", "dates": ["Mon YYYY"], "plus_days": "slot", "first": 1}
    asked["tables"]["session"]["columns"]["day"] = day
    asked["max_rejected_share"] = 1.0
    tables = read(clinic, asked)
    # The first intake of A is on 2 January.
    assert sorted(tables["session"]["day"]) == [0, 30]
    assert rules(tables, "session")["day: a day that its month has not"] == 1
    del day["plus_days"], day["first"]
    assert any("'Mon YYYY' is no form of a date" in problem for problem in examined(clinic, asked).problems)


def test_a_star_that_stands_for_nothing_and_a_column_that_is_there(clinic):
    put(clinic, grid_csv=WEEK)
    with pytest.raises(StudyFileError, match="star names the text that .* stands for, and there is none in"):
        read(clinic, weeks(file="grid.csv", star="week"))
    asked = weeks(file="grid.csv", above={"week": "Week of *"})
    asked["sheets"]["visits"]["above"]["Mon"] = "Week of *"
    assert any("a column 'Mon', which is there" in problem for problem in examined(clinic, asked).problems)


def test_weeks_since_intake_in_columns(clinic):
    put(clinic, visits_csv="Client,Began,W1,W2,W10\nA,1/2/2024,P,A,\nB,1/20/2024,P,,P\n")
    asked = grid("", columns="W#")
    asked["tables"]["session"]["columns"]["day"] = {"column": "Began", "plus_weeks": "slot", "first": 1}
    session = read(clinic, asked)["session"].sort_values(["day", "status"])
    assert session["day"].tolist() == [0, 0, 7, 63]


def test_a_grid_whose_headers_are_dates(clinic):
    put(clinic, visits_csv="Client,1/8/2024,1/10/2024\nA,P,A\n")
    asked = grid("", columns="*/2024")
    asked["sheets"]["visits"]["long"]["columns"] = ["1/8/2024", "1/10/2024"]
    asked["tables"]["session"]["columns"]["day"] = "slot"
    assert sorted(read(clinic, asked)["session"]["day"]) == [6, 8]


def test_windows_text_is_read_when_the_study_says_so_and_otherwise_it_is_told_what_to_say(clinic):
    put(clinic, visits_csv=VISITS.replace("Kept", "Présent").encode("cp1252"))
    asked = mapping()
    asked["tables"]["session"]["columns"]["status"]["codes"] = {
        "présent": "attended",
        "NS": "no_show",
        "kept": "attended",
    }
    with pytest.raises(SourceError, match=r"visits.csv: the text is not UTF-8.*write encoding: cp1252"):
        read(clinic, asked)
    asked["sheets"]["visits"]["encoding"] = "cp1252"
    assert len(read(clinic, asked)["session"]) == 4


def test_numbers_of_clients_that_a_workbook_has_stripped_of_zeros(clinic):
    put(
        clinic,
        intakes_csv="Client,Intake,Level\nMRN-0007,1/2/2024,IOP\nMRN-0012,1/2/2024,OP\n",
        visits_csv="Client,Date,Start,End,Status\n7,1/3/2024,9:00 AM,10:00 AM,Kept\n12,1/3/2024,9:00 AM,10:00 AM,NS\n",
    )
    assert len(read(clinic, mapping(person_form="digits"))["session"]) == 2


def test_study_days_need_no_anchor(clinic):
    put(
        clinic,
        intakes_csv="Client,Intake,Level\nA,0,IOP\nA,40,OP\nB,0,OP\n",
        visits_csv="Client,Date,Start,End,Status\nA,3,9:00,10:00,Kept\nA,41,9:00,10:00,Kept\nB,3,9:00,10:00,NS\n",
    )
    asked = mapping(anchor=None, drawn=None)
    asked["tables"]["episode"]["columns"]["assignment_day"] = {"column": "Intake", "as": "number"}
    asked["tables"]["session"]["columns"]["day"] = {"column": "Date", "as": "number"}
    session = read(clinic, asked)["session"].sort_values("day")
    assert session["day"].tolist() == [3, 3, 41]
    assert sorted(session["episode_id"].str[-2:]) == ["-1", "-1", "-2"]


def test_only_the_rows_of_one_programme(clinic):
    asked = mapping()
    asked["sheets"]["visits"]["only"] = {"Status": ["K*"]}
    asked["tables"]["session"]["leave_out"] = {"Client": "B"}
    tables = read(clinic, asked)
    assert len(tables["session"]) == 2
    assert rules(tables, "session") == {"Status: not among the rows to take": 1, "Client: left out by the study": 1}


def test_every_problem_of_every_sheet_is_told_at_once(clinic):
    put(clinic, visits_csv=VISITS.replace("Status", "Outcome"), intakes_csv=INTAKES.replace("Level", "LOC"))
    found = examined(clinic, mapping())
    assert len(found.problems) == 2
    assert "intakes.csv: there is no column 'Level'" in found.problems[0]
    assert "visits.csv: there is no column 'Status'" in found.problems[1]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty"),
        (b"Client,Date\n", "there is no column 'Status'"),
        (b"PK\x03\x04 rubbish", "there is no column"),
    ],
)
def test_a_file_that_is_none_is_one_sentence(clinic, content, sentence):
    put(clinic, visits_csv=content)
    with pytest.raises(SourceError, match=sentence):
        read(clinic, mapping())


def test_a_workbook_that_is_none_and_one_of_several_sheets(clinic):
    asked = mapping()
    asked["sheets"]["visits"] = {"file": "visits.xlsx"}
    put(clinic, **{"visits.xlsx": b"PK rubbish"})
    with pytest.raises(SourceError, match="this is no workbook that can be read"):
        read(clinic, asked)
    workbook(clinic / "raw" / "visits.xlsx", a=([["x"]], [], []), b=([["x"]], [], []))
    with pytest.raises(SourceError, match=r"there are 2 sheets \(a, b\); say which with sheet: NAME"):
        read(clinic, asked)
