"""The text of a CSV file, shown to be one before its cells are read: its bytes, header, quotation marks and lines.

Whatever is wrong is answered in a sentence that says what to do, and never with what a cell holds.
"""

import csv
import gzip
import unicodedata
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from iop_outcomes.kernel.errors import SourceError, counted

if TYPE_CHECKING:
    import polars as pl

#: How many times its size a packed file may unpack to, unless it stays below so many bytes.
MOST_UNPACKED, LARGEST_UNCHECKED = 300, 100_000_000

#: Characters that no page, figure or spreadsheet can show; tabs and line ends are none of them.
CONTROLS = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}\x{fffe}\x{ffff}]"

#: A line whose quotation marks all enclose whole cells, those inside a cell written twice.
_WELL_QUOTED = r'^(?:"(?:[^"]|"")*"|[^",]*)(?:,(?:"(?:[^"]|"")*"|[^",]*))*$'


def refuse_bomb(place: Path) -> None:
    """Refuse a packed file that would fill the memory: it holds far more than any table of its size."""
    most = max(LARGEST_UNCHECKED, MOST_UNPACKED * place.stat().st_size)
    n_bytes = 0
    try:
        with gzip.open(place) as unpacked:
            while part := unpacked.read(1 << 20):
                n_bytes += len(part)
                if n_bytes > most:
                    raise SourceError(
                        f"{place.name}: the file unpacks to more than {MOST_UNPACKED} times its size, as no table "
                        "does; unpack it, look at it and give the file with the records"
                    )
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise SourceError(f"{place.name}: the file is damaged or cut off; fetch or write it again") from None


def header_of(place: Path, plain: bool) -> tuple[str, ...]:
    """Return the names of the columns; refuse a file without a header that can be split into them."""
    lines = _collect(_lines(place).head(2), place)["line"].to_list()
    if not any(line.strip("\ufeff \t\r") for line in lines):
        raise SourceError(f"{place.name}: the file is empty; give a file with a header and one row per record")
    if not plain:
        _check_bytes(place)
    text = lines[0].removeprefix("\ufeff")
    if not text.strip():
        raise SourceError(f"{place.name}: the first line is blank; begin the file with its header")
    cells = _cells(text, place)
    for separator, called in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(cells) == 1 and separator in text:
            raise SourceError(f"{place.name}: the cells are separated by {called}; save the file with commas")
    check_names(place, cells)
    return tuple(cells)


def _cells(header: str, place: Path) -> list[str]:
    try:
        return next(csv.reader([header], strict=True))
    except csv.Error:
        raise SourceError(
            f"{place.name}: the header cannot be split into names; write it as names between commas"
        ) from None


def check_names(place: Path, names: Sequence[str]) -> None:
    """Refuse names that are missing, not printable or there twice."""
    for number, name in enumerate(names, start=1):
        if not name.strip():
            raise SourceError(
                f"{place.name}: column {number} has no name; name it, or write the file without row numbers"
            )
        if name == "*" or (name[0] == "^" and name[-1] == "$"):
            raise SourceError(f"{place.name}: the name of column {number} is a pattern for names; rename it")
        if any(unicodedata.category(character) == "Cc" for character in name):
            raise SourceError(f"{place.name}: the name of column {number} holds a control character; rename it")
    name, times = Counter(names).most_common(1)[0] if names else ("", 0)
    if times > 1:
        raise SourceError(f"{place.name}: the column '{name}' stands there {times} times; keep one")


def _check_bytes(place: Path) -> None:
    """Refuse a text whose lines or characters are not those of a CSV file, before anything is counted in it."""
    import polars as pl

    text = pl.col("line")
    lone, zero = text.str.contains("\r", literal=True), text.str.contains("\0", literal=True)
    found = _collect(_lines(place).select(lone=lone.any(), zero=zero.any()), place)
    if found["zero"][0]:
        raise SourceError(
            f"{place.name}: the text holds zero bytes, so it is damaged or not UTF-8; save the file in the encoding "
            "UTF-8"
        )
    if found["lone"][0]:
        raise SourceError(
            f"{place.name}: some lines end in a carriage return alone, as those of old Macintosh programs; save the "
            "file with the line ends of Windows or Unix"
        )


def is_quoted(place: Path) -> bool:
    """Return whether some cells stand in quotation marks; refuse marks that enclose no whole cell."""
    import polars as pl

    text = pl.col("line")
    quotes = text.str.count_matches('"', literal=True)
    quoted = _collect(_lines(place).select(any=(quotes > 0).any(), open=(quotes % 2 != 0).sum()), place)
    if quoted["open"][0]:
        raise SourceError(
            f"{place.name}: {counted(quoted['open'][0], 'line opens', 'lines open')} a quotation mark and "
            "close none; a record may not go over several lines"
        )
    stray = (quotes > 0) & ~text.str.strip_prefix("\ufeff").str.contains(_WELL_QUOTED)
    n_stray = _collect(_lines(place).select(stray.sum()), place)["line"][0] if quoted["any"][0] else 0
    if n_stray:
        raise SourceError(
            f"{place.name}: {counted(n_stray, 'line has', 'lines have')} a quotation mark inside a cell; put the whole "
            "cell in quotation marks and write the mark twice"
        )
    return bool(quoted["any"][0])


def odd_lines(place: Path, n_cells: int, quoted: bool) -> tuple[list[int], list[int]]:
    """Return the lines with a wrong number of cells and the blank ones."""
    import polars as pl

    text = pl.col("line")
    bare = text.str.replace_all('"[^"]*"', "") if quoted else text
    cells = bare.str.count_matches(",", literal=True) + 1
    blank = text.str.strip_chars() == ""
    odd = _collect(
        _lines(place)
        .with_row_index("number", offset=1)
        .select("number", odd=cells != n_cells, blank=blank)
        .filter(pl.col("odd") | pl.col("blank"), pl.col("number") > 1),
        place,
    )
    return odd.filter(~pl.col("blank"))["number"].to_list(), odd.filter("blank")["number"].to_list()


def controls_and_blanks(place: Path) -> tuple[bool, bool]:
    """Return whether a control character stands in a line, and whether a quotation mark, blank or tab does."""
    import polars as pl

    text = pl.col("line")
    odd = text.str.contains_any(['"', " ", "\t"])
    held = _collect(_lines(place).select(controls=text.str.contains(CONTROLS).any(), odd=odd.any()), place)
    return bool(held["controls"][0]), bool(held["odd"][0])


def _lines(place: Path) -> "pl.LazyFrame":
    import polars as pl

    return pl.scan_lines(place)


def _collect(frame: "pl.LazyFrame", place: Path) -> "pl.DataFrame":
    import polars as pl

    try:
        return frame.collect(engine="streaming")
    except pl.exceptions.ComputeError as error:
        if "utf" not in str(error).lower():
            raise SourceError(f"{place.name}: the file cannot be read as CSV; write it again") from None
    except OSError:
        raise SourceError(f"{place.name}: the file is damaged or cut off; fetch or write it again") from None
    raise SourceError(f"{place.name}{_undecodable(place)}: the text is not UTF-8; save the file in the encoding UTF-8")


def _undecodable(place: Path) -> str:
    """Return where the first byte stands that is not UTF-8, as a sentence part."""
    if place.suffix == ".gz":
        return ""
    with place.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return f", line {number}"
    return ""
