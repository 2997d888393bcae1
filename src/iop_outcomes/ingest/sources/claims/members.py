"""Members of a plan: who, born when, covered until when."""

import datetime
from typing import TYPE_CHECKING

from iop_outcomes.ingest.accepting import Intake, Rule
from iop_outcomes.ingest.dated.gathered import PEOPLE, as_events
from iop_outcomes.ingest.dated.rows import FIRST_YEAR, as_date, as_id, by_content
from iop_outcomes.ingest.reading import LINE, RawFile

if TYPE_CHECKING:
    import polars as pl

MEMBER = ("person_id",)
OF_MEMBER = ("birth_date", "sex", "race_ethnicity", "death_date")
COVER = ("person_id", "start_date", "end_date")

SEX = {"m": "male", "male": "male", "1": "male", "f": "female", "female": "female", "2": "female", "o": "other"}
SEX |= {"other": "other", "x": "other"}


def members(raw: RawFile, intake: Intake, drawn: datetime.date | None) -> "pl.DataFrame":
    """Return the accepted members: the columns ``PEOPLE``."""
    import polars as pl

    born = pl.col("birth_date")
    born = pl.when(born.str.len_chars() == 4).then(born + "-07-01").otherwise(born)
    rows = raw.rows.select(
        LINE,
        person=as_id(pl.col("person_id")),
        born=as_date(born),
        stated=pl.col("birth_date"),
        sex=pl.col("sex").str.to_lowercase().replace_strict(SEX, default=None, return_dtype=pl.String),
        race_ethnicity=pl.col("race_ethnicity"),
        died=as_date(pl.col("death_date")),
        stated_death=pl.col("death_date"),
    )
    rules = [
        Rule("person_id: empty", pl.col("person").is_null()),
        Rule("birth_date: is no date", pl.col("born").is_null() & pl.col("stated").is_not_null()),
        Rule(f"birth_date: before {FIRST_YEAR - 50}", pl.col("born").dt.year() < FIRST_YEAR - 50),
        Rule("death_date: is no date", pl.col("died").is_null() & pl.col("stated_death").is_not_null()),
        Rule("death_date: before birth_date", pl.col("died") < pl.col("born")),
    ]
    if drawn is not None:
        rules.append(Rule("birth_date: after the day on which the data were drawn", pl.col("born") > drawn))
    raw = by_content(raw, "person", "born", "sex", "race_ethnicity", "died")
    return as_events(intake.sift(raw, "person", rows, rules, ("person",)), PEOPLE)


def cover(raw: RawFile, intake: Intake, people: "pl.DataFrame") -> "pl.DataFrame":
    """Return spans of cover, those that touch or overlap as one: ``person``, ``date``, ``end``."""
    import polars as pl

    known = people.lazy().select("person", known=pl.lit(True))
    rows = raw.rows.select(
        LINE,
        person=as_id(pl.col("person_id")),
        date=as_date(pl.col("start_date")),
        end=as_date(pl.col("end_date")),
    ).join(known, on="person", how="left", maintain_order="left")
    rules = [
        Rule("person_id: not among the accepted members", pl.col("known").is_null()),
        Rule("start_date: is no date", pl.col("date").is_null()),
        Rule("end_date: is no date", pl.col("end").is_null()),
        Rule("end_date: before start_date", pl.col("end") < pl.col("date")),
    ]
    spans = intake.sift(raw, "person", rows, rules).sort("person", "date", "end")
    reached = pl.col("end").cum_max().shift(1).over("person")
    new = (pl.col("date") > reached + pl.duration(days=1)).fill_null(True)
    spans = spans.with_columns(number=new.cum_sum().over("person"))
    return spans.group_by("person", "number").agg(pl.col("date").min(), pl.col("end").max()).drop("number")


def watched(people: "pl.DataFrame", spans: "pl.DataFrame", first_care: "pl.DataFrame") -> "pl.DataFrame":
    """Return people with ``watched_until``: the end of the cover in which their first care of an episode lies.

    Parameters
    ----------
    people : DataFrame
    spans : DataFrame
        As ``cover`` gives them.
    first_care : DataFrame
        ``person`` and ``first``.
    """
    import polars as pl

    last = spans.group_by("person").agg(last=pl.col("end").max())
    pairs = spans.join(first_care, on="person").filter(pl.col("first").is_between("date", "end"))
    own = pairs.group_by("person").agg(own=pl.col("end").max())
    joined = people.drop("watched_until").join(last, on="person", how="left").join(own, on="person", how="left")
    joined = joined.join(first_care, on="person", how="left")
    # Care outside every span of cover: nothing is known beyond its day.
    until = pl.when(pl.col("first").is_not_null()).then(pl.coalesce("own", "first")).otherwise("last")
    return as_events(joined.with_columns(watched_until=until), PEOPLE)
