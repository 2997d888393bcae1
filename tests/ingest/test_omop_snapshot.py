"""A live PostgreSQL database: its snapshot is read as any folder is, and nothing secret leaves it."""

import os

import pandas as pd
import psycopg
import pytest
from psycopg import sql

from dated_clinic import clinic
from iop_outcomes.check.checking import check_study
from iop_outcomes.errors import StudyError
from iop_outcomes.ingest.snapshots import take
from iop_outcomes.ingest.stage import ingest, source_files
from iop_outcomes.kernel.provenance import write_record
from iop_outcomes.study import parse
from omop_database import tables, write
from postgres_server import PASSWORD, USER, programs, server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(programs() is None, reason="no PostgreSQL server is installed (apt-get install postgresql)"),
]


@pytest.fixture(scope="module")
def environment():
    """A server with the clinic in the schema ``cdm`` and a table that nobody but its owner may read in ``closed``."""
    made = tables(clinic(8)) | {"note": pd.DataFrame({"note_id": range(5), "note_text": "QZNOTE7743"})}
    with server() as where:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in where.items():
                patch.setenv(name, value)
            with psycopg.connect("", autocommit=True) as database:
                fill(database, "cdm", made)
                fill(database, "closed", {"person": made["person"]})
                fill(database, "short", {"person": made["person"].drop(columns="year_of_birth")})
                database.execute("CREATE SCHEMA empty")
                database.execute(f"CREATE ROLE other LOGIN PASSWORD '{PASSWORD}'")
                database.execute("GRANT USAGE ON SCHEMA closed TO other")
        yield where


def fill(database, schema: str, made: dict[str, pd.DataFrame]) -> None:
    database.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    for name, frame in made.items():
        kinds = ["bigint" if pd.api.types.is_integer_dtype(frame[c]) else "text" for c in frame]
        kinds = ["date" if c.endswith("_date") else kind for c, kind in zip(frame, kinds, strict=True)]
        table = sql.Identifier(schema, name)
        columns = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(c), sql.SQL(kind)) for c, kind in zip(frame, kinds, strict=True)
        )
        database.execute(sql.SQL("CREATE TABLE {} ({})").format(table, columns))
        marks = sql.SQL(", ").join([sql.Placeholder()] * frame.shape[1])
        # The other way round: the order of a snapshot is not that in which rows were written.
        rows = [[None if pd.isna(cell) else cell for cell in row] for row in frame.astype(object).to_numpy()[::-1]]
        with database.cursor() as cursor:
            cursor.executemany(sql.SQL("INSERT INTO {} VALUES ({})").format(table, marks), rows)


@pytest.fixture
def reached(environment, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def study_of(folder, **database):
    source = {"kind": "omop", "path": str(folder / "snapshot"), "database": database}
    arms = {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}
    return parse({"study": "live", "seed": 1, "format": 1, "source": source, "cohort": {"arms": arms}})


def test_a_snapshot_gives_the_tables_that_files_of_the_same_rows_give(reached, tmp_path):
    study = study_of(tmp_path, schema="cdm")
    told = list(take(study, again=False))
    assert told[-1] == "note: 5 rows, counted and not copied"
    files = parse(
        study.model_dump() | {"source": {"kind": "omop", "path": str(tmp_path / write(tables(clinic(8)), tmp_path))}}
    )
    live, from_files = ingest(study), ingest(files)
    for name in ("person", "episode", "session", "drug_test", "assessment", "baseline"):
        pd.testing.assert_frame_equal(live[name], from_files[name])
    assert live["intake"].set_index("file").loc["note.parquet", "n_rejected"] == 5


def test_the_same_database_gives_the_same_bytes(reached, tmp_path):
    study, bytes_of = study_of(tmp_path, schema="cdm"), []
    for again in (False, True):
        list(take(study, again))
        bytes_of.append({file.name: file.read_bytes() for file in (tmp_path / "snapshot").iterdir()})
    assert bytes_of[0] == bytes_of[1]
    assert {path.name for path in source_files(study)} > bytes_of[0].keys()
    with pytest.raises(StudyError, match="there is a snapshot in .* already; --again"):
        list(take(study, again=False))


def test_nothing_secret_or_unread_reaches_a_file_or_the_record_of_a_run(reached, tmp_path):
    study = study_of(tmp_path, schema="cdm")
    told = list(take(study, again=False))
    write_record(study.model_dump(mode="json"), source_files(study), tmp_path / "run.json")
    held = [file.read_bytes() for file in (tmp_path / "snapshot").iterdir()]
    held += [(tmp_path / "run.json").read_bytes(), "\n".join(told).encode()]
    for canary in (PASSWORD, USER, os.environ["PGPORT"], "QZNOTE7743", "MRN-"):
        assert not any(canary.encode() in text for text in held), canary


@pytest.mark.parametrize(
    ("spoilt", "database", "said"),
    [
        ({}, {"schema": "cmd"}, "there is no schema 'cmd'; did you mean 'cdm'?"),
        ({}, {"schema": "empty"}, "there is no table 'person' in the schema 'empty'"),
        ({}, {"schema": "short"}, "person: there is no column 'year_of_birth'"),
        ({}, {"service": "nobody"}, "there is no service 'nobody' in pg_service.conf"),
        ({"PGPASSWORD": "QZWRONG7744"}, {"schema": "cdm"}, "refuses the user or the password"),
        ({"PGPORT": "1"}, {"schema": "cdm"}, "there is no PostgreSQL server or database"),
        ({"PGDATABASE": "nowhere"}, {"schema": "cdm"}, "there is no PostgreSQL server or database"),
        ({"PGUSER": "other"}, {"schema": "closed"}, "person: the user has no right to read it"),
    ],
)
def test_what_is_not_there_is_said_in_one_sentence_without_a_secret(reached, tmp_path, spoilt, database, said):
    for name, value in spoilt.items():
        reached.setenv(name, value)
    with pytest.raises(StudyError) as refused:
        list(take(study_of(tmp_path, **database), again=False))
    assert said in str(refused.value)
    assert (
        "7741" not in str(refused.value) and "7742" not in str(refused.value) and "127.0.0.1" not in str(refused.value)
    )
    assert not any(tmp_path.iterdir())


def test_a_snapshot_that_was_not_taken_is_asked_for(tmp_path):
    problems = check_study(study_of(tmp_path, schema="cdm")).findings.problems
    assert any("take it: iop-outcomes snapshot STUDY" in problem for problem in problems)


def test_no_file_of_somebody_else_is_written_over(reached, tmp_path):
    (tmp_path / "snapshot").mkdir()
    (tmp_path / "snapshot" / "thesis.docx").write_text("years of work")
    with pytest.raises(StudyError, match="holds other files than a snapshot"):
        list(take(study_of(tmp_path, schema="cdm"), again=True))


def test_a_password_in_the_study_is_refused_and_not_repeated(tmp_path):
    with pytest.raises(StudyError) as refused:
        study_of(tmp_path, password=PASSWORD)
    assert "password" in str(refused.value) and PASSWORD not in str(refused.value)
