"""The source `fhir`: a bulk export in FHIR R4 made canonical."""

import datetime
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pandas as pd
from pydantic import Field

from iop_outcomes.ingest.accepting import Intake, Rule, refuse
from iop_outcomes.ingest.dated.assemble import assemble
from iop_outcomes.ingest.dated.codes import System, care_codes, check_codes, diagnosis_of, findings
from iop_outcomes.ingest.dated.gathered import ANSWERS, CONTACTS, DIAGNOSES, TESTS, Gathered, as_events
from iop_outcomes.ingest.dated.rows import NOT_USED, FindingRows, as_date, as_number, date_rules
from iop_outcomes.ingest.dated.settings import Codes, no_care
from iop_outcomes.ingest.examining import Complain, Examined
from iop_outcomes.ingest.reading import RawFile, locate
from iop_outcomes.ingest.reference import files_and_codes
from iop_outcomes.ingest.sources.fhir.contacts import ContactReader
from iop_outcomes.ingest.sources.fhir.lines import read_export
from iop_outcomes.ingest.sources.fhir.people import People, status_rules, who_rules
from iop_outcomes.ingest.sources.fhir.visits import with_encounters, with_procedures
from iop_outcomes.kernel.registry import source

if TYPE_CHECKING:
    import polars as pl

SYSTEMS: tuple[System, ...] = ("HCPCS", "CPT", "REVENUE", "RXNORM")

NOT_IN_BASE = "FHIR has no element for it that exports share"
CANNOT = {
    "use_report": "days with use have no resource of their own; answers of questionnaires are assessments",
    "cost": "claims and costs of an export are not read",
    "person.age_band": "FHIR gives the date of birth; see person.age_years",
    "site.type": "organisations and places are not read",
    "site.region": "organisations and places are not read",
    "site.offered_hours_per_week": NOT_IN_BASE,
    "episode.discharge_reason": NOT_IN_BASE,
    "episode.assigned_treatment": "FHIR records care by codes and no study treatment",
    "episode.prescribed_hours_per_week": NOT_IN_BASE,
    "episode.prescribed_weeks": NOT_IN_BASE,
    "episode.stay_days_low": "see episode.discharge_day and last_contact_day",
    "episode.stay_days_high": "see episode.discharge_day and last_contact_day",
    "drug_test.scheduled": "a test that was due and not taken has no observation",
    "drug_test.prescribed": "what is prescribed is not told apart by test",
    "drug_test.matrix": "the specimen is part of the code and is not told apart",
}

#: Status of an observation or a form that holds, of a diagnosis that does not.
HOLDS = ("final", "amended", "corrected", "appended", "preliminary", "completed")
NOT_HELD = ("registered", "cancelled", "entered-in-error", "unknown", "in-progress", "stopped")
DOES_NOT_HOLD = ("REFUTED", "ENTERED-IN-ERROR")


def examine(folder: Path, seed: int, **settings: Any) -> Examined:
    """Read the export, and say whether it has the care that is asked for."""
    found = Examined()
    found.tables = read_fhir(folder, seed, settings, found.complain)
    if not len(found.tables["episode"]):
        found.complain(no_care("fhir", found.tables["intake"]))
    return found


@source(cannot=CANNOT, raw_files=files_and_codes, examine=examine)
def fhir(
    folder: Path,
    seed: int,
    *,
    path: str,
    codes: Codes = {},  # noqa: B006
    break_days: Annotated[int, Field(ge=7, le=120)] = 30,
    drawn: datetime.date | None = None,
    max_rejected_share: Annotated[float, Field(ge=0, le=1)] = 0.1,
) -> dict[str, pd.DataFrame]:
    """Read a bulk export in FHIR R4.

    Parameters
    ----------
    folder : path
        Folder that ``path`` starts from.
    seed : int
        Of the study; decides which pseudonym stands for whom.
    path : str
        A folder or a zip of ``.ndjson`` files, one resource a line.
    codes : mapping
        By code what it means, before the lists in ``data/reference``, as of the source ``omop``. A link id of a
        questionnaire is a code, too: ``"/phq/q1": answer:PHQ9:1``.
    break_days : int
        Most days between contacts of one episode, where the export names none.
    drawn : date, optional
        Day on which the data were drawn: a resource after it is set aside, and nobody is observed after it.
    max_rejected_share : float
        Share of the resources of a file that may be rejected, those apart that hold nothing of this study.

    Returns
    -------
    dict of str to DataFrame
        person, site, episode, baseline, session, drug_test, assessment, controlled_period, service, intake, rejected.

    References
    ----------
    HL7 FHIR Release 4; HL7 FHIR Bulk Data Access 2.0.
    """
    settings = {name: value for name, value in locals().items() if name not in ("folder", "seed")}
    found = read_fhir(folder, seed, settings, refuse)
    if not len(found["episode"]):
        raise no_care("fhir", found["intake"])
    return found


def read_fhir(folder: Path, seed: int, settings: dict[str, Any], complain: Complain) -> dict[str, pd.DataFrame]:
    """Return the canonical tables of an export, with or without episodes."""
    import polars as pl

    codes, drawn = settings["codes"], settings["drawn"]
    check_codes(codes)
    intake = Intake(settings["max_rejected_share"], complain)
    care = care_codes(SYSTEMS, codes, {})
    known = {"care": set(care["code"]), "findings": set(findings(("test", "answer"), codes)["code"])}
    files = read_export(locate(folder, settings["path"]), known, intake)
    people = People(files["Patient"], intake, drawn)
    reader = ContactReader(intake, people, care, drawn)
    encounters = reader.encounters(files["Encounter"])
    encounters, procedures = with_procedures(encounters, reader.procedures(files["Procedure"], encounters))
    appointments, alone = with_encounters(reader.appointments(files["Appointment"]), encounters)
    tests, answers = _findings(files, people, intake, codes, drawn)
    inpatient = encounters.filter(pl.col("inpatient").fill_null(False), pl.col("end").is_not_null())
    found = Gathered(
        people=people.table,
        contacts=pl.concat([frame.select(*CONTACTS) for frame in (appointments, alone, procedures)]),
        episodes=reader.episodes(files["EpisodeOfCare"]),
        tests=tests,
        answers=answers,
        stays=inpatient.select("person", "date", "end"),
        diagnoses=_diagnoses(files["Condition"], people, intake, codes, drawn),
    )
    return assemble(found, seed, settings["break_days"], drawn) | intake.tables()


def _findings(
    files: dict[str, list[RawFile]], people: People, intake: Intake, codes: Codes, drawn: datetime.date | None
) -> tuple["pl.DataFrame", "pl.DataFrame"]:
    import polars as pl

    reader = FindingRows(intake, codes)
    tests, answers = [as_events(pl.DataFrame(), TESTS)], [as_events(pl.DataFrame(), ANSWERS)]
    for kind, date in (("Observation", "effective"), ("QuestionnaireResponse", "authored")):
        rest = "drug_test" if kind == "Observation" else "assessment"
        for raw in files[kind]:
            rows = people.of(raw.rows).with_columns(date=as_date(pl.col("date")), value=as_number(pl.col("value")))
            rules = [
                *who_rules("subject"),
                *date_rules(date, drawn),
                *status_rules("says not that it holds", HOLDS, NOT_HELD),
            ]
            found = reader.sift(raw, rows, rules, rest)
            tests.append(as_events(found[0], TESTS))
            answers.append(as_events(found[1], ANSWERS))
    return pl.concat(tests), pl.concat(answers)


def _diagnoses(
    files: list[RawFile], people: People, intake: Intake, codes: Codes, drawn: datetime.date | None
) -> "pl.DataFrame":
    import polars as pl

    listed = findings(("substance", "mental"), codes)
    kept = [as_events(pl.DataFrame(), DIAGNOSES)]
    for raw in files:
        rows = people.of(raw.rows).with_columns(date=as_date(pl.col("date")))
        rows = rows.with_columns(
            pl.col("codes")
            .list.eval(diagnosis_of(pl.element(), listed, name))
            .list.drop_nulls()
            .list.first()
            .alias(name)
            for name in ("kind", "name")
        )
        rules = [
            Rule(f"code: {NOT_USED}", pl.col("kind").is_null(), expected=True),
            *who_rules("subject"),
            *date_rules("onset", drawn, death=False),
            Rule("verificationStatus: refuted or entered in error", pl.col("status").is_in(DOES_NOT_HOLD)),
        ]
        kept.append(as_events(intake.sift(replace(raw, columns=("id",)), "baseline", rows, rules), DIAGNOSES))
    return pl.concat(kept)
