"""The source `claims`: what payers were billed for, made canonical."""

import datetime
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pandas as pd
from pydantic import Field

from iop_outcomes.ingest.accepting import Intake, refuse
from iop_outcomes.ingest.dated import care as runs_of_care
from iop_outcomes.ingest.dated.assemble import assemble
from iop_outcomes.ingest.dated.codes import check_codes, diagnosis_of, findings
from iop_outcomes.ingest.dated.gathered import CONTACTS, DIAGNOSES, PEOPLE, Gathered, as_events
from iop_outcomes.ingest.dated.settings import Codes, Minutes, no_care
from iop_outcomes.ingest.examining import Complain, Examined
from iop_outcomes.ingest.reading import LINE, locate
from iop_outcomes.ingest.reference import files_and_codes
from iop_outcomes.ingest.sources.claims import care, members
from iop_outcomes.ingest.sources.claims.files import ClaimFiles, open_files
from iop_outcomes.ingest.sources.claims.lines import adjusted, line_rules, typed
from iop_outcomes.kernel.registry import source

if TYPE_CHECKING:
    import polars as pl

BILLED = "a bill tells of care that took place, and of no plan"
NOT_TESTED = "a bill for a test does not tell its result"
CANNOT = {
    "session.missed": "only care that took place is billed; who did not come left no trace",
    "session.minutes_scheduled": BILLED,
    "drug_test": NOT_TESTED,
    "use_report": "claims do not tell of use",
    "assessment": "claims do not tell what was answered",
    "controlled_period": "claims of hospitals and jails are not told apart here; see the services",
    "person.age_band": "see person.age_years",
    "site.type": "the kind of a provider is not read",
    "site.region": "places and addresses are not read",
    "site.offered_hours_per_week": BILLED,
    "episode.discharge_day": "claims record no end of a treatment; see episode.last_contact_day",
    "episode.discharge_reason": "claims record no reason why a treatment ended",
    "episode.assigned_treatment": "claims record care by codes and no study treatment",
    "episode.prescribed_hours_per_week": BILLED,
    "episode.prescribed_weeks": BILLED,
    "episode.stay_days_low": "see episode.last_contact_day",
    "episode.stay_days_high": "see episode.last_contact_day",
}

Status = Literal["paid", "denied", "reversed", "pending"]


def examine(folder: Path, seed: int, **settings: Any) -> Examined:
    """Read the claims, and say whether they have the care that is asked for."""
    found = Examined()
    found.tables = read_claims(folder, seed, settings, found.complain)
    if not len(found.tables["episode"]):
        found.complain(no_care("claims", found.tables["intake"]))
    return found


@source(cannot=CANNOT, raw_files=files_and_codes, examine=examine)
def claims(
    folder: Path,
    seed: int,
    *,
    path: str,
    columns: dict[str, dict[str, str]] = {},  # noqa: B006
    statuses: dict[str, Status] = {},  # noqa: B006
    codes: Codes = {},  # noqa: B006
    minutes: Minutes = {},  # noqa: B006
    units: dict[str, Minutes] = {},  # noqa: B006
    spans: Literal["refuse", "evenly"] = "refuse",
    mental_health: bool = False,
    break_days: Annotated[int, Field(ge=7, le=120)] = 30,
    currency: str = "USD",
    drawn: datetime.date | None = None,
    max_rejected_share: Annotated[float, Field(ge=0, le=1)] = 0.1,
) -> dict[str, pd.DataFrame]:
    """Read lines of claims.

    Parameters
    ----------
    folder : path
        Folder that ``path`` starts from.
    seed : int
        Of the study; decides which pseudonym stands for whom.
    path : str
        Folder with ``claims*.csv`` and, where they are there, ``members.csv`` and ``enrollment.csv``, or as Parquet.
    columns : mapping
        By kind of file (``claims``, ``members``, ``enrollment``), the name of a column in it and ours. Columns that are
        neither named here nor ours are not read.
    statuses : mapping
        By code of the payer what became of a line: ``paid``, ``denied``, ``reversed`` or ``pending``.
    codes : mapping
        By code what it means, before the lists in ``data/reference``, as of the source ``omop``.
    minutes : mapping
        By code, minutes of one unit, or of a day where the code is a day's rate.
    units : mapping
        By payer (``"*"`` for every other) and code, minutes of one unit where the payer's is another: a payer that pays
        H0015 by the quarter of an hour is ``{payer: {H0015: 15}}``.
    spans : {'refuse', 'evenly'}
        What a line is that bills several days of sessions at once: set aside, or taken as so many days, evenly from the
        first to the last. Which days they were nobody knows.
    mental_health : bool
        Count psychiatric day programmes (S9480, 0905) of people with depression or anxiety, too.
    break_days : int
        Most days between contacts of one episode.
    currency : str
        Of the amounts paid; stands before the year of service in ``cost.price_year``.
    drawn : date, optional
        Day on which the data were drawn: a line after it is set aside, and nobody is observed after it.
    max_rejected_share : float
        Share of lines that may be rejected, those apart that the payer denied, took back, replaced or saw twice.

    Returns
    -------
    dict of str to DataFrame
        person, site, episode, baseline, session, service, cost, intake, rejected.

    References
    ----------
    CMS and Mathematica, T-MSIS SUD programme, 2021; National Uniform Billing Committee, revenue and condition codes.
    """
    settings = {name: value for name, value in locals().items() if name not in ("folder", "seed")}
    found = read_claims(folder, seed, settings, refuse)
    if not len(found["episode"]):
        raise no_care("claims", found["intake"])
    return found


def read_claims(folder: Path, seed: int, settings: dict[str, Any], complain: Complain) -> dict[str, pd.DataFrame]:
    """Return the canonical tables of claims, with or without episodes."""
    check_codes(settings["codes"])
    intake = Intake(settings["max_rejected_share"], complain)
    files = open_files(locate(folder, settings["path"]), settings["columns"])
    who = None if files.members is None else members.members(files.members, intake, settings["drawn"])
    lines = _lines(files, settings, who, intake)
    contacts = _contacts(care.by_day(lines))
    who = _people(lines) if who is None else who
    diagnoses = _diagnoses(lines, settings["codes"])
    if files.cover is not None:
        spans = members.cover(files.cover, intake, who)
        who = members.watched(who, spans, _first_care(contacts, settings["break_days"]))
    found = Gathered(people=who, contacts=contacts, diagnoses=diagnoses)
    made = assemble(found, seed, settings["break_days"], settings["drawn"], settings["currency"])
    unknown = ("drug_test", "assessment", "controlled_period")
    return {name: frame for name, frame in made.items() if name not in unknown} | intake.tables()


def _lines(
    files: ClaimFiles, settings: dict[str, Any], people: "pl.DataFrame | None", intake: Intake
) -> "pl.DataFrame":
    """Return the lines that stand, with their care; each file is counted by itself, adjustments go over all of them."""
    import polars as pl

    every = [
        typed(raw.rows, settings["statuses"]).with_columns(file=pl.lit(number))
        for number, raw in enumerate(files.claims)
    ]
    lines = pl.concat(every).collect(engine="streaming")
    lines = adjusted(lines)
    lines = care.coded(lines, settings["codes"], settings["minutes"], settings["mental_health"])
    lines = care.with_lengths(lines, settings["units"])
    if people is None:
        lines = lines.with_columns(known=pl.lit(True), died=pl.lit(None, pl.Date))
    else:
        kin = people.select("person", "died", known=pl.lit(True))
        lines = lines.join(kin, on="person", how="left", maintain_order="left")
    rules = [*line_rules(settings["drawn"]), *care.care_rules(settings["spans"])]
    kept = [
        intake.sift(replace(raw, columns=("claim", "line")), "service", lines.filter(file=number).lazy(), rules)
        for number, raw in enumerate(files.claims)
    ]
    return pl.concat(kept)


def _contacts(lines: "pl.DataFrame") -> "pl.DataFrame":
    import polars as pl

    remote = pl.col("place").is_in(care.VIDEO_PLACES) | pl.col("modifiers").str.contains(care.VIDEO)
    mode = (
        pl.when(pl.col("modifiers").str.contains(care.PHONE))
        .then(pl.lit("phone"))
        .when(remote)
        .then(pl.lit("video"))
        .when(pl.col("place").is_not_null())
        .then(pl.lit("in_person"))
    )
    session = pl.col("attended").is_not_null() & pl.col("kind").is_in(runs_of_care.SESSIONS)
    rows = lines.with_columns(
        key=pl.format("{} {} {}", "file", LINE, "part"),
        mode=mode,
        status=pl.lit(None, pl.String),
        site="provider",
        attended=pl.when(session).then(pl.col("attended").clip(0, care.MINUTES_OF_A_DAY)),
        hours_source=pl.when(session).then(pl.lit("imputed")),
        # Diagnoses were looked for on the line itself.
        needs=pl.lit(None, pl.String),
    )
    return as_events(rows, CONTACTS)


def _people(lines: "pl.DataFrame") -> "pl.DataFrame":
    """Return the people of the lines, of whom nothing else is known where there is no file of members."""
    return as_events(lines.select("person").unique().sort("person"), PEOPLE)


def _diagnoses(lines: "pl.DataFrame", codes: Codes) -> "pl.DataFrame":
    import polars as pl

    listed = findings(("substance", "mental"), codes)
    rows = (
        lines.select("person", "date", code="diagnoses").explode("code").drop_nulls("code").unique(maintain_order=True)
    )
    rows = rows.with_columns(diagnosis_of(pl.col("code"), listed, name).alias(name) for name in ("kind", "name"))
    return as_events(rows.drop_nulls("kind"), DIAGNOSES)


def _first_care(contacts: "pl.DataFrame", break_days: int) -> "pl.DataFrame":
    import polars as pl

    episodes = runs_of_care.runs(contacts, break_days)
    return episodes.group_by("person").agg(first=pl.col("assigned").min())
