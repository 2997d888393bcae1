"""Whether a key repeats among parts of a table that are not held together: by eight bytes a row, not by the keys."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

#: An odd number whose multiples are well spread, as a multiplicative hash needs.
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


def repeats(parts: Iterable[pd.DataFrame], key: Sequence[str], digests: list[NDArray[np.uint64]]) -> bool:
    """Say whether two rows of all parts have one key.

    Parameters
    ----------
    parts : iterable of DataFrame
        Asked for only where two digests are equal, to look at the keys themselves.
    key : sequence of str
    digests : list of ndarray
        Of :func:`digest`, by part.
    """
    every = np.concatenate([*digests, np.zeros(0, dtype=np.uint64)])
    every.sort()
    twice = np.unique(every[1:][every[1:] == every[:-1]])
    if not len(twice):
        return False
    alike = pd.concat([part.loc[np.isin(digest(part, key), twice), list(key)] for part in parts])
    return bool((alike.duplicated() & alike.notna().all(axis=1)).any())


def digest(part: pd.DataFrame, key: Sequence[str]) -> NDArray[np.uint64]:
    """Return a number for the key of each row, of shape (rows,): equal keys have equal numbers."""
    found = np.zeros(len(part), dtype=np.uint64)
    for name in key:
        found *= _SPREAD
        found ^= found >> np.uint64(29)
        found += _numbers(part[name])
    return found


def _numbers(values: pd.Series) -> NDArray[np.uint64]:
    """Return a number for each value: of text its hash, whatever codes stand for it, else the value as it is."""
    import polars as pl

    if isinstance(values.dtype, pd.CategoricalDtype):
        # The code -1 stands for none and takes the last.
        each = np.append(_numbers(values.cat.categories.to_series()), np.uint64(0))
        return np.asarray(each[values.cat.codes.to_numpy()])
    if pd.api.types.is_numeric_dtype(values):
        return values.to_numpy(float).view(np.uint64)
    return pl.Series(values=pa.array(values, from_pandas=True)).hash().to_numpy().astype(np.uint64, copy=False)
