"""Raw cells to the types of a contract, and the contract's own rules as rules for rows.

A cell that cannot be read as its type breaks a rule; it is never turned into a missing value in silence.
"""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from iop_outcomes.ingest.accepting import Rule
from iop_outcomes.kernel.errors import SourceError
from iop_outcomes.tables.declare import LARGEST_NUMBER, Column, Table

if TYPE_CHECKING:
    import polars as pl

#: Ending of the added columns that say where a cell could not be read as its type.
UNREADABLE = " unreadable"

#: Whole numbers below zero that stand for "missing" in code books.
SENTINELS = (-1.0, -7.0, -8.0, -9.0, -88.0, -97.0, -98.0, -99.0, -888.0, -999.0, -9999.0)

_TEXT = ("text", "label")
_CALLED = {"int": "whole number", "float": "number", "flag": "yes or no"}
_TRUTH = {"true": True, "false": False}
_FLAGS = _TRUTH | {"yes": True, "no": False, "1": True, "0": False}


def cleaned(rows: "pl.LazyFrame", missing: Collection[str]) -> "pl.LazyFrame":
    """Return text without blanks around it, and with empty cells and the words for missing as nulls."""
    import polars as pl

    text = pl.selectors.string()
    # In two steps: in one the blanks would be taken away twice.
    bare = rows.with_columns(text.str.strip_chars())
    return bare.with_columns(pl.when(~text.is_in(["", *missing])).then(text).name.keep())


def replaced(rows: "pl.LazyFrame", codes: Mapping[str, Mapping[Any, str]]) -> "pl.LazyFrame":
    """Return a researcher's codes replaced by ours, by column; codes that are not listed stay as they are."""
    import polars as pl

    return rows.with_columns(
        pl.col(column).cast(pl.String).replace({str(code): ours for code, ours in known.items()})
        for column, known in codes.items()
    )


def typed(rows: "pl.LazyFrame", columns: Collection[Column]) -> "pl.LazyFrame":
    """Return each contract column in its type and, but for text, beside it where a cell could not be read."""
    import polars as pl

    expressions = []
    for column in columns:
        value = _as_type(column, pl.col(column.name))
        expressions.append(value.alias(column.name))
        if column.type not in _TEXT:
            unreadable = pl.col(column.name).is_not_null() & value.is_null()
            expressions.append(unreadable.alias(column.name + UNREADABLE))
    return rows.with_columns(expressions)


def contract_rules(table: Table, there: Collection[str]) -> list[Rule]:
    """Return the rules of the contract's columns that are there, in words a researcher can act on."""
    import polars as pl

    rules = []
    for column in [c for c in table.columns if c.name in there]:
        cell, name = pl.col(column.name), column.name
        empty = cell.is_null()
        if column.type not in _TEXT:
            wrong = f"must be one of {', '.join(column.allowed)}" if column.allowed else f"is no {_CALLED[column.type]}"
            rules.append(Rule(f"{name}: {wrong}", pl.col(name + UNREADABLE)))
            # An unreadable cell is null by now and is told once, by the rule above.
            empty &= ~pl.col(name + UNREADABLE)
        if not column.nullable:
            rules.append(Rule(f"{name}: may not be empty", empty))
        if column.minimum is not None:
            rules.append(Rule(f"{name}: must be at least {column.minimum:g}", cell < column.minimum))
        if column.maximum is not None:
            rules.append(Rule(f"{name}: must be at most {column.maximum:g}", cell > column.maximum))
        if column.sentinels:
            named = " and ".join(f"{value:g}" for value in column.sentinels)
            words = f"{name}: {named} stand for a missing value in many programs; name them in source.missing"
            rules.append(Rule(words, cell.cast(pl.Float64).is_in(column.sentinels)))
    return rules


def covariate_rules(names: Collection[str]) -> list[Rule]:
    """Return the one rule of columns that no contract types: a number in them is one that can be reckoned with."""
    import polars as pl

    rules = []
    for name in names:
        number = pl.col(name).cast(pl.String).cast(pl.Float64, strict=False)
        words = f"{name}: a number must lie between -{LARGEST_NUMBER:g} and {LARGEST_NUMBER:g}"
        rules.append(Rule(words, (number.abs() > LARGEST_NUMBER) | number.is_infinite()))
    return rules


def covariates_typed(
    rows: "pl.DataFrame", table: Table, place: str, categories: Collection[str] = (), quantities: Collection[str] = ()
) -> "pl.DataFrame":
    """Return the columns that no contract types (covariates) as numbers, or true and false, where every cell is.

    Numerals with leading zeros are codes. Whole numbers with a -9, -99 or the like among them may be either.

    Parameters
    ----------
    rows : polars.DataFrame
        Accepted rows.
    table : Table
    place : str
        The file, for the sentence.
    categories, quantities : collection of str
        Columns that the study calls codes, and those it calls quantities.

    Raises
    ------
    SourceError
        A column may hold codes or a quantity, and the study does not say which.
    """
    import polars as pl

    known = {c.name for c in table.columns}
    typed = []
    for name in [c for c in rows.columns if c not in known]:
        if name in categories:
            typed.append(rows[name].cast(pl.String))
            continue
        _refuse_ambiguous(rows[name], name, place, name in quantities)
        if rows[name].dtype == pl.String:
            typed.append(_without_text(rows[name], name in quantities))
    return rows.with_columns(typed)


def _without_text(text: "pl.Series", is_quantity: bool) -> "pl.Series":
    """Return text as numbers, or as true and false, where all of it is."""
    import polars as pl

    if not is_quantity and text.str.contains(r"^-?0\d").any():
        return text
    truth = text.str.to_lowercase().replace_strict(_TRUTH, default=None, return_dtype=pl.Boolean)
    for values in (text.cast(pl.Float64, strict=False), truth):
        if values.null_count() == text.null_count() < len(text):
            return values
    return text


def _refuse_ambiguous(values: "pl.Series", name: str, place: str, is_quantity: bool) -> None:
    """Raise if a column of whole numbers above zero has codes for missing below zero among them."""
    import polars as pl

    if is_quantity or values.dtype == pl.Boolean:
        return
    numbers = values.cast(pl.String).cast(pl.Float64, strict=False)
    if numbers.null_count() != values.null_count() or (numbers % 1 != 0).any():
        return
    below = numbers.filter(numbers < 0).unique()
    if len(below) and below.is_in(SENTINELS).all() and (numbers >= 0).any():
        held = " and ".join(f"{value:g}" for value in sorted(below))
        raise SourceError(
            f"{place}: '{name}' holds {held} among whole numbers above zero; say source.missing: ['{held}'] if that "
            f"is a missing value, source.categories: [{name}] if these are codes, or source.quantities: [{name}]"
        )


def _as_type(column: Column, cell: "pl.Expr") -> "pl.Expr":
    import polars as pl

    text = cell.cast(pl.String)
    if column.name.endswith("_id"):
        # Programs that take ids for numbers write 1.0 for 1 as soon as one of them is missing. Most files have no such
        # id, and seeing that takes a fifth of the time of the pattern.
        whole = text.str.replace(r"^(\d+)\.0+$", "$1")
        return pl.when(text.str.contains(".0", literal=True)).then(whole).otherwise(text)
    if column.type in _TEXT:
        return text
    if column.type == "code":
        if any(code.isdecimal() for code in column.allowed):
            # Level 1 is written 1.0 by programs that take levels of care for numbers.
            text = text.str.strip_suffix(".0")
        return text.cast(pl.Enum(column.allowed), strict=False)
    if column.type == "flag":
        return text.str.to_lowercase().replace_strict(_FLAGS, default=None, return_dtype=pl.Boolean)
    number = cell.cast(pl.Float64, strict=False)
    if column.type == "float":
        return pl.when(number.is_finite()).then(number)
    return pl.when(number % 1 == 0).then(number).cast(pl.Int32, strict=False)
