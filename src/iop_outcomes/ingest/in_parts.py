"""A raw file too long to be held: its rows sifted a piece at a time, by the rules of ``accepting``.

A rule over single rows says of a piece what it says of the file. That a key stands there once is asked of all rows: of
every row kept so far eight bytes of its key are held, and the few rows of which two agree are then held together and
judged as those of a short file are. What was accepted is made from the file again each time it is gone through; the
first part, at which most look only, is kept.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes import tables
from iop_outcomes.ingest.accepting import Intake, Rule, Strongest, one_of, to_table
from iop_outcomes.ingest.reading import LINE, RawFile, collected
from iop_outcomes.tables import parts
from iop_outcomes.tables.parts import Part, Parts

if TYPE_CHECKING:
    import polars as pl

#: Tables of rows that are nobody's parents and of which every rule but that of keys is one of single rows.
BY_ROW = ("session", "drug_test", "use_report", "assessment", "service", "cost")

#: Types the rows of a piece, and returns the rules they must keep.
Typed = Callable[[RawFile], "tuple[pl.LazyFrame, list[Rule]]"]


def n_rows(raw: RawFile) -> int:
    """Return how many rows a file has that are as long as its header."""
    import polars as pl

    return int(collected(raw.rows.select(pl.len()), raw.name).item())


def sifted(
    intake: Intake, raw: RawFile, table: str, typed: Typed, key: Sequence[str], strongest: Strongest | None
) -> Parts:
    """Return the rows of a long file that break no rule, in parts, and note the others.

    Parameters
    ----------
    intake : Intake
        The book in which they are noted.
    raw : RawFile
    table : str
        Canonical table they are meant for, one of ``BY_ROW``.
    typed : callable
        Of a piece of the file, typed rows and rules.
    key : sequence of str
    strongest : Strongest, optional
        As for ``Intake.sift``.
    """
    digests, n_read = [], 0
    for piece in _pieces(raw):
        good, n = intake.keeping_rules(piece, table, *typed(piece))
        digests.append(good.select(one_of(key).hash()).to_series().to_numpy())
        n_read += n
    n_good = sum(map(len, digests))
    if len(twice := _twice(digests)):
        again = _alike(raw, typed, key, twice, intake.lines(raw.name, table))
        n_good += intake.without_repeats(raw, table, again, key, strongest).height - again.height
    intake.close(raw, table, n_read)
    return Parts(_accepted(raw, table, typed, intake.lines(raw.name, table)), n_good)


def _accepted(raw: RawFile, table: str, typed: Typed, lost: np.ndarray) -> Callable[[], Iterator[Part]]:
    """Return what makes the rows of a file without some lines, a part after the other."""
    labels = _labels(raw, table, typed, lost)
    first: list[pd.DataFrame] = []

    def made(place: int, piece: RawFile) -> pd.DataFrame:
        frame = to_table(_kept(piece, typed, lost).select(raw.columns), table)
        frame = frame.assign(**{c: frame[c].cat.set_categories(levels) for c, levels in labels.items()})
        if place == 0:
            first[:] = [frame]
        return frame

    def make() -> Iterator[Part]:
        # Whoever asks what there is looks at the first part only, and beginning to read costs as much as several parts.
        yield from first
        yield from (partial(made, place, piece) for place, piece in islice(enumerate(_pieces(raw)), len(first), None))

    return make


def _pieces(raw: RawFile) -> Iterator[RawFile]:
    """Yield the file a piece at a time, in order."""
    batches = raw.rows.collect_batches(chunk_size=parts.MOST_ROWS, maintain_order=True, engine="streaming")
    yield from (replace(raw, rows=batch.lazy()) for batch in batches)


def _twice(digests: list[np.ndarray]) -> np.ndarray:
    """Return the digests that more than one key has, which are mostly keys that repeat."""
    every = np.concatenate(digests) if digests else np.zeros(0, dtype=np.uint64)
    every.sort()
    return np.unique(every[1:][every[1:] == every[:-1]])


def _kept(piece: RawFile, typed: Typed, lost: np.ndarray) -> "pl.DataFrame":
    """Return the typed rows of a piece without lines that were rejected."""
    import polars as pl

    rows = collected(typed(piece)[0], piece.name)
    lines = rows[LINE].to_numpy()
    return rows.filter(pl.Series(~np.isin(lines, lost)))


def _alike(raw: RawFile, typed: Typed, key: Sequence[str], twice: np.ndarray, lost: np.ndarray) -> "pl.DataFrame":
    """Return the rows with one of some digests of their keys, of those that break no rule of single rows."""
    import polars as pl

    found = []
    for piece in _pieces(raw):
        rows = _kept(piece, typed, lost)
        digest = rows.select(one_of(key).hash()).to_series().to_numpy()
        found.append(rows.filter(pl.Series(np.isin(digest, twice))))
    return pl.concat(found)


def _labels(raw: RawFile, table: str, typed: Typed, lost: np.ndarray) -> dict[str, list[str]]:
    """Return the levels of every column of labels, of the rows accepted, so that all parts have the same."""
    names = [c.name for c in tables.contract(table).columns if c.type == "label" and c.name in raw.columns]
    levels: dict[str, set[str]] = {name: set() for name in names}
    for piece in _pieces(raw) if names else ():
        rows = _kept(piece, typed, lost)
        for name in names:
            levels[name] |= set(rows[name].drop_nulls().unique())
    return {name: sorted(found) for name, found in levels.items()}
