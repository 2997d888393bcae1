"""A canonical column reckoned out of the cells of a sheet, and where a cell could not be read.

A cell that cannot be read breaks a rule of its column, so that its row is set aside and counted; none becomes missing
in silence.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from iop_outcomes.ingest.sources.sheets.dates import is_month
from iop_outcomes.ingest.sources.sheets.header import plain
from iop_outcomes.ingest.sources.sheets.lengths import lengths, minutes_of_day, numbers
from iop_outcomes.ingest.sources.sheets.mapping import Cell
from iop_outcomes.ingest.sources.sheets.sheet import plain_text
from iop_outcomes.kernel.errors import SourceError
from iop_outcomes.tables.declare import Column

if TYPE_CHECKING:
    import polars as pl

_OLDEST = 90


@dataclass
class Evaluated:
    """A column as it became, and what was wrong with which of its cells, by rule in words."""

    values: "pl.Series"
    wrong: "dict[str, pl.Series]" = field(default_factory=dict)


@dataclass(frozen=True)
class Reach:
    """What a cell of the mapping may read.

    Attributes
    ----------
    text : callable
        ``text(column, sheet)``: cells of the sheet or of one that is joined to it.
    dates : callable
        ``dates(column, sheet, cell)``: the same as dates, with the forms in words.
    days : callable
        ``days(dates)``: dates as days since the person's anchor.
    done : mapping
        The table's columns that are reckoned out already.
    """

    text: "Callable[[str, str | None], pl.Series]"
    dates: "Callable[[str, str | None, Cell], tuple[pl.Series, list[str]]]"
    days: "Callable[[pl.Series], pl.Series]"
    done: "Mapping[str, pl.Series]"


def evaluate(name: str, cell: Cell, column: Column | None, reach: Reach, n_rows: int, place: str) -> Evaluated:
    """Return a canonical column.

    Parameters
    ----------
    name : str
        The column, or a helper.
    cell : Cell
    column : Column or None
        Its contract; covariates and helpers have none.
    reach : Reach
    n_rows : int
    place : str
        Where the mapping says it, for the sentence.

    Raises
    ------
    SourceError
        The mapping does not fit the sheet or the column.
    """
    import polars as pl

    made_as = cell.as_ or ("day" if column is not None and column.unit == "study day" and cell.column else "")
    if cell.constant is not None:
        found = Evaluated(pl.Series([cell.constant] * n_rows, dtype=pl.String))
    elif cell.take is not None:
        found = _coded(name, cell, reach.done[cell.take].cast(pl.String), n_rows)
    elif cell.between is not None:
        found = _between(name, cell, reach)
    elif made_as in ("day", "year", "quarter", "age"):
        found = _dated(name, cell, made_as, reach)
    else:
        text = reach.text(cell.column or "", cell.sheet)
        found = (
            _measured(name, cell, column, text, place)
            if _is_number(cell, made_as)
            else _coded(name, cell, text, n_rows)
        )
    if cell.plus_days is not None or cell.plus_weeks is not None:
        found = _moved(name, cell, found, reach)
    if name == "age_years":
        found.values = found.values.cast(pl.Float64, strict=False).clip(upper_bound=_OLDEST).cast(pl.String)
    return _where(cell, found, reach) if cell.when else found


def _is_number(cell: Cell, made_as: str) -> bool:
    return cell.unit is not None or cell.times != 1 or made_as == "number"


def _where(cell: Cell, found: Evaluated, reach: Reach) -> Evaluated:
    """Return a column as it is where its condition holds, and elsewhere what the mapping says."""
    import polars as pl

    holds = pl.Series([True] * len(found.values), dtype=pl.Boolean)
    for name, allowed in cell.when.items():
        holds &= reach.done[name].cast(pl.String).is_in(allowed).fill_null(False)
    values = found.values.cast(pl.String)
    other = pl.Series([cell.otherwise], dtype=pl.String)
    frame = pl.DataFrame({"holds": holds, "value": values})
    chosen = frame.select(pl.when("holds").then("value").otherwise(pl.lit(other[0], dtype=pl.String))).to_series()
    return Evaluated(chosen, {words: mask & holds for words, mask in found.wrong.items()})


def _coded(name: str, cell: Cell, text: "pl.Series", n_rows: int) -> Evaluated:
    """Return text with codes and patterns replaced by ours."""
    import polars as pl

    empty = text.is_null()
    values, wrong = text, {}
    if cell.codes or cell.patterns:
        bare, known = plain_text(text), _plain_codes(name, cell)
        coded = bare.is_in(list(known))
        values = bare.replace_strict(known, default=None, return_dtype=pl.String)
        for pattern, ours in cell.patterns.items():
            meant = (~coded & _contains(name, bare, pattern)).fill_null(False)
            values, coded = (
                _put(values, meant, pl.Series([ours] * n_rows, dtype=pl.String)),
                coded.fill_null(False) | meant,
            )
        others = (~coded.fill_null(False)) & ~empty
        if cell.keep_others:
            values = _put(values, others, text)
        elif cell.says_otherwise and not cell.when:
            values = _put(values, others, pl.Series([cell.otherwise] * n_rows, dtype=pl.String))
        else:
            wrong[f"{name}: a code that the mapping does not name"] = others
    if cell.empty is not None:
        values = _put(values, empty, pl.Series([cell.empty] * n_rows, dtype=pl.String))
    return Evaluated(values, wrong)


def _plain_codes(name: str, cell: Cell) -> dict[str, str | None]:
    known: dict[str, str | None] = {}
    for code, ours in cell.codes.items():
        if known.setdefault(plain(code), ours) != ours:
            raise SourceError(f"{name}: the code '{code}' stands there twice, but for capitals or blanks; keep one")
    return known


def _contains(name: str, text: "pl.Series", pattern: str) -> "pl.Series":
    import polars as pl

    try:
        return text.str.contains(f"(?i){pattern}")
    except pl.exceptions.ComputeError:
        raise SourceError(f"{name}: '{pattern}' is no regular expression; write words with | between them") from None


def _put(values: "pl.Series", mask: "pl.Series", others: "pl.Series") -> "pl.Series":
    import polars as pl

    frame = pl.DataFrame({"mask": mask, "others": others, "values": values.cast(pl.String)})
    return frame.select(pl.when("mask").then("others").otherwise("values")).to_series()


def _measured(name: str, cell: Cell, column: Column | None, text: "pl.Series", place: str) -> Evaluated:
    """Return lengths and numbers in the unit of the column."""
    import polars as pl

    if cell.codes:
        text = _put(plain_text(text).replace_strict(_plain_codes(name, cell), default=None, return_dtype=pl.String),
                    ~plain_text(text).is_in([plain(code) for code in cell.codes]).fill_null(False), text)  # fmt: skip
    of = column.unit if column is not None else ""
    values = lengths(text, cell.unit, place, of) if cell.unit is not None else numbers(text)
    words = f"{name}: is no number" + (f" of {cell.unit}" if cell.unit else "")
    unread = {words: text.is_not_null() & values.is_null()}
    values = values * cell.times
    return Evaluated(values if cell.empty is None else values.fill_null(float(cell.empty)), unread)


def _between(name: str, cell: Cell, reach: Reach) -> Evaluated:
    assert cell.between is not None
    texts = [reach.text(column, cell.sheet) for column in cell.between]
    first, second = (minutes_of_day(text) for text in texts)
    wrong = {f"{name}: is no time of day": (texts[0].is_not_null() & first.is_null())}
    wrong[f"{name}: is no time of day"] |= texts[1].is_not_null() & second.is_null()
    wrong[f"{name}: ends before it begins"] = (second < first).fill_null(False)
    return Evaluated(second - first, wrong)


def _dated(name: str, cell: Cell, made_as: str, reach: Reach) -> Evaluated:
    """Return the study day, the year, the quarter or the age of dates."""
    import polars as pl

    text = reach.text(cell.column or "", cell.sheet)
    dates, forms = reach.dates(cell.column or "", cell.sheet, cell)
    wrong = {f"{name}: is no date of the form {' or '.join(forms)}": text.is_not_null() & dates.is_null()}
    if made_as == "year":
        return Evaluated("Y" + dates.dt.year().cast(pl.String), wrong)
    if made_as == "quarter":
        return Evaluated("Y" + dates.dt.year().cast(pl.String) + "Q" + dates.dt.quarter().cast(pl.String), wrong)
    days = reach.days(dates)
    wrong[f"{name}: the person has no day 0 to count from"] = dates.is_not_null() & days.is_null()
    # Born that many days before day 0.
    return Evaluated((-days / 365.25).floor() if made_as == "age" else days, wrong)


def _moved(name: str, cell: Cell, found: Evaluated, reach: Reach) -> Evaluated:
    """Return days moved by a number of days or weeks, or by what a column says."""
    import polars as pl

    plus = cell.plus_days if cell.plus_days is not None else cell.plus_weeks
    scale = 1 if cell.plus_days is not None else 7
    days = found.values.cast(pl.Float64)
    if isinstance(plus, int):
        found.values = days + plus * scale
        return found
    column = str(plus)
    text = reach.done[column].cast(pl.String) if column in reach.done else reach.text(column, None)
    added = numbers(text)
    found.wrong[f"{name}: no number of {'days' if scale == 1 else 'weeks'} to add"] = (
        days.is_not_null() & added.is_null()
    )
    if any(is_month(form) for form in cell.dates):
        length = reach.dates(cell.column or "", cell.sheet, cell)[0].dt.month_end().dt.day()
        found.wrong[f"{name}: a day that its month has not"] = (added - cell.first >= length).fill_null(False)
    found.values = days + (added - cell.first) * scale
    return found


def check_patterns(cell: Cell, place: str) -> None:
    """Refuse a pattern that is no regular expression.

    Raises
    ------
    SourceError
        Says what to write.
    """
    for pattern in cell.patterns:
        try:
            re.compile(pattern)
        except re.error:
            raise SourceError(f"{place}: '{pattern}' is no regular expression; write words with | between") from None
