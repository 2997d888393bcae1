"""Wide sheets made long: columns that hold one thing each (a panel, a weekday, a week) become rows."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from iop_outcomes.ingest.sources.sheets.header import plain
from iop_outcomes.ingest.sources.sheets.mapping import Long, SheetFile
from iop_outcomes.ingest.sources.sheets.sheet import BLANK, RECORD, Sheet, last_record, read_wide
from iop_outcomes.kernel.errors import SourceError

if TYPE_CHECKING:
    pass


def read_sheet(folder: Path, name: str, spec: SheetFile, wanted: Sequence[str], missing: Sequence[str] = ()) -> Sheet:
    """Read a sheet of the mapping (:func:`sheet.read_wide`), with columns as rows where the study says so."""
    sheet = read_wide(folder, name, spec, wanted, missing)
    return long(sheet, spec.long) if spec.long else sheet


def long(sheet: Sheet, spec: Long) -> Sheet:
    """Return a sheet of which columns have become rows, each known by its file and column."""
    import polars as pl

    made = [spec.name, *([spec.value] if spec.columns else spec.values)]
    clash = [name for name in made if any(plain(name) == plain(c) for c in sheet.rows.columns)]
    if clash:
        raise SourceError(f"{sheet.file}: long makes a column '{clash[0]}' and the sheet has one; choose another name")
    groups = _groups(sheet, spec)
    used = {column for columns in groups.values() for _, column in columns}
    kept = [c for c in sheet.rows.columns if c not in used and c != RECORD]
    rows, places, aside = [], [], []
    step = last_record(sheet.places) + 1
    for number, (label, columns) in enumerate(groups.items()):
        moved = (pl.col(RECORD) + number * step).alias(RECORD)
        cells = [pl.col(column).alias(new) for new, column in columns]
        rows.append(sheet.rows.select(moved, *kept, pl.lit(label).alias(spec.name), *cells))
        shown = columns[0][1] if len(columns) == 1 else f"{spec.name} {label}"
        places.append(sheet.places.with_columns(moved, pl.col("file") + f", column {shown}"))
        aside.append(sheet.aside.with_columns(moved))
    whole = replace(sheet, rows=pl.concat(rows), places=pl.concat(places), aside=pl.concat(aside))
    values = [spec.value] if spec.columns else list(spec.values)
    return whole.without(whole.rows.select(pl.all_horizontal(pl.col(values).is_null())).to_series(), BLANK)


def _groups(sheet: Sheet, spec: Long) -> dict[str, list[tuple[str, str]]]:
    """Return by what stands in ``name`` the new columns and the columns they come from."""
    if isinstance(spec.columns, dict):
        return {label: [(spec.value, sheet.column(column))] for column, label in spec.columns.items()}
    if isinstance(spec.columns, list) and spec.columns:
        return {column: [(spec.value, sheet.column(column))] for column in spec.columns}
    patterns = spec.values or {spec.value: str(spec.columns)}
    groups: dict[str, list[tuple[str, str]]] = {}
    for new, pattern in patterns.items():
        matcher = re.escape(plain(pattern)).replace(re.escape("#"), r"(\d+)").replace(re.escape("*"), "(.+)")
        found = [(m.group(1), c) for c in sheet.rows.columns if (m := re.fullmatch(matcher, plain(c))) and m.groups()]
        if not found:
            raise SourceError(f"{sheet.file}: no column is like '{pattern}'; # is a number in its name, * any text")
        for label, column in found:
            groups.setdefault(label, []).append((new, column))
    return {label: columns for label, columns in groups.items() if len(columns) == len(patterns)}
