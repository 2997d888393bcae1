"""Findings of an OMOP database: drug tests and questionnaires from measurements and observations, and diagnoses."""

import datetime
from dataclasses import replace
from typing import TYPE_CHECKING

from iop_outcomes.ingest.accepting import Intake, Rule
from iop_outcomes.ingest.dated.codes import diagnosis_of, findings, plain_code
from iop_outcomes.ingest.dated.gathered import ANSWERS, DIAGNOSES, TESTS, as_events
from iop_outcomes.ingest.dated.rows import (
    NOT_USED,
    FindingRows,
    as_date,
    as_id,
    as_number,
    date_rules,
    person_rules,
    with_people,
)
from iop_outcomes.ingest.reading import LINE
from iop_outcomes.ingest.sources.omop.layout import concept_columns
from iop_outcomes.ingest.sources.omop.store import Store
from iop_outcomes.ingest.sources.omop.vocabulary import Concepts

if TYPE_CHECKING:
    import polars as pl

_TABLES = {"measurement": "drug_test", "observation": "assessment"}


def tests_and_answers(
    store: Store, intake: Intake, people: "pl.DataFrame", codes: dict[str, str | None], drawn: datetime.date | None
) -> "tuple[pl.DataFrame, pl.DataFrame]":
    """Return the accepted drug tests and answers of ``measurement`` and ``observation``."""
    import polars as pl

    concepts, reader = Concepts(store), FindingRows(intake, codes)
    tests, answers = [as_events(pl.DataFrame(), TESTS)], [as_events(pl.DataFrame(), ANSWERS)]
    for table, rest in _TABLES.items():
        raw = store.read(table)
        if raw is None:
            continue
        rows = _finding_rows(raw.rows, table, concepts, codes)
        rules = [*person_rules(), *date_rules(f"{table}_date", drawn)]
        found = reader.sift(raw, with_people(rows, people), rules, rest)
        tests.append(as_events(found[0], TESTS))
        answers.append(as_events(found[1], ANSWERS))
    return pl.concat(tests), pl.concat(answers)


def _finding_rows(rows: "pl.LazyFrame", table: str, concepts: Concepts, codes: dict[str, str | None]) -> "pl.LazyFrame":
    """Return whose and of which day each row is, the first of its codes that is on a list, and what it may say."""
    import polars as pl

    own = concept_columns(table)
    listed = findings(("test", "answer"), codes)["code"].to_list()
    rows = rows.with_columns(as_id(pl.col(c)) for c in (*own, "value_as_concept_id"))
    rows = concepts.with_codes(rows, {c: f"code of {c}" for c in own} | {"value_as_concept_id": "value code"})
    candidates = [
        plain_code(pl.col(f"{table}_source_value")),
        *[pl.col(f"code of {c}") for c in own],
        *map(pl.col, own),
    ]
    return rows.select(
        LINE,
        person=as_id(pl.col("person_id")),
        date=as_date(pl.col(f"{table}_date")),
        code=pl.coalesce(pl.when(c.is_in(listed)).then(c) for c in candidates),
        # Concept 0 is OMOP's word for "no concept".
        words=pl.concat_list(
            pl.when(pl.col("value_as_concept_id") != "0").then("value_as_concept_id"),
            "value code",
            "value_as_string",
            "value_source_value",
        ),
        said=pl.coalesce("value_as_number", "value_as_string", "value_source_value"),
        value=pl.coalesce(as_number(pl.col(c)) for c in ("value_as_number", "value_as_string", "value_source_value")),
    )


def diagnoses(
    store: Store, intake: Intake, people: "pl.DataFrame", codes: dict[str, str | None], drawn: datetime.date | None
) -> "pl.DataFrame":
    """Return the accepted diagnoses of substance use and of mental disorders; others are set aside."""
    import polars as pl

    raw = store.read("condition_occurrence")
    if raw is None:
        return as_events(pl.DataFrame(), DIAGNOSES)
    own, listed = concept_columns("condition"), findings(("substance", "mental"), codes)
    rows = raw.rows.with_columns(as_id(pl.col(c)) for c in own)
    rows = Concepts(store).with_codes(rows, {c: f"code of {c}" for c in own})
    candidates = ["condition_source_value", *[f"code of {c}" for c in own], *own]
    rows = rows.select(
        LINE,
        person=as_id(pl.col("person_id")),
        date=as_date(pl.col("condition_start_date")),
        kind=pl.coalesce(diagnosis_of(pl.col(c), listed, "kind") for c in candidates),
        name=pl.coalesce(diagnosis_of(pl.col(c), listed, "name") for c in candidates),
    )
    other = Rule(f"condition: {NOT_USED}", pl.col("kind").is_null(), expected=True)
    rules = [other, *person_rules(), *date_rules("condition_start_date", drawn, death=False)]
    found = intake.sift(replace(raw, columns=("person",)), "baseline", with_people(rows, people), rules)
    return as_events(found, DIAGNOSES)
