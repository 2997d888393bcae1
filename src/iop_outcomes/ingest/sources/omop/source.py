"""The source `omop`: a database in OMOP CDM 5.4 made canonical."""

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pandas as pd
from pydantic import Field

from iop_outcomes.ingest.accepting import Intake, Rule, refuse
from iop_outcomes.ingest.dated.assemble import assemble
from iop_outcomes.ingest.dated.codes import System, care_codes, check_codes
from iop_outcomes.ingest.dated.gathered import Gathered
from iop_outcomes.ingest.dated.settings import Codes, Minutes, no_care
from iop_outcomes.ingest.examining import Complain, Examined
from iop_outcomes.ingest.reading import LINE, RawFile, locate
from iop_outcomes.ingest.reference import files_and_codes
from iop_outcomes.ingest.sources.omop.contacts import ContactReader
from iop_outcomes.ingest.sources.omop.database import Database
from iop_outcomes.ingest.sources.omop.findings import diagnoses, tests_and_answers
from iop_outcomes.ingest.sources.omop.layout import NOT_READ
from iop_outcomes.ingest.sources.omop.people import people
from iop_outcomes.ingest.sources.omop.snapshot import refuse_unless_taken, take_snapshot
from iop_outcomes.ingest.sources.omop.store import Store
from iop_outcomes.kernel.registry import source

if TYPE_CHECKING:
    import polars as pl

SYSTEMS: tuple[System, ...] = ("HCPCS", "CPT", "REVENUE", "RXNORM")

NOT_PLANNED = "OMOP records what took place, not what was planned"
CANNOT = {
    "session.missed": "OMOP records visits that took place; who did not come left no trace",
    "session.minutes_scheduled": NOT_PLANNED,
    "use_report": "OMOP has no table of days with use; what people report of it stands in local observations",
    "cost": "the costs of an OMOP database are not read",
    "person.age_band": "OMOP gives the date or year of birth; see person.age_years",
    "site.type": "the kind of a place of care is not read",
    "site.region": "places and addresses are not read",
    "site.offered_hours_per_week": "OMOP records no hours of a programme",
    "episode.discharge_day": "OMOP records no end of a treatment; see episode.last_contact_day",
    "episode.discharge_reason": "OMOP records no reason why a treatment ended",
    "episode.assigned_treatment": "OMOP records care by codes and no study treatment",
    "episode.prescribed_hours_per_week": NOT_PLANNED,
    "episode.prescribed_weeks": NOT_PLANNED,
    "episode.stay_days_low": "see episode.last_contact_day",
    "episode.stay_days_high": "see episode.last_contact_day",
    "drug_test.scheduled": NOT_PLANNED,
    "drug_test.prescribed": "what is prescribed is not told apart by test",
    "drug_test.matrix": "the specimen is part of the code and is not told apart",
    "session.mode": "how a visit was held is not read",
}


def examine(folder: Path, seed: int, **settings: Any) -> Examined:
    """Read the database, and say what of it is not read and whether it has the care that is asked for."""
    found = Examined()
    found.tables = read_omop(folder, seed, settings, found.complain, found.notes)
    if not len(found.tables["episode"]):
        found.complain(no_care("omop", found.tables["intake"]))
    return found


def raw_files(folder: Path, *, path: str, database: Database | None = None, **settings: object) -> list[Path]:
    """Return the files of the database, or of its snapshot, and the tables of codes."""
    refuse_unless_taken(folder, path, database)
    return files_and_codes(folder, path=path)


@source(cannot=CANNOT, raw_files=raw_files, examine=examine, snapshot=take_snapshot)
def omop(
    folder: Path,
    seed: int,
    *,
    path: str,
    database: Database | None = None,
    codes: Codes = {},  # noqa: B006
    minutes: Minutes = {},  # noqa: B006
    break_days: Annotated[int, Field(ge=7, le=120)] = 30,
    drawn: datetime.date | None = None,
    max_rejected_share: Annotated[float, Field(ge=0, le=1)] = 0.1,
) -> dict[str, pd.DataFrame]:
    """Read a database in OMOP CDM 5.4.

    Parameters
    ----------
    folder : path
        Folder that ``path`` starts from.
    seed : int
        Of the study; decides which pseudonym stands for whom.
    path : str
        A folder with one CSV or Parquet file per table, an SQLite file, or a DuckDB file; of a live database the folder
        that its snapshot goes into.
    database : mapping, optional
        A live PostgreSQL database, of which ``iop-outcomes snapshot`` takes the files: ``service``, a section of
        ``pg_service.conf`` (left out, the environment says where it is), ``schema``, and ``vocabulary``, the schema of
        ``concept`` where it is another. A password stands in a password file or in the environment.
    codes : mapping
        By code or concept id what it means, before the lists in ``data/reference``: a level of care (``"2.1"``), a
        day's rate of one (``day:2.1``), ``assessment``, ``support``, ``opioid_medication``, ``test:SUBSTANCE``,
        ``answer:INSTRUMENT:ITEM``, ``substance:NAME``, ``mental:NAME``, or null.
    minutes : mapping
        By code, minutes of one unit, or of a day where the code is a day's rate.
    break_days : int
        Most days between contacts of one episode.
    drawn : date, optional
        Day on which the data were drawn: a row after it is set aside, and nobody is observed after it.
    max_rejected_share : float
        Share of a table's rows that may be rejected, those apart that hold nothing of this study.

    Returns
    -------
    dict of str to DataFrame
        person, site, episode, baseline, session, drug_test, assessment, controlled_period, service, intake, rejected.

    References
    ----------
    OHDSI, OMOP Common Data Model 5.4.
    """
    settings = {name: value for name, value in locals().items() if name not in ("folder", "seed")}
    found = read_omop(folder, seed, settings, refuse, [])
    if not len(found["episode"]):
        raise no_care("omop", found["intake"])
    return found


def read_omop(
    folder: Path, seed: int, settings: dict[str, Any], complain: Complain, notes: list[str]
) -> dict[str, pd.DataFrame]:
    """Return the canonical tables of a database, with or without episodes."""
    import polars as pl

    codes, drawn = settings["codes"], settings["drawn"]
    check_codes(codes)
    refuse_unless_taken(folder, settings["path"], settings.get("database"))
    store = Store(locate(folder, settings["path"]))
    intake = Intake(settings["max_rejected_share"], complain)
    who = people(store, intake, drawn)
    reader = ContactReader(store, intake, who, care_codes(SYSTEMS, codes, settings["minutes"]), drawn)
    visits = reader.visits("visit_occurrence")
    parts = reader.visits("visit_detail")
    procedures = reader.procedures(visits)
    # A visit is a contact of its own where none of its procedures is one.
    coded = procedures.filter(pl.col("kind").is_not_null())["visit"]
    alone = visits.with_columns(
        pl.when(~pl.col("visit").is_in(coded.drop_nulls().implode())).then(c).alias(c)
        for c in ("kind", "level", "type", "needs")
    )
    contacts = [frame.drop("visit", "end", "inpatient", strict=False) for frame in (alone, parts, procedures)]
    tests, answers = tests_and_answers(store, intake, who, codes, drawn)
    found = Gathered(
        people=who,
        contacts=pl.concat([*contacts, reader.medication()]),
        tests=tests,
        answers=answers,
        stays=_stays(visits),
        diagnoses=diagnoses(store, intake, who, codes, drawn),
    )
    _set_the_rest_aside(store, intake)
    notes += [f"{name}: this table of the database is not read" for name in store.tables() if name in NOT_READ]
    return assemble(found, seed, settings["break_days"], drawn) | intake.tables()


def _stays(visits: "pl.DataFrame") -> "pl.DataFrame":
    import polars as pl

    inpatient = visits.filter(pl.col("inpatient").fill_null(False), pl.col("end").is_not_null())
    return inpatient.select("person", "date", "end")


def _set_the_rest_aside(store: Store, intake: Intake) -> None:
    """Count the rows of tables that are not read, so that every record of a person is accounted for."""
    import polars as pl

    for table in [name for name in store.tables() if name in NOT_READ]:
        lines = pl.int_range(2, store.count(table) + 2, dtype=pl.UInt32, eager=True).alias(LINE)
        rows = pl.DataFrame({LINE: lines}).lazy()
        rule = Rule(f"the table '{table}' is not read", pl.lit(True), expected=True)
        intake.sift(RawFile(store.called(table), (), rows), "service", rows, [rule])
