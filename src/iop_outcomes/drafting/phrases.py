"""Pieces of a draft: texts as YAML reads them back, codes with their counts, patterns of free text, slots of a grid."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from iop_outcomes.drafting.looking import Look, Seen
from iop_outcomes.drafting.vocabulary import SUBSTANCES, weekday_of
from iop_outcomes.ingest.sources.sheets.header import plain
from iop_outcomes.kernel.errors import counted

_PLAIN = re.compile(r"^[A-Za-z][A-Za-z0-9 _/()]*$")
_YAML_WORDS = ("yes", "no", "on", "off", "true", "false", "null", "y", "n")


def quoted(text: str) -> str:
    """Return a text as YAML reads it back."""
    bare = bool(_PLAIN.match(text)) and text == text.strip() and text.casefold() not in _YAML_WORDS
    return text if bare else json.dumps(text, ensure_ascii=False)


def substances(seen: Seen) -> Iterator[str]:
    """Yield patterns for the free text of the main substance, with how many rows each would take."""
    left = dict(seen.texts)
    yield from ("        primary_substance:", f"          column: {quoted(seen.name)}", "          patterns:")
    for pattern, ours in SUBSTANCES.items():
        meant = [text for text in left if re.search(pattern, text)]
        n = sum(left.pop(text) for text in meant)
        if n:
            yield f"            {json.dumps(pattern, ensure_ascii=False)}: {ours}   # guess, {counted(n, 'row')}"
    if left:
        n = sum(left.values())
        yield f"          otherwise: other   # guess: {counted(n, 'row')} of {counted(len(left), 'other text')}"


def codes_of(columns: Sequence[Seen]) -> tuple[dict[str, int], int, int]:
    """Return the codes of columns that share them, and how many other texts there are, in how many rows."""
    told, n_others, n_rows = Seen(columns[0].name, pl.concat([column.cells for column in columns])).codes()
    return dict(sorted(told, key=lambda pair: -pair[1])), n_others, n_rows


def slots_of(columns: Sequence[Seen]) -> Mapping[str, str]:
    """Return what each column of a grid counts from its date: days of the week, or weeks, from 0."""
    names = [plain(column.name) for column in columns]
    days = [day for name in names if (day := weekday_of(name)) is not None]
    if len(days) == len(names):
        return {column.name: str(day - days[0]) for column, day in zip(columns, days, strict=True)}
    numbers = [int(re.sub(r"\D", "", name)) for name in names]
    return {column.name: str(number - min(numbers)) for column, number in zip(columns, numbers, strict=True)}


def where(look: Look) -> Iterator[str]:
    """Yield where a sheet is: one file, or the files or sheets of one layout, and what their names tell."""
    yield f"      file: {quoted(look.file.name if look.of_sheets else look.pattern or look.file.name)}"
    if look.sheet:
        yield f"      sheet: {quoted(str(look.pattern) if look.of_sheets else look.sheet)}"
    if look.star:
        yield f"      star: {quoted(look.star)}   # guess: what * stands for is the date of its rows"
