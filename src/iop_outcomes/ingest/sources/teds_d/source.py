"""TEDS-D, SAMHSA's public-use file of discharges from treatment: one record, one episode of one unlinked person.

Read are the files of 2015 to 2023 that hold codes. Not read are two that would be misread: 2006-2014, where the same
code means something else, and 2021, which holds label text.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import pandas as pd
from pydantic import Field

from iop_outcomes.ingest.accepting import Intake, Rule
from iop_outcomes.ingest.reading import LINE, RawFile, collected, files_of_path, locate, read
from iop_outcomes.ingest.sources.teds_d import codebook as codebook
from iop_outcomes.ingest.sources.teds_d.tables import canonical_tables
from iop_outcomes.kernel.errors import SourceError, did_you_mean
from iop_outcomes.kernel.registry import source

if TYPE_CHECKING:
    import polars as pl

YEARS = (2015, 2016, 2017, 2018, 2019, 2020, 2022, 2023)

#: Stands for a cell that is no whole number; no codebook has it, so it breaks the rule of its column.
UNREADABLE = -99

#: Columns without which a record is no episode, and their codes.
_REQUIRED = {
    "STFIPS": codebook.STATES,
    "SERVICES": codebook.LEVEL_OF_CARE,
    "REASON": codebook.DISCHARGE_REASON,
    "LOS": codebook.STAY,
}

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


@source(cannot=CANNOT, raw_files=files_of_path)
def teds_d(
    folder: Path,
    seed: int,
    *,
    path: str,
    year: int = 2023,
    empty_los: Literal["reject", "seven_or_more"] = "reject",
    max_rejected_share: Annotated[float, Field(ge=0, le=1)] = 0.1,
) -> dict[str, pd.DataFrame]:
    """Read one year of TEDS-D.

    Parameters
    ----------
    folder : path
        Folder that ``path`` starts from.
    seed : int
        Not used; nothing here is random.
    path : str
        The CSV file, plain or gzipped, with codes.
    year : int
        Year of the file; records of another year of discharge are rejected.
    empty_los : {'reject', 'seven_or_more'}
        What an empty LOS is. SAMHSA's files have none; in the sample of 1,000 records of 2023 that is recovered from
        labels it is a stay of seven days or more, the longer codes being lost.
    max_rejected_share : float
        Share of rejected records above which the file is refused.

    Returns
    -------
    dict of str to DataFrame
        person, site (the state), episode, baseline, assessment, intake, rejected.

    References
    ----------
    SAMHSA, Treatment Episode Data Set: Discharges (TEDS-D), public-use file codebooks 2015-2022.
    """
    if year not in YEARS:
        raise SourceError(f"source.year: {_why_not(year)}; the years that can be read are {', '.join(map(str, YEARS))}")
    raw = _in_upper_case(read(locate(folder, path)))
    _check_layout(raw)
    raw.need_rows()
    columns = _columns_used(raw.columns)
    records = raw.rows.select(LINE, *[_code(c).alias(c) for c in columns])
    intake = Intake(max_rejected_share)
    records = intake.sift(raw, "episode", records, _rules(columns, year, empty_los), key=("CASEID",))
    return canonical_tables(records) | intake.tables()


def _in_upper_case(raw: RawFile) -> RawFile:
    """Return the file with its column names as SAMHSA writes them, and sex by its name of 2023."""
    names = {c: c.upper() for c in raw.columns}
    if "SEX" not in names.values():
        names = {c: "SEX" if name == "GENDER" else name for c, name in names.items()}
    return replace(raw, columns=tuple(names.values()), rows=raw.rows.rename(names))


def _check_layout(raw: RawFile) -> None:
    if "SERVSETD" in raw.columns:
        raise SourceError(f"{raw.name}: {_why_not(2014)}; give a file of {YEARS[0]} or later")
    known = {*codebook.LAYOUT, *codebook.OTHER_COLUMNS}
    raw.need(["DISYR", "CASEID", "STFIPS", "SERVICES", "REASON", "LOS", "AGE", "SEX"], known)
    for column in raw.columns:
        if column not in known:
            raise SourceError(f"{raw.name}: TEDS-D has no column '{column}'; {did_you_mean(column, known)}")
    if _holds_labels(raw):
        raise SourceError(f"{raw.name}: {_why_not(2021)}; give a file that holds codes")


def _holds_labels(raw: RawFile) -> bool:
    import polars as pl

    first = collected(raw.rows.select("SERVICES").head(1000), raw.name)["SERVICES"].drop_nulls()
    return len(first) > 0 and first.cast(pl.Float32, strict=False).null_count() == len(first)


def _why_not(year: int) -> str:
    if 2006 <= year <= 2014:
        return "in the files of 2006-2014 the same codes mean other things (age, frequency of use, ethnicity and more)"
    if year == 2021:
        return "the file of 2021 holds label text instead of codes"
    return f"the layout of {year} is not known here"


def _columns_used(there: tuple[str, ...]) -> list[str]:
    covariates = [raw for raw, _ in codebook.COVARIATES.values()]
    items = [*codebook.ITEMS_AT_ADMISSION, *codebook.ITEMS_AT_DISCHARGE]
    used = {
        "DISYR",
        "CASEID",
        *_REQUIRED,
        "SEX",
        "AGE",
        "RACE",
        "ETHNIC",
        "PREG",
        *codebook.SUBSTANCES,
        *covariates,
        *items,
    }
    return [c for c in there if c in used]


def _allowed() -> dict[str, set[int]]:
    """Return the codes that each column may hold, besides missing."""
    allowed = {
        **{column: set(codes) for column, codes in _REQUIRED.items()},
        "AGE": set(codebook.AGE),
        "SEX": set(codebook.SEX),
        "RACE": set(codebook.RACE),
        "ETHNIC": set(codebook.ETHNIC),
        "PREG": set(codebook.YES_NO),
        **{column: set(codebook.SUBSTANCE) for column in codebook.SUBSTANCES},
    }
    for raw, labels in codebook.COVARIATES.values():
        allowed[raw] = set(labels)
    for item, highest in (codebook.ITEMS_AT_ADMISSION | codebook.ITEMS_AT_DISCHARGE).items():
        allowed[item] = set(range(1, highest + 1))
    return allowed


def _code(column: str) -> "pl.Expr":
    import polars as pl

    cell = pl.col(column)
    if column == "CASEID":
        return cell
    # Programs that know no missing integers write 6.0 for 6, so a whole number may come with decimals.
    real = cell.cast(pl.Float32, strict=False)
    number = pl.when(real % 1 == 0).then(real).cast(pl.Int16, strict=False)
    unreadable = number.is_null() & cell.is_not_null()
    # LOS alone tells an empty cell (see the setting) from -9, which no code of it is.
    known = number.is_not_null() if column == "LOS" else number != codebook.MISSING
    return pl.when(unreadable).then(pl.lit(UNREADABLE, pl.Int16)).when(known).then(number)


def _rules(columns: list[str], year: int, empty_los: str) -> list[Rule]:
    import polars as pl

    rules = [
        Rule("CASEID: empty", pl.col("CASEID").is_null()),
        Rule(f"DISYR: not the year {year} of the study", pl.col("DISYR").is_null() | (pl.col("DISYR") != year)),
    ]
    for column in [c for c in _REQUIRED if c != "LOS"]:
        rules.append(Rule(f"{column}: missing", pl.col(column).is_null()))
    if empty_los == "reject":
        rules.append(Rule("LOS: empty, see the setting 'empty_los'", pl.col("LOS").is_null()))
    allowed = _allowed()
    for column in [c for c in columns if c in allowed]:
        rules.append(Rule(f"{column}: not a code of the codebook", ~pl.col(column).is_in(sorted(allowed[column]))))
    return rules
