"""A made-up clinic written as an OMOP CDM 5.4 database: a folder of CSV or Parquet files, or an SQLite file."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd

from dated_clinic import DRAWN, Clinic

SEX = {"male": 8507, "female": 8532}
RACE = {"White": 8527, "Black": 8516}
POSITIVE, NEGATIVE = 45884084, 45878583


def tables(clinic: Clinic) -> dict[str, pd.DataFrame]:
    """Return the tables of the common data model. It has no appointments: who did not come left no trace."""
    people = clinic.people
    person = pd.DataFrame(
        {
            "person_id": people["person"],
            "gender_concept_id": people["sex"].map(SEX),
            "year_of_birth": [born.year for born in people["born"]],
            "month_of_birth": [born.month for born in people["born"]],
            "day_of_birth": [born.day for born in people["born"]],
            "race_concept_id": people["race"].map(RACE),
            "ethnicity_concept_id": people["hispanic"].map({True: 38003563, False: 38003564}),
            "person_source_value": "MRN-" + people["person"].astype(str),
        }
    )
    came = clinic.sessions[clinic.sessions["status"] == "attended"].reset_index(drop=True)
    numbers = range(1, len(came) + 1)
    sites = dict(zip(people["person"], people["site"], strict=True))
    end = [
        pd.Timestamp(day) + pd.Timedelta(hours=9, minutes=m)
        for day, m in zip(came["date"], came["minutes"], strict=True)
    ]
    visit = pd.DataFrame(
        {
            "visit_occurrence_id": numbers,
            "person_id": came["person"],
            "visit_concept_id": 9202,
            "visit_start_date": came["date"].astype(str),
            "visit_start_datetime": came["date"].astype(str) + " 09:00:00",
            "visit_end_date": came["date"].astype(str),
            "visit_end_datetime": [str(time) for time in end],
            "care_site_id": came["person"].map(sites),
            "visit_source_value": "a visit of somebody with a name",
        }
    )
    procedure = pd.DataFrame(
        {
            "procedure_occurrence_id": numbers,
            "person_id": came["person"],
            "procedure_concept_id": 0,
            "procedure_date": came["date"].astype(str),
            "quantity": 1,
            "visit_occurrence_id": numbers,
            "procedure_source_value": came["code"],
        }
    )
    dead = people.dropna(subset="died").reset_index(drop=True)
    return {
        "person": person,
        "visit_occurrence": visit,
        "procedure_occurrence": procedure,
        "condition_occurrence": _dated(clinic.diagnoses, "condition", "condition_start_date", clinic.diagnoses["code"]),
        "measurement": _dated(clinic.tests, "measurement", "measurement_date", "19295-5").assign(
            value_as_concept_id=clinic.tests["result"].map({"positive": POSITIVE, "negative": NEGATIVE})
        ),
        "observation": _dated(clinic.scores, "observation", "observation_date", "44261-6").assign(
            value_as_number=clinic.scores["total"]
        ),
        "death": pd.DataFrame({"person_id": dead["person"], "death_date": dead["died"].astype(str)}),
        "observation_period": pd.DataFrame(
            {"person_id": people["person"], "observation_period_end_date": DRAWN.isoformat()}
        ),
    }


def _dated(frame: pd.DataFrame, name: str, date: str, code: object) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "person_id": frame["person"],
            date: frame["date"].astype(str),
            f"{name}_concept_id": 0,
            f"{name}_source_value": code,
        }
    )


def write(made: dict[str, pd.DataFrame], folder: Path, form: str = "csv") -> str:
    """Write the tables and return their place: ``csv`` (names in capitals), ``parquet``, ``sqlite`` or ``duckdb``."""
    if form == "sqlite":
        with closing(sqlite3.connect(folder / "cdm.sqlite")) as database:
            for name, frame in made.items():
                frame.to_sql(name, database, index=False)
        return "cdm.sqlite"
    if form == "duckdb":
        import duckdb

        with duckdb.connect(str(folder / "cdm.duckdb")) as database:
            for name, frame in made.items():
                database.register("frame", frame)
                database.execute(f"CREATE TABLE {name} AS SELECT * FROM frame")
        return "cdm.duckdb"
    (folder / "cdm").mkdir()
    for name, frame in made.items():
        if form == "csv":
            frame.to_csv(folder / "cdm" / f"{name.upper()}.csv", index=False)
        else:
            frame.to_parquet(folder / "cdm" / f"{name}.parquet")
    return "cdm"
