"""From accepted TEDS-D records to canonical tables.

Day 0 is admission, which is also the day of assignment: TEDS-D has no dates, and records the service at admission. What
is asked at discharge is dated by the shortest stay the record allows, the one day that is certainly not too late.
"""

from functools import partial
from typing import TYPE_CHECKING

from iop_outcomes.ingest.accepting import to_table
from iop_outcomes.ingest.sources.teds_d import codebook as codebook
from iop_outcomes.tables import parts
from iop_outcomes.tables.canonical import MEASURED_DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd
    import polars as pl

    from iop_outcomes.tables.parts import Table

#: Shortest stay, in days, of the records whose LOS is lost; only the codes 1 to 6 were kept.
STAY_WHERE_LOST = 7


def canonical_tables(records: "pl.DataFrame") -> "dict[str, Table]":
    """Return the canonical tables of checked records.

    Parameters
    ----------
    records : polars.DataFrame
        Codes as whole numbers, missing as null; CASEID as text. A missing LOS is a stay of seven days or more.
    """
    make = {"person": _person, "episode": _episode, "baseline": _baseline}
    found: dict[str, Table] = {name: _in_parts(records, name, of) for name, of in make.items()}
    return {"site": to_table(_site(records), "site"), **found, "assessment": _assessments(records)}


def _in_parts(records: "pl.DataFrame", name: str, make: "Callable[[pl.DataFrame], pl.DataFrame]") -> "Table":
    """Return a table of one row a record, in parts where the records are many."""
    if records.height <= parts.MOST_ROWS:
        return to_table(make(records), name)

    def made(some: "pl.DataFrame") -> "pd.DataFrame":
        return to_table(make(some), name)

    return parts.Parts(
        lambda: (partial(made, some) for some in records.iter_slices(parts.MOST_ROWS)), records.height, keep=True
    )


def _labelled(column: str, labels: dict[int, str]) -> "pl.Expr":
    import polars as pl

    levels = pl.Enum(list(dict.fromkeys(labels.values())))
    return pl.col(column).replace_strict(labels, default=None, return_dtype=levels)


def _person(records: "pl.DataFrame") -> "pl.DataFrame":
    import polars as pl

    columns = {
        "person_id": pl.col("CASEID"),
        "age_band": _labelled("AGE", codebook.AGE_LABELS),
        "sex": _labelled("SEX", codebook.SEX),
    }
    if {"RACE", "ETHNIC"} <= set(records.columns):
        columns["race_ethnicity"] = _race_ethnicity()
    return records.select(**columns)


def _race_ethnicity() -> "pl.Expr":
    """Hispanic of any race, otherwise the race; missing unless both or a Hispanic origin are known."""
    import polars as pl

    levels = pl.Enum(["Hispanic", *dict.fromkeys(codebook.RACE.values())])
    origin = _labelled("ETHNIC", codebook.ETHNIC)
    race = pl.when(origin.is_not_null()).then(_labelled("RACE", codebook.RACE).cast(pl.String))
    return pl.when(origin == "Hispanic").then(pl.lit("Hispanic")).otherwise(race).cast(levels)


def _site(records: "pl.DataFrame") -> "pl.DataFrame":
    import polars as pl

    codes = sorted(records["STFIPS"].unique())
    states = [codebook.STATES[code] for code in codes]
    names, regions = [s[0] for s in states], [s[1] for s in states]
    return pl.DataFrame({"site_id": names, "type": ["state"] * len(codes), "region": regions}).sort("site_id")


def with_level(records: "pl.LazyFrame") -> "pl.LazyFrame":
    """Return records with the level of care that they are of, as far as it can be read."""
    return records.with_columns(level_of_care=_labelled("SERVICES", codebook.LEVEL_OF_CARE))


def _episode(records: "pl.DataFrame") -> "pl.DataFrame":
    import polars as pl

    day = pl.lit(0, pl.Int32)
    return records.select(
        episode_id="CASEID",
        person_id="CASEID",
        site_id=pl.col("STFIPS").replace_strict({c: s[0] for c, s in codebook.STATES.items()}, return_dtype=pl.String),
        assignment_day=day,
        admission_day=day,
        level_of_care=_labelled("SERVICES", codebook.LEVEL_OF_CARE),
        discharge_reason=_labelled("REASON", codebook.DISCHARGE_REASON),
        stay_days_low=_shortest_stay(),
        stay_days_high=pl.col("LOS").replace_strict(
            {c: s[1] for c, s in codebook.STAY.items()}, default=None, return_dtype=pl.Float64
        ),
        # The year of discharge, the only one there is; the year of admission is not recorded.
        period=pl.col("DISYR").cast(pl.String),
    )


def _shortest_stay() -> "pl.Expr":
    import polars as pl

    low = {code: stay[0] for code, stay in codebook.STAY.items()}
    return pl.col("LOS").replace_strict(low, default=None, return_dtype=pl.Int32).fill_null(STAY_WHERE_LOST)


def _baseline(records: "pl.DataFrame") -> "pl.DataFrame":
    import polars as pl

    there = set(records.columns)
    covariates = {name: _labelled(raw, labels) for name, (raw, labels) in codebook.COVARIATES.items() if raw in there}
    if set(codebook.SUBSTANCES) <= there:
        named = [(pl.col(c) > 1).fill_null(False) for c in codebook.SUBSTANCES]
        known = pl.any_horizontal(pl.col(c).is_not_null() for c in codebook.SUBSTANCES)
        covariates["n_substances"] = pl.when(known).then(pl.sum_horizontal(named)).cast(pl.Float64)
    if "PREG" in there:
        # PREG is missing by design for men; as a missing value it would repeat their sex.
        man = (pl.col("SEX") == 1).fill_null(False)
        covariates["pregnant"] = (
            pl.when(man)
            .then(pl.lit("no", pl.Enum(list(codebook.YES_NO.values()))))
            .otherwise(_labelled("PREG", codebook.YES_NO))
        )
    # All of it is of the admission record, which is day 0.
    at_admission = {MEASURED_DAY: pl.lit(0, pl.Int32)}
    division = {code: s[2] for code, s in codebook.STATES.items()}
    return records.select(episode_id="CASEID", division=_labelled("STFIPS", division), **covariates, **at_admission)


def _assessments(records: "pl.DataFrame") -> "Table":
    """Return the answers to all items, those of one item together, in parts where the records are many."""
    items = [c for c in (*codebook.ITEMS_AT_ADMISSION, *codebook.ITEMS_AT_DISCHARGE) if c in records.columns]
    if records.height <= parts.MOST_ROWS or not items:
        return to_table(_assessment(records, items, items), "assessment")

    def made(some: "pl.DataFrame", item: str) -> "pd.DataFrame":
        return to_table(_assessment(some, [item], items), "assessment")

    def make() -> "Iterator[parts.Part]":
        for item in items:
            yield from (partial(made, some, item) for some in records.iter_slices(parts.MOST_ROWS))

    return parts.Parts(make, sum(records.height - records[item].null_count() for item in items))


def _assessment(records: "pl.DataFrame", wanted: list[str], items: list[str]) -> "pl.DataFrame":
    """Return the answers to the wanted items, which are some of all items."""
    import polars as pl

    instrument, item = pl.Enum(["TEDS"]), pl.Enum(items)
    found = [
        records.lazy()
        .filter(pl.col(c).is_not_null())
        .select(
            person_id="CASEID",
            day=_shortest_stay() if c in codebook.ITEMS_AT_DISCHARGE else pl.lit(0, pl.Int32),
            instrument=pl.lit("TEDS", instrument),
            item=pl.lit(c, item),
            value=pl.col(c).cast(pl.Float64),
        )
        for c in wanted
    ]
    return pl.concat(found).collect() if found else pl.DataFrame(schema={"person_id": pl.String})
