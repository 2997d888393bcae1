"""Text files and workbooks as rows of text, with the line of each: encodings, separators, line ends, Excel's types."""

import csv
import datetime
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from iop_outcomes.kernel.errors import SourceError, counted, did_you_mean

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

TEXTS = (".csv", ".txt", ".tsv")
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
SEPARATORS = (",", ";", "\t", "|")
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class Grid:
    """Rows of cells as text, none of them blank.

    Attributes
    ----------
    name : str
        What it is called in messages and in ``rejected``.
    rows : list of list of str
        Cells without blanks around them.
    lines : list of int
        Line of each row in its file.
    n_hidden : int
        Rows that a workbook hides; they are read as others.
    """

    name: str
    rows: list[list[str]]
    lines: list[int]
    n_hidden: int = 0


def encoding_of(content: bytes) -> str | None:
    """Return the encoding that a mark at the beginning says or that is UTF-8; None where neither is so."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return name
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if b"\0" in content[:4000] else "utf-8"


def guessed_encoding(content: bytes) -> str:
    """Return the encoding that a text without a mark most likely has: UTF-16 where every second byte is zero."""
    head = content[:4000]
    if head[1::2].count(0) > len(head) / 4:
        return "utf-16-le"
    if head[::2].count(0) > len(head) / 4:
        return "utf-16-be"
    return "cp1252"


def text_of(place: Path, encoding: str | None) -> str:
    """Return the text of a file.

    Raises
    ------
    SourceError
        It is empty, or is not in the encoding that the study or its first bytes say.
    """
    content = place.read_bytes()
    if not content.strip():
        raise SourceError(f"{place.name}: the file is empty; give a file with a header and one row per record")
    known = encoding or encoding_of(content)
    if known is None:
        guess = guessed_encoding(content)
        raise SourceError(
            f"{place.name}: the text is not UTF-8 and no mark says what it is; it may be {guess}: write "
            f"encoding: {guess} below this sheet, and look whether names with accents come out right"
        )
    try:
        return content.decode(known)
    except LookupError:
        raise SourceError(f"{place.name}: there is no encoding '{known}'; use utf-8, cp1252 or utf-16") from None
    except UnicodeDecodeError:
        raise SourceError(f"{place.name}: the text is not in the encoding '{known}'; use another") from None


def text_grid(name: str, text: str, separator: str) -> Grid:
    """Return a text as rows; the line ends of Windows, Unix and old Macintosh programs are all ends of lines."""
    reader = csv.reader(io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n")), delimiter=separator)
    rows, lines, line = [], [], 1
    try:
        for row in reader:
            cells = [cell.strip().strip("\ufeff") for cell in row]
            if any(cells):
                rows.append(cells)
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error:
        raise SourceError(f"{name}: line {line} cannot be split into cells; write the file again") from None
    return Grid(name, rows, lines)


def sheet_names(place: Path) -> list[str]:
    """Return the names of the sheets of a workbook.

    Raises
    ------
    SourceError
        The file is no workbook.
    """
    names: list[str] = list(_workbook(place).sheet_names)
    return names


def book_grid(place: Path, sheet: str | None) -> Grid:
    """Return one sheet of a workbook as rows.

    Raises
    ------
    SourceError
        The file is no workbook or has no such sheet, or has several and none is named.
    """
    names = sheet_names(place)
    if sheet is None and len(names) > 1:
        raise SourceError(
            f"{place.name}: there are {counted(len(names), 'sheet')} ({', '.join(names)}); say which with sheet: NAME"
        )
    called = names[0] if sheet is None else sheet
    if called not in names:
        raise SourceError(f"{place.name}: there is no sheet '{called}'; {did_you_mean(called, names)}")
    found = _workbook(place).get_sheet_by_name(called)
    cells = [[_as_text(cell) for cell in row] for row in found.to_python(skip_empty_area=False)]
    for (top, left), (bottom, right) in found.merged_cell_ranges or ():
        # A merged cell stands for each of its cells; Excel keeps it in the first.
        for row in cells[top : bottom + 1]:
            row[left : right + 1] = [cells[top][left]] * len(row[left : right + 1])
    kept = [(row, line) for line, row in enumerate(cells, start=1) if any(row)]
    name = place.name if len(names) == 1 else f"{place.name}, sheet {called}"
    return Grid(name, [row for row, _ in kept], [line for _, line in kept], _n_hidden(place, called))


def _workbook(place: Path) -> "CalamineWorkbook":
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        return CalamineWorkbook.from_path(place)
    except (CalamineError, OSError):
        raise SourceError(
            f"{place.name}: this is no workbook that can be read (it may be locked or protected by a password); save "
            "it again as .xlsx or .csv"
        ) from None


def _as_text(cell: object) -> str:
    """Return a cell of a workbook as text: whole numbers without a point, dates as YYYY-MM-DD, times as HH:MM."""
    if cell is None or cell == "":
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return f"{cell:.0f}" if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(" ", "minutes")
    if isinstance(cell, datetime.timedelta):
        minutes = round(cell.total_seconds() / 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    if isinstance(cell, datetime.time):
        return cell.isoformat("minutes")
    return str(cell).replace("\xa0", " ").strip()


def _n_hidden(place: Path, sheet: str) -> int:
    """Return how many rows of a sheet are hidden, as a filter left on hides them; only .xlsx says so.

    The reader of workbooks does not know of it, and a reader that does takes twenty times as long
    (docs/decisions.md).
    """
    if place.suffix not in (".xlsx", ".xlsm"):
        return 0
    with zipfile.ZipFile(place) as parts:
        target = dict(_sheet_parts(parts)).get(sheet)
        if target not in parts.namelist():
            return 0
        return len(re.findall(rb'<(?:\w+:)?row\b[^>]*\bhidden="(?:1|true)"', parts.read(target)))


def _sheet_parts(parts: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Yield the name of each sheet and the part of the archive that holds it."""
    relations = ElementTree.fromstring(parts.read("xl/_rels/workbook.xml.rels"))
    targets = {one.get("Id"): one.get("Target", "") for one in relations}
    for one in ElementTree.fromstring(parts.read("xl/workbook.xml")).iter():
        if one.tag.endswith("}sheet"):
            relation = next((value for key, value in one.attrib.items() if key.endswith("}id")), None)
            target = targets.get(relation, "")
            yield one.get("name", ""), target.lstrip("/") if target.startswith("/") else f"xl/{target}"
