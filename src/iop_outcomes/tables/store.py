"""Read and write contract tables as Parquet: always checked, always whole, and read only as they were written.

A table is written aside and then renamed, so a killed run leaves either the old file or the new one and never a half.
Its digest lies beside it and is held against it whenever it is read. Files carry no clock and no user, so the same
table gives the same bytes.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
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
from iop_outcomes.tables.keys import digest, repeats
from iop_outcomes.tables.lookup import Wanted
from iop_outcomes.tables.parts import MOST_ROWS, Parts, Table, regrouped

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

    def checked() -> Iterator[pa.Table]:
        for part in parts:
            arrow = _checked(part, name, keys=False)
            seen.append(digest(part, key))
            yield arrow

    with whole(path, sealed=True) as aside, ExitStack() as closing:
        writer = None
        for arrow in regrouped(checked(), MOST_ROWS):
            writer = writer or closing.enter_context(pq.ParquetWriter(aside, arrow.schema, **_stored(arrow.schema)))
            writer.write_table(arrow)
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
    try:
        if not intact(path):
            raise ContractError(
                f"{path}: the file is not as it was written, by its digest; run the pipeline again, which makes it anew"
            )
        if columns is not None:
            there = pq.read_schema(path).names
            columns = [c for c in columns if c in there]
        few = only is None or pq.read_metadata(path).num_rows <= MOST_ROWS
        found = pq.read_table(path, columns=columns) if few else _read_only(path, columns, only or {})
        # What was turned into pandas is let go column by column.
        frame = (
            found.to_pandas(split_blocks=True, self_destruct=True) if found.num_rows > MOST_ROWS else found.to_pandas()
        )
    except FileNotFoundError:
        raise ContractError(f"table '{name}' is not at {path}; run the stage that makes it first") from None
    except (pa.ArrowInvalid, OSError):
        raise ContractError(f"{path} is not a Parquet file; delete it and run the pipeline again") from None
    known = {c.name: c for c in tables.contract(name).columns}
    return pd.DataFrame({c: known[c].cast(frame[c], name) if c in known else frame[c] for c in frame.columns})


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
