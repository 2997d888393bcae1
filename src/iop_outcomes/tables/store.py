"""Read and write contract tables as Parquet: always checked, always whole, and read only as they were written.

A table is written aside and then renamed, so a killed run leaves either the old file or the new one and never a half.
Its digest lies beside it and is held against it whenever it is read. Files carry no clock and no user, so the same
table gives the same bytes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from iop_outcomes import tables
from iop_outcomes.kernel.contents import intact, whole
from iop_outcomes.kernel.errors import ContractError
from iop_outcomes.tables.grouping import groups
from iop_outcomes.tables.keys import digest, repeats
from iop_outcomes.tables.lookup import Wanted
from iop_outcomes.tables.parts import MOST_ROWS, Parts, Table, is_long

#: Groups of ``MOST_ROWS`` rows that are looked through at a time for those of some people.
GROUPS = 4
#: Columns of which nearly every cell is another: a list of them beside the column only makes it slower to read.
IDS = ("person_id", "episode_id", "member_id")


def write(frame: Table, name: str, path: str | Path) -> None:
    """Check a table against its contract and write it.

    Parameters
    ----------
    frame : pandas.DataFrame or Parts
        The table; an index is not kept. Of parts one at a time is held, and the keys of all.
    name : str
        Contract it must keep.
    path : path
        Parquet file to write; its folder is made.

    Raises
    ------
    ContractError
        The table breaks its contract; nothing is written.
    """
    if isinstance(frame, Parts):
        _write_parts(frame, name, path)
        return
    arrow = _checked(frame, name)
    with whole(path, sealed=True) as aside:
        pq.write_table(arrow, aside, row_group_size=MOST_ROWS, **_stored(arrow.schema))


def _stored(schema: pa.Schema) -> dict[str, Any]:
    """Return how columns are packed."""
    return {"compression": "zstd", "use_dictionary": [name for name in schema.names if name not in IDS]}


def _checked(frame: pd.DataFrame, name: str, keys: bool = True) -> pa.Table:
    """Return a table that keeps its contract in the types in which it is stored."""
    frame = tables.check(frame, name, keys)
    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    for column in tables.contract(name).columns:
        if column.type == "int" and column.name in frame:
            position = arrow.schema.get_field_index(column.name)
            numbers = pa.array(frame[column.name].to_numpy(), from_pandas=True).cast(pa.int32())
            arrow = arrow.set_column(position, column.name, numbers)
    return arrow


def _write_parts(parts: Parts, name: str, path: str | Path) -> None:
    """Write a table of which one part is held at a time, grouped as one that is written at once."""
    key = tables.contract(name).key
    seen: list[NDArray[np.uint64]] = []
    with whole(path, sealed=True) as aside, ExitStack() as closing:
        writer = None
        for group in groups(parts, name, partial(_checked, name=name, keys=False), MOST_ROWS):
            writer = writer or closing.enter_context(pq.ParquetWriter(aside, group.schema, **_stored(group.schema)))
            writer.write_table(group)
            seen.append(digest(group.select(list(key)).to_pandas(), key))
        if repeats(parts, key, seen):
            raise ContractError(
                f"table '{name}' breaks its contract: {' + '.join(key)}: repeats a key that an earlier row has"
            )
        closing.close()


def read(
    path: str | Path,
    name: str | None = None,
    columns: Sequence[str] | None = None,
    only: Mapping[str, pd.Series] | None = None,
) -> pd.DataFrame:
    """Read a table that ``write`` made; the name defaults to the file's.

    Parameters
    ----------
    path : path
    name : str, optional
    columns : sequence of str, optional
        Some of the columns only; those the file does not have are left out.
    only : mapping of str to Series, optional
        By key (``person_id``, ``episode_id``) whose rows are wanted, by the first key that the table has. Of a table of
        more than ``MOST_ROWS`` rows those of others are never held; a shorter one may come whole.

    Raises
    ------
    ContractError
        There is no such file, it is no Parquet file, or its bytes are no longer those that were written.
    """
    path = Path(path)
    name = name or path.stem
    with _readable(path, name):
        _refuse_altered(path)
        if columns is not None:
            there = pq.read_schema(path).names
            columns = [c for c in columns if c in there]
        few = only is None or pq.read_metadata(path).num_rows <= MOST_ROWS
        found = pq.read_table(path, columns=columns) if few else _read_only(path, columns, only or {})
        # What was turned into pandas is let go column by column.
        frame = (
            found.to_pandas(split_blocks=True, self_destruct=True) if found.num_rows > MOST_ROWS else found.to_pandas()
        )
    known = {c.name: c for c in tables.contract(name).columns}
    return pd.DataFrame({c: known[c].cast(frame[c], name) if c in known else frame[c] for c in frame.columns})


def is_long_file(path: str | Path, name: str) -> bool:
    """Has a table that was written more rows than should be held at once?

    Raises
    ------
    ContractError
        As for :func:`read`.
    """
    with _readable(Path(path), name):
        return is_long(pq.read_metadata(path).num_rows)


class Stored(Parts):
    """A long table in its file, of which a group of rows is held at a time.

    The ids of a part are categories, so that whoever looks them up looks each up once; all else is as :func:`read`
    gives it. No key repeats: they were held against each other when the table was written.

    Parameters
    ----------
    path : path
    name : str
        Contract of the table.

    Raises
    ------
    ContractError
        The bytes of the file are no longer those that were written.
    """

    def __init__(self, path: str | Path, name: str) -> None:
        super().__init__(self._groups, pq.read_metadata(path).num_rows)
        self._path, self._name = Path(path), name
        self._columns: list[str] | None = None
        _refuse_altered(self._path)

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(pq.read_schema(self._path).names) if self._columns is None else self._columns

    def only(self, columns: Iterable[str]) -> "Stored":
        """Return some columns, those of them that there are; the others are not read."""
        fewer, wanted = copy(self), set(columns)
        fewer._columns = [c for c in self.columns if c in wanted]
        fewer._make = fewer._groups
        return fewer

    def whole(self) -> pd.DataFrame:
        """Return all rows as one frame."""
        return read(self._path, self._name, self._columns)

    def _groups(self) -> Iterator[pd.DataFrame]:
        known = {c.name: c for c in tables.contract(self._name).columns if c.name not in IDS}
        with pq.ParquetFile(self._path, read_dictionary=[c for c in IDS if c in self.columns]) as file:
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group, columns=self._columns).to_pandas()
                yield pd.DataFrame({c: known[c].cast(rows[c], self._name) if c in known else rows[c] for c in rows})


@contextmanager
def _readable(path: Path, name: str) -> Iterator[None]:
    """Say in a sentence of a file that cannot be read what to do."""
    try:
        yield
    except FileNotFoundError:
        raise ContractError(f"table '{name}' is not at {path}; run the stage that makes it first") from None
    except (pa.ArrowInvalid, OSError):
        raise ContractError(f"{path} is not a Parquet file; delete it and run the pipeline again") from None


def _refuse_altered(path: Path) -> None:
    if not intact(path):
        raise ContractError(
            f"{path}: the file is not as it was written, by its digest; run the pipeline again, which makes it anew"
        )


def _read_only(path: Path, columns: Sequence[str] | None, only: Mapping[str, pd.Series]) -> pa.Table:
    """Return the rows of some people or episodes; all, if the table has no such key or none of them has a row."""
    with pq.ParquetFile(path) as file:
        key = next((key for key in only if key in file.schema_arrow.names), None)
        if key is None:
            return file.read(columns=columns)
        wanted = Wanted(only[key])
        names = None if columns is None else [*dict.fromkeys([*columns, key])]
        found = []
        for start in range(0, file.num_row_groups, GROUPS):
            groups = range(start, min(start + GROUPS, file.num_row_groups))
            rows = file.read_row_groups(list(groups), columns=names)
            found.append(rows.filter(wanted.among(rows[key])))
        kept = pa.concat_tables(found)
        # A table that is there and of which nobody has a row is not the same as one that is not there.
        kept = kept if kept.num_rows else file.read(columns=names)
        return kept if columns is None else kept.select(list(columns))


def read_all(folder: str | Path, names: Sequence[str] | None = None) -> dict[str, pd.DataFrame]:
    """Read the tables of a folder that are contract tables, or those named."""
    paths = sorted(Path(folder).glob("*.parquet"))
    return {p.stem: read(p) for p in paths if p.stem in tables.CONTRACTS and (names is None or p.stem in names)}
