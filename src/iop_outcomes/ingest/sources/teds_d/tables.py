"""From accepted TEDS-D records to canonical tables.

Day 0 is admission, which is also the day of assignment: TEDS-D has no dates, and records the service at admission. What
is asked at discharge is dated by the shortest stay the record allows, the one day that is certainly not too late.
"""

from typing import TYPE_CHECKING

from iop_outcomes.ingest.accepting import to_table
from iop_outcomes.ingest.sources.teds_d import codebook as codebook
from iop_outcomes.tables.canonical import MEASURED_DAY

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

#: Shortest stay, in days, of the records whose LOS is lost; only the codes 1 to 6 were kept.
STAY_WHERE_LOST = 7


def canonical_tables(records: "pl.DataFrame") -> "dict[str, pd.DataFrame]":
    """Return the canonical tables of checked records.

    Parameters
    ----------
    records : polars.DataFrame
        Codes as whole numbers, missing as null; CASEID as text. A missing LOS is a stay of seven days or more.
    """
    return {
        "person": to_table(_person(records), "person"),
        "site": to_table(_site(records), "site"),
        "episode": to_table(_episode(records), "episode"),
        "baseline": to_table(_baseline(records), "baseline"),
        "assessment": to_table(_assessment(records), "assessment"),
    }


def _labelled(column: str, labels: dict[int, str]) -> "pl.Expr":
    import polars as pl

    levels = pl.Enum(list(dict.fromkeys(labels.values())))
    return pl.col(column).replace_strict(labels, default=None, return_dtype=levels)


def _person(records: "pl.DataFrame") -> "pl.DataFrame":
    columns = {
        "person_id": "CASEID",
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


def _assessment(records: "pl.DataFrame") -> "pl.DataFrame":
    import polars as pl

    items = [c for c in (*codebook.ITEMS_AT_ADMISSION, *codebook.ITEMS_AT_DISCHARGE) if c in records.columns]
    instrument, item = pl.Enum(["TEDS"]), pl.Enum(items)
    parts = [
        records.lazy()
        .filter(pl.col(c).is_not_null())
        .select(
            person_id="CASEID",
            day=_shortest_stay() if c in codebook.ITEMS_AT_DISCHARGE else pl.lit(0, pl.Int32),
            instrument=pl.lit("TEDS", instrument),
            item=pl.lit(c, item),
            value=pl.col(c).cast(pl.Float64),
        )
        for c in items
    ]
    return pl.concat(parts).collect() if parts else pl.DataFrame(schema={"person_id": pl.String})
