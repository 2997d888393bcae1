"""Raw files as text: found, shown to be whole, and read without guessing what a cell means.

Every cell is read as text and turned into a number or a code later, so that a bad cell costs one row and not the file.
Files are streamed; nothing here holds a whole file in memory.
"""

import csv
import gzip
import os
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from iop_outcomes.ingest.plain_text import is_plain
from iop_outcomes.kernel.errors import SourceError, counted

if TYPE_CHECKING:
    import polars as pl

#: Begins the name of every column that is added to a file's own; no name in a file may hold it.
OWN = "\x1f"

#: Name of the added column that says where a row stood; the header is line 1.
LINE = f"{OWN}line"

ENDINGS = (".csv", ".csv.gz", ".parquet")

#: How many times its size a packed file may unpack to, unless it stays below so many bytes.
MOST_UNPACKED, LARGEST_UNCHECKED = 300, 100_000_000

#: Characters that no page, figure or spreadsheet can show; tabs and line ends are none of them.
CONTROLS = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}\x{fffe}\x{ffff}]"

#: A line whose quotation marks all enclose whole cells, those inside a cell written twice.
_WELL_QUOTED = r'^(?:"(?:[^"]|"")*"|[^",]*)(?:,(?:"(?:[^"]|"")*"|[^",]*))*$'


@dataclass(frozen=True)
class RawFile:
    """One raw file, ready to be sifted.

    Attributes
    ----------
    name : str
        What the file is called in messages and in ``rejected``; never a path of the machine.
    columns : tuple of str
        Its columns in order.
    rows : polars.LazyFrame
        All rows that have as many cells as the header, as text (CSV) or as stored (Parquet), and ``LINE``.
    misshapen : tuple of int
        Lines that have more or fewer cells than the header.
    may_hold_controls : bool
        Has nobody shown that no cell holds a control character?
    plain : Path, optional
        The file, if it is a CSV without a quotation mark or a blank, so that a number in it is read one way only.
    left_out : tuple of int
        Lines that are no rows: misshapen or blank.
    """

    name: str
    columns: tuple[str, ...]
    rows: "pl.LazyFrame"
    misshapen: tuple[int, ...] = ()
    may_hold_controls: bool = True
    plain: Path | None = None
    left_out: tuple[int, ...] = ()

    def need(self, required: Iterable[str], known: Iterable[str] = ()) -> None:
        """Refuse the file if a column it must have is not there.

        Raises
        ------
        SourceError
            Names the column and the one in the file that it may be; no other, as without a header it would be a value.
        """
        spare = [c for c in self.columns if c not in set(known)]
        for column in required:
            if column not in self.columns:
                close = get_close_matches(column, spare or self.columns, n=1)
                n = counted(len(self.columns), "column")
                hint = f"did you mean '{close[0]}'?" if close else f"it has {n}; see that the first line names them"
                raise SourceError(f"{self.name}: there is no column '{column}'; {hint}")

    def need_rows(self) -> None:
        """Refuse a file that has a header and nothing below it."""
        if not self.misshapen and collected(self.rows.head(1), self.name).is_empty():
            raise SourceError(f"{self.name}: the file has a header and no rows; give the file with the records")


def locate(folder: Path, path: str) -> Path:
    """Return the file or folder that a study file calls ``path``.

    Raises
    ------
    SourceError
        There is none; a close name beside it is offered, and no other, for names of files may be those of people.
    """
    place = Path(folder) / path
    if place.is_file() or place.is_dir():
        return place
    if place.exists():
        raise SourceError(f"source.path: '{path}' is a device and neither a file nor a folder; give one of these")
    close = get_close_matches(place.name, [p.name for p in place.parent.iterdir()]) if place.parent.is_dir() else []
    hint = f"did you mean '{close[0]}'?" if close else "check the path, which starts from the project's folder"
    raise SourceError(f"source.path: there is no file or folder '{path}'; {hint}")


def files_of_path(folder: Path, *, path: str, **settings: object) -> list[Path]:
    """Return the file that the setting ``path`` names, or the files of the folder that it names.

    Raises
    ------
    SourceError
        There is none, or a link in the folder leads out of it: nobody who looks at the folder sees what would be read.
    """
    place = locate(folder, path)
    if place.is_file():
        return [place]
    files = sorted(p for p in place.iterdir() if p.name[0] != ".")
    refuse_links(files, place)
    return [p for p in files if p.is_file()]


def refuse_links(files: Iterable[Path], place: Path) -> None:
    """Refuse a link among the files of a folder that leads out of it, or to nothing.

    Raises
    ------
    SourceError
        Names the link.
    """
    for file in [p for p in files if p.is_symlink()]:
        # A link to itself has no end, and the standard library raises for it.
        target = Path(os.path.realpath(file))
        if not target.is_file() or not target.is_relative_to(place.resolve()):
            raise SourceError(
                f"{file.name}: this is a link that leads out of the source's folder or to nothing; put the file itself "
                "there"
            )


def collected(rows: "pl.LazyFrame", name: str) -> "pl.DataFrame":
    """Return the rows of a raw file; one that turns out to be damaged inside is refused.

    Raises
    ------
    SourceError
    """
    import polars as pl

    try:
        return rows.collect(engine="streaming")
    except pl.exceptions.ComputeError as error:
        if not str(error).lower().startswith("parquet"):
            raise
    except OSError as error:
        if error.errno is not None:
            raise
    raise SourceError(f"{name}: the file is damaged or cut off; fetch or write it again")


def read(place: Path) -> RawFile:
    """Open one raw file, ``.csv``, ``.csv.gz`` or ``.parquet``.

    Raises
    ------
    SourceError
        The file is not there, empty, not UTF-8, damaged, not separated by commas, or names its columns badly.
    """
    if not place.is_file():
        raise SourceError(
            f"{place.name}: there is no such file in the source's folder; check the name, or add the file"
        )
    if not place.name.endswith(ENDINGS):
        raise SourceError(f"{place.name}: a file ends in {', '.join(ENDINGS)}; export it as one of these")
    return _read_parquet(place) if place.suffix == ".parquet" else _read_csv(place)


def _read_csv(place: Path) -> RawFile:
    import polars as pl

    if place.suffix == ".gz":
        _refuse_bomb(place)
    plain = place.suffix != ".gz" and is_plain(place)
    columns = _header(place, plain)
    misshapen, blank = _odd_lines(place, len(columns), quoted=not plain and _is_quoted(place))
    controls, odd = (False, False) if plain else _controls_and_blanks(place)
    rows = pl.scan_csv(place, infer_schema=False, row_index_name=LINE, row_index_offset=2, truncate_ragged_lines=True)
    # By place, because polars keeps doubled quotation marks in names.
    rows = rows.rename(dict(zip(rows.collect_schema().names(), (LINE, *columns), strict=True)))
    left_out = [*misshapen, *blank]
    if left_out:
        rows = rows.filter(~pl.col(LINE).is_in(left_out))
    as_it_stands = None if odd or place.suffix == ".gz" else place
    return RawFile(place.name, columns, rows, tuple(misshapen), controls, as_it_stands, tuple(left_out))


def _controls_and_blanks(place: Path) -> tuple[bool, bool]:
    """Return whether a control character stands in a line, and whether a quotation mark, blank or tab does."""
    import polars as pl

    text = pl.col("line")
    odd = text.str.contains_any(['"', " ", "\t"])
    held = _collect(_lines(place).select(controls=text.str.contains(CONTROLS).any(), odd=odd.any()), place)
    return bool(held["controls"][0]), bool(held["odd"][0])


def _read_parquet(place: Path) -> RawFile:
    import polars as pl

    try:
        rows = pl.scan_parquet(place)
        columns = tuple(rows.collect_schema().names())
    except pl.exceptions.DuplicateError:
        raise SourceError(f"{place.name}: two columns have the same name; keep one, or rename it") from None
    except (pl.exceptions.PolarsError, OSError):
        raise SourceError(f"{place.name}: this is not a Parquet file; write it again or give a CSV file") from None
    _check_names(place, columns)
    # A list of labels in store is text to whoever reads it.
    rows = rows.with_columns(pl.selectors.by_dtype(pl.Categorical, pl.Enum).cast(pl.String))
    return RawFile(place.name, columns, rows.with_row_index(LINE, offset=2))


def _refuse_bomb(place: Path) -> None:
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


def _header(place: Path, plain: bool) -> tuple[str, ...]:
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
    _check_names(place, cells)
    return tuple(cells)


def _cells(header: str, place: Path) -> list[str]:
    try:
        return next(csv.reader([header], strict=True))
    except csv.Error:
        raise SourceError(
            f"{place.name}: the header cannot be split into names; write it as names between commas"
        ) from None


def _check_names(place: Path, names: Sequence[str]) -> None:
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


def _is_quoted(place: Path) -> bool:
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


def _odd_lines(place: Path, n_cells: int, quoted: bool) -> tuple[list[int], list[int]]:
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
