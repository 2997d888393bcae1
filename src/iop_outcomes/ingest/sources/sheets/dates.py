"""Dates as clinics write them, by forms with a name; which of two ways to read them is decided by evidence or refused.

A form is written with ``YYYY`` or ``YY``, ``M`` or ``MM``, ``Mon`` (Jan, January), ``D`` or ``DD`` and what stands
between them; ``excel`` is the number of a day as Excel keeps it. A time of day behind a date is passed over. A month
alone (``Mon YYYY``) is its first day, to which a register adds the number of the day.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from iop_outcomes.kernel.errors import SourceError, counted

if TYPE_CHECKING:
    import polars as pl

EXCEL = "excel"
#: What is tried where a study names no form; which of those that read every cell is meant must be plain.
COMMON = (
    *("YYYY-MM-DD", "M/D/YYYY", "D/M/YYYY", "M/D/YY", "D/M/YY", "M-D-YYYY", "D-M-YYYY", "D.M.YYYY", "D.M.YY"),
    *("YYYY/MM/DD", "D-Mon-YYYY", "D-Mon-YY", "D Mon YYYY", "Mon D, YYYY", "YYYYMMDD"),
)
_TOKENS = re.compile(r"YYYY|YY|Mon|MM|DD|M|D")
_GROUPS = {
    "YYYY": r"(?P<year>[0-9]{4})",
    "YY": r"(?P<short>[0-9]{2})",
    "Mon": r"(?P<name>[A-Za-z]{3,9})\.?",
    "MM": r"(?P<month>[0-9]{2})",
    "DD": r"(?P<day>[0-9]{2})",
    "M": r"(?P<month>[0-9]{1,2})",
    "D": r"(?P<day>[0-9]{1,2})",
}
_TIME = r"(?:[T ]+[0-9]{1,2}:[0-9]{2}.*)?"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: Serial numbers of Excel between 1927 and 2119; others are no dates of a treatment.
_SERIAL = (10_000.0, 80_000.0)


def is_month(form: str) -> bool:
    """Is a form that of a month, without its day?"""
    return form != EXCEL and not {"D", "DD"} & set(_TOKENS.findall(form))


def check_forms(forms: Sequence[str], place: str, days_added: bool = False) -> None:
    """Refuse a form that is none, and two that read one text as two days; a month is one where days are added.

    Raises
    ------
    SourceError
        Says what a form is made of.
    """
    for form in forms:
        tokens = set(_TOKENS.findall(form))
        parts = [bool(tokens & group) for group in ({"YYYY", "YY"}, {"M", "MM", "Mon"}, {"D", "DD"})]
        if form != EXCEL and not all(parts[: 2 if days_added else 3]):
            raise SourceError(
                f"{place}: '{form}' is no form of a date; write it with YYYY or YY, M or Mon and D, as M/D/YYYY, or "
                f"say {EXCEL}"
            )
    swapped = [form for form in forms if form != _swapped(form) and _swapped(form) in forms]
    if swapped:
        raise SourceError(
            f"{place}: {swapped[0]} and {_swapped(swapped[0])} read 3/4 as two days; name the one that is meant, or "
            "none, and every cell of the column is asked"
        )


def _swapped(form: str) -> str:
    """Return a form with month and day in each other's place."""
    return re.sub(r"M+|D+", lambda m: {"M": "D", "D": "M"}[m[0][0]] * len(m[0]), form) if "Mon" not in form else form


def read_dates(cells: "pl.Series", forms: Sequence[str], latest_year: int | None = None) -> "pl.Series":
    """Return text as dates, null where no form reads it.

    Parameters
    ----------
    cells : polars.Series
    forms : sequence of str
        The first that reads a cell is taken; dates that a workbook keeps as such are always read.
    latest_year : int, optional
        Year that years of two digits do not go beyond; without it 68 is 2068 and 69 is 1969.
    """
    import polars as pl

    expressions = [_read(form, latest_year) for form in dict.fromkeys([*forms, "YYYY-MM-DD"])]
    read = pl.DataFrame({"cell": cells.cast(pl.String)}).select(pl.coalesce(expressions)).to_series()
    return read.alias(cells.name)


def decided(cells: "pl.Series", place: str, latest_year: int | None = None) -> list[str]:
    """Return the form that reads every cell of a column, where only one does.

    Raises
    ------
    SourceError
        None does, or two do and differ: the sentence counts and says what to write.
    """
    import polars as pl

    there = cells.drop_nulls().unique()
    if there.is_empty():
        return ["YYYY-MM-DD"]
    n, read = len(cells.drop_nulls()), {}
    for form in COMMON:
        days = read_dates(there, [form], latest_year)
        if days.null_count() == 0:
            read[form] = days
    if not read:
        serial = there.cast(pl.Float64, strict=False)
        if serial.is_between(*_SERIAL).fill_null(False).all():
            raise SourceError(
                f"{place}: {counted(n, 'cell holds', 'cells hold')} numbers as Excel keeps days; if they are, write "
                f"dates: [{EXCEL}]"
            )
        most = sorted(COMMON, key=lambda form: int(read_dates(there, [form], latest_year).null_count()))
        unread = int(cells.is_in(there.filter(read_dates(there, [most[0]], latest_year).is_null()).to_list()).sum())
        raise SourceError(
            f"{place}: no single form of dates reads all of {counted(n, 'cell')}; {most[0]} leaves {unread:,}: name "
            f"every form there is, as dates: [{most[0]}, ...]"
        )
    first = next(iter(read))
    others = [form for form in read if not read[form].equals(read[first])]
    if others:
        raise SourceError(
            f"{place}: {counted(n, 'cell')} can be read as {first} and as {others[0]}, and none says which (no number "
            f"above 12 stands where it would tell); write dates: [{first}] or dates: [{others[0]}]"
        )
    return [first]


def _read(form: str, latest_year: int | None) -> "pl.Expr":
    import polars as pl

    text = pl.col("cell").str.strip_chars()
    if form == EXCEL:
        serial = text.cast(pl.Float64, strict=False)
        serial = pl.when(serial.is_between(*_SERIAL)).then(serial.floor())
        return pl.date(1899, 12, 30) + pl.duration(days=serial.cast(pl.Int64))
    groups = text.str.extract_groups(f"^{_pattern(form)}{_TIME}$").struct
    made = _TOKENS.findall(form)
    year = groups.field("year") if "YYYY" in made else _century(groups.field("short").cast(pl.Int32), latest_year)
    month = groups.field("name").str.head(3).str.to_lowercase() if "Mon" in made else groups.field("month")
    if "Mon" in made:
        numbers = {name: str(number) for number, name in enumerate(_MONTHS, start=1)}
        month = month.replace_strict(numbers, default=None, return_dtype=pl.String)
    day = pl.lit("01") if is_month(form) else groups.field("day").str.zfill(2)
    iso = pl.concat_str(year.cast(pl.String), month.str.zfill(2), day, separator="-")
    return iso.str.to_date("%Y-%m-%d", strict=False)


def _century(short: "pl.Expr", latest_year: int | None) -> "pl.Expr":
    import polars as pl

    border = (latest_year or 2068) - 2000
    return pl.when(short <= border).then(short + 2000).otherwise(short + 1900)


def _pattern(form: str) -> str:
    parts = re.split(f"({_TOKENS.pattern})", form)
    return "".join(_GROUPS[part] if part in _GROUPS else re.escape(part).replace(r"\ ", " +") for part in parts)
