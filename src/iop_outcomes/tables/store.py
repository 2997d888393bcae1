"""Read and write contract tables as Parquet: always checked, always whole, and read only as they were written.

A table is written aside and then renamed, so a killed run leaves either the old file or the new one and never a half.
Its digest lies beside it and is held against it whenever it is read. Files carry no clock and no user, so the same
table gives the same bytes.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from iop_outcomes import tables
from iop_outcomes.kernel.contents import intact, whole
from iop_outcomes.kernel.errors import ContractError


def write(frame: pd.DataFrame, name: str, path: str | Path) -> None:
    """Check a table against its contract and write it.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table; an index is not kept.
    name : str
        Contract it must keep.
    path : path
        Parquet file to write; its folder is made.

    Raises
    ------
    ContractError
        The table breaks its contract; nothing is written.
    """
    frame = tables.check(frame, name)
    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    for column in tables.contract(name).columns:
        if column.type == "int" and column.name in frame:
            position = arrow.schema.get_field_index(column.name)
            numbers = pa.array(frame[column.name].to_numpy(), from_pandas=True).cast(pa.int32())
            arrow = arrow.set_column(position, column.name, numbers)
    with whole(path, sealed=True) as aside:
        pq.write_table(arrow, aside, compression="zstd")


def read(path: str | Path, name: str | None = None, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read a table that ``write`` made; the name defaults to the file's.

    ``columns`` reads some of the columns only; those the file does not have are left out.

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
        frame = pq.read_table(path, columns=columns).to_pandas()
    except FileNotFoundError:
        raise ContractError(f"table '{name}' is not at {path}; run the stage that makes it first") from None
    except (pa.ArrowInvalid, OSError):
        raise ContractError(f"{path} is not a Parquet file; delete it and run the pipeline again") from None
    known = {c.name: c for c in tables.contract(name).columns}
    return pd.DataFrame({c: known[c].cast(frame[c], name) if c in known else frame[c] for c in frame.columns})


def read_all(folder: str | Path, names: Sequence[str] | None = None) -> dict[str, pd.DataFrame]:
    """Read the tables of a folder that are contract tables, or those named."""
    paths = sorted(Path(folder).glob("*.parquet"))
    return {p.stem: read(p) for p in paths if p.stem in tables.CONTRACTS and (names is None or p.stem in names)}
