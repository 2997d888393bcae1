"""A manuscript as a Word document, with the same bytes for the same content."""

from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.text.run import CT_R
from docx.shared import Emu, Pt
from docx.table import Table, _Row

from iop_outcomes.release.manuscript.content import Manuscript
from iop_outcomes.release.manuscript.references import numbered
from iop_outcomes.release.manuscript.widths import UPRIGHT, widths
from iop_outcomes.release.page.html import HtmlTable

#: The earliest day a zip file can hold: a document has no clock.
_NO_DAY = (1980, 1, 1, 0, 0, 0)
#: A letter of a table, about.
_LETTER = Pt(4.8)


def word_bytes(paper: Manuscript) -> bytes:
    """Return the manuscript as a ``.docx`` file."""
    document = Document()
    document.styles["Normal"].font.size = Pt(10.5)
    document.add_heading(paper.title, 0)
    document.add_heading("Methods", 1)
    _sections(document, paper.methods, paper)
    document.add_heading("Results", 1)
    for sentence in paper.results:
        document.add_paragraph(sentence)
    document.add_heading("Legends of the figures", 1)
    for number, (file, title, caption) in enumerate(paper.legends, 1):
        document.add_paragraph(f"Figure {number}. {title.rstrip('.')}. {caption} ({file})")
    document.add_heading("References", 1)
    for number, reference in enumerate(paper.references, 1):
        document.add_paragraph(f"{number}. {reference.in_words()}")
    for number, table in enumerate(paper.tables.values(), 1):
        _page_for(document, len(table.columns))
        _table(document, number, table)
    return _without_clock(document)


def _sections(document: WordDocument, paragraphs: Mapping[str, str], paper: Manuscript) -> None:
    for heading, text in paragraphs.items():
        document.add_heading(heading, 2)
        document.add_paragraph(numbered(text, paper.references))


def _page_for(document: WordDocument, columns: int) -> None:
    """Begin a page as wide as the table needs."""
    section = document.add_section()
    wide = columns > UPRIGHT
    if wide != (section.orientation == WD_ORIENT.LANDSCAPE):
        section.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = section.page_height, section.page_width


def _table(document: WordDocument, number: int, table: HtmlTable) -> None:
    document.add_paragraph().add_run(f"Table {number}. {table.caption}").bold = True
    first, *others = [list(row) for row in table.rows] or [[]]
    grid = document.add_table(rows=2 if first else 1, cols=len(table.columns), style="Light Shading")
    _again_on_every_page(grid.rows[0])
    _fill(grid.rows[0], table.columns, table.numbers, bold=True)
    if first:
        _fill(grid.rows[1], first, table.numbers)
        _whole(grid.rows[1])
    _wide_as_needed(document, grid, table)
    # A row is copied with all its looks: made anew, rows take most of the time of a long document, and so does asking
    # for the second one again, which counts them all.
    pattern = grid.rows[1]._tr if first else None
    for texts in others:
        row = deepcopy(pattern)
        for run, text in zip(row.iter(qn("w:r")), texts, strict=True):
            _say(run, text)
        grid._tbl.append(row)
    for place, text in enumerate([table.note, *table.footnotes]):
        if text:
            note = document.add_paragraph().add_run(f"{place}. {text}" if place else text)
            note.font.size = Pt(8)


def _say(run: CT_R, text: str) -> None:
    """Put a text in the place of another."""
    place = run.find(qn("w:t"))
    if place is None or len(run) > 2 or place.attrib or not text or text != " ".join(text.split()):
        run.text = text
    else:
        # What has no blanks of its own to keep is the text of one element, which is put in far sooner.
        place.text = text


def _fill(row: _Row, texts: Sequence[str], numbers: Collection[int], bold: bool = False) -> None:
    for column, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
        run = cell.paragraphs[0].add_run(text)
        run.font.size, run.bold = Pt(8), bold
        if column in numbers:
            cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _wide_as_needed(document: WordDocument, grid: Table, table: HtmlTable) -> None:
    """Give every column what it needs of the page."""
    section = document.sections[-1]
    assert section.page_width and section.left_margin and section.right_margin
    room = (section.page_width - section.left_margin - section.right_margin) // _LETTER
    grid.autofit = False
    for place, needed in enumerate(widths(table, room)):
        wide = Emu(int(needed * _LETTER))
        grid.columns[place].width = wide
        for row in grid.rows:
            row.cells[place].width = wide


def _whole(row: _Row) -> None:
    """Mark a row as one that is not broken between two pages."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def _again_on_every_page(head: _Row) -> None:
    """Mark a row as one that is repeated where its table goes on."""
    head._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _without_clock(document: WordDocument) -> bytes:
    made, again = BytesIO(), BytesIO()
    document.save(made)
    with ZipFile(made) as old, ZipFile(again, "w", ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            new.writestr(ZipInfo(name, _NO_DAY), old.read(name), ZIP_DEFLATED)
    return again.getvalue()
