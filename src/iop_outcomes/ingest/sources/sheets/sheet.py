"""One sheet as a table of text, each row with the file and line it came from, and the rows set aside by rule."""

import fnmatch
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from iop_outcomes.ingest.accepting import COPY, MISSHAPEN
from iop_outcomes.ingest.reading import OWN
from iop_outcomes.ingest.sources.sheets.grid import (
    SEPARATORS,
    TEXTS,
    WORKBOOKS,
    Grid,
    book_grid,
    text_grid,
    text_of,
)
from iop_outcomes.ingest.sources.sheets.header import Header, find_header, plain
from iop_outcomes.ingest.sources.sheets.mapping import SheetFile
from iop_outcomes.ingest.sources.sheets.titles import said_above, said_by_name, sheets_called, told_once, with_said
from iop_outcomes.kernel.errors import SourceError, counted, did_you_mean

if TYPE_CHECKING:
    import polars as pl

#: Added column: the number of a record among those of its sheet, by which `places` and `aside` know it.
RECORD = f"{OWN}record"

#: Characters at the beginning of a text by which its separator is told.
_ENOUGH = 20_000
HEADER_AGAIN = "the header again"
TOTALS = "a row of totals"
BLANK = "blank: nothing was recorded"
_TOTALS = re.compile(r"^(grand |sub ?)?totals?\b.*|^(sum|count|n)\s*[:=]", re.IGNORECASE)


@dataclass(frozen=True)
class Sheet:
    """Records of one sheet.

    Attributes
    ----------
    name : str
        What the study calls it.
    rows : polars.DataFrame
        ``RECORD`` and the columns as text, null where empty; rows set aside are not among them.
    places : polars.DataFrame
        ``RECORD``, ``file`` and ``line`` of every record, those set aside too.
    aside : polars.DataFrame
        ``RECORD``, ``rule`` and ``expected`` of the records set aside.
    notes : list of str
        What a person should know of how it was read.
    """

    name: str
    rows: "pl.DataFrame"
    places: "pl.DataFrame"
    aside: "pl.DataFrame"
    notes: list[str] = field(default_factory=list)

    @property
    def file(self) -> str:
        """The file, or how many of them, for a sentence."""
        files = self.places["file"].unique(maintain_order=True).to_list()
        return str(files[0]) if len(files) == 1 else f"{self.name} ({counted(len(files), 'part')})"

    def column(self, name: str) -> str:
        """Return a column as the sheet writes it; capitals and blanks do not matter.

        Raises
        ------
        SourceError
            There is none.
        """
        for known in self.rows.columns:
            if plain(known) == plain(name):
                return known
        there = [c for c in self.rows.columns if not c.startswith(OWN)]
        raise SourceError(f"{self.file}: there is no column '{name}'; {did_you_mean(name, there)}")

    def without(self, broken: "pl.Series", words: str, expected: bool = True) -> "Sheet":
        """Return the sheet with the rows of a mask set aside by a rule."""
        if not broken.any():
            return self
        return replace(
            self,
            rows=self.rows.filter(~broken),
            aside=_set_aside(self.aside, self.rows.filter(broken)[RECORD], words, expected),
        )


def _set_aside(aside: "pl.DataFrame", records: "pl.Series", words: str, expected: bool) -> "pl.DataFrame":
    import polars as pl

    more = pl.DataFrame({RECORD: records}).with_columns(rule=pl.lit(words), expected=pl.lit(expected))
    return pl.concat([aside, more])


def files_of(folder: Path, spec: SheetFile) -> list[Path]:
    """Return the files of a sheet, in order of their names.

    Raises
    ------
    SourceError
        There is none, or one of a kind that cannot be read.
    """
    beside = sorted(p for p in folder.iterdir() if p.is_file() and p.name[0] != ".")
    found = [p for p in beside if fnmatch.fnmatchcase(p.name, spec.file)] if "*" in spec.file else []
    exact = folder / spec.file
    found = found or ([exact] if exact.is_file() else [])
    if not found:
        hint = did_you_mean(spec.file, [p.name for p in beside])
        raise SourceError(f"{spec.file}: there is no such file in '{folder.name}'; {hint}")
    for place in found:
        if place.suffix.lower() not in (*TEXTS, *WORKBOOKS):
            kinds = ", ".join((*TEXTS, *WORKBOOKS))
            raise SourceError(f"{place.name}: a sheet is one of {kinds}; save it as one of these")
    return found


def last_record(places: "pl.DataFrame") -> int:
    """Return the largest number of a record among places of rows, 0 where there is none."""
    return max(places[RECORD].to_list(), default=0)


def read_wide(folder: Path, name: str, spec: SheetFile, wanted: Sequence[str], missing: Sequence[str] = ()) -> Sheet:
    """Read a sheet of the mapping, as wide as it is.

    Parameters
    ----------
    folder : path
        Folder of the files.
    name : str
        What the study calls it.
    spec : SheetFile
    wanted : sequence of str
        Columns that it must hold.
    missing : sequence of str
        Words for a missing value, besides an empty cell.

    Raises
    ------
    SourceError
        A file is not there, or not what the mapping says.
    """
    import polars as pl

    parts, start = [], 0
    each = [(place, called) for place in files_of(folder, spec) for called in sheets_called(place, spec)]
    for place, called in each:
        grid, header = grid_and_header(place, spec.model_copy(update={"sheet": called}), wanted)
        _refuse_missing(grid, header, wanted)
        part = _from_grid(name, grid, header, start, missing)
        said = said_above(grid, header, spec.above) | said_by_name(place, called, spec)
        parts.append(replace(part, rows=with_said(part.rows, said, grid.name)))
        start += len(grid.rows)
    sheet = Sheet(
        name,
        pl.concat([part.rows for part in parts], how="diagonal"),
        pl.concat([part.places for part in parts]),
        pl.concat([part.aside for part in parts]),
        told_once([note for part in parts for note in part.notes]),
    )
    return _chosen(sheet, spec)


def grid_and_header(place: Path, spec: SheetFile, wanted: Sequence[str]) -> tuple[Grid, Header]:
    """Return the cells of one file and where its header is; the separator is the one that splits it best."""
    if place.suffix.lower() in WORKBOOKS:
        grid = book_grid(place, spec.sheet)
        return grid, find_header(grid, wanted, spec.header)
    text = text_of(place, spec.encoding)
    separator = spec.separator or max(SEPARATORS, key=lambda one: _fit(place.name, text[:_ENOUGH], one, spec, wanted))
    grid = text_grid(place.name, text, separator)
    return grid, find_header(grid, wanted, spec.header)


def _fit(name: str, text: str, separator: str, spec: SheetFile, wanted: Sequence[str]) -> tuple[int, bool, int, int]:
    """Return how well a separator splits a text: columns found, more than one, and rows as wide as the header."""
    grid = text_grid(name, text, separator)
    header = find_header(grid, wanted, spec.header)
    even = sum(len(row) == len(header.names) for row in grid.rows)
    return -len(header.missing), len(header.names) > 1, even, len(header.names)


def _refuse_missing(grid: Grid, header: Header, wanted: Sequence[str]) -> None:
    absent = header.missing
    if absent:
        known = [name for name in header.names if name]
        each = "; ".join(f"'{name}' ({did_you_mean(name, known)})" for name in absent)
        where = f"line {grid.lines[header.last]} was taken for the header" if grid.rows else "it has no rows"
        raise SourceError(f"{grid.name}: there is no column {each}; {where}")
    for name in wanted:
        if plain(name) in header.twice:
            raise SourceError(f"{grid.name}: the column '{name}' stands there twice; rename one, or leave one out")


def _from_grid(name: str, grid: Grid, header: Header, start: int, missing: Sequence[str]) -> Sheet:
    """Return the rows below a header, with what is no record among them set aside."""
    import polars as pl

    below = list(zip(grid.rows[header.last + 1 :], grid.lines[header.last + 1 :], strict=True))
    named = {i: column for i, column in enumerate(header.names) if column and plain(column) not in header.twice}
    empty, bare = {"", *missing}, [plain(column) for column in header.names]
    shapes = [shape_of(row, bare) for row, _ in below]
    columns: dict[str, list[str | None]] = {
        column: [None if i >= len(row) or row[i] in empty else row[i] for row, _ in below]
        for i, column in named.items()
    }
    record = pl.Series(RECORD, range(start, start + len(below)), dtype=pl.Int64)
    rows = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)).with_columns(record)
    lines = [line for _, line in below]
    places = pl.DataFrame(
        {RECORD: record, "file": [grid.name] * len(lines), "line": lines},
        schema={RECORD: pl.Int64, "file": pl.String, "line": pl.Int64},
    )
    aside = pl.DataFrame(schema={RECORD: pl.Int64, "rule": pl.String, "expected": pl.Boolean})
    sheet = Sheet(name, rows, places, aside, _notes(grid, header))
    for words in (HEADER_AGAIN, TOTALS, MISSHAPEN):
        mask = pl.Series([shapes[i - start] == words for i in sheet.rows[RECORD]], dtype=pl.Boolean)
        sheet = sheet.without(mask, words, expected=words != MISSHAPEN)
    return sheet


def shape_of(row: Sequence[str], header: Sequence[str]) -> str:
    """Return what a row is that is no record: the header again, totals, or too long or short; empty for a record."""
    first = next(cell for cell in row if cell)
    # First letters are compared first: that is quick, and records differ from the header at once.
    alike = all(cell[:1].casefold() == name[:1] for cell, name in zip(row, header, strict=False))
    if alike and [plain(cell) for cell in row[: len(header)]] == header:
        return HEADER_AGAIN
    if _TOTALS.match(first):
        return TOTALS
    return MISSHAPEN if len(row) < len(header) or any(row[len(header) :]) else ""


def _notes(grid: Grid, header: Header) -> list[str]:
    notes = []
    if grid.n_hidden:
        hidden = counted(grid.n_hidden, "row is hidden", "rows are hidden")
        notes.append(f"{grid.name}: {hidden} in the workbook and read as others")
    if header.first:
        notes.append(f"{grid.name}: {counted(header.first, 'line')} above the header passed over as a title")
    return notes


def _chosen(sheet: Sheet, spec: SheetFile) -> Sheet:
    """Set aside the rows that the study leaves out, and copies."""
    sheet = choose(sheet, spec.only, spec.leave_out)
    if spec.copies == "keep":
        return sheet
    if isinstance(spec.copies, list):
        columns = [sheet.column(name) for name in spec.copies]
        words = f"another row of the same {' and '.join(spec.copies)}; the first is taken"
    else:
        columns, words = [c for c in sheet.rows.columns if c != RECORD], COPY
    return sheet.without(~first_of_each(sheet.rows, columns), words) if columns else sheet


def choose(sheet: Sheet, only: Mapping[str, Sequence[str]], leave_out: Mapping[str, Sequence[str]]) -> Sheet:
    """Set aside rows by what stands in a column: all but some values, or some."""
    for name, values in only.items():
        sheet = sheet.without(~alike(sheet.rows[sheet.column(name)], values), f"{name}: not among the rows to take")
    for name, values in leave_out.items():
        sheet = sheet.without(alike(sheet.rows[sheet.column(name)], values), f"{name}: left out by the study")
    return sheet


def first_of_each(rows: "pl.DataFrame", columns: Sequence[str]) -> "pl.Series":
    """Return which rows are the first of those that are equal in some columns."""
    import polars as pl

    return rows.select(pl.struct(columns).is_first_distinct()).to_series()


def alike(cells: "pl.Series", values: Sequence[str]) -> "pl.Series":
    """Return which cells are one of some values; ``*`` is any text and an empty value an empty cell."""
    pattern = "|".join(f"(?:{re.escape(plain(value)).replace(re.escape('*'), '.*')})" for value in values)
    return plain_text(cells).fill_null("").str.contains(f"^(?:{pattern})$")


def plain_text(cells: "pl.Series") -> "pl.Series":
    """Return cells as :func:`header.plain` has them."""
    return cells.str.replace_all(r"\s+", " ").str.strip_chars().str.to_lowercase()
