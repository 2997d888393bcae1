"""What a column can tell of somebody, by its name, by patterns in its cells and by their shape; no value is told."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iop_outcomes.ingest.identifying.kinds import AGE_NAME, AGES, KINDS, OTHER, PLACES, TEXT, TEXT_NAME, Kind

if TYPE_CHECKING:
    import polars as pl

#: Different texts up to which a column holds codes, and cells below which no shape is told from.
FEW, ENOUGH = 20, 50
#: Characters and words of a text beyond which it is a sentence rather than a code.
_LONG, _WORDY = 40, 5
#: Share of a column's different texts that must look so where one is not enough, and that make a column of keys.
_MOST, _NEARLY_ALL = 0.5, 0.9
OLDEST = 89


@dataclass(frozen=True)
class Found:
    """What a column can tell.

    Attributes
    ----------
    kind : str
        In words.
    how : str
        ``name``, ``pattern`` or ``shape``; ``mapping`` where a study says it.
    n_cells : int
        In how many cells; all that are filled where the name or the shape says it.
    by_name : bool
        Is its name enough, however few codes it holds?
    """

    kind: str
    how: str
    n_cells: int
    by_name: bool = False


def plain_name(name: str) -> str:
    """Return a column's name in small letters, with blanks between its words, those of camelCase too."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", str(name))
    return re.sub(r"[\s_]+", " ", apart).strip().casefold()


def kind_by_name(name: str) -> Kind | None:
    """Return the kind of identifier that a column's name speaks of, if any."""
    bare = plain_name(name)
    return next((kind for kind in KINDS if kind.name and re.search(kind.name, bare)), None)


def found_in(name: str, cells: "pl.Series") -> Found | None:
    """Return what a column can tell of somebody, or None.

    Patterns come first, because a name may say less than what stands there; but a number with a zero before it is the
    code of a place only where no name says what it is.

    Parameters
    ----------
    name : str
    cells : polars.Series
        As text, null where empty.
    """
    there = cells.drop_nulls()
    by_name, by_pattern = _by_name(name, len(there)), _by_pattern(there)
    if by_name and by_pattern and by_pattern.kind == PLACES:
        by_pattern = None
    looks: tuple[Callable[[], Found | None], ...] = (
        lambda: by_pattern,
        lambda: by_name,
        lambda: _ages(name, there),
        lambda: _by_shape(name, there),
    )
    return next((found for look in looks if (found := look()) is not None), None)


def _by_name(name: str, n: int) -> Found | None:
    kind = kind_by_name(name)
    return Found(kind.words, "name", n, kind.by_name) if kind else None


def _by_pattern(there: "pl.Series") -> Found | None:
    different = there.unique()
    for kind in [kind for kind in KINDS if kind.look]:
        hits = different.filter(different.str.contains(kind.look))
        if len(hits) and (kind.alone or (len(hits) > max(FEW, _MOST * len(different)))):
            return Found(kind.words, "pattern", int(there.is_in(hits.to_list()).sum()))
    return None


def _ages(name: str, there: "pl.Series") -> Found | None:
    import polars as pl

    if not re.search(AGE_NAME, plain_name(name)):
        return None
    old = there.cast(pl.Float64, strict=False).is_between(OLDEST, 130, closed="right").sum()
    return Found(AGES, "pattern", int(old)) if old else None


def _by_shape(name: str, there: "pl.Series") -> Found | None:
    """Return sentences, and keys of which nearly each stands in one row."""
    import polars as pl

    different = there.unique()
    if len(different) <= FEW:
        return None
    wordy = (different.str.len_chars() > _LONG) | (different.str.count_matches(r"\S+") >= _WORDY)
    if int(wordy.sum()) > _MOST * len(different) or re.search(TEXT_NAME, plain_name(name)):
        return Found(TEXT, "shape", len(there))
    is_number = different.cast(pl.Float64, strict=False).null_count() == 0
    # Whole numbers of six digits and more are counted of nothing in a record of treatment.
    is_key = not is_number or different.str.contains(r"^\d{6,}$").all()
    if is_key and len(there) >= ENOUGH and len(different) > _NEARLY_ALL * len(there):
        return Found(OTHER, "shape", len(there))
    return None


def audit(columns: "Mapping[str, pl.Series]") -> dict[str, Found]:
    """Return what the columns of a sheet can tell, those that tell nothing left out."""
    found = {name: found_in(name, cells) for name, cells in columns.items()}
    return {name: one for name, one in found.items() if one is not None}
