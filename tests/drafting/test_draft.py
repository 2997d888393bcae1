"""A study drafted from files: it can be read, guesses what is plain, asks for the rest, and tells nobody's secret."""

import datetime
import random

import openpyxl
import pytest
import yaml

from iop_outcomes import study as studies
from iop_outcomes.check.checking import check_study
from iop_outcomes.drafting.drafting import draft_study
from iop_outcomes.kernel.errors import SourceError

FIRST = datetime.date(2024, 1, 8)


def date(day, form="%m/%d/%Y"):
    return (FIRST + datetime.timedelta(days=day)).strftime(form)


@pytest.fixture
def clinic(tmp_path):
    """Write forty clients as one clinic keeps them: names and numbers, two levels, appointments, a wide panel."""
    chance = random.Random(1)
    people = [(f"MRN-{70000 + i}", ("IOP", "OP")[i % 2], 2 * i) for i in range(40)]
    intakes = ["MRN,Client Name,Intake Date,LOC ordered,Age,Sex,Primary Substance,Counselor"]
    visits = ["Appt ID,MRN,Appt Date,Start,End,Status"]
    panel = ["MRN;Collected;THC;COC;BUP"]
    for i, (mrn, level, day) in enumerate(people):
        drug = "toad venom" if i == 7 else ("ETOH", "heroin")[i % 3 == 0]
        intakes.append(f'{mrn},"Quist, Zelda{i}",{date(day)},{level},{20 + i},{"FM"[i % 2]},{drug},Dr Ottoline')
        for k in range(12):
            status = "weeping" if (i, k) == (3, 3) else chance.choice(["Kept", "Kept ", "No Show", "CX-late"])
            visits.append(f"{100000 + 100 * i + k},{mrn},{date(day + 2 * k)},9:00 AM,12:00 PM,{status}")
        panel.append(f"{mrn};{date(day + 9)};{chance.choice(['neg', 'pos'])};neg;{'pos' if i % 2 else 'neg'}")
    (tmp_path / "intakes.csv").write_text("\n".join(intakes))
    (tmp_path / "visits.csv").write_text("\n".join(visits))
    (tmp_path / "uds.csv").write_text("\n".join(panel), encoding="utf-16")
    return tmp_path


def files(folder):
    return sorted(path for path in folder.iterdir() if path.is_file())


@pytest.mark.slow
def test_the_draft_is_a_study_whose_files_are_read(clinic):
    text = draft_study(files(clinic), "own")
    checked = check_study(studies.parse(yaml.safe_load(text)))
    assert checked.findings.problems == []
    assert "people by arm, before any rule: 20 in iop, 20 in outpatient" in checked.findings.answers
    assert [line for line in checked.findings.lost if "a code that" in line and "1 of 480 rows" in line]


@pytest.mark.slow
def test_every_guess_is_for_a_person_to_confirm(clinic):
    draft = yaml.safe_load(draft_study(files(clinic), "own"))
    told = check_study(studies.parse(draft)).findings.confirm
    assert len(told) >= len(draft["source"]["to_confirm"]) > 5
    for place in ("drawn", "tables.session.status", "tables.episode.level_of_care", "tables.drug_test.result"):
        assert [line for line in told if f"to_confirm: {place}:" in line]
    draft["source"]["to_confirm"] = []
    assert not [line for line in check_study(studies.parse(draft)).findings.confirm if "guessed" in line]


def test_no_name_number_date_or_rare_value_is_told(clinic):
    text = draft_study(files(clinic), "own")
    for secret in ("Zelda", "Quist", "MRN-7", "10000", "2024", "toad", "weeping", "Ottoline"):
        assert secret not in text
    assert "needed: 1 other text stands in 1 row" in text
    assert "guess: 1 row of 1 other text" in text


def test_codes_are_guessed_with_their_counts(clinic):
    draft = yaml.safe_load(draft_study(files(clinic), "own"))["source"]
    columns = draft["tables"]["session"]["columns"]
    assert columns["status"]["codes"] == {"Kept": "attended", "No Show": "no_show", "CX-late": "late_cancel"}
    assert columns["minutes_scheduled"] == {"between": ["Start", "End"]}
    assert draft["sheets"]["panels"]["long"]["columns"] == {"THC": "cannabis", "COC": "cocaine", "BUP": "buprenorphine"}
    assert draft["tables"]["baseline"]["columns"]["primary_substance"]["otherwise"] == "other"


def test_a_workbook_of_week_grids_and_what_nobody_can_tell(tmp_path):
    book = openpyxl.Workbook()
    grid = book.active
    grid.title = "Groups"
    grid.append(["IOP groups, all sites"])
    grid.append(["Client", "Week of", "Mon", "Wed", "Fri"])
    intakes = book.create_sheet("Intakes")
    intakes.append(["Client", "Intake", "LOC", "Location"])
    for i in range(24):
        start = datetime.datetime(2024, 1, 1) + datetime.timedelta(days=i)
        intakes.append([f"C{i:02d}", start, ("IOP", "OP")[i % 2], "North"])
        grid.append([f"C{i:02d}", start + datetime.timedelta(days=7), "P", "PA"[i % 2], "P"])
    book.create_sheet("Fees").append(["What", "How much"])
    book["Fees"].append(["a", 1])
    book["Fees"].append(["b", 2])
    book.save(tmp_path / "clinic.xlsx")
    text = draft_study([tmp_path / "clinic.xlsx"], "own")
    assert "# clinic.xlsx, sheet Fees: what is it? Its columns: What, How much" in text
    draft = yaml.safe_load(text)
    assert draft["source"]["sheets"]["grid"]["long"]["columns"] == {"Mon": 0, "Wed": 2, "Fri": 4}
    assert draft["source"]["tables"]["session"]["columns"]["day"] == {"column": "Week of", "plus_days": "slot"}
    checked = check_study(studies.parse(draft))
    assert checked.findings.problems == []
    # Twenty-four intakes fill person, episode and site; three cells of twenty-four rows are sessions.
    assert "144 rows: 144 taken, 0 set aside" in checked.read


def test_dates_that_can_be_read_in_two_ways_are_asked_for(tmp_path):
    rows = ["Client,Intake Date,LOC", *(f"C{i},{1 + i % 9}/{1 + i % 7}/2024,{('IOP', 'OP')[i % 2]}" for i in range(30))]
    (tmp_path / "in.csv").write_text("\n".join(rows))
    text = draft_study([tmp_path / "in.csv"], "own")
    assert "dates: [M/D/YYYY]   # needed: nothing in Intake Date tells it from D/M/YYYY" in text


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.pdf", b"x", "a sheet is one of"),
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"a,b\n", "no file holds a row"),
    ],
)
def test_what_cannot_be_looked_at_is_one_sentence(tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=sentence):
        draft_study([tmp_path / name], "own")
