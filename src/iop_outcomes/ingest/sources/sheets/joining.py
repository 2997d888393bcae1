"""Rows of one sheet found for the rows of another: by equal cells, or by who was in care on their day."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iop_outcomes.ingest.reading import OWN
from iop_outcomes.ingest.sources.sheets.mapping import Join, Mapping
from iop_outcomes.ingest.sources.sheets.people import dates_in, person_keys
from iop_outcomes.ingest.sources.sheets.sheet import RECORD, Sheet, first_of_each, plain_text
from iop_outcomes.kernel.errors import SourceError

if TYPE_CHECKING:
    import polars as pl

_ORDER = f"{OWN}order"


def joined_name(sheet: str, column: str) -> str:
    """Return what a column of a joined sheet is called beside those of the first."""
    return f"{OWN}{sheet} {column}"


@dataclass(frozen=True)
class Joined:
    """Rows with those of another sheet beside them.

    Attributes
    ----------
    rows : polars.DataFrame
        The rows of the first sheet, and every column of the other under its ``joined_name``, ``RECORD`` too.
    left_over : dict of str to Series
        Records of the other sheet that no row got, by the reason in words.
    """

    rows: "pl.DataFrame"
    left_over: "dict[str, pl.Series]"


def join(rows: "pl.DataFrame", left: Sheet, right: Sheet, how: Join, mapping: Mapping) -> Joined:
    """Put the rows of a sheet beside those of another.

    Parameters
    ----------
    rows : polars.DataFrame
        Rows of ``left``, perhaps with others joined already.
    left, right : Sheet
    how : Join
    mapping : Mapping
    """
    import polars as pl

    mine, theirs = _day_keys(left, right, how, mapping) if how.day else _keys(left, right, how, mapping)
    names = {c: joined_name(right.name, c) for c in right.rows.columns}
    other = pl.concat([right.rows.rename(names), theirs], how="horizontal").filter(
        pl.all_horizontal(pl.col(c).is_not_null() for c in theirs.columns)
    )
    unkeyed = right.rows.filter(theirs.select(pl.any_horizontal(pl.all().is_null())).to_series())[RECORD]
    if how.take == "last":
        other = other.reverse()
    first = first_of_each(other, theirs.columns)
    unique = other.select(pl.struct(theirs.columns).is_unique()).to_series()
    record = joined_name(right.name, RECORD)
    kept = other.filter(first if how.take else unique)
    found = pl.concat([rows, mine], how="horizontal").join(kept, on=theirs.columns, how="left", maintain_order="left")
    key = _words(how)
    spare = kept.filter(~pl.col(record).is_in(found[record].drop_nulls().to_list()))[record]
    twice = other.filter(~first if how.take else ~unique)[record]
    several = f"another row of one {key}; the {how.take} is taken" if how.take else f"several rows of one {key}"
    left_over = {
        f"no row of the sheet it is joined to has its {key}": pl.concat([spare, unkeyed.alias(record)]),
        several: twice,
    }
    return Joined(found.drop(theirs.columns), left_over)


def _words(how: Join) -> str:
    return f"person and day ({how.day})" if how.day else " and ".join(how.keys.values()) or "person"


def _keys(left: Sheet, right: Sheet, how: Join, mapping: Mapping) -> tuple["pl.DataFrame", "pl.DataFrame"]:
    """Return what the rows of both sheets are joined by, as columns of the same names."""
    import polars as pl

    mine, theirs = {}, {}
    keys = how.keys or {mapping.person_of(left.name): mapping.person_of(right.name)}
    for number, (here, there) in enumerate(keys.items()):
        name = f"{OWN}key {number}"
        mine[name], theirs[name] = _comparable(left, here, right, there, mapping)
    return pl.DataFrame(mine), pl.DataFrame(theirs)


def _comparable(left: Sheet, here: str, right: Sheet, there: str, mapping: Mapping) -> tuple["pl.Series", "pl.Series"]:
    """Return two columns as people, as dates where both hold nothing else, or as text."""
    if here == mapping.person_of(left.name) and there == mapping.person_of(right.name):
        return person_keys(left, mapping), person_keys(right, mapping)
    columns = (left.rows[left.column(here)], right.rows[right.column(there)])
    try:
        dates = (dates_in(left, here, mapping)[0], dates_in(right, there, mapping)[0])
    except SourceError:
        # Not to be read as dates: compared as they are written.
        return plain_text(columns[0]), plain_text(columns[1])
    if all(d.null_count() == c.null_count() for d, c in zip(dates, columns, strict=True)):
        return dates
    return plain_text(columns[0]), plain_text(columns[1])


def _day_keys(left: Sheet, right: Sheet, how: Join, mapping: Mapping) -> tuple["pl.DataFrame", "pl.DataFrame"]:
    """Return as key the record of the latest row of the person that began by the day of the other row."""
    import polars as pl

    assert how.day is not None and how.here is not None
    began = pl.DataFrame(
        {
            "person": person_keys(left, mapping),
            "day": dates_in(left, how.here, mapping)[0],
            f"{OWN}key": left.rows[RECORD],
        }
    )
    days = pl.DataFrame({"person": person_keys(right, mapping), "day": dates_in(right, how.day, mapping)[0]})
    found = latest_by(days, began, f"{OWN}key")
    return pl.DataFrame({f"{OWN}key": left.rows[RECORD]}), pl.DataFrame({f"{OWN}key": found})


def latest_by(days: "pl.DataFrame", began: "pl.DataFrame", key: str) -> "pl.Series":
    """Return for each person and day the key of what began last by then, null where nothing did.

    Parameters
    ----------
    days : polars.DataFrame
        ``person`` and ``day``, dates or study days.
    began : polars.DataFrame
        ``person``, ``day`` and the key.
    key : str
    """
    import polars as pl

    ordered = days.with_row_index(_ORDER).sort("day", nulls_last=True)
    found = ordered.filter(pl.col("day").is_not_null()).join_asof(
        began.drop_nulls(["person", "day"]).sort("day", maintain_order=True),
        on="day",
        by="person",
        strategy="backward",
        check_sortedness=False,
    )
    back = days.with_row_index(_ORDER).join(found.select(_ORDER, key), on=_ORDER, how="left", maintain_order="left")
    return back[key]
