"""Where the tables of an OMOP database are: a folder of CSV or Parquet files, an SQLite file or a DuckDB file.

Names of tables and columns are compared without capitals. Every cell is text; of a table only the columns asked for are
read, so that names, addresses and notes never are.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iop_outcomes.ingest.reading import ENDINGS, LINE, RawFile, read
from iop_outcomes.ingest.sources.omop.layout import READ
from iop_outcomes.kernel.errors import SourceError

if TYPE_CHECKING:
    import polars as pl

SQLITE = (".sqlite", ".sqlite3", ".db")
DUCKDB = (".duckdb",)
_MAGIC = b"SQLite format 3\x00"


class Store:
    """The tables of one OMOP database.

    Parameters
    ----------
    place : path
        Folder or database file.

    Raises
    ------
    SourceError
        It is none, or two files of a folder are one table.
    """

    def __init__(self, place: Path):
        self.name = place.name
        self._place = place
        if place.is_dir():
            self._tables = _files(place)
        elif place.name.lower().endswith((*SQLITE, *DUCKDB)):
            self._tables = _names(place)
        else:
            raise SourceError(
                f"{place.name}: an OMOP database is a folder of {', '.join(ENDINGS)} files, or a file that ends in "
                f"{', '.join((*SQLITE, *DUCKDB))}; give one of these"
            )

    def tables(self) -> list[str]:
        """Return the names of the tables there are, in small letters."""
        return sorted(self._tables)

    def read(self, table: str) -> RawFile | None:
        """Return the columns of a table as text, wanted ones that are not there as empty; None where it is not there.

        Raises
        ------
        SourceError
            A required column is missing.
        """
        import polars as pl

        if table not in self._tables:
            return None
        required, wanted = READ[table]
        raw = self._open(table, [*required, *wanted])
        small = {c: c.strip().lower() for c in raw.columns}
        twice = [name for name in small.values() if list(small.values()).count(name) > 1]
        if twice:
            raise SourceError(f"{raw.name}: the column '{twice[0]}' stands there twice; keep one")
        raw = replace(raw, columns=tuple(small.values()), rows=raw.rows.rename(small))
        raw.need(required)
        columns = [*required, *wanted]
        cells = [
            _blank_as_null(pl.col(c).cast(pl.String)) if c in raw.columns else pl.lit(None, pl.String).alias(c)
            for c in columns
        ]
        return replace(raw, columns=tuple(columns), rows=raw.rows.select(LINE, *cells))

    def called(self, table: str) -> str:
        """Return what a table is called in messages: the name of its file, or its own in a database."""
        place = self._tables[table]
        return place.name if isinstance(place, Path) else table

    def count(self, table: str) -> int:
        """Return how many rows a table has, for tables that are not read any further."""
        import polars as pl

        raw = self._open(table, ())
        return int(raw.rows.select(pl.len()).collect(engine="streaming").item()) + len(raw.misshapen)

    def _open(self, table: str, columns: Sequence[str]) -> RawFile:
        """Return a file, or of a table of a database those of some columns that it has, and one at the least."""
        place = self._tables[table]
        if isinstance(place, Path):
            return read(place)
        import polars as pl

        there = _columns(self._place, place)
        rows = _from_database(self._place, place, [c for c in there if c.lower() in columns] or there[:1])
        return RawFile(table, tuple(rows.columns), rows.lazy().with_row_index(LINE, offset=2).cast({LINE: pl.UInt32}))


def _blank_as_null(cell: "pl.Expr") -> "pl.Expr":
    import polars as pl

    name = cell.meta.output_name()
    return pl.when(cell.str.strip_chars() != "").then(cell.str.strip_chars()).alias(name)


def _files(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for file in sorted(p for p in place.iterdir() if p.name.lower().endswith(ENDINGS) and p.name[0] != "."):
        name = file.name.partition(".")[0].lower()
        if name in found:
            raise SourceError(f"{file.name}: the table '{name}' is also in {found[name].name}; keep one of the two")
        found[name] = file
    return found


def _names(place: Path) -> dict[str, Any]:
    """Return by name in small letters the tables of a database file as it writes them."""
    if place.name.lower().endswith(DUCKDB):
        words = "SELECT table_schema, table_name FROM information_schema.tables"
        return {name.lower(): f'"{schema}"."{name}"' for schema, name in _ask_duckdb(place, words)}
    with place.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise SourceError(f"{place.name}: this is no SQLite file; give the database or a folder of its tables")
    rows = _ask_sqlite(place, "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")[1]
    return {name.lower(): '"' + name.replace('"', '""') + '"' for (name,) in rows}


def _columns(place: Path, table: str) -> list[str]:
    if place.name.lower().endswith(DUCKDB):
        return [column[0] for column in _duckdb(place).execute(f"SELECT * FROM {table} LIMIT 0").description]
    return _ask_sqlite(place, f"SELECT * FROM {table} LIMIT 0")[0]


def _from_database(place: Path, table: str, columns: Sequence[str]) -> "pl.DataFrame":
    import polars as pl

    named = ['"' + name.replace('"', '""') + '"' for name in columns]
    schema = dict.fromkeys(columns, pl.String)
    if place.name.lower().endswith(DUCKDB):
        texts = [f"CAST({name} AS VARCHAR)" for name in named]
        return pl.DataFrame(_ask_duckdb(place, f"SELECT {', '.join(texts)} FROM {table}"), schema=schema, orient="row")
    rows = _ask_sqlite(place, f"SELECT {', '.join(named)} FROM {table}")[1]
    cells = [tuple(None if cell is None else str(cell) for cell in row) for row in rows]
    return pl.DataFrame(cells, schema=schema, orient="row")


def _ask_sqlite(place: Path, words: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    try:
        with closing(sqlite3.connect(f"{place.resolve().as_uri()}?mode=ro", uri=True)) as database:
            cursor = database.execute(words)
            return [column[0] for column in cursor.description], cursor.fetchall()
    except sqlite3.Error:
        raise SourceError(f"{place.name}: the database is damaged or in use; copy it anew") from None


def _ask_duckdb(place: Path, words: str) -> list[tuple[Any, ...]]:
    return list(_duckdb(place).execute(words).fetchall())


def _duckdb(place: Path) -> Any:
    try:
        import duckdb
    except ImportError:
        raise SourceError(
            f"{place.name}: reading a DuckDB file needs the package duckdb; install iop-outcomes[duckdb], or export "
            "the tables as Parquet files"
        ) from None
    try:
        return duckdb.connect(str(place), read_only=True)
    except duckdb.Error:
        raise SourceError(f"{place.name}: this is no DuckDB file, or it is in use; copy it anew") from None
