"""A person who runs the workflow on bad input reads one sentence and no traceback, and nothing half-written is left.

One case for each place from which a sentence comes; the sentences themselves are held, without Snakemake, by
``tests/test_bad_input.py``.
"""

import pytest

from own_tables import EPISODE, STUDY, write_own_tables

pytestmark = [pytest.mark.workflow, pytest.mark.slow]


def said(run) -> list[str]:
    """Return the sentences meant for people."""
    return [line for line in run.stderr.splitlines() if line.startswith("error: ")]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("completion: {}", "complete: {}", "there is no metric 'complete'; did you mean 'completion'?"),
        ("path: own", "path: owm", "source.path: there is no file or folder 'owm'"),
    ],
    ids=["the study file", "the raw files a rule names"],
)
def test_a_wrong_study_is_answered_before_anything_runs(fresh, old, new, sentence):
    write_own_tables(fresh.folder, STUDY.replace(old, new))
    run = fresh.snakemake(study="own")
    assert run.returncode != 0
    assert len(said(run)) == 1
    assert sentence in said(run)[0]
    assert "Traceback" not in run.stderr
    assert not (fresh.folder / "results" / "own").exists()


def test_a_wrong_file_is_answered_by_its_job_and_leaves_nothing(fresh):
    write_own_tables(fresh.folder, STUDY, episode=EPISODE.replace("person_id", "persn_id"))
    run = fresh.snakemake(study="own")
    assert run.returncode != 0
    assert "there is no column 'person_id'; did you mean 'persn_id'?" in said(run)[-1]
    assert "Traceback" not in run.stderr
    assert list((fresh.folder / "results" / "own").rglob("*.parquet")) == []
