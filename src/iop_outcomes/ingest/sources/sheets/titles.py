"""What is said of all rows of a sheet beside them: by the name of its file, its own, or a line above its header."""

import fnmatch
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from iop_outcomes.ingest.sources.sheets.grid import WORKBOOKS, Grid, sheet_names
from iop_outcomes.ingest.sources.sheets.header import Header, plain
from iop_outcomes.ingest.sources.sheets.mapping import SheetFile
from iop_outcomes.kernel.errors import SourceError, did_you_mean

if TYPE_CHECKING:
    import polars as pl

#: Files of one layout up to which each is told of by itself.
_MANY_FILES = 3


def star_in(pattern: str, text: str) -> str | None:
    """Return what the first ``*`` of a pattern stands for in a text, None where the text is not like it."""
    first, *rest = (re.escape(" ".join(part.split())) for part in pattern.split("*"))
    like = rf"{first}\s*(.*?)\s*{'.*?'.join(rest)}"
    found = re.fullmatch(like, " ".join(text.split()), re.IGNORECASE)
    return found.group(1) if found else None


def sheets_called(place: Path, spec: SheetFile) -> list[str | None]:
    """Return the names of the sheets of a file that the study means.

    Raises
    ------
    SourceError
        No sheet is called so.
    """
    if spec.sheet is None or "*" not in spec.sheet or place.suffix.lower() not in WORKBOOKS:
        return [spec.sheet]
    names = sheet_names(place)
    found: list[str | None] = [name for name in names if fnmatch.fnmatchcase(name, spec.sheet)]
    if not found:
        raise SourceError(f"{place.name}: no sheet is called like '{spec.sheet}'; {did_you_mean(spec.sheet, names)}")
    return found


def said_by_name(place: Path, called: str | None, spec: SheetFile) -> dict[str, str | None]:
    """Return the column ``star`` and what ``*`` stands for in the name of the sheet, or else of the file."""
    if spec.star is None:
        return {}
    if spec.sheet is not None and "*" in spec.sheet:
        return {spec.star: star_in(spec.sheet, str(called))}
    return {spec.star: star_in(spec.file, place.name)}


def said_above(grid: Grid, header: Header, above: Mapping[str, str]) -> dict[str, str | None]:
    """Return by new column what ``*`` stands for in the first cell above the header that is like a pattern.

    Raises
    ------
    SourceError
        None is.
    """
    cells = [cell for row in grid.rows[: header.first] for cell in row if cell]
    said: dict[str, str | None] = {}
    for column, pattern in above.items():
        said[column] = next((text for cell in cells if (text := star_in(pattern, cell))), None)
        if said[column] is None:
            raise SourceError(f"{grid.name}: no line above the header is like '{pattern}'; * is any text in it")
    return said


def with_said(rows: "pl.DataFrame", said: Mapping[str, str | None], place: str) -> "pl.DataFrame":
    """Return rows with a column for each thing said of all of them.

    Raises
    ------
    SourceError
        There is such a column already.
    """
    import polars as pl

    clash = [name for name in said if any(plain(name) == plain(c) for c in rows.columns)]
    if clash:
        raise SourceError(f"{place}: star or above makes a column '{clash[0]}', which is there; choose another name")
    return rows.with_columns(pl.lit(text, dtype=pl.String).alias(name) for name, text in said.items())


def told_once(notes: Sequence[str]) -> list[str]:
    """Return notes with those that many files give alike as one, told of the first of them."""
    of_words: dict[str, list[str]] = {}
    for note in notes:
        place, _, words = note.partition(": ")
        of_words.setdefault(words, []).append(place)
    told = []
    for words, places in of_words.items():
        alone = len(places) <= _MANY_FILES
        told += (
            [f"{place}: {words}" for place in places] if alone else [f"{len(places)} sheets as {places[0]}: {words}"]
        )
    return told
