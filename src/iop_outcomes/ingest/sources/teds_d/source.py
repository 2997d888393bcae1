"""TEDS-D, SAMHSA's public-use file of discharges from treatment: one record, one episode of one unlinked person.

Read are the files of every layout: 2006-2014, 2015 to 2020, 2021 with its labels, 2022 and 2023, one or several at a
time. What differs between them is brought to the codes of 2015 to 2023 before anything is asked of a record.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

from pydantic import Field

from iop_outcomes.ingest.accepting import Intake, Rule, refuse
from iop_outcomes.ingest.examining import Complain, Examined
from iop_outcomes.ingest.reference import reference_file
from iop_outcomes.ingest.sources.teds_d import crosswalk, gate
from iop_outcomes.ingest.sources.teds_d.files import files_of, opened
from iop_outcomes.ingest.sources.teds_d.layouts import REQUIRED, TedsFile, allowed_codes, file_of_layout, held
from iop_outcomes.ingest.sources.teds_d.tables import canonical_tables, with_level
from iop_outcomes.kernel.errors import SourceError
from iop_outcomes.kernel.registry import source
from iop_outcomes.tables.parts import Table, whole

Year = Annotated[int, Field(ge=2006, le=2023)]
NO_LINK = "TEDS-D has no person key, so other care of the same person cannot be seen"
ONLY_STAY = "TEDS-D has no dates and gives stays over 30 days in bands; see episode.stay_days_low and stay_days_high"
CANNOT = {
    "session": "TEDS-D records no sessions and no attendance",
    "drug_test": "TEDS-D records no drug tests",
    "use_report": "TEDS-D asks for use as none, some or daily, not for days; see the assessments of instrument TEDS",
    "controlled_period": "TEDS-D has no dates of jail or hospital",
    "service": NO_LINK,
    "cost": "TEDS-D records no costs",
    "person.age_years": "TEDS-D gives age in bands; see person.age_band",
    "person.death_day": "TEDS-D knows a death only as the reason of discharge, without a day",
    "site.offered_hours_per_week": "TEDS-D names the state and no facility",
    "episode.referral_day": "TEDS-D gives the days waited in bands; see the covariate waiting_time",
    "episode.discharge_day": ONLY_STAY,
    "episode.last_contact_day": ONLY_STAY,
    "episode.observation_end_day": "TEDS-D observes nobody after discharge",
    "episode.assigned_treatment": "TEDS-D records a level of care and no study treatment",
    "episode.prescribed_hours_per_week": "TEDS-D records no hours",
    "episode.prescribed_weeks": "TEDS-D records no planned length of treatment",
    "episode.stepped_down_from": NO_LINK,
}


def raw_files(folder: Path, *, path: str | list[str], year: int | list[int], **settings: Any) -> list[Path]:
    """Return the files of the study, and the table by which their codes are brought to one vocabulary."""
    return [*files_of(folder, path, _years(year)), reference_file(crosswalk.TABLE)]


def examine(folder: Path, seed: int, **settings: Any) -> Examined:
    """Read the files, and say of which states the records cannot be what they say."""
    found = Examined()
    found.tables = {name: whole(table) for name, table in _read(folder, settings, found.complain, found.notes).items()}
    return found


@source(cannot=CANNOT, raw_files=raw_files, examine=examine)
def teds_d(
    folder: Path,
    seed: int,
    *,
    path: str | list[str],
    year: Year | list[Year] = 2023,
    empty_los: Literal["reject", "seven_or_more"] = "reject",
    service_at_discharge: Literal["refuse", "stands_for_admission"] = "refuse",
    state_gate: tuple[gate.Gate, ...] = (),
    max_rejected_share: Annotated[float, Field(ge=0, le=1)] = 0.1,
) -> dict[str, Table]:
    """Read one or several years of TEDS-D.

    Parameters
    ----------
    folder : path
        Folder that ``path`` starts from.
    seed : int
        Not used; nothing here is random.
    path : str or list of str
        The file or the files as SAMHSA hands them out, packed or not; or a folder, in which the files of the years are
        found by name.
    year : int or list of int
        Years of discharge of the study; records of another are rejected. Those of 2006 to 2014 stand in one file.
    empty_los : {'reject', 'seven_or_more'}
        What an empty LOS is. SAMHSA's files have none; in the sample of 1,000 records of 2023 that is recovered from
        labels it is a stay of seven days or more, the longer codes being lost.
    service_at_discharge : {'refuse', 'stands_for_admission'}
        The file of 2006-2014, and some of 2015 and 2016, hold the service at discharge and not that at admission. An
        arm may not come from what happened later, so such a file is refused unless the study takes one for the other
        (they are the same in 99 of 100 records of the years that have both).
    state_gate : list of {'all_completed', 'one_day_stays', 'one_arm'}
        Which states to set aside: those in which nearly every (intensive) outpatient discharge is completed, most stays
        are of one day, or only one of the two levels of care is there. States with fewer than 30 such discharges stay.
    max_rejected_share : float
        Share of rejected records above which a file is refused.

    Returns
    -------
    dict of str to DataFrame
        person, site (the state), episode, baseline, assessment, intake, rejected.

    References
    ----------
    SAMHSA, Treatment Episode Data Set: Discharges (TEDS-D), public-use file codebooks 2006-2014 to 2022.
    """
    settings = {name: value for name, value in locals().items() if name not in ("folder", "seed")}
    return _read(folder, settings, refuse, [])


def _read(folder: Path, settings: dict[str, Any], complain: Complain, notes: list[str]) -> dict[str, Table]:
    import polars as pl

    years, asked = _years(settings["year"]), settings["state_gate"]
    with TemporaryDirectory(prefix="teds_d_") as scratch:
        files = [
            held(file_of_layout(opened(place, Path(scratch)), years, settings["service_at_discharge"]))
            for place in files_of(folder, settings["path"], years)
        ]
        if len({file.raw.name for file in files}) < len(files):
            raise SourceError("source.path: two files have the same name; rename one, so that its rows can be named")
        failing = gate.states_that_fail(file.records for file in files)
        notes += gate.told(failing, asked)
        intake = Intake(settings["max_rejected_share"], complain)
        kept, early = [], False
        # One after the other, so that the memory of what was read is free for what is made of it.
        while files:
            file = files.pop(0)
            rules = _rules(file, years, settings["empty_los"]) + gate.gate_rules(failing, asked)
            key = ("CASEID",) if file.layout != "2006-2014" else ("DISYR", "CASEID")
            kept.append(intake.sift(file.raw, "episode", with_level(file.records), rules, key))
            early = early or file.layout == "2006-2014"
    records = pl.concat(kept, how="diagonal")
    if early:
        records = records.with_columns(crosswalk.joined_ages())
    if len(years) > 1:
        # The program numbers its cases anew every year.
        records = records.with_columns(CASEID=pl.format("{}-{}", "DISYR", "CASEID"))
    return canonical_tables(records) | intake.tables()


def _years(year: int | Sequence[int]) -> list[int]:
    years = [year] if isinstance(year, int) else list(year)
    if not years:
        raise SourceError("source.year: the list is empty; name the years of discharge of the study")
    return sorted(set(years))


def _rules(file: TedsFile, years: Sequence[int], empty_los: str) -> list[Rule]:
    import polars as pl

    own = [year for year in years if year in crosswalk.YEARS[file.layout]]
    words = f"DISYR: not the year {own[0]} of the study" if len(own) == 1 else "DISYR: none of the years of the study"
    another = pl.col("DISYR").is_null() | ~pl.col("DISYR").is_in(own)
    rules = [
        Rule("CASEID: empty", pl.col("CASEID").is_null()),
        # The file of 2006-2014 holds nine years, of which a study may want one.
        Rule(words, another, expected=file.layout == "2006-2014"),
    ]
    for column in [c for c in REQUIRED if c != "LOS"]:
        rules.append(Rule(f"{column}: missing", pl.col(column).is_null()))
    if empty_los == "reject":
        rules.append(Rule("LOS: empty, see the setting 'empty_los'", pl.col("LOS").is_null()))
    allowed = allowed_codes(file.layout)
    for column in [c for c in file.columns if c in allowed]:
        rules.append(Rule(f"{column}: not a code of the codebook", ~pl.col(column).is_in(sorted(allowed[column]))))
    return rules
