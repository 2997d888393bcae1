"""What metrics give of a shard of members, found again by a run that goes on where another was killed."""

from collections.abc import Callable, Mapping

import pandas as pd
import pyarrow as pa

from iop_outcomes.kernel.unfinished import keep, kept

#: All that is taken of what a metric gives.
_TAKEN = ("value", "observed_share", "missing_reason")
#: Stands between the name of a metric and that of a column; no name holds it.
_OF = "/"

Values = dict[str, pd.DataFrame]


def of_shard(first: int, members: pd.Index, make: Callable[[], Values]) -> Values:
    """Return by metric the values of a shard of members, made only if they are not kept.

    Parameters
    ----------
    first : int
        Position of the first of them among all members.
    members : Index
        Their ids.
    make : callable
        Returns by metric a frame of a row per member.
    """
    piece = f"shard/{first}"
    if (found := kept(piece)) is not None:
        return _unpacked(found, members)
    made = make()
    # What is not of these members is a bug of a metric, and told when all values are there.
    if all(frame.index.equals(members) for frame in made.values()):
        keep(piece, lambda: _packed(made))
    return made


def _packed(made: Mapping[str, pd.DataFrame]) -> bytes:
    columns = {
        f"{name}{_OF}{column}": pa.array(frame[column], from_pandas=True)
        for name, frame in made.items()
        for column in _TAKEN
        if column in frame
    }
    table, buffer = pa.table(columns), pa.BufferOutputStream()
    with pa.ipc.new_file(buffer, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(table)
    packed: bytes = buffer.getvalue().to_pybytes()
    return packed


def _unpacked(piece: bytes, members: pd.Index) -> Values:
    columns: dict[str, dict[str, pd.Series]] = {}
    for place, values in pa.ipc.open_file(piece).read_all().to_pandas().items():
        name, _, column = str(place).rpartition(_OF)
        columns.setdefault(name, {})[column] = values
    return {name: pd.DataFrame(own).set_axis(members) for name, own in columns.items()}
