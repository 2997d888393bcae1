"""The Slurm profile, run by a real server on this machine; `benchmarks/slurm_server.sh start` brings one up."""

import importlib.util
import shutil
import subprocess

import pytest

from own_tables import STUDY, write_own_tables


def _why_not() -> str:
    """Return why nothing can be run by Slurm here; empty where it can."""
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        return "Snakemake's Slurm plug-in is not installed (the extra `slurm`)"
    if shutil.which("sinfo") is None:
        return "no Slurm here"
    found = subprocess.run(["sinfo", "--noheader", "--format", "%T"], capture_output=True, text=True)
    return "" if {"idle", "mixed"} & set(found.stdout.split()) else "no Slurm node is up"


WHY_NOT = _why_not()
pytestmark = [
    pytest.mark.workflow,
    pytest.mark.slow,
    pytest.mark.slurm,
    pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT),
]


def by_slurm(project, *words, study="small") -> subprocess.CompletedProcess:
    """Run a study by the profile as it is shipped, and what a test changes of it."""
    command = project.command("--workflow-profile", "workflow/profiles/slurm", *words, study=study)
    at = command.index("--cores")
    return subprocess.run(command[:at] + command[at + 2 :], **project.options())


def test_a_study_has_the_bytes_that_it_has_without_slurm(fresh, finished):
    run = by_slurm(fresh)
    assert run.returncode == 0, run.stderr
    assert "submitted with SLURM jobid" in run.stdout + run.stderr
    assert fresh.released() == finished.released()


def test_a_job_killed_for_its_memory_is_tried_again_and_a_plain_rerun_goes_on(fresh):
    made = fresh.folder / "results" / "small" / "canonical" / "episode.parquet"
    run = by_slurm(fresh, "--until", "ingest", "--set-resources", "ingest:mem_mb=60")
    assert run.returncode != 0
    assert "Trying to restart job" in run.stdout + run.stderr
    assert not made.exists()
    assert by_slurm(fresh, "--until", "ingest").returncode == 0
    assert made.exists()


def test_a_file_that_cannot_be_read_ends_with_its_sentence(fresh):
    write_own_tables(fresh.folder, STUDY)
    table = next(fresh.folder.rglob("*episode*.csv"))
    header, _, rest = table.read_text().partition("\n")
    table.write_text(header.replace(header.split(",")[0], "unheard_of", 1) + "\n" + rest)
    run = by_slurm(fresh, "--until", "ingest", "--retries", "0", study="own")
    assert run.returncode != 0
    assert "\nerror: " in run.stderr
