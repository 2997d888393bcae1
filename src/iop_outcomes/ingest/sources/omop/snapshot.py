"""A snapshot of a live OMOP database: Parquet files of the columns that are read, as they stood at one moment.

A live database changes under a study, and has no digest by which a run could tell. Its snapshot is a folder like any
other: what is in it is what the results rest on, and the same database gives the same bytes.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iop_outcomes.ingest.reading import RawFile
from iop_outcomes.ingest.sources.omop.database import Database, columns_of, connected, count_of, rows_of
from iop_outcomes.ingest.sources.omop.layout import NOT_READ, READ
from iop_outcomes.kernel.errors import SourceError, counted, in_words

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: The only column of a table of which nothing but the number of rows is kept.
NOTHING_READ = "not_read"


def refuse_unless_taken(folder: Path, path: str, database: Database | None) -> None:
    """Refuse to read a snapshot that was not taken yet.

    Raises
    ------
    SourceError
    """
    if database is not None and not (Path(folder) / path).is_dir():
        raise SourceError(
            f"source.path: there is no snapshot of the database in '{path}'; take it: iop-outcomes snapshot STUDY"
        )


def take_snapshot(
    folder: Path, seed: int, *, again: bool, path: str, database: Database | None = None, **settings: Any
) -> Iterator[str]:
    """Write the tables of a live database into ``path`` and yield a line for each; nothing stands there until all do.

    Parameters
    ----------
    folder : path
        Folder that ``path`` starts from.
    seed : int
        Of the study; a snapshot does not rest on it.
    again : bool
        Take the place of an earlier snapshot?
    path, database
        As in the study; other settings are for reading.

    Raises
    ------
    SourceError
        The study names no database, it cannot be reached or read, a table or column that must be there is not, or
        something other than an earlier snapshot stands in the way.
    """
    if database is None:
        raise SourceError(
            "source.database: the study names no live database; write database: {service: NAME, schema: NAME}"
        )
    place = Path(folder) / path
    _refuse_what_stands_there(place, path, again)
    beside = place.with_name(f".{place.name}.part")
    with in_words(), connected(database) as connection:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        try:
            yield from _written(connection, database, beside)
            shutil.rmtree(place, ignore_errors=True)
            beside.rename(place)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def _refuse_what_stands_there(place: Path, path: str, again: bool) -> None:
    if not place.exists():
        return
    ours = {f"{table}.parquet" for table in (*READ, *NOT_READ)}
    if not place.is_dir() or any(file.name not in ours for file in place.iterdir()):
        raise SourceError(f"source.path: '{path}' holds other files than a snapshot; name a folder that is not there")
    if not again:
        raise SourceError(
            f"source.path: there is a snapshot in '{path}' already; --again takes it anew, and results may change"
        )


def _written(connection: "Connection", database: Database, place: Path) -> Iterator[str]:
    tables = {name.lower(): (database.schema_, name, c) for name, c in columns_of(connection, database.schema_).items()}
    if database.vocabulary is not None:
        apart = columns_of(connection, database.vocabulary)
        tables |= {
            name.lower(): (database.vocabulary, name, apart[name]) for name in apart if name.lower() == "concept"
        }
    if "person" not in tables:
        raise SourceError(
            f"source.database: there is no table 'person' in the schema '{database.schema_}'; name the schema that has "
            "it: schema: NAME"
        )
    for table in (name for name in READ if name in tables):
        schema, called, there = tables[table]
        n = _copy(connection, schema, called, there, place / f"{table}.parquet")
        yield f"{table}: {counted(n, 'row')}"
    for table in (name for name in NOT_READ if name in tables):
        n = count_of(connection, *tables[table][:2])
        _write_count(n, place / f"{table}.parquet")
        yield f"{table}: {counted(n, 'row')}, counted and not copied"


def _copy(connection: "Connection", schema: str, table: str, there: list[str], file: Path) -> int:
    """Write the columns of one table that are read, and return how many rows it has."""
    import polars as pl
    import pyarrow as pa
    from pyarrow import parquet

    required, wanted = READ[table.lower()]
    small = [name.lower() for name in there]
    RawFile(table, tuple(small), pl.LazyFrame()).need(required)
    kept = [name for name in (*required, *wanted) if name in small]
    called = [there[small.index(name)] for name in kept]
    form, n = pa.schema([(name, pa.string()) for name in kept]), 0
    with parquet.ParquetWriter(file, form) as writer:
        for part in rows_of(connection, schema, table, called):
            cells = zip(*part, strict=True)
            writer.write_table(pa.table([pa.array(column, pa.string()) for column in cells], schema=form))
            n += len(part)
    return n


def _write_count(n: int, file: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table({NOTHING_READ: pa.nulls(n, pa.bool_())}), file)
