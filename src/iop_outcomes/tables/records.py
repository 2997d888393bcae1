"""A small table made of plain records and held against its contract cell by cell, without pandas before the last step.

A table of three rows costs pandas as much as one of thirty thousand: a call for each rule of each column. Rows of one
estimate are told in records, so that they are looked at as they are.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes import tables
from iop_outcomes.tables.declare import Column, as_codes

#: What a column of few cells becomes, None where the cells break a rule or are none that are read here.
Cells = pd.Categorical | pd.api.extensions.ExtensionArray | np.ndarray | None


def check_records(records: Sequence[Mapping[str, Any]], name: str) -> pd.DataFrame:
    """Return the table that ``tables.check`` makes of a frame of these records, or raise as it does.

    Parameters
    ----------
    records : sequence of mapping
        A row each, with the same columns.
    name : str
        Of the contract.

    Raises
    ------
    ContractError
    """
    columns, there = tables.contract(name).columns, set(records[0]) if records else set()
    known = [column for column in columns if column.name in there]
    if len(known) == len(there) and there and all(column in known for column in columns if column.required):
        given = {column.name: [record[column.name] for record in records] for column in known}
        made = {column.name: _cells(given[column.name], column) for column in known}
        key = [given[part] for part in tables.contract(name).key if part in given]
        if all(cells is not None for cells in made.values()) and not _repeats(key):
            return pd.DataFrame(made)
    return tables.check(pd.DataFrame(list(records)), name)


def _cells(values: list[Any], column: Column) -> Cells:
    """Return the cells of a column in its type."""
    if not column.nullable and any(_is_empty(value) for value in values):
        return None
    if column.type in ("float", "int"):
        return _numbers(values, column)
    if column.type == "flag" or not all(isinstance(value, str) or _is_empty(value) for value in values):
        return None
    texts = [None if _is_empty(value) else value for value in values]
    if column.type == "text":
        return pd.array(texts, dtype="str")
    there = {text for text in texts if text is not None}
    if column.allowed and not there <= set(column.allowed):
        return None
    return as_codes(texts, column.allowed)


def _numbers(values: list[Any], column: Column) -> np.ndarray | None:
    if not all(
        (isinstance(value, Real) and not isinstance(value, bool | np.bool_)) or value is None for value in values
    ):
        return None
    known = [value for value in values if not _is_empty(value)]
    low, high = column.minimum, column.maximum
    if any((low is not None and value < low) or (high is not None and value > high) for value in known):
        return None
    whole = column.type == "int"
    if whole and (not column.nullable or any(value % 1 != 0 for value in known)):
        return None
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)


def _is_empty(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _repeats(key: list[list[Hashable]]) -> bool:
    """Say whether two rows have one key; rows with an empty cell in it are not compared."""
    whole = [row for row in zip(*key, strict=True) if not any(_is_empty(cell) for cell in row)]
    return len(set(whole)) < len(whole)
