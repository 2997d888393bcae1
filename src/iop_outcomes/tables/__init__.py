"""The contracts: every table that passes between stages, declared once.

From here come checking (``check``), Parquet types (``store``), the data dictionary in ``docs/`` and the release rules.
A contract names columns, types, units, meaning and what may be null; a frame that keeps it can be used without looking.

Missing is null. Nullable whole numbers are ``float64`` with NaN in pandas and ``int32`` in Parquet, so that numpy code
needs no special case; text is pandas ``str``; codes and labels are categorical.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import pandas as pd

from iop_outcomes.kernel.errors import ContractError, counted, did_you_mean
from iop_outcomes.tables import (
    argument,
    attending,
    canonical,
    comparison,
    conclusion,
    costing,
    exploring,
    follow_up,
    operating,
    privacy,
)
from iop_outcomes.tables.declare import Column, Table

#: In the order in which a study makes them.
_ROOMS = (
    *(canonical, privacy, follow_up, comparison),
    *(argument, exploring, attending, costing, conclusion, operating),
)
CONTRACTS: dict[str, Table] = {table.name: table for room in _ROOMS for table in room.TABLES}
CANONICAL: tuple[str, ...] = tuple(t.name for t in canonical.TABLES)


def contract(name: str) -> Table:
    """Return the contract of one table, or say which name was meant."""
    try:
        return CONTRACTS[name]
    except KeyError:
        raise ContractError(f"there is no table '{name}'; {did_you_mean(name, CONTRACTS)}") from None


@dataclass(frozen=True)
class Violation:
    """Rows of a frame that break one rule.

    Attributes
    ----------
    column, rule : str
        The column, or columns of the key, and the rule in words.
    rows : pandas.Index
        Positions (0-based) of the rows.
    """

    column: str
    rule: str
    rows: pd.Index

    def __str__(self) -> str:
        return f"{self.column}: {self.rule} ({counted(len(self.rows), 'row')})"


def conform(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a frame with the columns in the contract's order and types, without looking at single values.

    Raises
    ------
    ContractError
        A required column is absent, an unknown one is there (and the table is not open), or a column cannot be read as
        its type.
    """
    table = contract(name)
    known = {c.name: c for c in table.columns}
    absent = [c.name for c in table.columns if c.required and c.name not in frame]
    if absent:
        raise ContractError(f"table '{name}': {_columns(absent)} missing; it needs {', '.join(table.required)}")
    extra = [c for c in frame.columns if c not in known]
    if extra and not table.open:
        raise ContractError(f"table '{name}': there is no column '{extra[0]}'; {did_you_mean(extra[0], known)}")
    order = [c for c in known if c in frame] + extra
    given = {c: frame[c] for c in order}
    cast = {c: known[c].cast(values, name) if c in known else values for c, values in given.items()}
    # Tables are held against their contract by every stage that hands them on, so that nearly all conform already.
    if list(frame.columns) == order and all(cast[c] is given[c] for c in order):
        return frame.copy(deep=False)
    return pd.DataFrame(cast)


def violations(frame: pd.DataFrame, name: str) -> list[Violation]:
    """Return every broken rule of a conforming frame with the rows that break it; empty when there is none.

    The rules are checked by pandera; the row positions make it possible to keep the good rows and count the others.
    """
    from iop_outcomes.tables.checks import broken_rules

    return [Violation(column, rule, rows) for column, rule, rows in broken_rules(frame, contract(name))]


def check(frame: pd.DataFrame, name: str, keys: bool = True) -> pd.DataFrame:
    """Return the frame in contract order and types, or raise with a count for each broken rule.

    Of a part of a table the ``keys`` are left to whoever sees all parts.
    """
    from iop_outcomes.tables.checks import kept

    frame = conform(frame, name)
    broken = [] if kept(frame, contract(name), keys) else violations(frame, name)
    if broken:
        raise ContractError(f"table '{name}' breaks its contract: " + "; ".join(map(str, broken)))
    return frame


def empty(name: str) -> pd.DataFrame:
    """Return a table with all its columns and no rows."""
    # pandas copies what is written to, so that the one kept stays as it is.
    return _empty(name).copy(deep=False)


@cache
def _empty(name: str) -> pd.DataFrame:
    return pd.DataFrame({c.name: c.cast(pd.Series([], dtype=object), name) for c in contract(name).columns})


def _columns(names: Iterable[str]) -> str:
    names = [f"'{n}'" for n in names]
    return f"column {names[0]} is" if len(names) == 1 else f"columns {', '.join(names)} are"


__all__ = [
    "CANONICAL",
    "CONTRACTS",
    "Column",
    "Table",
    "Violation",
    "check",
    "conform",
    "contract",
    "empty",
    "violations",
]
