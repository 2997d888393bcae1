"""Rows of one table for the keys of another, by one look-up however many columns are wanted.

Ids are text, and pandas looks text up through Python objects; Arrow does it in a third of the time. Tables of one
source are mostly in one order, which needs no look-up at all.
"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Keys = pd.Series | pd.Index


def positions(keys: Keys, wanted: Keys) -> NDArray[np.intp]:
    """Return where each wanted key stands among unique keys, -1 where it does not, of shape (len(wanted),)."""
    if len(keys) == len(wanted) and pd.Index(keys).equals(pd.Index(wanted)):
        return np.arange(len(wanted), dtype=np.intp)
    found = pc.index_in(_text(wanted), value_set=_text(keys))
    return np.asarray(found.fill_null(-1), dtype=np.intp)


def all_different(keys: Keys) -> bool:
    """Say whether every key stands there once; a missing one is no key."""
    return bool(len(keys) == pc.count_distinct(_text(keys)).as_py())


def among(values: Keys, keys: Keys) -> NDArray[np.bool_]:
    """Return which values are one of the keys, of shape (len(values),); a missing value is none.

    ``Series.isin`` makes a Python object of every key, which takes a second for a million of them.
    """
    if not len(values) or not len(keys):
        return np.zeros(len(values), dtype=bool)
    # Not by positions, which may be asked of keys that stand there once only.
    found = pc.is_in(_text(values), value_set=_text(keys), skip_nulls=True)
    return np.asarray(found, dtype=bool)


def rows_of(frame: pd.DataFrame, key: str, wanted: Keys) -> pd.DataFrame:
    """Return the row of each wanted key, without the key; empty cells where there is none.

    Parameters
    ----------
    frame : DataFrame
        Its keys are unique.
    key : str
        Column of the keys.
    wanted : Series or Index
        What the rows are wanted of, in order; its index, or it itself, becomes the index of the result.
    """
    where = positions(frame[key], wanted)
    others = frame.drop(columns=key).reset_index(drop=True)
    found = others.take(where) if (where >= 0).all() else others.reindex(where)
    return found.set_axis(wanted.index if isinstance(wanted, pd.Series) else wanted)


def _text(keys: Keys) -> pa.Array:
    if isinstance(keys.dtype, pd.CategoricalDtype):
        keys = keys.astype(keys.dtype.categories.dtype)
    values = pa.array(keys, from_pandas=True)
    return values.cast(pa.large_string()) if pa.types.is_string(values.type) else values
