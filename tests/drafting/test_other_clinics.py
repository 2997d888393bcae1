"""Two more clinics, as hospitals leave their files: drafted, one line filled in, and ready."""

import datetime
import random

import pytest
import yaml
from openpyxl import Workbook

from iop_outcomes import study as studies
from iop_outcomes.check.checking import check_study
from iop_outcomes.drafting.drafting import draft_study

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
