"""Who a row is of, and from which day that person's days are counted.

Calendar dates and the clinic's own numbers stand only here, in memory: tables get study days and pseudonyms.
"""

from collections.abc import Mapping as Mapped
from typing import TYPE_CHECKING

from iop_outcomes.ingest.sources.sheets.dates import decided, read_dates
from iop_outcomes.ingest.sources.sheets.mapping import Cell, Mapping
from iop_outcomes.ingest.sources.sheets.sheet import Sheet

if TYPE_CHECKING:
    import polars as pl


def person_keys(sheet: Sheet, mapping: Mapping) -> "pl.Series":
    """Return whose each row is, so that the ways in which two sheets write one number are one."""
    import polars as pl

    cells = sheet.rows[sheet.column(mapping.person_of(sheet.name))]
    text = cells.str.strip_chars().str.to_lowercase().str.replace(r"^(\d+)\.0+$", "$1")
    if mapping.person_form == "digits":
        text = text.str.replace_all(r"\D", "").str.strip_chars_start("0")
        text = pl.DataFrame({"text": text}).select(pl.when(pl.col("text") != "").then("text")).to_series()
    return text.alias("person")


def dates_in(sheet: Sheet, column: str, mapping: Mapping, cell: Cell | None = None) -> tuple["pl.Series", list[str]]:
    """Return a column of a sheet as dates, and the forms by which it was read.

    Raises
    ------
    SourceError
        The study names no form and the cells do not say which it is.
    """
    name = sheet.column(column)
    cells, forms = sheet.rows[name], mapping.dates_of(sheet.name, cell)
    year = mapping.drawn.year if mapping.drawn else None
    forms = forms or decided(cells, f"{sheet.file}, '{name}'", year)
    return read_dates(cells, forms, year), forms


def anchors(sheets: Mapped[str, Sheet], mapping: Mapping) -> "pl.DataFrame":
    """Return ``person`` and ``anchor``, the date that is that person's day 0; nobody where days are counted already."""
    import polars as pl

    if mapping.anchor is None:
        return pl.DataFrame(schema={"person": pl.String, "anchor": pl.Date})
    sheet = sheets[mapping.anchor.sheet]
    found = pl.DataFrame(
        {"person": person_keys(sheet, mapping), "anchor": dates_in(sheet, mapping.anchor.column, mapping)[0]}
    )
    return found.drop_nulls().group_by("person").agg(pl.col("anchor").min()).sort("person")
