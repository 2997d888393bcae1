"""The sessions of the members as narrow columns, before any rule: read once, and cut by members where they are many.

A table of a hundred million sessions comes in parts (``tables/parts.py``). Each part is looked up, narrowed and put
away, so that a session takes nineteen bytes, and the sessions of some members are a slice of every column.
"""

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from iop_outcomes.history.history import History
from iop_outcomes.tables.canonical import SESSION_MODES, SESSION_STATUSES, SESSION_TYPES
from iop_outcomes.tables.parts import Parts, parts_of

#: Columns that sessions are made of; which session a row is is asked only where a name may stand there twice.
COLUMNS = ("episode_id", "day", "type", "mode", "status", "minutes_scheduled", "minutes_attended")


@dataclass(frozen=True)
class SessionRows:
    """One array element a row of the session table.

    Attributes
    ----------
    owner, day : ndarray of int32
        Position of the member, -1 for rows of others; days since time zero.
    status, type, mode : ndarray of int8
        Positions in ``SESSION_STATUSES``, ``SESSION_TYPES`` and ``SESSION_MODES``, -1 where not recorded.
    scheduled, recorded : ndarray of float
        Minutes as the source has them, NaN where it has none; of single precision where that says the same.
    slot : Series, optional
        ``session_id``, where no contract has held it against the others yet.
    """

    owner: np.ndarray
    day: np.ndarray
    status: np.ndarray
    type: np.ndarray
    mode: np.ndarray
    scheduled: np.ndarray
    recorded: np.ndarray
    slot: pd.Series | None = None

    def has_status(self, *names: str) -> np.ndarray:
        """Return which rows have one of some statuses."""
        return one_of(self.status, SESSION_STATUSES, *names)

    def cut(self, rows: slice, first: int) -> "SessionRows":
        """Return some rows, their owners counted from one of the members."""
        own = {name: getattr(self, name)[rows] for name in _ARRAYS}
        return SessionRows(**own | {"owner": own["owner"] - np.int32(first)})


_ARRAYS = tuple(field.name for field in fields(SessionRows) if field.name != "slot")


def one_of(codes: np.ndarray, known: tuple[str, ...], *names: str) -> np.ndarray:
    """Return which positions in a list of names are those of some of them."""
    found = np.zeros(len(codes), dtype=bool)
    for name in names:
        found |= codes == known.index(name)
    return found


def session_rows(history: History) -> SessionRows:
    """Return the rows of the session table; of one in parts the rows of members, in the order of the members."""
    table = history.records["session"]
    if isinstance(table, Parts):
        return history.once("session rows", lambda: _gathered(history, table))
    return _of_frame(history, table)


def _of_frame(history: History, frame: pd.DataFrame) -> SessionRows:
    owner = history.owners(frame).astype(np.int32)
    zero = history.members["time_zero_day"].to_numpy()
    return SessionRows(
        owner=owner,
        day=(frame["day"].to_numpy() - zero[owner]).astype(np.int32),
        status=_codes(frame, "status", SESSION_STATUSES),
        type=_codes(frame, "type", SESSION_TYPES),
        mode=_codes(frame, "mode", SESSION_MODES),
        scheduled=_minutes(frame, "minutes_scheduled"),
        recorded=_minutes(frame, "minutes_attended"),
        slot=frame.get("session_id"),
    )


def _gathered(history: History, parts: Parts) -> SessionRows:
    """Return the members' rows of all parts, those of a member in the order of the table."""
    columns: dict[str, np.ndarray] = {}
    n = 0
    for part in parts_of(parts.only(COLUMNS)):
        rows = _of_frame(history, part)
        kept = rows.owner >= 0
        chosen = slice(None) if kept.all() else kept
        for name in _ARRAYS:
            values = getattr(rows, name)[chosen]
            columns[name] = _put(columns.get(name), values, n, len(parts))
        n += len(values)
    for name in _ARRAYS:
        columns[name] = columns[name][:n]
    if (columns["owner"][1:] < columns["owner"][:-1]).any():
        order = np.argsort(columns["owner"], kind="stable")
        for name in _ARRAYS:
            columns[name] = columns[name][order]
    return SessionRows(**columns)


def _put(column: np.ndarray | None, values: np.ndarray, n: int, n_all: int) -> np.ndarray:
    """Return a column of room for ``n_all`` values with some more in it, as narrow as says the same."""
    if values.dtype == np.float64:
        single = values.astype(np.float32)
        if (column is None or column.dtype == np.float32) and np.array_equal(single, values, equal_nan=True):
            values = single
        elif column is not None and column.dtype == np.float32:
            column = column.astype(np.float64)
    if column is None:
        column = np.empty(n_all, dtype=values.dtype)
    column[n : n + len(values)] = values
    return column


def _codes(frame: pd.DataFrame, column: str, names: tuple[str, ...]) -> np.ndarray:
    """Return a column as positions in a list of names, -1 where there is none."""
    if column not in frame:
        return np.full(len(frame), -1, dtype=np.int8)
    values = frame[column].astype("category")
    place = [names.index(name) if name in names else -1 for name in values.cat.categories]
    return np.array([*place, -1], dtype=np.int8)[values.cat.codes.to_numpy()]


def _minutes(frame: pd.DataFrame, column: str) -> np.ndarray:
    return frame[column].to_numpy(dtype=float, na_value=np.nan) if column in frame else np.full(len(frame), np.nan)
