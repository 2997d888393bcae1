"""What a stored column may hold: a Parquet file types its columns, and some types would be misread in silence.

Dates become days since 1970 and durations nanoseconds when they are taken for numbers, so both are refused; so is every
cell that is more than one value. CSV cells are text and pass.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from iop_outcomes.kernel.errors import SourceError
from iop_outcomes.tables.declare import TYPES, Column

if TYPE_CHECKING:
    import polars as pl

_NO_VALUES = "lists, structures or bytes"
_LEAVE_OUT = "or leave the column out with source.columns"


def refuse_unfit(file: str, stored: "Mapping[str, pl.DataType]", columns: Mapping[str, Column]) -> None:
    """Refuse a file of which a column that is read holds what its contract has no place for.

    Parameters
    ----------
    file : str
        Name of the file.
    stored : mapping of str to polars.DataType
        Type of each column that is read, by canonical name.
    columns : mapping of str to Column
        Contract columns by name; others are covariates.

    Raises
    ------
    SourceError
        Names the first such column and what to give instead.
    """
    for name, dtype in stored.items():
        column = columns.get(name)
        held = _held(dtype, column)
        if held:
            end = "" if column is not None and column.required else f", {_LEAVE_OUT}"
            raise SourceError(f"{file}: the column '{name}' holds {held}; {_instead(column, held)}{end}")


def _held(dtype: "pl.DataType", column: Column | None) -> str:
    """Return in words what an unfit column holds, empty for one that fits."""
    import polars as pl

    if dtype in (pl.Date, pl.Datetime):
        return "calendar dates"
    if dtype == pl.Duration:
        return "durations"
    if dtype == pl.Time:
        return "times of day"
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object, pl.Unknown):
        return _NO_VALUES
    if dtype == pl.Boolean and column is not None and column.type not in ("flag", "label"):
        return "true and false"
    return ""


def _instead(column: Column | None, held: str) -> str:
    if column is None:
        return "give one value per cell" if held == _NO_VALUES else "give a number of days"
    if column.unit == "study day":
        return "give whole study days, counted from a day of the person's own"
    kind = TYPES[column.type].partition(" (")[0]
    unit = f" in {column.unit}" if column.unit else ""
    return f"give {'a ' if kind.endswith(('number', 'label')) else ''}{kind}{unit} in every cell"
