"""How a table is declared: columns with a type, a meaning and a release role."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import ContractError, counted

#: What each type of column is called in the dictionary.
TYPES = {
    "text": "text",
    "code": "one of the listed codes",
    "label": "label (any text with few distinct values)",
    "int": "whole number",
    "float": "number",
    "flag": "yes or no",
}


#: No study looks further than a hundred years from a person's anchor: what lies beyond is a calendar date as programs
#: store it (43831 is the first of January 2020) or a word for "missing" (99999).
FURTHEST_DAY = 36_525
#: Days within a hundred years that are written for "missing".
NO_DAY = (9999.0, -9999.0)
#: Numbers beyond this are no measurement, and no model could be fitted to them.
LARGEST_NUMBER = 1e12

#: Of no more cells categories are made one by one, which costs less than what pandas does before the first: a contract
#: is held against the rows of every estimate, and of every replicate of a bootstrap.
FEW = 1000


@dataclass(frozen=True)
class Column:
    """One column of a contract.

    Attributes
    ----------
    name, type, meaning : str
        ``type`` is a key of ``TYPES``.
    unit : str
        Unit of a number.
    required : bool
        Must the column be there? A source that does not have it leaves an optional column out.
    nullable : bool
        May single values be missing?
    allowed : tuple of str
        Codes of a ``code`` column.
    minimum, maximum : float or None
        Bounds of a number, both allowed.
    sentinels : tuple of float
        Numbers within the bounds that programs write for "missing"; a raw cell that holds one is no record of it.
    """

    name: str
    type: str
    meaning: str
    unit: str = ""
    required: bool = False
    nullable: bool = True
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    sentinels: tuple[float, ...] = ()

    def cast(self, values: pd.Series, table: str) -> pd.Series:
        """Return the values in the pandas type of this column; text where a number is due is an error.

        Values that have that type already are returned as they are.
        """
        if self.type == "text":
            return values if values.dtype == "str" else values.astype("str").where(values.notna(), None).astype("str")
        if self.type in ("code", "label"):
            return self._as_category(values)
        numbers = self._as_number(values, table)
        if self.type == "flag":
            return _as(bool if not numbers.isna().any() else "boolean", numbers)
        if self.type == "int" and not self.nullable and _fits_int32(numbers):
            return _as(np.int32, numbers)
        # Whatever does not fit stays as it is, so that `violations` can count its rows.
        return _as(np.float64, numbers)

    def _as_category(self, values: pd.Series) -> pd.Series:
        if 0 < len(values) <= FEW and values.dtype in (object, "str"):
            return _few_as_category(values, self.allowed)
        if not isinstance(values.dtype, pd.CategoricalDtype):
            values = values.astype("str").where(values.notna(), None).astype("category")
        if not self.allowed:
            return values
        # Codes outside the list are kept as categories, so that `violations` can count their rows.
        unknown = [c for c in values.cat.categories if c not in self.allowed]
        if list(values.cat.categories) == [*self.allowed, *unknown]:
            return values
        return values.cat.set_categories([*self.allowed, *unknown])

    def _as_number(self, values: pd.Series, table: str) -> pd.Series:
        if values.dtype.kind in "mM":
            # Pandas would make nanoseconds of them.
            raise ContractError(
                f"table '{table}', column '{self.name}': dates and durations cannot be read as {TYPES[self.type]}; "
                "give whole study days or a number of days"
            )
        if isinstance(values.dtype, np.dtype) and values.dtype.kind in "biuf":
            return values
        numbers = pd.to_numeric(values, errors="coerce")
        lost = int((numbers.isna() & values.notna()).sum())
        if lost:
            raise ContractError(
                f"table '{table}', column '{self.name}': {counted(lost, 'value')} cannot be read as {TYPES[self.type]}"
            )
        return numbers


def _as(dtype: Any, values: pd.Series) -> pd.Series:
    return values if values.dtype == dtype else values.astype(dtype)


def _few_as_category(values: pd.Series, allowed: tuple[str, ...]) -> pd.Series:
    """Return text as categories, as :func:`as_codes`."""
    texts = [None if empty else str(value) for value, empty in zip(values, values.isna(), strict=True)]
    return pd.Series(as_codes(texts, allowed), index=values.index, name=values.name)


def as_codes(texts: list[str | None], allowed: tuple[str, ...]) -> pd.Categorical:
    """Return a few texts as categories: the codes allowed and what else there is, else what there is in its order."""
    there = sorted({text for text in texts if text is not None} - set(allowed))
    levels = [*allowed, *there]
    place = {level: code for code, level in enumerate(levels)} | {None: -1}
    codes = np.array([place[text] for text in texts], dtype=np.intp)
    return pd.Categorical.from_codes(codes, dtype=_kind_of(tuple(levels)), validate=False)


@lru_cache(maxsize=512)
def _kind_of(levels: tuple[str, ...]) -> pd.CategoricalDtype:
    """Return the type of some levels; small tables have the same ones by the thousand, as replicates of a bootstrap."""
    return pd.CategoricalDtype(pd.Index(levels, dtype="str"))


def _fits_int32(numbers: pd.Series) -> bool:
    """Are all numbers there, whole and small enough to be kept as they are?"""
    limits = np.iinfo(np.int32)
    if isinstance(numbers.dtype, np.dtype) and numbers.dtype.kind in "iu":
        return not len(numbers) or bool(limits.min <= numbers.min() and numbers.max() <= limits.max)
    cells = numbers.to_numpy(np.float64, na_value=np.nan)
    return bool(((np.floor(cells) == cells) & (cells >= limits.min) & (cells <= limits.max)).all())


@dataclass(frozen=True)
class Table:
    """One table: what a row is, its key and its columns.

    ``open`` tables may carry further columns (covariates, outcomes) named by the study. ``stage`` is the folder of
    ``results/<study>/`` it lies in. ``unit`` is 'person' where a row describes one person or something of theirs, which
    may never be released row by row, and 'aggregate' where counts protect it.
    """

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    stage: str
    unit: str = "person"
    open: bool = False

    @property
    def required(self) -> list[str]:
        """Names of the columns that must be there."""
        return [c.name for c in self.columns if c.required]

    def column(self, name: str) -> Column:
        """Return one column's declaration."""
        return next(c for c in self.columns if c.name == name)


def key(name: str, meaning: str, type: str = "text") -> Column:
    """Declare a required column without nulls."""
    return Column(name, type, meaning, required=True, nullable=False)


def day(name: str, meaning: str, required: bool = False, nullable: bool = True) -> Column:
    """Declare a study day."""
    return Column(
        name,
        "int",
        meaning,
        unit="study day",
        required=required,
        nullable=nullable,
        minimum=-FURTHEST_DAY,
        maximum=FURTHEST_DAY,
        sentinels=NO_DAY,
    )


def number(
    name: str,
    meaning: str,
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    required: bool = False,
    nullable: bool = True,
) -> Column:
    """Declare a number with optional bounds; none is beyond ``LARGEST_NUMBER``."""
    return Column(
        name,
        "float",
        meaning,
        unit=unit,
        required=required,
        nullable=nullable,
        minimum=-LARGEST_NUMBER if minimum is None else minimum,
        maximum=LARGEST_NUMBER if maximum is None else maximum,
    )


def count(name: str, meaning: str, required: bool = False, nullable: bool = True) -> Column:
    """Declare a number of things, zero or more."""
    return Column(name, "int", meaning, unit="count", required=required, nullable=nullable, minimum=0)


def code(name: str, meaning: str, *allowed: str, required: bool = False, nullable: bool = True) -> Column:
    """Declare a column of listed codes."""
    return Column(name, "code", meaning, required=required, nullable=nullable, allowed=allowed)


def label(name: str, meaning: str, required: bool = False, nullable: bool = True) -> Column:
    """Declare a column of labels that the source chooses."""
    return Column(name, "label", meaning, required=required, nullable=nullable)
