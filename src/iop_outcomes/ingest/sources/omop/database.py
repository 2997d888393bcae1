"""A live PostgreSQL database in OMOP CDM 5.4: reached by what stands outside the study file, and only read.

Host, user and password come from libpq's own places, a service file (``pg_service.conf``), a password file
(``pgpass``) or the environment (``PGHOST``, ``PGUSER``, ``PGPASSWORD``, ...); no study file, sentence, table or record
holds them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

from pydantic import ConfigDict, Field

from iop_outcomes.kernel.errors import SourceError
from iop_outcomes.kernel.section import Section

if TYPE_CHECKING:
    from sqlalchemy import Connection

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_ .$-]*$", max_length=63)]

#: Rows fetched at once.
AT_ONCE = 50_000
#: Seconds that a server has to answer in.
PATIENCE = "10"
#: What PostgreSQL says by number, in words, and what to do; after the name of a table.
_SAYS = {
    "42501": "the user has no right to read it; ask for SELECT on it",
    "57014": "the server ended the query, which took too long; raise statement_timeout for this user",
    "53100": "the server's disk is full, as it sorts there; ask for room",
}


class Database(Section):
    """Where a live database is: names that are no secret.

    Attributes
    ----------
    service : str, optional
        Section of the service file that names host, database and user; left out, the environment does.
    schema : str
        Schema of the tables of people.
    vocabulary : str, optional
        Schema of the table ``concept``, where it is another.
    """

    model_config = ConfigDict(populate_by_name=True)

    service: Name | None = None
    schema_: Annotated[Name, Field(alias="schema")] = "public"
    vocabulary: Name | None = None

    @property
    def named(self) -> str:
        """What the database is called in sentences."""
        return f"the service '{self.service}'" if self.service else "PGHOST, PGDATABASE and PGUSER"


@contextmanager
def connected(database: Database) -> "Iterator[Connection]":
    """Yield a connection that only reads, and reads one moment of the database.

    Raises
    ------
    SourceError
        The driver is not installed, or there is no way in. What the server said names host and user, and is not told.
    """
    try:
        import psycopg  # noqa: F401
        from sqlalchemy import create_engine
        from sqlalchemy.exc import OperationalError
    except ImportError:
        raise SourceError(
            "source.database: reading PostgreSQL needs the packages sqlalchemy and psycopg; install "
            "iop-outcomes[postgresql], or export the tables as Parquet files"
        ) from None
    how = {"connect_timeout": PATIENCE} | ({"service": database.service} if database.service else {})
    engine = create_engine("postgresql+psycopg://", connect_args=how, hide_parameters=True)
    try:
        connection = engine.connect()
    except OperationalError as error:
        raise SourceError(f"source.database: {_why_not(str(error), database)}") from None
    try:
        yield connection.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True, stream_results=True, max_row_buffer=AT_ONCE
        )
    finally:
        connection.close()
        engine.dispose()


def _why_not(said: str, database: Database) -> str:
    if "definition of service" in said:
        return f"there is no {database.named.removeprefix('the ')} in pg_service.conf; name one that stands there"
    if "password" in said or "authentication" in said:
        return (
            f"the server refuses the user or the password of {database.named}; put the password into a password file "
            "(pgpass) or PGPASSWORD, never into the study"
        )
    tried = f"psql service={database.service}" if database.service else "psql"
    return (
        f"there is no PostgreSQL server or database under {database.named}; look what `{tried}` says, and put right "
        "the service file or the environment"
    )


def columns_of(connection: "Connection", schema: str) -> dict[str, list[str]]:
    """Return the columns of every table and view of a schema.

    Raises
    ------
    SourceError
        There is no such schema; a close name is offered.
    """
    from sqlalchemy import inspect
    from sqlalchemy.engine.reflection import ObjectKind

    found = inspect(connection)
    there = found.get_schema_names()
    if schema not in there:
        close = get_close_matches(schema, there, n=1)
        hint = f"did you mean '{close[0]}'?" if close else "name the one with the tables of the common data model"
        raise SourceError(f"source.database: there is no schema '{schema}'; {hint}")
    tables = found.get_multi_columns(schema=schema, kind=ObjectKind.ANY)
    return {name: [column["name"] for column in columns] for (_, name), columns in tables.items()}


def rows_of(
    connection: "Connection", schema: str, table: str, columns: Sequence[str]
) -> Iterator[list[tuple[str | None, ...]]]:
    """Yield the rows of a table in parts, every cell as text, in an order that rests on their content alone."""
    import sqlalchemy as sql

    cells = [sql.cast(sql.column(name), sql.Text) for name in columns]
    # The order of bytes is the same on every server; that of words is not.
    asked = sql.select(*cells).select_from(sql.table(table, schema=schema)).order_by(*(c.collate("C") for c in cells))
    with said_in_words(table):
        for part in connection.execute(asked).partitions(AT_ONCE):
            yield [tuple(row) for row in part]


def count_of(connection: "Connection", schema: str, table: str) -> int:
    """Return how many rows a table has."""
    import sqlalchemy as sql

    with said_in_words(table):
        asked = sql.select(sql.func.count()).select_from(sql.table(table, schema=schema))
        return int(connection.execute(asked).scalar_one())


@contextmanager
def said_in_words(table: str) -> Iterator[None]:
    """Turn what a server says of a table into one sentence; what is no fault of right, time or room is a bug."""
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except DBAPIError as error:
        number = getattr(error.orig, "sqlstate", None)
        if number in _SAYS:
            raise SourceError(f"{table}: {_SAYS[number]}") from None
        if error.connection_invalidated or number is None:
            raise SourceError(f"{table}: the server went away while it was read; run again") from None
        raise
