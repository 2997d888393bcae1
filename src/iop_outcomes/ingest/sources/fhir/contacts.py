"""Contacts of an export: appointments with what became of them, encounters, procedures; and its own episodes."""

import datetime
from typing import TYPE_CHECKING

from iop_outcomes.ingest.accepting import Intake, Rule
from iop_outcomes.ingest.dated.gathered import CONTACTS, EPISODES, as_events
from iop_outcomes.ingest.dated.rows import as_date, date_rules, kept_code
from iop_outcomes.ingest.reading import LINE, RawFile
from iop_outcomes.ingest.sources.fhir.people import People, status_rules, who_rules

if TYPE_CHECKING:
    import polars as pl

#: Status of an encounter that took place, or takes place.
TOOK_PLACE = ("finished", "in-progress", "arrived", "triaged", "onleave")
NOT_TAKEN_PLACE = ("planned", "cancelled", "entered-in-error", "unknown")
DONE, NOT_DONE = (
    ("completed", "in-progress"),
    ("preparation", "not-done", "on-hold", "stopped", "entered-in-error", "unknown"),
)
#: Classes of encounters with a bed.
INPATIENT = ("IMP", "ACUTE", "NONAC")
MODE = {"VR": "video", "AMB": "in_person", "HH": "in_person"}

#: What became of an appointment; of a cancelled one its reason says who cancelled.
FULFILLED = {"fulfilled": "attended", "arrived": "attended", "checked-in": "attended", "noshow": "no_show"}
OPEN = ("proposed", "pending", "booked", "waitlist", "entered-in-error")
NO_PLACE = "says not that it took place"
BY_PROGRAM = r"^(PROV|MAINT|MEDS)"


class ContactReader:
    """Reads the files of contacts of one export.

    Parameters
    ----------
    intake : Intake
    people : People
    care : DataFrame
        Codes of care, as ``dated.codes.care_codes`` gives them.
    drawn : date, optional
    """

    def __init__(self, intake: Intake, people: People, care: "pl.DataFrame", drawn: datetime.date | None):
        self._intake, self._people, self._care, self._drawn = intake, people, care, drawn

    def appointments(self, files: list[RawFile]) -> "pl.DataFrame":
        """Return accepted appointments: the columns ``CONTACTS``, with their ``id``."""
        import polars as pl

        cancelled = pl.col("status") == "cancelled"
        by_program = pl.col("reason").str.contains(BY_PROGRAM).fill_null(False)
        status = (
            pl.when(cancelled & by_program)
            .then(pl.lit("cancel_program"))
            .when(cancelled)
            .then(pl.lit("cancel_patient"))
            .otherwise(pl.col("status").replace_strict(FULFILLED, default=None, return_dtype=pl.String))
        )
        rules = [
            *who_rules("participant"),
            *date_rules("start", self._drawn, later_expected=True),
            *status_rules("says not what became of the appointment", (*FULFILLED, "cancelled"), OPEN),
        ]
        found = self._each(files, rules, became=status)
        return _kept(found.with_columns(status="became"), "Appointment", "id")

    def encounters(self, files: list[RawFile]) -> "pl.DataFrame":
        """Return accepted encounters: ``CONTACTS``, with ``id``, ``appointment``, ``end`` and ``inpatient``."""
        import polars as pl

        rules = [
            *who_rules("subject"),
            *date_rules("period.start", self._drawn),
            *status_rules(NO_PLACE, TOOK_PLACE, NOT_TAKEN_PLACE),
            Rule("period.end: before it starts", pl.col("end") < pl.col("date")),
        ]
        found = self._each(files, rules, end=as_date(pl.col("end")))
        found = found.with_columns(
            status=pl.lit(None, pl.String),
            inpatient=pl.col("class").is_in(INPATIENT),
            mode=pl.col("class").replace_strict(MODE, default=None, return_dtype=pl.String),
            hours_source=_source("attended", "recorded"),
        )
        return _kept(found, "Encounter", "id", "appointment", "end", "inpatient")

    def procedures(self, files: list[RawFile], encounters: "pl.DataFrame") -> "pl.DataFrame":
        """Return accepted procedures, with the length and site of their encounter where that knows them."""
        import polars as pl

        rules = [
            *who_rules("subject"),
            *date_rules("performed", self._drawn),
            *status_rules(NO_PLACE, DONE, NOT_DONE),
        ]
        found = self._each(files, rules)
        of_encounter = encounters.select(encounter="id", own_site="site", mode="mode")
        found = found.join(of_encounter, on="encounter", how="left", maintain_order="left")
        found = found.with_columns(site="own_site", status=pl.lit(None, pl.String))
        return _kept(found.with_columns(hours_source=_source("attended", "recorded")), "Procedure", "encounter")

    def episodes(self, files: list[RawFile]) -> "pl.DataFrame":
        """Return accepted episodes of care that have a level of care: the columns ``EPISODES``."""
        import polars as pl

        known = pl.col("level").is_in(["1", "2.1", "2.5"])
        rules = [
            *who_rules("patient"),
            *date_rules("period.start", self._drawn),
            Rule("status: entered in error or cancelled", pl.col("status").is_in(["entered-in-error", "cancelled"])),
            Rule(
                "type: no code of a level of care; its encounters are counted", ~known.fill_null(False), expected=True
            ),
            Rule("period.end: before it starts", pl.col("end") < pl.col("date")),
        ]
        found = self._each(files, rules, table="episode", end=as_date(pl.col("end")))
        far = pl.lit(self._drawn or datetime.date(2999, 1, 1))
        found = found.select(
            "person",
            "level",
            "site",
            episode=pl.format("given {}", "id"),
            assigned="date",
            discharged="end",
            until=pl.coalesce("end", far),
        )
        return as_events(found, EPISODES)

    def _each(
        self, files: list[RawFile], rules: list[Rule], table: str = "service", **more: "pl.Expr"
    ) -> "pl.DataFrame":
        """Return the accepted rows of all files of a type, with what their codes stand for."""
        import polars as pl

        kept: list[pl.DataFrame] = []
        for raw in files:
            rows = self._people.of(raw.rows).with_columns(date=as_date(pl.col("date")), **more)
            rows = rows.join(
                self._care.lazy().rename({"code": "listed"}), on="listed", how="left", maintain_order="left"
            )
            rows = rows.with_columns(code=pl.coalesce("listed", kept_code(pl.col("first"))))
            before = pl.concat([frame.select("id") for frame in kept])["id"].implode() if kept else None
            again = pl.col("id").is_in(before) if before is not None else pl.lit(False)
            own = [Rule("id: empty", pl.col("id").is_null()), Rule("id: a file read before has this resource", again)]
            kept.append(self._intake.sift(raw, table, rows, [*own, *rules], ("id",)))
        return pl.concat(kept).drop(LINE) if kept else self._nothing(*more)

    def _nothing(self, *more: str) -> "pl.DataFrame":
        import polars as pl

        texts = ("id", "class", "appointment", "encounter", "listed", "first", "became")
        empty = as_events(pl.DataFrame(), CONTACTS | dict.fromkeys(texts, "text") | {"end": "date"})
        return empty.with_columns(pl.lit(None, pl.String).alias(name) for name in more if name not in empty.columns)


def _source(minutes: str, word: str) -> "pl.Expr":
    import polars as pl

    return pl.when(pl.col(minutes).is_not_null()).then(pl.lit(word))


def _kept(found: "pl.DataFrame", kind: str, *more: str) -> "pl.DataFrame":
    import polars as pl

    keyed = found.with_columns(key=pl.format(f"{kind} {{}}", "id"))
    return pl.concat([as_events(keyed, CONTACTS), keyed.select(more)], how="horizontal")
