"""Rows of released tables, found by what tells them apart."""

from collections.abc import Mapping, Sequence

import pandas as pd

Row = Mapping[str, str]


def by_key(table: pd.DataFrame | None, key: Sequence[str]) -> dict[tuple[str, ...], Row]:
    """Return the rows of a table by the cells of some columns; a column that it lacks is empty.

    Rows that nothing tells apart are numbered, so that none hides another.
    """
    found: dict[tuple[str, ...], Row] = {}
    for row in [] if table is None else table.to_dict("records"):
        place = tuple(str(row.get(column, "")) for column in key)
        again = 1
        while place in found:
            again += 1
            place = (*place[: len(key)], f"row {again}")
        found[place] = {str(name): str(text) for name, text in row.items()}
    return found


def cell(row: Row, column: str) -> str:
    """Return a cell of a row, empty where there is no such row or column."""
    return row.get(column, "")
