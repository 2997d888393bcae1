"""Sheets of one layout that came apart, as a file for each week or a sheet for each month, looked at as one."""

import re
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from iop_outcomes.drafting.looking import Look, Seen
from iop_outcomes.ingest.sources.sheets.header import plain
from iop_outcomes.ingest.sources.sheets.titles import star_in

#: Column that a draft makes of what tells such sheets apart, where that is a date.
STAR = "date in name"
#: Sheets of one layout from which they are taken for one.
_SEVERAL = 3


def together(looks: Sequence[Look]) -> list[Look]:
    """Return looks with those of one layout, whose names differ in one place only, as one."""
    groups: dict[tuple[str, ...], list[Look]] = {}
    for look in looks:
        groups.setdefault(tuple(plain(column.name) for column in look.columns), []).append(look)
    joined: list[Look] = []
    for group in (group for group in groups.values() if len(group) >= _SEVERAL):
        one = _one(group)
        joined += [one] if one else []
    rest = [look for look in looks if not any(_is_part(look, one) for one in joined)]
    return [*rest, *joined]


def _one(group: Sequence[Look]) -> Look | None:
    """Return the looks of one layout as one, None where their names have nothing in common."""
    of_sheets = group[0].sheet is not None and len({look.file for look in group}) == 1
    names = [str(look.sheet) if of_sheets else look.file.name for look in group]
    pattern = _pattern(names)
    if pattern is None or (not of_sheets and len({look.sheet for look in group}) > 1):
        return None
    columns = [
        Seen(column.name, pl.concat([look.columns[i].cells for look in group]))
        for i, column in enumerate(group[0].columns)
    ]
    stars = [star_in(pattern, name) or "" for name in names]
    n_rows = [look.n_rows for look in group]
    told = Seen(STAR, pl.Series([text for text, n in zip(stars, n_rows, strict=True) for _ in range(n)]))
    whole = replace(group[0], columns=columns, n_rows=sum(n_rows), pattern=pattern, of_sheets=of_sheets)
    return replace(whole, columns=[*columns, told], star=STAR) if told.forms else whole


def _pattern(names: Sequence[str]) -> str | None:
    """Return what names have in common, with ``*`` for where they differ; a digit is never half of what differs."""
    first, last = min(names), max(names)
    head = next((i for i, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), 0)
    head = len(re.sub(r"\d[\d./_-]*$", "", first[:head]))
    turned = [name[::-1] for name in names]
    tail = next((i for i, pair in enumerate(zip(min(turned), max(turned), strict=False)) if pair[0] != pair[1]), 0)
    end = re.sub(r"^\d*", "", first[len(first) - tail :]) if tail else ""
    return f"{first[:head]}*{end}" if len(first[:head]) + len(end.rpartition(".")[0]) >= _SEVERAL else None


def _is_part(look: Look, one: Look) -> bool:
    """Would a look be read as part of the one? Also one whose header was not found by itself."""
    if one.of_sheets:
        return look.file == one.file and star_in(str(one.pattern), str(look.sheet)) is not None
    return look.sheet == one.sheet and star_in(str(one.pattern), look.file.name) is not None
