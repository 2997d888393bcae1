"""The tables of OMOP CDM 5.4, and of each the columns that are read.

Every reader takes them from here, and so does a snapshot of a live database, which takes nothing else.
"""

from typing import NamedTuple


class Columns(NamedTuple):
    """Columns that a table must have, and those that are read where they are there."""

    required: tuple[str, ...]
    wanted: tuple[str, ...] = ()


def concept_columns(stem: str) -> list[str]:
    """Return the two columns of concepts of a kind of record: that of the source's own code before the standard one."""
    return [f"{stem}_source_concept_id", f"{stem}_concept_id"]


def _visits(table: str) -> Columns:
    stem = table.removesuffix("_occurrence")
    own = [f"{stem}_{name}" for name in ("end_date", "start_datetime", "end_datetime", "source_value")]
    required = (f"{table}_id", "person_id", f"{stem}_start_date")
    return Columns(required, (*own, *concept_columns(stem), "care_site_id"))


def _findings(table: str) -> Columns:
    values = ("value_as_concept_id", "value_as_string", "value_source_value", "value_as_number")
    return Columns(("person_id", f"{table}_date"), (f"{table}_source_value", *concept_columns(table), *values))


READ = {
    "person": Columns(
        ("person_id", "gender_concept_id", "year_of_birth"),
        ("month_of_birth", "day_of_birth", "race_concept_id", "ethnicity_concept_id"),
    ),
    "death": Columns(("person_id", "death_date")),
    "observation_period": Columns(("person_id", "observation_period_end_date")),
    "visit_occurrence": _visits("visit_occurrence"),
    "visit_detail": _visits("visit_detail"),
    "procedure_occurrence": Columns(
        ("person_id", "procedure_date", "procedure_occurrence_id"),
        ("procedure_source_value", *concept_columns("procedure"), "quantity", "visit_occurrence_id"),
    ),
    "drug_exposure": Columns(
        ("person_id", "drug_exposure_start_date", "drug_exposure_id"),
        ("drug_source_value", *concept_columns("drug")),
    ),
    "condition_occurrence": Columns(
        ("person_id", "condition_start_date"), ("condition_source_value", *concept_columns("condition"))
    ),
    "measurement": _findings("measurement"),
    "observation": _findings("observation"),
    "concept": Columns(("concept_id", "concept_code"), ("concept_name",)),
}

#: Tables with records of people that are not read; their rows are counted as set aside.
NOT_READ = (
    *("condition_era", "drug_era", "dose_era", "device_exposure", "specimen", "note", "note_nlp", "episode"),
    *("episode_event", "cost", "payer_plan_period", "fact_relationship", "cohort"),
)
