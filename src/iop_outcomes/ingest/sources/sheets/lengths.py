"""Clock times, and lengths of time in the unit that a canonical column has."""

from typing import TYPE_CHECKING

from iop_outcomes.kernel.errors import SourceError, did_you_mean

if TYPE_CHECKING:
    import polars as pl

#: Unit of a contract's column: what others are worth in it. A month has a twelfth of 365.25 days.
FACTORS: dict[str, dict[str, float]] = {
    "minutes": {"minutes": 1, "hours": 60, "clock": 1},
    "hours per week": {
        "hours_per_week": 1,
        "hours": 1,
        "minutes_per_week": 1 / 60,
        "minutes": 1 / 60,
        "hours_per_day": 7,
        "hours_per_month": 12 * 7 / 365.25,
    },
    "days": {"days": 1, "weeks": 7, "months": 365.25 / 12},
    "weeks": {"weeks": 1, "days": 1 / 7, "months": 365.25 / 12 / 7},
    "years": {"years": 1, "months": 1 / 12},
}
CLOCK = "clock"
#: A date of three parts before a time of day.
_DATE = r"^[0-9]{1,4}[/.-][0-9a-z]{1,9}[/.-][0-9]{1,4}[t\s]+"


def factor(unit: str, of: str, place: str) -> float:
    """Return what one of a unit is in another.

    Raises
    ------
    SourceError
        The unit is none that can become the other.
    """
    known = FACTORS.get(of, {})
    if unit not in known:
        said = f"is in {of}; {did_you_mean(unit, known)}" if known else "has no unit; leave unit out"
        raise SourceError(f"{place}: '{unit}' cannot become this column, which {said}")
    return known[unit]


def numbers(cells: "pl.Series") -> "pl.Series":
    """Return the number a cell begins with and that only words follow (``90 min``); a comma may be its point."""
    import polars as pl

    text = cells.str.strip_chars().str.replace(r"^(-?[0-9]+),([0-9]{1,2})\b", "$1.$2")
    return text.str.extract(r"^(-?[0-9]+(?:\.[0-9]+)?)\s*[A-Za-z./]*$").cast(pl.Float64, strict=False)


def lengths(cells: "pl.Series", unit: str, place: str, of: str = "minutes") -> "pl.Series":
    """Return lengths of time in the unit of a contract's column, null where a cell cannot be read."""
    import polars as pl

    worth = factor(unit, of, place)
    if unit != CLOCK:
        return numbers(cells) * worth
    parts = cells.str.extract_groups(r"^([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?$").struct
    return parts.field("1").cast(pl.Float64) * 60 + parts.field("2").cast(pl.Float64)


def minutes_of_day(cells: "pl.Series") -> "pl.Series":
    """Return clock times as minutes since midnight: 9:05 AM, 21:05, 21:05:00, 9 am, 0905, and 0.375 as workbooks do.

    A date before the time is passed over: 3/4/2024 9:05 AM, 2024-03-04T09:05, and 45355.375 as workbooks do.
    """
    import polars as pl

    share = cells.str.extract(r"^(?:0|[0-9]{5})?(\.[0-9]+)$").cast(pl.Float64)
    text = cells.str.strip_chars().str.to_lowercase().str.replace(_DATE, "").str.replace_all(r"[.\s]", "")
    text = text.str.replace(r"^([0-9]{1,2})([0-9]{2})(am|pm|a|p)?$", "$1:$2$3")
    groups = text.str.extract_groups(r"^([0-9]{1,2})(?::([0-9]{2}))?(?::[0-9]{2})?(am|pm|a|p)?$").struct
    hour, minute = groups.field("1").cast(pl.Int32), groups.field("2").fill_null("0").cast(pl.Int32)
    half = groups.field("3").str.head(1)
    frame = pl.DataFrame({"hour": hour, "minute": minute, "half": half, "share": share})
    on_clock = (
        pl.when(pl.col("half").is_null())
        .then(pl.col("hour"))
        .otherwise(pl.col("hour") % 12 + pl.when(pl.col("half") == "p").then(12).otherwise(0))
    )
    fits = (pl.col("minute") < 60) & pl.when(pl.col("half").is_null()).then(pl.col("hour") < 24).otherwise(
        pl.col("hour").is_between(1, 12)
    )
    clock = pl.when(fits).then((on_clock * 60 + pl.col("minute")).cast(pl.Float64))
    of_day = pl.when(pl.col("share").is_not_null()).then((pl.col("share") * 1440).round()).otherwise(clock)
    return frame.select(of_day).to_series()
