"""Contacts of an OMOP database: visits, their parts, procedures and medication, and the care that they are."""

import datetime
from typing import TYPE_CHECKING

from iop_outcomes.ingest.accepting import Intake, Rule
from iop_outcomes.ingest.dated.codes import plain_code
from iop_outcomes.ingest.dated.gathered import CONTACTS, as_events
from iop_outcomes.ingest.dated.rows import (
    NOT_USED,
    as_date,
    as_id,
    as_number,
    by_content,
    date_rules,
    kept_code,
    person_rules,
    with_people,
)
from iop_outcomes.ingest.reading import LINE
from iop_outcomes.ingest.sources.omop import vocabulary
from iop_outcomes.ingest.sources.omop.layout import concept_columns
from iop_outcomes.ingest.sources.omop.store import Store
from iop_outcomes.ingest.sources.omop.vocabulary import Concepts

if TYPE_CHECKING:
    import polars as pl

MINUTES_OF_A_DAY = 1440.0


class ContactReader:
    """Reads the tables of contacts of one database.

    Parameters
    ----------
    store : Store
    intake : Intake
    people : DataFrame
        The accepted people.
    care : DataFrame
        Codes of care, as ``dated.codes.care_codes`` gives them.
    drawn : date, optional
    """

    def __init__(
        self, store: Store, intake: Intake, people: "pl.DataFrame", care: "pl.DataFrame", drawn: datetime.date | None
    ):
        self._store, self._intake, self._people, self._care, self._drawn = store, intake, people, care, drawn
        self._concepts = Concepts(store)

    def visits(self, table: str) -> "pl.DataFrame":
        """Return accepted visits (``visit_occurrence``) or parts of visits (``visit_detail``).

        Returns
        -------
        DataFrame
            The columns ``CONTACTS`` with ``visit`` (its id), ``end`` and ``inpatient``.
        """
        import polars as pl

        part = table.removesuffix("_occurrence")
        raw = self._store.read(table)
        if raw is None:
            return self._nothing(visit="text", end="date", inpatient="flag")
        rows = self._coded(raw.rows, part)
        rows = _visit_rows(rows, table, part)
        rules = [
            *person_rules(),
            *date_rules(f"{part}_start_date", self._drawn),
            Rule(f"{part}_end_date: before it starts", pl.col("end") < pl.col("date")),
        ]
        if table == "visit_detail":
            rules.append(
                Rule("visit_detail: no code of care; its visit is counted", pl.col("kind").is_null(), expected=True)
            )
        raw = by_content(raw, "visit", "person", "date", "end", "code", "recorded", "site", "inpatient")
        found = self._intake.sift(raw, "service", with_people(rows, self._people), rules, ("visit",))
        found = found.with_columns(
            key=pl.format(f"{table} {{}}", "visit"), attended="recorded", hours_source=_recorded("recorded")
        )
        return _kept(found, "visit", "end", "inpatient")

    def procedures(self, visits: "pl.DataFrame") -> "pl.DataFrame":
        """Return accepted procedures, each with the minutes and the site of its visit where the visit knows them."""
        import polars as pl

        raw = self._store.read("procedure_occurrence")
        if raw is None:
            return self._nothing(visit="text")
        rows = self._coded(raw.rows, "procedure").select(
            LINE,
            "code",
            "kind",
            "level",
            "type",
            "needs",
            "minutes",
            id=as_id(pl.col("procedure_occurrence_id")),
            person=as_id(pl.col("person_id")),
            date=as_date(pl.col("procedure_date")),
            units=as_number(pl.col("quantity")),
            visit=as_id(pl.col("visit_occurrence_id")),
        )
        of_visit = (
            visits.lazy()
            .select("visit", "site", recorded="attended")
            .unique("visit", keep="first", maintain_order=True)
        )
        rows = rows.join(of_visit, on="visit", how="left", maintain_order="left")
        rules = [*person_rules(), *date_rules("procedure_date", self._drawn)]
        raw = by_content(raw, "id", "person", "date", "code", "units", "visit")
        found = self._intake.sift(raw, "service", with_people(rows, self._people), rules, ("id",))
        billed = length_of(pl.col("kind"), pl.col("minutes"), pl.col("units"))
        found = found.with_columns(
            key=pl.format("procedure {}", "id"),
            attended=pl.coalesce("recorded", billed),
            hours_source=pl.coalesce(_recorded("recorded"), pl.when(billed.is_not_null()).then(pl.lit("imputed"))),
        )
        return _kept(found, "visit")

    def medication(self) -> "pl.DataFrame":
        """Return accepted exposures to medication for opioid use disorder; others are set aside."""
        import polars as pl

        raw = self._store.read("drug_exposure")
        if raw is None:
            return self._nothing()
        by_name = self._concepts.named(vocabulary.OPIOID_MEDICATION).with_columns(by_name=pl.lit("opioid_medication"))
        rows = self._coded(raw.rows, "drug").with_columns(drug=as_id(pl.col("drug_concept_id")))
        rows = rows.join(by_name, left_on="drug", right_on="id", how="left", maintain_order="left").select(
            LINE,
            "code",
            kind=pl.coalesce("kind", "by_name"),
            id=as_id(pl.col("drug_exposure_id")),
            person=as_id(pl.col("person_id")),
            date=as_date(pl.col("drug_exposure_start_date")),
        )
        other = Rule(f"drug: {NOT_USED}", (pl.col("kind") != "opioid_medication").fill_null(True), expected=True)
        rules = [*person_rules(), *date_rules("drug_exposure_start_date", self._drawn), other]
        raw = by_content(raw, "id", "person", "date", "code")
        found = self._intake.sift(raw, "service", with_people(rows, self._people), rules, ("id",))
        return _kept(found.with_columns(key=pl.format("drug {}", "id")))

    def _coded(self, rows: "pl.LazyFrame", stem: str) -> "pl.LazyFrame":
        """Return rows with ``code``, and ``kind``, ``level``, ``type`` and ``minutes`` where it is a code of care.

        The source's own code goes first, then that of its concept, then that of the standard concept.
        """
        import polars as pl

        concepts, source_value = concept_columns(stem), f"{stem}_source_value"
        behind = {column: f"code of {column}" for column in concepts}
        rows = rows.with_columns(as_id(pl.col(column)) for column in concepts)
        rows = self._concepts.with_codes(rows, behind).with_columns(own=plain_code(pl.col(source_value)))
        candidates = ["own", *behind.values(), *concepts]
        listed = self._care["code"].to_list()
        first = pl.coalesce(pl.when(pl.col(c).is_in(listed)).then(pl.col(c)) for c in candidates)
        rows = rows.with_columns(listed=first).join(
            self._care.lazy().rename({"code": "listed"}), on="listed", how="left", maintain_order="left"
        )
        return rows.with_columns(code=pl.coalesce("listed", kept_code(pl.col(source_value)), *behind.values()))

    def _nothing(self, **more: str) -> "pl.DataFrame":
        import polars as pl

        return as_events(pl.DataFrame(), CONTACTS | more)


def _visit_rows(rows: "pl.LazyFrame", table: str, part: str) -> "pl.LazyFrame":
    """Return whose, when, how long and where each visit was, beside the care that its code is."""
    import polars as pl

    return rows.select(
        LINE,
        "code",
        "kind",
        "level",
        "type",
        "needs",
        person=as_id(pl.col("person_id")),
        visit=as_id(pl.col(f"{table}_id")),
        date=as_date(pl.col(f"{part}_start_date")),
        end=as_date(pl.col(f"{part}_end_date")),
        recorded=_minutes(f"{part}_start_datetime", f"{part}_end_datetime"),
        site=as_id(pl.col("care_site_id")),
        inpatient=as_id(pl.col(f"{part}_concept_id")).is_in(vocabulary.INPATIENT),
    )


def length_of(kind: "pl.Expr", minutes: "pl.Expr", units: "pl.Expr") -> "pl.Expr":
    """Return the minutes that are billed: those of the code for each unit, or once where the code is a day's rate."""
    import polars as pl

    times = pl.when(kind == "day").then(1.0).otherwise(pl.coalesce(pl.when(units > 0).then(units), 1.0))
    return (minutes * times).clip(upper_bound=MINUTES_OF_A_DAY)


def _minutes(start: str, end: str) -> "pl.Expr":
    """Return the minutes between two times of one day; midnight to midnight is a date without a time."""
    import polars as pl

    times = [
        pl.col(c).str.replace("T", " ").str.head(19).str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False)
        for c in (start, end)
    ]
    length = (times[1] - times[0]).dt.total_minutes().cast(pl.Float64)
    return pl.when((length > 0) & (length < MINUTES_OF_A_DAY)).then(length)


def _recorded(column: str) -> "pl.Expr":
    import polars as pl

    return pl.when(pl.col(column).is_not_null()).then(pl.lit("recorded"))


def _kept(found: "pl.DataFrame", *more: str) -> "pl.DataFrame":
    import polars as pl

    return (
        pl.concat([as_events(found, CONTACTS), found.select(more)], how="horizontal")
        if more
        else as_events(found, CONTACTS)
    )
