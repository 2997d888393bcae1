"""CTN-0094: three trials of opioid treatment, harmonised and public (packages public.ctn0094data, public.ctn0094extra).

Day 0 is signed consent. What the trials did not record is not filled in: see ``CANNOT``, and docs/sources.md for each
inference that is made.

References
----------
Balise R, Hu MC, Calderon AR, et al. Data cleaning and harmonization of clinical trial data: medication-assisted
treatment for opioid use disorder. PLoS One 2024;19(11):e0312695.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import pandas as pd
from pydantic import Field

from iop_outcomes.ingest.accepting import Intake, Rule, to_table
from iop_outcomes.ingest.reading import files_of_path, locate
from iop_outcomes.ingest.sources.ctn0094 import people as people
from iop_outcomes.ingest.sources.ctn0094.raw import RawTrials, open_trials
from iop_outcomes.ingest.sources.ctn0094.reports import use_reports
from iop_outcomes.ingest.sources.ctn0094.screens import drug_tests
from iop_outcomes.ingest.sources.ctn0094.visits import sessions, visits
from iop_outcomes.kernel.errors import SourceError
from iop_outcomes.kernel.registry import source

if TYPE_CHECKING:
    import polars as pl

NO_MINUTES = "the trials record that somebody came, not for how long"
CANNOT = {
    "cost": "the trials' public tables hold no costs",
    "assessment": "no instrument of these trials is read beyond its baseline value",
    "person.death_day": "two deaths are noted on missed visits, without a day",
    "site.type": "sites are masked",
    "site.region": "sites are masked",
    "site.offered_hours_per_week": "sites are masked",
    "episode.level_of_care": "no arm of these trials is an Intensive Outpatient Program, or any level of care",
    "episode.prescribed_hours_per_week": "the trials' public tables hold no prescribed hours of counselling",
    "episode.prescribed_weeks": "the planned weeks differ by arm and phase and are part of the protocol, not the data",
    "episode.referral_day": "people were recruited, not referred",
    "episode.discharge_day": "the trials record no discharge; see episode.last_contact_day",
    "episode.discharge_reason": "the trials record no discharge, and reasons only for some missed visits",
    "episode.stay_days_low": "the trials record no discharge; see episode.last_contact_day",
    "episode.stay_days_high": "the trials record no discharge; see episode.last_contact_day",
    "episode.stepped_down_from": "care before the trial is not recorded, but for the inpatient start of CTN-0051",
    "episode.period": "the public tables have no calendar time",
    "session.type": "a visit mixed medication, counselling and research, which are not told apart",
    "session.mode": "the trials do not record how a visit was held",
    "session.minutes_scheduled": NO_MINUTES,
    "session.minutes_attended": NO_MINUTES,
    "session.hours_source": NO_MINUTES,
    "use_report.amount": "the calendars are published as days with use, without amounts",
    "service.level_of_care": "doses and randomisations belong to no level of care",
}


@source(cannot=CANNOT, raw_files=files_of_path)
def ctn0094(
    folder: Path,
    seed: int,
    *,
    path: str,
    trials: tuple[Literal[27, 30, 51], ...] = (27, 30, 51),
    denied_days: Literal["none", "until_last_visit"] = "none",
    max_rejected_share: Annotated[float, Field(ge=0, le=1)] = 0.1,
) -> dict[str, pd.DataFrame]:
    """Read the trials' raw tables.

    Parameters
    ----------
    folder : path
        Folder that ``path`` starts from.
    seed : int
        Not used; nothing here is random.
    path : str
        Folder with the tables as ``<table>.csv.gz`` or ``<table>.csv``: everybody, randomization, site_masked,
        demographics, visit, uds, tlfb, treatment and detox; others add baseline covariates.
    trials : tuple of int
        Which of CTN-0027, CTN-0030 and CTN-0051.
    denied_days : {'none', 'until_last_visit'}
        The calendars hold days with use only, and "asked and denied" cannot be told from "never asked".
        ``until_last_visit`` takes every day without a report, from 30 days before consent to the day before the last
        attended visit, as denied, for people with any report; it is an assumption, and off unless a study says so.
    max_rejected_share : float
        Share of a table's rows that may be rejected, those foreseen by the data's documentation apart.

    Returns
    -------
    dict of str to DataFrame
        person, site, episode, baseline, session, drug_test, use_report, controlled_period, service, intake, rejected.
    """
    place = locate(folder, path)
    if not place.is_dir():
        raise SourceError(f"source.path: '{place.name}' is a file; give the folder that holds the trials' tables")
    intake = Intake(max_rejected_share)
    raw = open_trials(place, trials, intake)
    visit = visits(raw)
    doses = _doses(raw)
    reports = _reports(raw)
    episodes, sites = people.episode(raw, people.care_contacts(visit, doses))
    found = {
        "person": people.person(raw),
        "site": sites,
        "episode": episodes,
        "baseline": people.baseline(raw, reports),
        "session": sessions(visit),
        "drug_test": drug_tests(raw, visit),
        "use_report": use_reports(reports, visit, denied_days),
        "controlled_period": _inpatient(raw),
        "service": _services(raw, doses),
    }
    return {name: to_table(rows, name) for name, rows in found.items()} | intake.tables()


def _reports(raw: RawTrials) -> "pl.DataFrame":
    return raw.sift("tlfb", "use_report", ("what", "when"), _dated("what", "when"), ("who", "what", "when"))


def _doses(raw: RawTrials) -> "pl.DataFrame":
    return raw.sift("treatment", "service", ("amount", "when"), _dated("when"), key=())


def _dated(*columns: str) -> list[Rule]:
    import polars as pl

    return [Rule(f"{column}: may not be empty", pl.col(column).is_null()) for column in columns]


def _services(raw: RawTrials, doses: "pl.DataFrame") -> "pl.DataFrame":
    """Return every dose of the study drug, and CTN-0030's second randomisation."""
    import polars as pl

    drug = pl.col("arm").replace_strict({"Methadone": "methadone", "Inpatient NR-NTX": "naltrexone"}, default=None)
    drug = pl.coalesce(drug, pl.when(pl.col("arm").is_not_null()).then(pl.lit("buprenorphine")), pl.lit("unknown"))
    given = doses.select("who", day="when", code=pl.format("dose of {}", drug))
    again = raw.people.filter(pl.col("second_rand_day").is_not_null())
    again = again.select("who", day="second_rand_day", code=pl.format("second randomisation: {}", "second_arm"))
    rows = pl.concat([given, again]).sort("who", "day", "code")
    number = pl.int_range(pl.len()).over("who").cast(pl.String)
    who = pl.col("who").cast(pl.String)
    return rows.select(service_id=who + "-" + number, person_id=who, day="day", code="code")


def _inpatient(raw: RawTrials) -> "pl.DataFrame":
    """Return the inpatient detoxifications, each with both its days."""
    import polars as pl

    both = pl.col("when").count().over("who") == 2
    rules = [
        *_dated("when"),
        Rule("what: must be admission or discharge", ~pl.col("what").is_in(["admission", "discharge"])),
        Rule("when: admission or discharge of this stay has no day", pl.col("when").is_not_null() & ~both),
    ]
    rows = raw.sift("detox", "controlled_period", ("what", "when"), rules, ("who", "what"))
    days = rows.group_by("who").agg(
        start_day=pl.col("when").filter(pl.col("what") == "admission").first(),
        end_day=pl.col("when").filter(pl.col("what") == "discharge").first(),
    )
    return days.sort("who").select(
        person_id=pl.col("who").cast(pl.String), start_day="start_day", end_day="end_day", reason=pl.lit("inpatient")
    )
