"""Every number of the manuscript kit is one of the released tables, in Word, in LaTeX and in CSV alike."""

import csv
import re

import docx
import pandas as pd
import pytest

from iop_outcomes.kernel.released import read_released
from iop_outcomes.release.disclosure import release
from iop_outcomes.release.figures import make
from iop_outcomes.release.manuscript import write_kit
from iop_outcomes.release.manuscript.latex import escaped
from iop_outcomes.release.stage import release_tables
from iop_outcomes.release.words.missing import shifts_of
from report_tables import study, tables

#: Tables of the kit that hold numbers, in which columns, and the released table they are of.
OF = {
    "flow": (("Before", "Left out", "After"), "attrition_flow"),
    "table_1": (range(1, 7), "balance"),
    "main_results": (("First arm", "Second arm", "Estimate (95% CI)"), "estimate"),
    "outcomes": (range(1, 3), "outcomes"),
    "every_estimate": (("Estimate (95% CI)",), "estimate"),
    "sensitivity": (("Result",), "estimate"),
}
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?%?")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a folder with the tables of a release and the kit that was written of them."""
    folder = tmp_path_factory.mktemp("release")
    released, flow = release_tables(study(), tables()), make("attrition_flow", tables(), study())
    for name, table in {**released, "attrition_flow": flow.data}.items():
        release(table, folder / "tables" / f"{name}.csv")
    write_kit(study(), released, {"attrition_flow": flow}, {"versions": {"python": "3.11"}}, folder / "manuscript")
    return folder


def of_kit(made, name) -> list[list[str]]:
    """Return the rows of a table of the kit as its CSV has them, below the head."""
    return list(csv.reader((made / "manuscript" / f"{name}.csv").read_text(encoding="utf-8").splitlines()))


def behind(made, name) -> list[pd.DataFrame]:
    """Return of each row of a table of the kit the released rows that it is made of."""
    table = read_released(made / "tables" / f"{OF[name][1]}.csv")
    if name == "outcomes":
        return [rows for _, rows in table.groupby("outcome", sort=False)]
    if name == "main_results":
        verdicts = read_released(made / "tables" / "verdict.csv")
        adjusted = table[(table["kind"] == "adjusted") & table["role"].isin(["contrast", "arm"])]
        return [adjusted[adjusted["analysis"] == analysis] for analysis in verdicts["analysis"]]
    if name == "every_estimate":
        table = table[table["role"] == "contrast"]
    if name == "sensitivity":
        # Shifts are drawn as a map and not told one by one.
        table = table[(table["role"] == "check") & ~table["scenario"].isin(list(shifts_of(study()).values()))]
    return [table.iloc[[i]] for i in range(len(table))]


def not_released(text: str, rows: pd.DataFrame) -> list[str]:
    """Return the numbers in a text that are none of some released rows, rounded as they are printed."""
    found = NUMBER.findall(text.replace("\N{MINUS SIGN}", "-"))
    known = pd.to_numeric(pd.Series(rows.to_numpy().ravel()), errors="coerce").dropna()
    # A share is a percentage, and the difference of two are percentage points.
    shares = 100 * known if "unit" not in rows or (rows["unit"] == "share").any() else known.iloc[:0]
    return [one for one in found if not _is_one_of(one, [*known, *shares])]


def _is_one_of(printed: str, known: list[float]) -> bool:
    number = printed.replace(",", "").rstrip("%")
    half = 0.5 * 10.0 ** -len(number.partition(".")[2])
    return any(abs(float(number) - one) <= half * (1 + 1e-9) for one in known)


@pytest.mark.parametrize("name", OF)
def test_every_number_of_the_kit_is_released_with_the_row_that_it_stands_for(made, name):
    head, *rows = of_kit(made, name)
    columns = [head.index(column) if isinstance(column, str) else column for column in OF[name][0]]
    sources = behind(made, name)
    assert rows and len(rows) == len(sources)
    told = [" ".join(row[column] for column in columns) for row in rows]
    assert any(map(NUMBER.search, told))
    assert [not_released(text, source) for text, source in zip(told, sources, strict=True)] == [[]] * len(rows)


def test_a_number_that_is_not_released_is_found():
    row = pd.DataFrame({"value": ["0.094"], "ci_low": ["0.051"], "n": ["1240"], "unit": ["share"]})
    assert not_released("9.4 (5.1), n 1,240; 9%", row) == []
    assert not_released("9.5 (5.1), n 1,230; 8%", row) == ["9.5", "1,230", "8%"]


def test_word_and_latex_hold_the_cells_of_every_csv_and_no_others(made):
    written = [of_kit(made, name) for name in (*OF, "definitions")]
    document = docx.Document(made / "manuscript" / "manuscript.docx")
    in_word = [[[cell.text for cell in row.cells] for row in table.rows] for table in document.tables]
    assert in_word == [rows for rows in written if rows]
    latex = (made / "manuscript" / "manuscript.tex").read_text(encoding="utf-8")
    in_latex = re.findall(r"^\{\}(.*) \\\\$", latex, flags=re.MULTILINE)
    assert in_latex == [" & ".join(map(escaped, row)) for rows in written for row in rows[1:]]


def test_every_sentence_of_the_results_is_one_of_a_released_verdict(made):
    sentences = list(read_released(made / "tables" / "verdict.csv")["sentence"])
    latex = (made / "manuscript" / "manuscript.tex").read_text(encoding="utf-8")
    in_word = [part.text for part in docx.Document(made / "manuscript" / "manuscript.docx").paragraphs]
    assert set(sentences) <= set(in_word)
    assert all(escaped(sentence) in latex for sentence in sentences)
