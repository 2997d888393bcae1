"""The rules of a contract as a pandera schema, and the rows that break them."""

from collections.abc import Iterator

import pandas as pd
import pandera.pandas as pa

from iop_outcomes.tables.declare import Column, Table


def schema(table: Table, columns: list[str]) -> pa.DataFrameSchema:
    """Return the pandera schema of the columns present."""
    return pa.DataFrameSchema({c.name: _column(c) for c in table.columns if c.name in columns})


def broken_rules(frame: pd.DataFrame, table: Table) -> Iterator[tuple[str, str, pd.Index]]:
    """Yield column, rule in words, and row positions for every broken rule, the key's last."""
    frame = frame.reset_index(drop=True)
    try:
        schema(table, list(frame.columns)).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        for (column, rule), rows in cases.groupby(["column", "check"], sort=True):
            rule = "may not be empty" if rule == "not_nullable" else rule
            yield str(column), str(rule), pd.Index(rows["index"].dropna().astype(int).sort_values().unique())
    key = [k for k in table.key if k in frame]
    if key and len(frame):
        repeated = frame.duplicated(key, keep="first") & frame[key].notna().all(axis=1)
        if repeated.any():
            yield " + ".join(key), "repeats a key that an earlier row has", pd.Index(repeated.to_numpy().nonzero()[0])


def _column(column: Column) -> pa.Column:
    checks = []
    if column.allowed:
        listed = ", ".join(column.allowed)
        checks.append(pa.Check.isin(list(column.allowed), error=f"must be one of {listed}"))
    if column.minimum is not None:
        checks.append(pa.Check.ge(column.minimum, error=f"must be at least {column.minimum:g}"))
    if column.maximum is not None:
        checks.append(pa.Check.le(column.maximum, error=f"must be at most {column.maximum:g}"))
    if column.type == "int":
        checks.append(pa.Check(lambda v: v % 1 == 0, error="must be a whole number"))
    return pa.Column(checks=checks, nullable=column.nullable, required=False)
