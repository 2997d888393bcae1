"""More clinics, as hospitals leave their files: drafted, one line filled in, and ready."""

import datetime
import random

import pytest
import yaml
from openpyxl import Workbook

from iop_outcomes import study as studies
from iop_outcomes.check.checking import check_study
from iop_outcomes.drafting.drafting import draft_study
from iop_outcomes.ingest.stage import ingest

#: People of each clinic, and the day on which their data were drawn.
N, DRAWN = 60, datetime.date(2025, 7, 1)


def drafted(folder, **changes):
    """Return the study drafted from the files of a folder with the one line that has to be filled in, and its text."""
    text = draft_study(sorted(folder.iterdir()), "own", str(folder))
    content = yaml.safe_load(text.replace("drawn: null", f"drawn: {DRAWN}"))
    content["source"] |= changes
    return studies.parse(content), text


def dated(day, form):
    return f"{day:{form}}"


@pytest.fixture
def spanish(tmp_path):
    """Semicolons, cp1252, D/M dates with clock times, commas as points, Spanish words, totals below."""
    draw, rows = random.Random(1), {"ingresos": [], "altas": [], "citas": []}
    for i in range(N):
        begins, who = datetime.date(2024, 1, 9) + datetime.timedelta(7 * i), 10_000 + 7 * i
        level, sex = ("Intensivo", "Ambulatorio")[i % 2], "HM"[i // 2 % 2]
        rows["ingresos"].append(f"{who};García {i};{dated(begins, '%d/%m/%Y')};17/05/1980;{sex};{level};Heroína;Norte")
        ends, why = begins + datetime.timedelta(40), ("Alta terapéutica", "Abandono")[i // 3 % 2]
        rows["altas"].append(f"{who};{dated(begins, '%d/%m/%Y')};{dated(ends, '%d/%m/%Y')};{why}")
        for day in range(0, 40, 3 if i % 2 == 0 else 9):
            status = draw.choices(["Asistió", "No asistió", "Canceló tarde", "Canceló"], [6, 2, 1, 1])[0]
            when = dated(begins + datetime.timedelta(day), "%d/%m/%Y 09:30")
            rows["citas"].append(f"{who};{when};Grupo;{status};{'3,0' if i % 2 == 0 else '0,75'}")
    heads = {
        "ingresos": "Nº Historia;Apellidos;Fecha de ingreso;Fecha de nacimiento;Sexo;Nivel;Sustancia principal;Sede",
        "altas": "Nº Historia;Fecha de ingreso;Fecha de alta;Motivo de alta",
        "citas": "Nº Historia;Fecha y hora;Tipo de cita;Estado;Duración (h)",
    }
    for name, head in heads.items():
        (tmp_path / f"{name}.csv").write_bytes("\r\n".join([head, *rows[name], "Total;;;;99"]).encode("cp1252"))
    return tmp_path


@pytest.fixture
def workbook(tmp_path):
    """A title, merged headers and a week grid in a workbook; discharges in German, UTF-16, ids without their zeros."""
    book = Workbook()
    census, grid = book.active, book.create_sheet("Attendance")
    census.append(["Riverbend - census"])
    census.append(["Client", "", "Program", "", "Demographics", ""])
    census.append(["Chart #", "Client Name", "Assigned on", "LOC", "Age", "Gender"])
    grid.append(["Chart #", "Week of", "Attendance", "", ""])
    grid.append(["", "", "Mon", "Wed", "Fri"])
    for sheet, merged in ((census, ("A2:B2", "C2:D2", "E2:F2")), (grid, ("A1:A2", "B1:B2", "C1:E1"))):
        for cells in merged:
            sheet.merge_cells(cells)
    ends = ["Klientennummer\tAufnahmedatum\tEntlassungsdatum\tEntlassgrund"]
    for i in range(N):
        monday, level = datetime.datetime(2024, 1, 1) + datetime.timedelta(7 * i), ("IOP 9hr", "OP")[i % 2]
        census.append([f"{i + 1:05d}", f"Doe, J{i}", monday, level, 20 + i % 40, ("Female", "Male")[i // 2 % 2]])
        for week in range(5):
            grid.append([f"{i + 1:05d}", monday + datetime.timedelta(7 * week), *"PAP"])
        why = ("regulär beendet", "Abbruch")[i // 3 % 2]
        ends.append(f"{i + 1}\t{monday:%d.%m.%Y}\t{monday + datetime.timedelta(35):%d.%m.%Y}\t{why}")
    book.save(tmp_path / "census.xlsx")
    (tmp_path / "entlassungen.txt").write_bytes("\r\n".join(ends).encode("utf-16"))
    return tmp_path


@pytest.fixture
def portuguese(tmp_path):
    """A sheet of letters for each week, dated by the name of its file; Portuguese words, cp1252, totals below."""
    begins = {f"{900 + i:05d}": datetime.date(2024, 1, 8) + datetime.timedelta(7 * (i % 12)) for i in range(N)}
    rows, ends = ["Prontuário;Nome;Data de admissão;Data de nascimento;Sexo;Programa;Situação de trabalho"], []
    for i, (who, day) in enumerate(begins.items()):
        level, work = ("Intensivo", "Ambulatorial")[i % 2], ("Empregado", "Desempregado")[i // 2 % 2]
        sex = ("Feminino", "Masculino")[i // 2 % 2]
        rows.append(f"{who};Souza {i};{dated(day, '%d/%m/%Y')};17/05/1980;{sex};{level};{work}")
        why = ("Alta por conclusão", "Abandono")[i // 3 % 2]
        ends.append(f"{who};{dated(day + datetime.timedelta(28), '%d/%m/%Y')};{why}")
    files = {"admissoes": rows, "altas": ["Prontuário;Data da alta;Motivo da alta", *ends]}
    for week in range(15):
        monday = datetime.date(2024, 1, 8) + datetime.timedelta(7 * week)
        there = [who for who, day in begins.items() if day <= monday < day + datetime.timedelta(28)]
        grid = [f"{who};P;;{'FJ'[int(who) % 2]};;P" for who in there]
        head = [f"Semana de {dated(monday, '%d/%m/%Y')};;;;;", "Prontuário;Seg;Ter;Qua;Qui;Sex"]
        files[f"presenca_{monday}"] = [*head, *grid, f"Total;;;;;{len(grid)}"]
    for name, lines in files.items():
        (tmp_path / f"{name}.csv").write_bytes("\n".join(lines).encode("cp1252"))
    return tmp_path


@pytest.fixture
def schedule(tmp_path):
    """A title and merged headers, days as Excel numbers them; appointments that begin and end at US timestamps."""
    book = Workbook()
    intakes, ends = book.active, book.create_sheet("Discharges")
    intakes.title = "Admissions"
    intakes.append(["Riverbend Recovery Center"])
    intakes.append(["Client", "", "Program", ""])
    intakes.append(["Chart No", "Sex", "Admit Date", "Level"])
    intakes.merge_cells("A2:B2")
    intakes.merge_cells("C2:D2")
    ends.append(["Chart No", "D/C Date", "Disposition"])
    visits = ["Appt ID,Chart No,Start,End,Outcome"]
    for i in range(N):
        # Every fifth comes back after a hundred days, to the other level.
        for again in range(1 + (i % 5 == 0)):
            first = datetime.datetime(2024, 1, 8) + datetime.timedelta(i % 20 + 100 * again)
            number, iop = (first - datetime.datetime(1899, 12, 30)).days, (i + again) % 2 == 0
            level = "IOP - Level 2.1" if iop else "Outpatient - Level 1"
            intakes.append([i + 1, ("F", "M")[i // 2 % 2], number, level])
            ends.append([i + 1, number + 30, ("Treatment complete", "Left AMA")[i // 3 % 2]])
            for day in range(0, 30, 3 if iop else 9):
                start = first + datetime.timedelta(day, hours=13)
                end = start + datetime.timedelta(minutes=180 if iop else 50)
                went = ("Checked Out", "No Show")[day % 2]
                visits.append(f"{len(visits)},{i + 1:06d},{start:%m/%d/%Y %I:%M %p},{end:%m/%d/%Y %I:%M %p},{went}")
    book.save(tmp_path / "Riverbend FY24.xlsx")
    (tmp_path / "schedule.csv").write_text("\n".join(visits))
    return tmp_path


@pytest.fixture
def register(tmp_path):
    """A workbook with a sheet for each month and a column for each of its days, as many as the month has."""
    book = Workbook()
    book.remove(book.active)
    intakes, ends = ["Client ID,Client Name,Intake Date,Program"], ["Client ID,Discharge Date,Reason"]
    for i in range(N):
        intakes.append(f"{i + 1},Doe J{i},01/{13 + i % 10}/2024,{('IOP', 'OP')[i % 2]}")
        ends.append(f"{i + 1},03/31/2024,{('Completed', 'Dropped out')[i // 3 % 2]}")
    for month, n_days in (("Jan 2024", 31), ("Feb 2024", 29), ("Mar 2024", 31)):
        sheet = book.create_sheet(month)
        sheet.append(["Attendance register"])
        sheet.append(["Client ID", "Name", *range(1, n_days + 1)])
        for i in range(N):
            came = ["PA"[(i + day) % 2] if day in (25, 27, 29) else None for day in range(1, n_days + 1)]
            sheet.append([i + 1, f"Doe J{i}", *came])
    book.save(tmp_path / "register.xlsx")
    (tmp_path / "intakes.csv").write_text("\n".join(intakes))
    (tmp_path / "discharges.csv").write_text("\n".join(ends))
    return tmp_path


def test_a_register_of_months_is_ready_with_one_line_filled_in(register):
    study, text = drafted(register)
    checked = check_study(study)
    assert checked.findings.problems == [] and len(checked.findings.lost) == 3
    assert "day: {column: date in name, dates: [Mon YYYY], plus_days: slot, first: 1}   # guess" in text
    assert len(ingest(study)["session"]) == 3 * 3 * N
    assert "Doe" not in text


def test_a_file_for_each_week_is_one_sheet_dated_by_its_name(portuguese):
    study, text = drafted(portuguese)
    checked = check_study(study)
    assert checked.findings.problems == []
    sheet = study.source.settings["sheets"]["grid"]
    assert (sheet["file"], sheet["star"]) == ("presenca_*.csv", "date in name")
    assert study.source.settings["tables"]["session"]["columns"]["status"]["codes"] == {
        "P": "attended", "F": "no_show", "J": "excused"
    }  # fmt: skip
    # What is left out of fifteen files is told in two lines, not in thirty.
    assert [line.partition(":")[0] for line in checked.findings.lost if "blank" in line or "totals" in line] == [
        "15 sheets as presenca_2024-01-29.csv, column by column -> session",
        "15 sheets as presenca_2024-01-08.csv, column by column -> session",
    ]
    session = ingest(study)["session"]
    assert len(session) == 3 * 4 * N and set(session["day"]) == {
        7 * week + day for week in range(4) for day in (0, 2, 4)
    }
    assert "Souza" not in text and checked.read.startswith("17 files read")


def test_appointments_with_timestamps_and_people_who_come_back(schedule):
    study, text = drafted(schedule)
    checked = check_study(study)
    assert checked.findings.problems == [] and checked.findings.lost == []
    assert "dates: [excel]" in text and "person: Client Chart No" in text
    tables = ingest(study)
    assert len(tables["episode"]) == N + N // 5
    session = tables["session"].merge(tables["episode"], on="episode_id")
    level = session["level_of_care"].astype(str)
    assert session["minutes_scheduled"].groupby(level).unique().str[0].to_dict() == {"1": 50, "2.1": 180}
    # Of the second stay the sessions begin with its own first day.
    assert (session["day"] >= session["assignment_day"]).all() and (session["day"] <= session["discharge_day"]).all()


def test_a_spanish_export_is_ready_with_one_line_filled_in(spanish):
    study, text = drafted(spanish)
    checked = check_study(study)
    assert checked.findings.problems == []
    assert f"people by arm, before any rule: {N // 2} in iop, {N // 2} in outpatient" in checked.findings.answers
    assert [line for line in checked.findings.lost if "a row of totals" not in line] == []
    mapped = study.source.settings["tables"]
    # H is hombre and M mujer.
    assert mapped["person"]["columns"]["sex"]["codes"] == {"H": "male", "M": "female"}
    assert mapped["session"]["columns"]["minutes_scheduled"]["unit"] == "hours"
    assert mapped["session"]["columns"]["status"]["codes"]["Canceló tarde"] == "late_cancel"
    assert "García" not in text


def test_a_workbook_with_merged_headers_and_a_week_grid_is_ready_too(workbook):
    study, text = drafted(workbook)
    checked = check_study(study)
    assert checked.findings.problems == []
    assert f"people by arm, before any rule: {N // 2} in iop, {N // 2} in outpatient" in checked.findings.answers
    assert checked.findings.lost == []
    # 00012 of the workbook is 12 of the German sheet: no discharge is left without its intake.
    assert study.source.settings["person_form"] == "digits"
    assert study.source.settings["sheets"]["discharges"]["person"] == "Klientennummer"
    assert "Doe" not in text


def test_files_that_are_taken_for_nothing_still_make_a_draft_that_can_be_filled_in(tmp_path):
    (tmp_path / "a.csv").write_text("foo,bar\n1,2\n3,4\n")
    study, text = drafted(tmp_path)
    assert "# a.csv: what is it? Its columns: foo, bar" in text
    assert any("nothing becomes the table 'person'" in problem for problem in check_study(study).findings.problems)


def test_a_letter_among_the_files_is_named_and_passed_over(spanish):
    (spanish / "carta.pdf").write_bytes(b"%PDF-1.4")
    study, text = drafted(spanish)
    assert "    # carta.pdf: not read, because it is no text file or workbook" in text
    assert len(study.source.settings["sheets"]) == 3
