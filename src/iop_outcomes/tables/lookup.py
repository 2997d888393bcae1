"""Rows of one table for the keys of another, by one look-up however many columns are wanted.

Ids are text, and looking text up takes several times as long as looking numbers up: rows are found by a hash of each
id, and the ids found are held against those wanted. Tables of one source are mostly in one order, which needs no
look-up at all.
"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Keys = pd.Series | pd.Index

#: Of fewer keys text is looked up as it is.
FEW = 100_000
#: What was found last, by the numbers of keys held and wanted: tables of one source are mostly in one order, so that it
#: is mostly found again, and holding ids against each other takes a fifth of the time of looking them up.
_LAST: dict[tuple[int, int], NDArray[np.intp]] = {}
REMEMBERED = 2


def positions(keys: Keys, wanted: Keys) -> NDArray[np.intp]:
    """Return where each wanted key stands among unique keys, -1 where it does not, of shape (len(wanted),)."""
    held, asked = _text(keys), _text(wanted)
    if len(held) == len(asked) and held.equals(asked):
        return np.arange(len(asked), dtype=np.intp)
    found = _as_last(held, asked) if min(len(held), len(asked)) > FEW else None
    if found is not None:
        return found
    return np.asarray(pc.index_in(asked, value_set=held).fill_null(-1), dtype=np.intp)


def _as_last(held: pa.Array, asked: pa.Array) -> NDArray[np.intp] | None:
    """Return where each text stands: where such ones stood last, if they do again, else as their hashes say."""
    guess = _LAST.pop((len(held), len(asked)), None)
    again = guess is not None and held.type == asked.type and held.take(pa.array(guess)).equals(asked)
    found = guess if again else _by_hash(held, asked)
    if len(_LAST) == REMEMBERED:
        _LAST.pop(next(iter(_LAST)))
    if found is not None and (found >= 0).all():
        _LAST[len(held), len(asked)] = found
        # Whoever gets them may not write into what others will get.
        found.flags.writeable = False
    return found


def _by_hash(held: pa.Array, asked: pa.Array) -> NDArray[np.intp] | None:
    """Return where each text stands among others, or nothing where hashes cannot tell: a text is missing or alike."""
    if held.null_count or asked.null_count or not held.type == asked.type == pa.large_string():
        return None
    index = pd.Index(hashes(held))
    if not index.is_unique:
        return None
    found = np.asarray(index.get_indexer(pd.Index(hashes(asked))), dtype=np.intp)
    there = found >= 0
    same = held.take(pa.array(found[there])).equals(asked if there.all() else asked.filter(pa.array(there)))
    return found if same else None


def hashes(values: pa.Array) -> NDArray[np.uint64]:
    """Return a number for each text, of shape (len(values),), the same for equal texts within one run."""
    import polars as pl

    return np.asarray(pl.Series(values=values).hash().to_numpy()).astype(np.uint64, copy=False)


def all_different(keys: Keys) -> bool:
    """Say whether every key stands there once; a missing one is no key."""
    values = _text(keys)
    if len(values) > FEW and not values.null_count and pd.Index(hashes(values)).is_unique:
        return True
    return bool(len(keys) == pc.count_distinct(values).as_py())


def among(values: Keys, keys: Keys) -> NDArray[np.bool_]:
    """Return which values are one of the keys, of shape (len(values),); a missing value is none.

    ``Series.isin`` makes a Python object of every key, which takes a second for a million of them.
    """
    if not len(values) or not len(keys):
        return np.zeros(len(values), dtype=bool)
    # Not by positions, which may be asked of keys that stand there once only.
    found = pc.is_in(_text(values), value_set=_text(keys), skip_nulls=True)
    return np.asarray(found, dtype=bool)


class Held:
    """Unique keys, in which those of many parts of a long table are looked up: prepared once."""

    def __init__(self, keys: Keys) -> None:
        self._keys, self._held = keys, _text(keys)
        self._places = pd.Index(hashes(self._held)) if len(keys) > FEW else None

    def positions(self, wanted: Keys) -> NDArray[np.intp]:
        """Return where each wanted key stands, -1 where it does not, of shape (len(wanted),)."""
        # A look at every name once: rows of a part share few of them.
        code, names = pd.factorize(wanted)
        return np.append(self._of_names(names), -1)[code]

    def _of_names(self, names: Keys) -> NDArray[np.intp]:
        asked = _text(names)
        if self._places is not None and self._places.is_unique:
            found = np.asarray(self._places.get_indexer(pd.Index(hashes(asked))), dtype=np.intp)
            there = found >= 0
            if self._held.take(pa.array(found[there])).equals(asked.filter(pa.array(there))):
                return found
        return positions(self._keys, names)


class Wanted:
    """Ids whose rows are wanted of a long table, prepared once for all its parts."""

    def __init__(self, keys: Keys) -> None:
        self._keys = pd.Index(hashes(_text(keys))).unique()

    def among(self, values: pa.ChunkedArray) -> pa.Array:
        """Return which values are wanted; now and then, by the chance of a hash, another one too."""
        texts = values.combine_chunks().cast(pa.large_string())
        return pa.array(self._keys.get_indexer(pd.Index(hashes(texts))) >= 0)


def rows_of(frame: pd.DataFrame, key: str, wanted: Keys, chosen: NDArray[np.intp] | None = None) -> pd.DataFrame:
    """Return the row of each wanted key, without the key; empty cells where there is none.

    Parameters
    ----------
    frame : DataFrame
        Its keys are unique.
    key : str
        Column of the keys.
    wanted : Series or Index
        What the rows are wanted of, in order; its index, or it itself, becomes the index of the result.
    chosen : ndarray, optional
        Positions of some of the wanted keys, in the order of the result: all keys of two tables that are in one order
        need no look-up, and some of them in another order would.
    """
    where = positions(frame[key], wanted)
    if chosen is not None:
        where, wanted = where[chosen], wanted.take(chosen)
    others = frame.drop(columns=key).reset_index(drop=True)
    found = others.take(where) if (where >= 0).all() else others.reindex(where)
    return found.set_axis(wanted.index if isinstance(wanted, pd.Series) else wanted)


def _text(keys: Keys) -> pa.Array:
    if isinstance(keys.dtype, pd.CategoricalDtype):
        keys = keys.astype(keys.dtype.categories.dtype)
    # Of the array: asked of a column with an index of ids, pandas would look the protocol's name up among these.
    values = pa.array(keys.array, from_pandas=True)
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return values.cast(pa.large_string()) if pa.types.is_string(values.type) else values
