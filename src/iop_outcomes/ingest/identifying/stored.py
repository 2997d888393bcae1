"""No canonical table holds what tells who somebody is: the last look at a source's tables, whatever source it was."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from iop_outcomes import tables as contracts
from iop_outcomes.ingest.identifying.columns import ENOUGH, FEW, Found, found_in, kind_by_name
from iop_outcomes.ingest.identifying.kinds import AGES, DATES, KINDS, OTHER, PLACES
from iop_outcomes.kernel.errors import SourceError, counted
from iop_outcomes.tables.parts import Table, parts_of

if TYPE_CHECKING:
    import polars as pl

_TEXTS = ("text", "label")
#: Ids of a table looked at: where some are numbers of people, the first are.
_IDS = 10_000
#: Tables that are about files and not about people.
_NO_PEOPLE = ("rejected", "intake", "capability")


def refuse_identifying(tables: Mapping[str, Table]) -> None:
    """Refuse tables with a column that can tell who somebody is.

    Raises
    ------
    SourceError
        Names the first such column, what it is and how many cells, and what to do.
    """
    for sentence in identifying(tables):
        raise SourceError(sentence)


def identifying(tables: Mapping[str, Table]) -> Iterator[str]:
    """Yield a sentence for every column of the canonical tables that can tell who somebody is."""
    for name, table in tables.items():
        if name in _NO_PEOPLE or not len(table):
            continue
        types = {column.name: column.type for column in contracts.contract(name).columns}
        told: dict[str, Found] = {}
        silent: set[str] = set()
        for part in parts_of(table):
            texts = [c for c in part.columns if types.get(c, "label") in _TEXTS and c not in silent]
            for column in texts:
                is_id = column.endswith("_id") and column in types
                found = _in_id(part[column]) if is_id else told_by(column, part[column], column in types)
                if found is not None:
                    before = told[column].n_cells if column in told else 0
                    told[column] = replace(found, n_cells=found.n_cells + before)
                # The first ids tell what ids are, and all parts have the levels of the first.
                if is_id or _levels_tell_nothing(column, part[column]):
                    silent.add(column)
            if silent.issuperset(texts):
                # No other part need be made.
                break
        yield from (refusal(f"{name}.{column}", found) for column, found in told.items())


def told_by(column: str, values: pd.Series, has_contract: bool) -> Found | None:
    """Return what a stored column that is no id can tell.

    A name alone, as "phone", says nothing of a column with few codes; a place smaller than a state does. A column that
    a contract names is judged by its cells.
    """
    import polars as pl

    if _levels_tell_nothing(column, values):
        return None
    is_number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    if is_number and kind_by_name(column) is None and "age" not in column.lower():
        return None
    text = _text(values)
    found = found_in("" if has_contract and not is_number else column, text)
    if found is None or (found.how == "name" and not found.by_name and text.n_unique() <= FEW):
        return None
    if found.how == "name" and found.kind == DATES:
        # Days and years have such names, too; a calendar date is told by its cells.
        return None
    if found.how == "name" and text.drop_nulls().cast(pl.Float64, strict=False).null_count() == 0 and _counts(text):
        return None
    return None if has_contract and found.kind in (OTHER, AGES) and len(text) < ENOUGH else found


def _levels_tell_nothing(column: str, values: pd.Series) -> bool:
    is_code = isinstance(values.dtype, pd.CategoricalDtype)
    return is_code and found_in(column, _text(pd.Series(values.cat.categories))) is None


def _counts(text: "pl.Series") -> bool:
    """Do numbers look like amounts rather than like those of telephones, plans or places?"""
    import polars as pl

    return bool((text.drop_nulls().cast(pl.Float64, strict=False).abs() < 1_000).all())


def _in_id(values: pd.Series) -> Found | None:
    """Return what ids are that are no pseudonyms by their look."""
    text = _text(values.head(20 * _IDS).drop_duplicates().head(_IDS))
    for kind in [kind for kind in KINDS if kind.look and kind.words != PLACES]:
        n = int(text.str.contains(kind.look).sum())
        if n and (kind.alone or n > 0.5 * len(text)):
            return Found(kind.words, "pattern", n)
    return None


def _text(values: pd.Series) -> "pl.Series":
    """Return values as text, null where there is none; whole numbers without a point."""
    import polars as pl

    if isinstance(values.dtype, pd.CategoricalDtype):
        levels = _text(pd.Series(values.cat.categories)).extend(pl.Series([None], dtype=pl.String))
        codes = values.cat.codes.to_numpy()
        return levels.gather(np.where(codes < 0, len(levels) - 1, codes))
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        numbers = pl.Series(values.to_numpy(dtype=float, na_value=np.nan), nan_to_null=True)
        whole = numbers.drop_nulls()
        return (numbers.cast(pl.Int64, strict=False) if (whole == whole.floor()).all() else numbers).cast(pl.String)
    return pl.Series(pa.array(values.astype("str"), from_pandas=True)).cast(pl.String)


def refusal(place: str, found: Found) -> str:
    """Return the sentence that refuses a column."""
    cells = counted(found.n_cells, "cell")
    told = {
        "name": f"its name says so, {cells}",
        "pattern": f"{cells} {'looks' if found.n_cells == 1 else 'look'} so",
        "shape": f"{cells}",
    }[found.how]
    todo = {
        AGES: "map it to person.age_years, which has 90 for all of them",
        DATES: "say as: day, year or age in a mapping (kind: sheets), or leave it out",
    }.get(found.kind, "leave it out, or group it by codes")
    return f"{place}: the column holds {found.kind} ({told}), which no table may hold; {todo}"
