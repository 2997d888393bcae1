"""Sheets of one layout that came apart, as a file for each week or a sheet for each month, looked at as one."""

import re
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from iop_outcomes.drafting.looking import Look, Seen
from iop_outcomes.drafting.vocabulary import is_day
from iop_outcomes.ingest.sources.sheets.dates import read_dates
from iop_outcomes.ingest.sources.sheets.header import plain
from iop_outcomes.ingest.sources.sheets.titles import star_in

#: Column that a draft makes of what tells such sheets apart, where that is a date.
STAR = "date in name"
#: Forms of months in names.
MONTHS = ("Mon YYYY", "Mon-YYYY", "Mon YY", "Mon-YY", "YYYY-MM", "YYYY_MM", "MM-YYYY", "Mon_YYYY")
#: Sheets of one layout from which they are taken for one.
_SEVERAL = 3


def together(looks: Sequence[Look]) -> list[Look]:
    """Return looks with those of one layout, whose names differ in one place only, as one."""
    groups: dict[tuple[str, ...], list[Look]] = {}
    for look in looks:
        # Registers of a month have a column for each of its days.
        names = [plain(column.name) for column in look.columns]
        groups.setdefault(tuple(name for name in names if not is_day(name)), []).append(look)
    joined: list[Look] = []
    for group in (group for group in groups.values() if len(group) >= _SEVERAL):
        # Every sheet of a workbook may be called anything; files and some of its sheets have something in common.
        is_book = [look.file for look in looks].count(group[0].file) == len(group)
        one = _one(group, 0 if is_book else _SEVERAL)
        joined += [one] if one else []
    rest = [look for look in looks if not any(_is_part(look, one) for one in joined)]
    return [*rest, *joined]


def _one(group: Sequence[Look], least: int) -> Look | None:
    """Return the looks of one layout as one, None where their names have nothing in common."""
    of_sheets = group[0].sheet is not None and len({look.file for look in group}) == 1
    names = [str(look.sheet) if of_sheets else look.file.name for look in group]
    pattern = _pattern(names, least)
    if pattern is None or (not of_sheets and len({look.sheet for look in group}) > 1):
        return None
    n_rows = [look.n_rows for look in group]
    stars = [star_in(pattern, name) or "" for name in names]
    told = Seen(STAR, pl.Series([text for text, n in zip(stars, n_rows, strict=True) for _ in range(n)]))
    whole = replace(group[0], columns=_columns(group), n_rows=sum(n_rows), pattern=pattern, of_sheets=of_sheets)
    month = next((form for form in MONTHS if read_dates(told.there, [form]).null_count() == 0), None)
    if not told.forms and month is None:
        return whole
    return replace(whole, columns=[*whole.columns, told], star=STAR, star_form=None if told.forms else month)


def _columns(group: Sequence[Look]) -> list[Seen]:
    """Return the columns of some looks below each other, empty where a look has not one."""
    known = [{plain(column.name): column for column in look.columns} for look in group]
    names = list(dict.fromkeys(name for columns in known for name in columns))
    empty = [pl.Series([None] * look.n_rows, dtype=pl.String) for look in group]
    cells = {
        name: [of[name].cells if name in of else none for of, none in zip(known, empty, strict=True)] for name in names
    }
    written = {name: next(of[name].name for of in known if name in of) for name in names}
    return [Seen(written[name], pl.concat(cells[name])) for name in names]


def _pattern(names: Sequence[str], least: int) -> str | None:
    """Return what names have in common, with ``*`` for where they differ; a date is never half of what differs."""
    first, last = min(names), max(names)
    head = next((i for i, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), 0)
    head = len(re.sub(r"\d[\d./_-]*$", "", first[:head]))
    turned = [name[::-1] for name in names]
    tail = next((i for i, pair in enumerate(zip(min(turned), max(turned), strict=False)) if pair[0] != pair[1]), 0)
    end = re.sub(r"^[\s\d./_-]*\d", "", first[len(first) - tail :]) if tail else ""
    return f"{first[:head]}*{end}" if len(first[:head]) + len(end.rpartition(".")[0]) >= least else None


def _is_part(look: Look, one: Look) -> bool:
    """Would a look be read as part of the one? Also one whose header was not found by itself."""
    if one.of_sheets:
        return look.file == one.file and star_in(str(one.pattern), str(look.sheet)) is not None
    return look.sheet == one.sheet and star_in(str(one.pattern), look.file.name) is not None
