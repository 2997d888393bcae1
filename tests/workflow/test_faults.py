"""What the machine does to a run: one sentence, and the next plain run gives the bytes of a run that nothing befell.

Each fault stops the run at its first stage; ``benchmarks/faults.py`` injects more of them, into whole runs, too.
"""

import fcntl
import hashlib
import resource

import pytest

from own_tables import PERSON, STUDY, write_own_tables

pytestmark = [pytest.mark.workflow, pytest.mark.slow]


def said(run) -> str:
    """Return the last sentence meant for people, of a run that failed without a traceback of this project."""
    assert run.returncode != 0
    assert "Traceback" not in run.stderr
    return [line for line in run.stderr.splitlines() if line.startswith("error: ")][-1]


def tables(project) -> dict[str, bytes]:
    """Return the bytes of every stage table."""
    return {path.name: path.read_bytes() for path in (project.folder / "results" / "own").rglob("*.parquet")}


def test_after_files_that_may_not_grow_and_a_second_run_a_plain_run_is_whole(fresh):
    # Ids that do not repeat, so that their table takes more than what Snakemake writes for itself.
    people = [f"x{hashlib.sha256(str(i).encode()).hexdigest()},female" for i in range(3000)]
    write_own_tables(fresh.folder, STUDY, person=PERSON + "\n".join(people))

    def no_large_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    ingest = ("--until", "ingest", "--nolock")
    full = fresh.snakemake(*ingest, study="own", preexec_fn=no_large_files)
    assert "files may not become that large here; raise the limit (ulimit -f) and run again" in said(full)
    assert tables(fresh) == {}

    with (fresh.folder / "results" / ".running").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        second = fresh.snakemake(*ingest, study="own")
    assert said(second) == (
        "error: another run is at work in this folder; wait for it to end, or run from a second clone"
    )

    assert fresh.snakemake(*ingest, study="own").returncode == 0
    first = tables(fresh)
    assert len(first) == 15
    for path in (fresh.folder / "results" / "own").rglob("person.parquet"):
        path.write_bytes(path.read_bytes()[:-9])
    again = fresh.snakemake(*ingest, study="own")
    assert "person.parquet is not as it was written and is made again" in again.stderr
    assert tables(fresh) | {"person.parquet": first["person.parquet"]} == first


def test_results_that_cannot_be_are_one_sentence(fresh):
    write_own_tables(fresh.folder, STUDY)
    (fresh.folder / "results").write_text("")
    assert said(fresh.snakemake(study="own")) == "error: results: it is a file where a folder must be; move it away"
