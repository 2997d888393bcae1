"""What a sheet is like: its columns, what kind of thing stands in them and how often, never whose.

A value is told only where it is a code: one of few in its column, in rows of several people, and in a column that the
mapping needs.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import polars as pl

from iop_outcomes.drafting.vocabulary import DATED
from iop_outcomes.ingest.sources.sheets.dates import COMMON, EXCEL, decided, read_dates
from iop_outcomes.ingest.sources.sheets.grid import TEXTS, WORKBOOKS, encoding_of, guessed_encoding, sheet_names
from iop_outcomes.ingest.sources.sheets.header import plain
from iop_outcomes.ingest.sources.sheets.lengths import minutes_of_day
from iop_outcomes.ingest.sources.sheets.mapping import SheetFile
from iop_outcomes.ingest.sources.sheets.sheet import HEADER_AGAIN, TOTALS, grid_and_header, shape_of
from iop_outcomes.kernel.errors import SourceError

#: Rows that a code must stand in to be told, and different texts beyond which a column holds no codes.
FEWEST_ROWS, MOST_CODES = 11, 40

_LOOKS_LIKE_SOMEBODY = re.compile(r"\d{4,}|@|\d[-/.]\d+[-/.]\d|^[^\W\d]+, ?[^\W\d]+")


def tells_nobody(text: str) -> bool:
    """Return whether a text is no number, date, address or name of somebody by its look."""
    return len(text) <= 40 and not _LOOKS_LIKE_SOMEBODY.search(text)


@dataclass(frozen=True)
class Seen:
    """One column of a sheet.

    Attributes
    ----------
    name : str
    cells : polars.Series
        Its cells as text, null where empty.
    """

    name: str
    cells: pl.Series

    @cached_property
    def there(self) -> pl.Series:
        """The cells that are filled."""
        return self.cells.drop_nulls()

    @cached_property
    def texts(self) -> Counter[str]:
        """How often each text stands there, without capitals and blanks at its ends."""
        return Counter(plain(cell) for cell in self.there)

    @cached_property
    def forms(self) -> list[str]:
        """Forms of dates that read its cells: one that reads all, or two that do; none where it holds no dates."""
        if self.there.is_empty():
            return []
        sample = self.there.unique()
        read = {form: int(read_dates(sample, [form]).drop_nulls().len()) for form in (*COMMON, EXCEL)}
        best = max(read.values())
        # Numbers may be days as a workbook keeps them, and may be anything else.
        only_numbers = read[EXCEL] > max(read[form] for form in COMMON)
        if best < 0.5 * len(sample) or (only_numbers and not re.search(DATED, plain(self.name))):
            return []
        try:
            return decided(self.cells, self.name)
        except SourceError:
            first = next(form for form in read if read[form] == best)
            rest = sample.filter(read_dates(sample, [first]).is_null())
            second = [f for f in read if rest.len() and read_dates(rest, [f]).null_count() == 0]
            return [first, *second[:1]]

    @cached_property
    def is_ambiguous(self) -> bool:
        """Can its dates be read in two ways that differ?"""
        try:
            decided(self.cells, self.name)
        except SourceError as problem:
            return "none says which" in str(problem)
        return False

    @cached_property
    def is_time(self) -> bool:
        """Are most of its cells times of day?"""
        sample = self.there.unique()
        written = sample.str.contains(r"(?:^|\d[T ]+)\d{1,2}:\d{2}|(?i)\d ?[ap]\.?m").sum()
        return bool(len(sample) and written > 0.9 * len(sample) and minutes_of_day(sample).null_count() == 0)

    @cached_property
    def is_number(self) -> bool:
        """Are all its cells numbers? A comma may be their point."""
        return bool(len(self.there)) and self._numbers.null_count() == 0

    @cached_property
    def _numbers(self) -> pl.Series:
        return self.there.str.replace(r"^(-?\d+),(\d{1,2})$", "$1.$2").cast(pl.Float64, strict=False)

    @property
    def middle(self) -> float:
        """The median of its numbers above zero; nan where it holds none."""
        found = self._numbers.filter(self._numbers > 0).median()
        return float(found) if isinstance(found, int | float) else float("nan")

    @cached_property
    def is_coded(self) -> bool:
        """Are there few different texts in it?"""
        return 0 < len(self.texts) <= MOST_CODES

    def codes(self) -> tuple[list[tuple[str, int]], int, int]:
        """Return the codes that may be told with their rows, and how many others in how many rows."""
        written: dict[str, Counter[str]] = {}
        for cell in self.there:
            written.setdefault(plain(cell), Counter())[cell.strip()] += 1
        told, n_others, n_rows = [], 0, 0
        for text, n in self.texts.most_common():
            if n >= FEWEST_ROWS and tells_nobody(text):
                told.append((written[text].most_common(1)[0][0], n))
            else:
                n_others, n_rows = n_others + 1, n_rows + n
        return told, n_others, n_rows


@dataclass(frozen=True)
class Look:
    """One sheet as it was found.

    Attributes
    ----------
    file : Path
    sheet : str or None
        Name in its workbook, where there are several.
    encoding : str or None
        Where it is not UTF-8 and no mark says it.
    columns : list of Seen
    n_rows : int
    pattern : str or None
        What the names of several files, or sheets, of one layout have in common, with ``*`` for where they differ.
    of_sheets : bool
        Is it of sheets of one workbook?
    star : str or None
        Column of what differs, where that is a date or a month.
    star_form : str or None
        Form of the month.
    """

    file: Path
    sheet: str | None
    encoding: str | None
    columns: list[Seen] = field(default_factory=list)
    n_rows: int = 0
    pattern: str | None = None
    of_sheets: bool = False
    star: str | None = None
    star_form: str | None = None

    def column(self, pattern: str) -> Seen | None:
        """Return the first column whose name fits a pattern."""
        return next((c for c in self.columns if re.search(pattern, plain(c.name))), None)


def look_at(file: Path) -> list[Look]:
    """Return every sheet of a file that holds rows.

    Raises
    ------
    SourceError
        The file is none that can be read.
    """
    kind = file.suffix.lower()
    if kind not in (*TEXTS, *WORKBOOKS):
        raise SourceError(f"{file.name}: a sheet is one of {', '.join((*TEXTS, *WORKBOOKS))}; save it as one of these")
    if kind in WORKBOOKS:
        names = sheet_names(file)
        looks = [_look(file, name if len(names) > 1 else None, None) for name in names]
    else:
        content = file.read_bytes()
        looks = [_look(file, None, None if encoding_of(content) else guessed_encoding(content))]
    return [look for look in looks if look.n_rows]


def _look(file: Path, sheet: str | None, encoding: str | None) -> Look:
    grid, header = grid_and_header(file, SheetFile(file=file.name, sheet=sheet, encoding=encoding), [])
    bare = [plain(name) for name in header.names]
    below = [row for row in grid.rows[header.last + 1 :] if shape_of(row, bare) not in (HEADER_AGAIN, TOTALS)]
    columns = [
        Seen(name, pl.Series([row[i] if i < len(row) and row[i] else None for row in below], dtype=pl.String))
        for i, name in enumerate(header.names)
        if name and plain(name) not in header.twice
    ]
    return Look(file, sheet, encoding, columns, len(below))
