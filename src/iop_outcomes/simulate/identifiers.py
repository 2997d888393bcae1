"""Zero-padded identifiers for millions of rows, written as bytes rather than one Python string at a time."""

import numpy as np
import pandas as pd
import pyarrow as pa


def numbered(prefix: str, *numbers: tuple[np.ndarray, int]) -> pd.Series:
    """Return texts such as ``E0000012-045``.

    Parameters
    ----------
    prefix : str
        First characters, in ASCII.
    *numbers : tuple of (ndarray of int, int)
        Numbers and the digits each is padded to; groups are joined by hyphens.

    Returns
    -------
    pandas.Series of str
    """
    n = len(numbers[0][0])
    parts = [_repeated(prefix, n)]
    for position, (values, width) in enumerate(numbers):
        if position:
            parts.append(_repeated("-", n))
        powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int32)
        digits = np.asarray(values, dtype=np.int32)[:, None] // powers % np.int32(10)
        parts.append(digits.astype(np.uint8) + np.uint8(ord("0")))
    characters = np.ascontiguousarray(np.hstack(parts))
    ends = np.arange(n + 1, dtype=np.int64) * characters.shape[1]
    text = pa.Array.from_buffers(pa.large_string(), n, [None, pa.py_buffer(ends), pa.py_buffer(characters)])
    return pd.Series(text, dtype="str")


def _repeated(text: str, n: int) -> np.ndarray:
    return np.broadcast_to(np.frombuffer(text.encode("ascii"), dtype=np.uint8), (n, len(text)))
