"""The rows of a table in parts as groups of Parquet, each made once: of those that are kept no part is made again."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from struct import Struct
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from iop_outcomes.kernel.unfinished import keep, kept
from iop_outcomes.tables.keys import digest
from iop_outcomes.tables.parts import Parts, made


class _Place(NamedTuple):
    """Where among the parts a row is: in which part, and as which of its rows."""

    part: int
    row: int


#: Stands behind a group that is kept: where the next begins.
_NEXT = Struct("<qq")

Group = tuple[bytes, NDArray[np.uint64]]


def groups(
    parts: Parts,
    called: str,
    checked: Callable[[pd.DataFrame], pa.Table],
    key: Sequence[str],
    n_rows: int,
    stored: Callable[[pa.Schema], dict[str, Any]],
) -> Iterator[Group]:
    """Yield Parquet files of one group of rows each, and the digests of their keys.

    Parameters
    ----------
    parts : Parts
    called : str
        Under which name groups are kept.
    checked : callable
        Returns a part in the types in which it is stored, or refuses it.
    key : sequence of str
    n_rows : int
        Rows of a group; the last has fewer.
    stored : callable
        Returns how columns are packed.
    """
    rows, place = _Rows(parts, checked), _Place(0, 0)
    described: dict[bytes, bytes] | None = None
    for number in count():
        piece = f"{called}/{number}"
        if (found := kept(piece)) is not None:
            group, place = found[: -_NEXT.size], _Place(*_NEXT.unpack(found[-_NEXT.size :]))
            arrow = pq.read_table(pa.BufferReader(group), columns=list(key))
        else:
            arrow, place = rows.take(place, n_rows)
            if not arrow.num_rows and number:
                return
            # How many labels a part has stands in what describes it, and a file has the description of its first rows.
            arrow = arrow.replace_schema_metadata(described or arrow.schema.metadata)
            group = _packed(arrow, stored(arrow.schema))
            keep(piece, partial(_with_next, group, place))
        described = described or arrow.schema.metadata
        yield group, digest(arrow.select(list(key)).to_pandas(), key)
        if arrow.num_rows < n_rows:
            return


def _with_next(group: bytes, place: _Place) -> bytes:
    return group + _NEXT.pack(*place)


def _packed(rows: pa.Table, stored: dict[str, Any]) -> bytes:
    buffer = pa.BufferOutputStream()
    # Pages end where pieces in memory do, and the file must not tell how it was read.
    pq.write_table(rows.combine_chunks(), buffer, row_group_size=max(rows.num_rows, 1), **stored)
    packed: bytes = buffer.getvalue().to_pybytes()
    return packed


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
        return pa.concat_tables(taken[1:] or taken), _Place(number, row)

    def _of(self, number: int) -> pa.Table | None:
        """Return a part, or nothing where there are no more; those before it are not made."""
        while self._number < number:
            self._part = None
            self._number, part = next(self._parts, (number, None))
            if part is not None and self._number == number:
                self._part = self._checked(made(part))
        return self._part
