"""Which raw rows became part of a table and which were set aside, where a record is not simply a line of a file.

A row of a wide sheet becomes several records, several rows of one session one, and a row of a joined sheet goes where
the row goes that it was joined to.
"""

from typing import TYPE_CHECKING

import pandas as pd

from iop_outcomes import tables as contracts

if TYPE_CHECKING:
    import polars as pl

_PLACE = ("file", "table", "line")


class Ledger:
    """Raw rows by file, line and table, and the rules that those set aside break."""

    def __init__(self) -> None:
        self._rows: list[pl.DataFrame] = []
        self._rejected: list[pl.DataFrame] = []

    def add(self, table: str, places: "pl.DataFrame", rejected: "pl.DataFrame") -> None:
        """Enter rows.

        Parameters
        ----------
        table : str
            Canonical table they were meant for.
        places : polars.DataFrame
            ``record``, ``file`` and ``line``, one row for each raw row.
        rejected : polars.DataFrame
            ``record`` and ``rule`` of those set aside; where it is known ``expected``, and what was assigned.
        """
        import polars as pl

        placed = places.with_columns(table=pl.lit(table))
        self._rows.append(placed.select(*_PLACE))
        found = rejected.unique().join(placed, on="record", how="inner")
        self._rejected.append(found.drop("record"))

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the canonical tables ``intake`` and ``rejected``."""
        import polars as pl

        empty = pl.DataFrame(schema={"file": pl.String, "table": pl.String, "line": pl.Int64})
        rows = pl.concat([empty, *self._rows]).unique()
        rejected = pl.concat([empty.with_columns(rule=pl.lit("")), *self._rejected], how="diagonal")
        # A row that several were made of, or that was made into several, is told once.
        rejected = rejected.group_by(*_PLACE, "rule").agg(pl.all().drop_nulls().first()).sort(*_PLACE, "rule")
        n_in = rows.group_by("file", "table").agg(n_in=pl.len())
        n_out = rejected.select(*_PLACE).unique().group_by("file", "table").agg(n_rejected=pl.len())
        counts = n_in.join(n_out, on=["file", "table"], how="left").with_columns(pl.col("n_rejected").fill_null(0))
        counts = counts.with_columns(n_accepted=pl.col("n_in") - pl.col("n_rejected")).sort("table", "file")
        return {
            "intake": contracts.conform(counts.to_pandas(), "intake"),
            "rejected": contracts.conform(rejected.to_pandas(), "rejected"),
        }
