"""Names that lead back to nobody: what stands in tables for the numbers that a clinic gives people, episodes and sites.

An order that says nothing of those numbers rests on a secret beside the seed: the seed stands in the study file, and
who has it and one person's number could else reckon out about where that person stands. The secret is a digest of facts
of everybody, so that only who has the files already can find it again, and it is kept nowhere.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from iop_outcomes import tables as contracts
from iop_outcomes.ingest.reading import OWN

if TYPE_CHECKING:
    import polars as pl

_DIGITS = 4
#: Tables whose own ids nobody else names, and whom each row is of: numbered within them.
_NUMBERED = {"session": "episode_id", "service": "person_id", "cost": "episode_id"}


class Pseudonyms:
    """Numbers that stand for the clinic's own; the same with the same people.

    Parameters
    ----------
    seed : int
    facts : iterable of str
        What nobody can know who has no files, in an order that does not rest on that of rows.
    """

    def __init__(self, seed: int, facts: Iterable[str]):
        held = hashlib.sha256(str(seed).encode())
        for fact in facts:
            held.update(f"|{fact}".encode())
        self._secret = held.digest()
        self._known: dict[str, dict[str, str]] = {}

    def of(self, kind: str, keys: "pl.Series") -> "pl.Series":
        """Return the pseudonym of each key of a kind (``person``, ``site``), null for null."""
        import polars as pl

        known = self._known.setdefault(kind, {})
        new = [key for key in keys.drop_nulls().unique() if key not in known]
        for number, key in enumerate(sorted(new, key=self._shuffled), start=len(known) + 1):
            known[key] = f"{kind[0].upper()}{number:0{_DIGITS}d}"
        return keys.replace_strict(known, default=None, return_dtype=pl.String)

    def in_table(self, rows: "pl.DataFrame", table: str) -> "pl.DataFrame":
        """Return the rows of a canonical table with pseudonyms for every id of its contract."""
        import polars as pl

        ids = [c.name for c in contracts.contract(table).columns if c.name.endswith("_id") and c.name in rows.columns]
        own, parent = f"{table}_id", _NUMBERED.get(table)
        rows = rows.with_columns(
            self.of(name.removesuffix("_id"), rows[name]).alias(name) for name in ids if parent is None or name != own
        )
        if parent is None or own not in ids:
            return rows
        order = ["day", own] if "day" in rows.columns else [own]
        number = pl.int_range(1, pl.len() + 1).over(parent, order_by=order)
        return rows.with_columns(pl.format("{}-{}", parent, number).alias(own))

    def _shuffled(self, key: str) -> str:
        return hmac.digest(self._secret, key.encode(), "sha256").hex()


def first_days(everybody: "pl.Series", days: "pl.DataFrame") -> Iterator[str]:
    """Yield as facts everybody's number, and person and first day of those who have one."""
    yield from sorted(everybody.drop_nulls().unique())
    for person, day in days.sort("person").iter_rows():
        yield f"{person}|{day}"


def rows_as_facts(rows: "pl.LazyFrame") -> Iterator[str]:
    """Yield as facts the rows of a file, in an order that rests on what is in them."""
    import polars as pl
    from polars import selectors

    kinds = selectors.string() | selectors.numeric() | selectors.boolean()
    # Where a row stood says nothing of anybody.
    columns = sorted(name for name in rows.select(kinds).collect_schema() if not name.startswith(OWN))
    cells = pl.concat_str([pl.col(c).cast(pl.String).fill_null("") for c in columns], separator="|")
    yield from rows.select(cells).collect().to_series().sort()
