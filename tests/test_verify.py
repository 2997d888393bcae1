"""What `iop-outcomes verify` says: one sentence for each fault, exit code 1, and nothing where all is as it was."""

import os
import shutil
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from iop_outcomes import cli, verify
from iop_outcomes import study as studies
from iop_outcomes.errors import ContractError, StudyError
from iop_outcomes.ingest.stage import source_files
from iop_outcomes.kernel.contents import MANIFEST, manifest
from iop_outcomes.kernel.provenance import write_record
from iop_outcomes.study import running
from iop_outcomes.tables import store
from own_tables import STUDY, write_own_tables


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose study ``own`` has been run: one table, a release of two files, the record of the run."""
    (tmp_path / studies.STUDIES).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    write_own_tables(tmp_path, STUDY)
    results = tmp_path / "results" / "own"
    store.write(pd.DataFrame({"person_id": ["p1", "p2"]}), "person", results / "canonical" / "person.parquet")
    (results / "release" / "tables").mkdir(parents=True)
    (results / "release" / "report.html").write_text("<p>The answer</p>")
    (results / "release" / "tables" / "estimate.csv").write_text("n\n15\n")
    (results / "release" / MANIFEST).write_bytes(manifest(results / "release"))
    study = studies.load("own")
    write_record(study.model_dump(mode="json"), source_files(study), results / "run.json")
    return tmp_path


def flip(path):
    """Flip one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_what_is_as_it_was_has_no_fault(project, monkeypatch, capsys):
    assert verify.faults("own") == verify.faults("results/own") == verify.faults("results/own/release") == []
    monkeypatch.setattr(sys, "argv", ["iop-outcomes", "verify", "own"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert (end.value.code or 0) == 0
    assert capsys.readouterr().out == "own: every file is as it was written\n"


FAULTS = {
    "an edited report": (
        lambda p: flip(p / "results/own/release/report.html"),
        "results/own/release/report.html: the file is not as it was released; run the study again",
    ),
    "a deleted table": (
        lambda p: (p / "results/own/release/tables/estimate.csv").unlink(),
        "results/own/release/tables/estimate.csv: the file was released and is gone; run the study again",
    ),
    "a file of somebody's": (
        lambda p: (p / "results/own/release/notes.txt").write_text("by hand"),
        "results/own/release/notes.txt: the file is no part of the release and has passed no disclosure control; "
        "remove it",
    ),
    "no manifest": (
        lambda p: (p / "results/own/release" / MANIFEST).unlink(),
        "results/own/release: there is no manifest.sha256, so this is no whole release; run the study again",
    ),
    "a flipped byte in a table": (
        lambda p: flip(p / "results/own/canonical/person.parquet"),
        "results/own/canonical/person.parquet: the file is not as it was written; run the study again, which makes it "
        "anew",
    ),
    "an edited record": (
        lambda p: (p / "results/own/run.json").write_text("{}"),
        "results/own/run.json: there is no record of a run that can be read; run the study again",
    ),
    "a changed raw file": (
        lambda p: flip(p / "own/person.csv"),
        "person.csv: the raw file is not the one that these results were made of; run the study again",
    ),
    "a further raw file": (
        lambda p: (p / "own/site.csv").write_text("site_id\ns1\n"),
        "site.csv: the raw file is not the one that these results were made of; run the study again",
    ),
    "raw files that are gone": (
        lambda p: shutil.rmtree(p / "own"),
        "results/own/run.json: the raw files of these results are not where the study says; put them back, or run the "
        "study again",
    ),
    "another study": (
        lambda p: (p / studies.STUDIES / "own.yaml").write_text(STUDY + "seed: 8\n"),
        "results/own/run.json: the study file is not the one of these results; run the study again",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_one_sentence_and_exit_code_1(project, monkeypatch, capsys, fault):
    make, sentence = FAULTS[fault]
    make(project)
    monkeypatch.setattr(sys, "argv", ["iop-outcomes", "verify", "own"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 1
    assert sentence in capsys.readouterr().err.splitlines()


def test_other_code_is_named(project, monkeypatch):
    monkeypatch.setattr(verify, "code_digest", lambda *names, everything: "another")
    (fault,) = verify.faults("own")
    assert "the results were made by other code than is here" in fault


def test_a_study_without_results_and_no_study_are_answered(project):
    shutil.rmtree(project / "results")
    with pytest.raises(StudyError, match="own: the study has no results to verify; run it first"):
        verify.faults("own")
    with pytest.raises(StudyError, match="there is no study 'owm'"):
        verify.faults("owm")


@pytest.mark.slow
def test_every_flipped_byte_of_a_table_is_a_sentence_when_it_is_read(project):
    path = project / "results" / "own" / "canonical" / "person.parquet"
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(ContractError, match="not as it was written"):
            store.read(path)


def test_what_is_damaged_is_out_of_the_way_before_a_run_and_not_lost(project, capsys):
    results = project / "results" / "own"
    flip(results / "canonical" / "person.parquet")
    flip(results / "release" / "report.html")
    edited = (results / "release" / "report.html").read_bytes()
    running._put_in_order(results.relative_to(project))
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and said[0].startswith(
        "results/own/canonical/person.parquet is not as it was written and is made again; as found it lies in results/"
    )
    assert not (results / "canonical" / "person.parquet").exists()
    assert (results / "altered" / "release" / "report.html").read_bytes() == edited
    running._put_in_order(results.relative_to(project))
    assert capsys.readouterr().err == ""


def test_results_from_before_the_clock_was_set_back_are_of_today_and_raw_files_must_be_touched(project, capsys):
    table = project / "results" / "own" / "canonical" / "person.parquet"
    raw = project / "own" / "person.csv"
    later = time.time() + 86_400
    os.utime(table, (later, later))
    os.utime(raw, (later, later))
    running._put_in_order(Path("results/own"))
    assert table.stat().st_mtime <= time.time() and len(store.read(table)) == 2
    with pytest.raises(SystemExit):
        running.contents([Path("own/person.csv")])
    said = "own/person.csv: the file is dated in the future; set the clock right, or touch the file"
    assert capsys.readouterr().err.strip() == f"error: {said}"
