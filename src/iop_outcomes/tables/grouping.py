"""The rows of a table in parts, in groups as Parquet keeps them: of a group that is kept no part is made again."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from struct import Struct
from typing import NamedTuple

import pandas as pd
import pyarrow as pa

from iop_outcomes.kernel.unfinished import keep, kept
from iop_outcomes.tables.parts import Parts, made


class _Place(NamedTuple):
    """Where among the parts a row is: in which part, and as which of its rows."""

    part: int
    row: int


#: Stands behind a group that is kept: where the next begins.
_NEXT = Struct("<qq")


def groups(parts: Parts, called: str, checked: Callable[[pd.DataFrame], pa.Table], n_rows: int) -> Iterator[pa.Table]:
    """Yield the rows of all parts in groups.

    Parameters
    ----------
    parts : Parts
    called : str
        Under which name groups are kept.
    checked : callable
        Returns a part in the types in which it is stored, or refuses it.
    n_rows : int
        Rows of a group; the last has fewer.
    """
    rows, place = _Rows(parts, checked), _Place(0, 0)
    for number in count():
        piece = f"{called}/{number}"
        if (found := kept(piece)) is not None:
            group, place = _unpacked(found)
        else:
            group, place = rows.take(place, n_rows)
            if not group.num_rows and number:
                return
            keep(piece, partial(_packed, group, place))
        yield group
        if group.num_rows < n_rows:
            return


def _packed(group: pa.Table, following: _Place) -> bytes:
    buffer = pa.BufferOutputStream()
    with pa.ipc.new_file(buffer, group.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(group)
    group_bytes: bytes = buffer.getvalue().to_pybytes()
    return group_bytes + _NEXT.pack(*following)


def _unpacked(piece: bytes) -> tuple[pa.Table, _Place]:
    following = _Place(*_NEXT.unpack(piece[-_NEXT.size :]))
    return pa.ipc.open_file(piece[: -_NEXT.size]).read_all(), following


class _Rows:
    """Rows of a table from any place on, as long as that is not before what was taken."""

    def __init__(self, parts: Parts, checked: Callable[[pd.DataFrame], pa.Table]) -> None:
        self._parts, self._checked = enumerate(parts.not_yet_made()), checked
        self._number, self._part = -1, None

    def take(self, place: _Place, n_rows: int) -> tuple[pa.Table, _Place]:
        """Return so many rows from a place on, or those there are, and the place of the row after them."""
        taken, missing, (number, row) = [pa.table({})], n_rows, place
        while missing and (part := self._of(number)) is not None:
            taken.append(part.slice(row, missing))
            missing -= taken[-1].num_rows
            row += taken[-1].num_rows
            if row >= part.num_rows:
                number, row = number + 1, 0
        # Pages end where pieces in memory do, and a file must not tell how it was read.
        return pa.concat_tables(taken[1:] or taken).combine_chunks(), _Place(number, row)

    def _of(self, number: int) -> pa.Table | None:
        """Return a part, or nothing where there are no more; those before it are not made."""
        while self._number < number:
            self._part = None
            self._number, part = next(self._parts, (number, None))
            if part is not None and self._number == number:
                self._part = self._checked(made(part))
        return self._part
