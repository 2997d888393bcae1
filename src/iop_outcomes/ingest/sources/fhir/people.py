"""Patients of an export, and who is meant by a reference to one."""

import datetime
from typing import TYPE_CHECKING

from iop_outcomes.ingest.accepting import Intake, Rule
from iop_outcomes.ingest.dated.gathered import PEOPLE, as_events
from iop_outcomes.ingest.dated.rows import FIRST_YEAR, as_date, by_content
from iop_outcomes.ingest.reading import LINE, RawFile

if TYPE_CHECKING:
    import polars as pl

SEX = {"male": "male", "female": "female", "other": "other"}
#: Categories of race and of Hispanic origin of the US Office of Management and Budget, as US Core has them.
RACE = {
    "1002-5": "American Indian or Alaska Native",
    "2028-9": "Asian or Pacific Islander",
    "2054-5": "Black",
    "2076-8": "Asian or Pacific Islander",
    "2106-3": "White",
    "2131-1": "other or multiple",
}
HISPANIC, NOT_HISPANIC = "2135-2", "2186-5"


class People:
    """The accepted patients.

    Attributes
    ----------
    table : DataFrame
        The columns ``PEOPLE``.
    """

    def __init__(self, files: list[RawFile], intake: Intake, drawn: datetime.date | None):
        import polars as pl

        kept = [pl.DataFrame(schema={"person": pl.String, "identifiers": pl.List(pl.String)})]
        for raw in files:
            kept.append(_accepted(raw, intake, drawn, known=kept[1:]))
        everybody = pl.concat(kept, how="diagonal")
        self.table = as_events(everybody, PEOPLE)
        names = everybody.select("person", who="identifiers").explode("who").drop_nulls()
        bare = names.with_columns(pl.col("who").str.replace(r"^.*\|", "|"))
        own = everybody.select("person", who="person")
        # A name that two patients bear names nobody.
        self._names = pl.concat([own, names, bare]).unique().filter(pl.col("who").is_unique()).select("who", "person")

    def of(self, rows: "pl.LazyFrame") -> "pl.LazyFrame":
        """Return rows with ``person``, ``known`` and ``died`` of whom ``who`` names."""
        import polars as pl

        kin = self.table.lazy().select("person", "died", known=pl.lit(True))
        named = rows.join(self._names.lazy(), on="who", how="left", maintain_order="left")
        return named.join(kin, on="person", how="left", maintain_order="left")


def who_rules(column: str) -> list[Rule]:
    """Return the rules of whose a resource is."""
    import polars as pl

    return [
        Rule(f"{column}: empty", pl.col("who").is_null()),
        Rule(
            f"{column}: names nobody among the accepted patients",
            pl.col("who").is_not_null() & pl.col("known").is_null(),
        ),
    ]


def status_rules(words: str, good: tuple[str, ...], others: tuple[str, ...]) -> list[Rule]:
    """Return the rules of a status: FHIR's own words for what is not yet or not at all are foreseen, others not."""
    import polars as pl

    status = pl.col("status")
    return [
        Rule(f"status: {words}", status.is_in(others), expected=True),
        Rule("status: empty, or none of FHIR's", ~status.is_in([*good, *others]).fill_null(False)),
    ]


def _accepted(raw: RawFile, intake: Intake, drawn: datetime.date | None, known: "list[pl.DataFrame]") -> "pl.DataFrame":
    import polars as pl

    before = pl.concat([frame.select("person") for frame in known], how="vertical") if known else None
    again = pl.col("person").is_in(before["person"].implode()) if before is not None else pl.lit(False)
    race = pl.col("race").replace_strict(RACE, default=None, return_dtype=pl.String)
    rows = raw.rows.select(
        LINE,
        "person",
        "identifiers",
        born=_born(),
        stated="born",
        died=as_date(pl.col("died")),
        sex=pl.col("sex").replace_strict(SEX, default=None, return_dtype=pl.String),
        race_ethnicity=pl.when(pl.col("origin") == HISPANIC)
        .then(pl.lit("Hispanic"))
        .when(pl.col("origin") == NOT_HISPANIC)
        .then(race),
    )
    rules = [
        Rule("id: empty", pl.col("person").is_null()),
        Rule("id: a file read before has this patient", again),
        Rule("birthDate: is no date", pl.col("born").is_null() & pl.col("stated").is_not_null()),
        Rule(f"birthDate: before {FIRST_YEAR - 50}", pl.col("born").dt.year() < FIRST_YEAR - 50),
    ]
    if drawn is not None:
        rules.append(Rule("birthDate: after the day on which the data were drawn", pl.col("born") > drawn))
    raw = by_content(raw, "person", "born", "sex", "race_ethnicity", "died")
    return intake.sift(raw, "person", rows, rules, ("person",)).drop(LINE)


def _born() -> "pl.Expr":
    """Return the date of birth; of a year or month alone its middle."""
    import polars as pl

    text = pl.col("born")
    of_year = pl.when(text.str.len_chars() == 4).then(text + "-07-01")
    return as_date(of_year.when(text.str.len_chars() == 7).then(text + "-15").otherwise(text))
