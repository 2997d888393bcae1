"""People of an OMOP database: who, born when, seen until when, dead since when."""

import datetime
from typing import TYPE_CHECKING

from iop_outcomes.ingest.accepting import Intake, Rule
from iop_outcomes.ingest.dated.gathered import PEOPLE, as_events
from iop_outcomes.ingest.dated.rows import (
    FIRST_YEAR,
    as_date,
    as_id,
    as_number,
    by_content,
    date_rules,
    person_rules,
    with_people,
)
from iop_outcomes.ingest.reading import LINE
from iop_outcomes.ingest.sources.omop import vocabulary
from iop_outcomes.ingest.sources.omop.store import Store
from iop_outcomes.kernel.errors import SourceError

if TYPE_CHECKING:
    import polars as pl


def people(store: Store, intake: Intake, drawn: datetime.date | None) -> "pl.DataFrame":
    """Return the accepted people: the columns ``PEOPLE``.

    Raises
    ------
    SourceError
        There is no table of people, or it is empty.
    """
    import polars as pl

    raw = store.read("person")
    if raw is None:
        raise SourceError(f"{store.name}: there is no table 'person'; give a database or folder of OMOP CDM 5.4")
    raw.need_rows()
    year = as_number(pl.col("year_of_birth"))
    rows = raw.rows.select(
        LINE,
        year=year,
        person=as_id(pl.col("person_id")),
        born=_born(),
        sex=as_id(pl.col("gender_concept_id")).replace_strict(vocabulary.SEX, default=None, return_dtype=pl.String),
        race_ethnicity=_race(),
    )
    latest = drawn.year if drawn else datetime.date.max.year
    no_day = pl.col("year").is_not_null() & pl.col("born").is_null()
    rules = [
        Rule("person_id: empty", pl.col("person").is_null()),
        Rule("year_of_birth: is no year", pl.col("year").is_null() | (pl.col("year") % 1 != 0)),
        Rule(f"year_of_birth: before {FIRST_YEAR - 50}", pl.col("year") < FIRST_YEAR - 50),
        Rule("month_of_birth, day_of_birth: no day of a calendar", no_day),
        Rule("year_of_birth: after the day on which the data were drawn", pl.col("year") > latest),
    ]
    raw = by_content(raw, "person", "born", "sex", "race_ethnicity")
    found = intake.sift(raw, "person", rows, rules, ("person",))
    found = found.join(_deaths(store, intake, found, drawn), on="person", how="left")
    found = found.join(_watched(store, intake, found), on="person", how="left")
    return as_events(found, PEOPLE)


def _born() -> "pl.Expr":
    """Return the date of birth; without a month the first of July, without a day the fifteenth, as near as can be."""
    import polars as pl

    year, month, day = (as_number(pl.col(f"{part}_of_birth")) for part in ("year", "month", "day"))
    of_year = pl.when(month.is_null()).then(1).otherwise(pl.coalesce(day, 15))
    text = pl.concat_str(
        year.cast(pl.Int32, strict=False).cast(pl.String),
        pl.coalesce(month, 7).cast(pl.Int32, strict=False).cast(pl.String).str.zfill(2),
        of_year.cast(pl.Int32, strict=False).cast(pl.String).str.zfill(2),
        separator="-",
    )
    return text.str.to_date("%Y-%m-%d", strict=False)


def _race() -> "pl.Expr":
    """Hispanic of any race, otherwise the race of those known not to be."""
    import polars as pl

    origin = as_id(pl.col("ethnicity_concept_id"))
    race = as_id(pl.col("race_concept_id")).replace_strict(vocabulary.RACE, default=None, return_dtype=pl.String)
    return (
        pl.when(origin == vocabulary.HISPANIC)
        .then(pl.lit("Hispanic"))
        .when(origin == vocabulary.NOT_HISPANIC)
        .then(race)
    )


def _deaths(store: Store, intake: Intake, known: "pl.DataFrame", drawn: datetime.date | None) -> "pl.DataFrame":
    import polars as pl

    raw = store.read("death")
    if raw is None:
        return pl.DataFrame(schema={"person": pl.String, "died": pl.Date})
    rows = raw.rows.select(LINE, person=as_id(pl.col("person_id")), date=as_date(pl.col("death_date")))
    rules = [*person_rules(), *date_rules("death_date", drawn, death=False)]
    found = intake.sift(raw, "person", with_people(rows, known.with_columns(died=pl.lit(None, pl.Date))), rules)
    # Several deaths on record of one person are one, and the first is the one after which nothing can be.
    return found.group_by("person").agg(died=pl.col("date").min())


def _watched(store: Store, intake: Intake, known: "pl.DataFrame") -> "pl.DataFrame":
    """Return until when each person was observed: the end of the last observation period."""
    import polars as pl

    raw = store.read("observation_period")
    if raw is None:
        return pl.DataFrame(schema={"person": pl.String, "watched_until": pl.Date})
    date = as_date(pl.col("observation_period_end_date"))
    rows = raw.rows.select(LINE, person=as_id(pl.col("person_id")), date=date)
    rules = [*person_rules(), *date_rules("observation_period_end_date", None, death=False)]
    found = intake.sift(raw, "person", with_people(rows, known.with_columns(died=pl.lit(None, pl.Date))), rules)
    return found.group_by("person").agg(watched_until=pl.col("date").max())
