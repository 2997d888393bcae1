"""A Parquet file put together of files of one group of rows each, with the bytes of one that was written at once.

Groups are copied as they are. Only the end of a file says where each column of a group begins, counted from the start
of the file, so that this alone is written anew.
"""

from typing import BinaryIO

from iop_outcomes.tables.compact import Struct, read_struct, value_of, written

_MAGIC = b"PAR1"
#: Numbers of fields in Parquet's FileMetaData, RowGroup and ColumnChunk.
_N_ROWS, _GROUPS = 3, 4
_COLUMNS, _GROUP_STARTS, _ORDINAL = 1, 5, 7
_COLUMN = 3
#: Of ColumnMetaData: where data pages, index page, dictionary and Bloom filter begin.
_STARTS = (9, 10, 11, 14)


class RowGroups:
    """A file that is written group by group.

    Parameters
    ----------
    sink : binary file
        Open for writing, and empty.
    """

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._end: Struct = []
        sink.write(_MAGIC)

    def add(self, file: bytes) -> None:
        """Write the one group of a Parquet file behind those there are.

        Raises
        ------
        ValueError
            Its columns are not of the types of those before.
        """
        length = int.from_bytes(file[-8:-4], "little")
        stop = len(file) - 8 - length
        end = read_struct(file[stop:-8])
        (group,) = value_of(end, _GROUPS)[1]
        shift = self._sink.tell() - len(_MAGIC)
        self._sink.write(memoryview(file)[len(_MAGIC) : stop])
        if not self._end:
            self._end = end
            return
        if _without_rows(end) != _without_rows(self._end):
            raise ValueError("two parts of a table have columns of unlike types")
        groups = value_of(self._end, _GROUPS)[1]
        _move(group, shift, len(groups))
        groups.append(group)
        for field in self._end:
            if field.number == _N_ROWS:
                field.value += value_of(end, _N_ROWS)

    def close(self) -> None:
        """Write the end."""
        end = written(self._end)
        self._sink.write(end + len(end).to_bytes(4, "little") + _MAGIC)


def _without_rows(end: Struct) -> Struct:
    return [field for field in end if field.number not in (_N_ROWS, _GROUPS)]


def _move(group: Struct, shift: int, ordinal: int) -> None:
    """Say of a group that it begins so many bytes later, and how many are before it."""
    for field in group:
        if field.number == _GROUP_STARTS:
            field.value += shift
        elif field.number == _ORDINAL:
            field.value = ordinal
    for column in value_of(group, _COLUMNS)[1]:
        for field in value_of(column, _COLUMN):
            if field.number in _STARTS:
                field.value += shift
