"""One visit is one session: an appointment, its encounter, and the procedures of that encounter tell of the same.

The appointment says what became of it and how long it was to be, the encounter how long it was, and any of the three
which care it was.
"""

from typing import TYPE_CHECKING

from iop_outcomes.ingest.dated.care import AMBULATORY

if TYPE_CHECKING:
    import polars as pl

_CODED = ("kind", "level", "type", "needs", "code")


def with_procedures(encounters: "pl.DataFrame", procedures: "pl.DataFrame") -> tuple["pl.DataFrame", "pl.DataFrame"]:
    """Return encounters with the care that their procedures are, and procedures that are contacts of their own.

    Parameters
    ----------
    encounters : polars.DataFrame
        Contacts with ``id``.
    procedures : polars.DataFrame
        Contacts with ``encounter``.

    Notes
    -----
    Of several coded procedures of one encounter the one of the highest level names it. A procedure that named its
    encounter is no session any more, and stays among the services by its code.
    """
    import polars as pl

    rank = pl.col("level").replace_strict({level: i for i, level in enumerate(AMBULATORY)}, default=-1)
    coded = procedures.filter(pl.col("kind").is_not_null(), pl.col("encounter").is_in(encounters["id"].implode()))
    highest = coded.sort(rank, "key", descending=[True, False]).unique("encounter", keep="first", maintain_order=True)
    theirs = highest.select(id="encounter", **{f"procedure {name}": name for name in _CODED})
    named = encounters.join(theirs, on="id", how="left", maintain_order="left")
    filled = _filled(named, "procedure ")
    inside = pl.col("encounter").is_in(encounters["id"].implode()).fill_null(False)
    silent = [pl.when(~inside).then(name).alias(name) for name in ("kind", "level", "type", "needs")]
    return filled.select(encounters.columns), procedures.with_columns(silent)


def with_encounters(appointments: "pl.DataFrame", encounters: "pl.DataFrame") -> tuple["pl.DataFrame", "pl.DataFrame"]:
    """Return appointments with what their encounters know, and the encounters that belong to none.

    An encounter belongs to the appointment that it names; otherwise to the one that the person kept on that day, where
    there is one only and it has no bed.
    """
    import polars as pl

    kept = appointments.filter(pl.col("status") == "attended")
    only = kept.filter(pl.len().over("person", "date") == 1).select("person", "date", by_day="id")
    placed = encounters.join(only, on=["person", "date"], how="left", maintain_order="left")
    named = pl.when(pl.col("appointment").is_in(kept["id"].implode())).then("appointment")
    by_day = pl.when(~pl.col("inpatient").fill_null(False)).then("by_day")
    placed = placed.with_columns(own=pl.coalesce(named, by_day))
    first = {
        name: pl.col(name).drop_nulls().sort().first().alias(f"encounter {name}") for name in (*_CODED, "mode", "site")
    }
    known = (
        placed.filter(pl.col("own").is_not_null())
        .group_by("own")
        .agg(*first.values(), length=pl.col("attended").sum(), n_known=pl.col("attended").count())
    )
    told = appointments.join(known, left_on="id", right_on="own", how="left", maintain_order="left")
    length = pl.when(pl.col("n_known") > 0).then("length")
    told = _filled(told, "encounter ").with_columns(
        attended=length,
        hours_source=pl.when(length.is_not_null()).then(pl.lit("recorded")),
        mode=pl.coalesce("mode", "encounter mode"),
        site=pl.coalesce("encounter site", "site"),
    )
    return told.select(appointments.columns), placed.filter(pl.col("own").is_null()).select(encounters.columns)


def _filled(rows: "pl.DataFrame", prefix: str) -> "pl.DataFrame":
    """Return rows that have no code of care of their own with that of what belongs to them."""
    import polars as pl

    silent = pl.col("kind").is_null()
    return rows.with_columns(
        pl.when(silent).then(pl.col(f"{prefix}{name}")).otherwise(name).alias(name) for name in _CODED
    )
