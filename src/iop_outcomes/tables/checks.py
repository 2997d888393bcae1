"""The rules of a contract as a pandera schema, and the rows that break them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.tables.declare import Column, Table
from iop_outcomes.tables.keys import digest, repeats

if TYPE_CHECKING:
    import pandera.pandas as pandera

#: Of more rows the keys are compared by their digests, which is quicker but for what has to be imported first.
FEW = 100_000


def schema(table: Table, columns: list[str]) -> "pandera.DataFrameSchema":
    """Return the pandera schema of the columns present."""
    import pandera.pandas as pandera

    return pandera.DataFrameSchema({c.name: _column(c) for c in table.columns if c.name in columns})


def broken_rules(frame: pd.DataFrame, table: Table) -> Iterator[tuple[str, str, pd.Index]]:
    """Yield column, rule in words, and row positions for every broken rule, the key's last."""
    import pandera.pandas as pandera

    frame = frame.reset_index(drop=True)
    try:
        schema(table, list(frame.columns)).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        for (column, rule), rows in cases.groupby(["column", "check"], sort=True):
            rule = "may not be empty" if rule == "not_nullable" else rule
            yield str(column), str(rule), pd.Index(rows["index"].dropna().astype(int).sort_values().unique())
    key = [k for k in table.key if k in frame]
    if key and len(frame):
        repeated = frame.duplicated(key, keep="first") & frame[key].notna().all(axis=1)
        if repeated.any():
            yield " + ".join(key), "repeats a key that an earlier row has", pd.Index(repeated.to_numpy().nonzero()[0])


def kept(frame: pd.DataFrame, table: Table, keys: bool = True) -> bool:
    """Say whether a conforming frame keeps its contract, by a look at each whole column.

    Agrees with :func:`broken_rules`, which says what is wrong and where and takes several times as long, and the memory
    of a copy. Nearly every table is right, so that this is asked first. Of a part of a table the keys are left to
    whoever sees all parts.
    """
    columns = {column.name: column for column in table.columns}
    if not all(_column_kept(values, columns[str(name)]) for name, values in frame.items() if name in columns):
        return False
    key = [name for name in table.key if name in frame] if keys else []
    if not key or not len(frame):
        return True
    if len(frame) <= FEW:
        return not _key_repeats(frame, key)
    return not repeats([frame], key, [digest(frame, key)])


def _column_kept(values: pd.Series, column: Column) -> bool:
    if not column.nullable and _any_empty(values):
        return False
    if column.allowed and not _all_allowed(values, column.allowed):
        return False
    if column.minimum is None and column.maximum is None and column.type != "int":
        return True
    numbers = values.to_numpy()
    if numbers.dtype.kind not in "iuf":
        # Whatever else this may be, it is looked at row by row.
        return False
    numbers = numbers[~np.isnan(numbers)] if numbers.dtype.kind == "f" else numbers
    if not len(numbers):
        return True
    if column.minimum is not None and not numbers.min() >= column.minimum:
        return False
    if column.maximum is not None and not numbers.max() <= column.maximum:
        return False
    return column.type != "int" or numbers.dtype.kind in "iu" or bool((numbers % 1 == 0).all())


def _any_empty(values: pd.Series) -> bool:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return bool((values.cat.codes.to_numpy() < 0).any())
    return bool(values.isna().any())


def _all_allowed(values: pd.Series, allowed: tuple[str, ...]) -> bool:
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return bool((values.isin(allowed) | values.isna()).all())
    levels = tuple(values.cat.categories)
    if levels == allowed:
        return True
    unknown = [code for code, level in enumerate(levels) if level not in allowed]
    return not unknown or not np.isin(values.cat.codes.to_numpy(), unknown).any()


def _key_repeats(frame: pd.DataFrame, key: list[str]) -> bool:
    """Say whether two rows have one key; rows with an empty cell in it are not compared."""
    whole, size = np.zeros(len(frame), dtype=np.int64), 1
    known = np.ones(len(frame), dtype=bool)
    for name in key:
        code, n_values = _codes(frame[name])
        if size > np.iinfo(np.int64).max // max(n_values, 1):
            return bool((frame.duplicated(key) & frame[key].notna().all(axis=1)).any())
        known &= code >= 0
        whole *= n_values
        whole += code
        size *= n_values
    whole = whole if known.all() else whole[known]
    if len(key) == 1:
        # Codes of one column are told apart already: fewer of them than rows means that one repeats.
        return bool(len(whole) > size)
    whole.sort()
    return bool((whole[1:] == whole[:-1]).any())


def _codes(values: pd.Series) -> tuple[np.ndarray, int]:
    """Return a whole number for each value, -1 for an empty one, and how many there may be."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.codes.to_numpy(np.int64), len(values.cat.categories)
    code, found = pd.factorize(values)
    return code.astype(np.int64, copy=False), len(found)


def _column(column: Column) -> "pandera.Column":
    import pandera.pandas as pandera

    checks = []
    if column.allowed:
        listed = ", ".join(column.allowed)
        checks.append(pandera.Check.isin(list(column.allowed), error=f"must be one of {listed}"))
    if column.minimum is not None:
        checks.append(pandera.Check.ge(column.minimum, error=f"must be at least {column.minimum:g}"))
    if column.maximum is not None:
        checks.append(pandera.Check.le(column.maximum, error=f"must be at most {column.maximum:g}"))
    if column.type == "int":
        checks.append(pandera.Check(lambda v: v % 1 == 0, error="must be a whole number"))
    return pandera.Column(checks=checks, nullable=column.nullable, required=False)
