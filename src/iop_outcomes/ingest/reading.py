"""Raw files as text: found, shown to be whole, and read without guessing what a cell means.

Every cell is read as text and turned into a number or a code later, so that a bad cell costs one row and not the file.
Files are streamed; nothing here holds a whole file in memory.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from iop_outcomes.kernel.errors import SourceError, counted, did_you_mean

if TYPE_CHECKING:
    import polars as pl

#: Name of the added column that says where a row stood; the header is line 1. No file can have a column of this name,
#: since a header is one line.
LINE = "line\nin file"

ENDINGS = (".csv", ".csv.gz", ".parquet")


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
    """

    name: str
    columns: tuple[str, ...]
    rows: "pl.LazyFrame"
    misshapen: tuple[int, ...] = ()

    def need(self, required: Iterable[str], known: Iterable[str] = ()) -> None:
        """Refuse the file if a column it must have is not there.

        Raises
        ------
        SourceError
            Names the column and the one in the file that it may be.
        """
        spare = [c for c in self.columns if c not in set(known)]
        for column in required:
            if column not in self.columns:
                hint = did_you_mean(column, spare or self.columns)
                raise SourceError(f"{self.name}: there is no column '{column}'; {hint}")

    def need_rows(self) -> None:
        """Refuse a file that has a header and nothing below it."""
        if not self.misshapen and self.rows.head(1).collect().is_empty():
            raise SourceError(f"{self.name}: the file has a header and no rows; give the file with the records")


def locate(folder: Path, path: str) -> Path:
    """Return the file or folder that a study file calls ``path``.

    Raises
    ------
    SourceError
        There is none; a close name beside it is offered.
    """
    place = Path(folder) / path
    if place.exists():
        return place
    beside = [p.name for p in place.parent.iterdir()] if place.parent.is_dir() else []
    hint = f"; {did_you_mean(place.name, beside)}" if beside else ""
    raise SourceError(f"source.path: there is no file or folder '{path}'{hint}")


def files_of_path(folder: Path, *, path: str, **settings: object) -> list[Path]:
    """Return the file that the setting ``path`` names, or the files of the folder that it names."""
    place = locate(folder, path)
    return [place] if place.is_file() else sorted(p for p in place.iterdir() if p.is_file() and p.name[0] != ".")


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

    columns = _header(place)
    misshapen, blank = _odd_lines(place, len(columns))
    rows = pl.scan_csv(place, infer_schema=False, row_index_name=LINE, row_index_offset=2, truncate_ragged_lines=True)
    left_out = [*misshapen, *blank]
    if left_out:
        rows = rows.filter(~pl.col(LINE).is_in(left_out))
    return RawFile(place.name, columns, rows, tuple(misshapen))


def _read_parquet(place: Path) -> RawFile:
    import polars as pl

    try:
        rows = pl.scan_parquet(place)
        columns = tuple(rows.collect_schema().names())
    except (pl.exceptions.PolarsError, OSError):
        raise SourceError(f"{place.name}: this is not a Parquet file; write it again or give a CSV file") from None
    return RawFile(place.name, columns, rows.with_row_index(LINE, offset=2))


def refuse_unreadable_types(raw: RawFile) -> None:
    """Refuse columns of a Parquet file whose cells are no text, number, or yes or no.

    Raises
    ------
    SourceError
        Names the column, what it holds, and what to write instead.
    """
    import polars as pl

    said = {
        "dates": "give whole days counted from the person's anchor, which is day 0",
        "durations": "give whole days, as numbers",
        "times of day": "give minutes, as numbers",
        "lists or records": "give one value per cell",
    }
    for name, dtype in raw.rows.collect_schema().items():
        held = (
            "dates" if dtype in (pl.Date, pl.Datetime)
            else "durations" if dtype == pl.Duration
            else "times of day" if dtype == pl.Time
            else "lists or records" if dtype.is_nested() or dtype in (pl.Object, pl.Binary)
            else ""
        )  # fmt: skip
        if held and name != LINE:
            raise SourceError(f"{raw.name}: the column '{name}' holds {held}; {said[held]}, or leave the column out")


def _header(place: Path) -> tuple[str, ...]:
    lines = _collect(_lines(place).head(1), place)
    if lines.is_empty() or not lines["line"][0].strip("\ufeff \t"):
        raise SourceError(f"{place.name}: the file is empty; give a file with a header and one row per record")
    text = lines["line"][0].removeprefix("\ufeff")
    if "\r" in text.rstrip("\r"):
        raise SourceError(f"{place.name}: its lines end in CR, as on old Macs; save the file with LF or CRLF line ends")
    try:
        cells = next(csv.reader([text]))
    except csv.Error:
        raise SourceError(f"{place.name}: the header cannot be read as CSV; write the file again") from None
    for separator, called in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(cells) == 1 and separator in text:
            raise SourceError(f"{place.name}: the cells are separated by {called}; save the file with commas")
    if "" in cells:
        raise SourceError(
            f"{place.name}: column {cells.index('') + 1} has no name; name it, or write the file without row numbers"
        )
    twice = [c for c in cells if cells.count(c) > 1]
    if twice:
        raise SourceError(f"{place.name}: the column '{twice[0]}' stands there {cells.count(twice[0])} times; keep one")
    return tuple(cells)


def _odd_lines(place: Path, n_cells: int) -> tuple[list[int], list[int]]:
    """Return the lines with a wrong number of cells and the blank ones."""
    import polars as pl

    text = pl.col("line")
    quotes = text.str.count_matches('"', literal=True)
    quoted = _collect(_lines(place).select(any=(quotes > 0).any(), open=(quotes % 2 != 0).sum()), place)
    if quoted["open"][0]:
        raise SourceError(
            f"{place.name}: {counted(quoted['open'][0], 'line opens', 'lines open')} a quotation mark and "
            "close none; a record may not go over several lines"
        )
    bare = text.str.replace_all('"[^"]*"', "") if quoted["any"][0] else text
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
