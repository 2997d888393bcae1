"""A copy of the project in a folder of its own, in which workflow tests may run and edit."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SMALL_STUDY = """
study: small
title: A small simulated study
seed: 7
source: {kind: simulated, n_people: 600, n_sites: 12, true_effect: benefit}
cohort:
  arms: {iop: {level_of_care: "2.1"}, outpatient: {level_of_care: "1"}}
  eligibility: [adult]
  follow_up_days: 120
covariates: [sex, use_days_at_baseline, prior_episodes]
metrics:
  completion: {}
  attendance_rate: {window_days: 84}
  retention_90: {metric: retention, day: 90}
designs:
  overlap: {method: overlap_weights}
analyses:
  primary: {outcome: completion, design: overlap, estimator: aipw, measure: risk_difference}
  time_in_care: {outcome: time_in_care, design: overlap, estimator: rmst, measure: rmst_difference}
"""


@dataclass
class Project:
    """A copy of the project."""

    folder: Path

    def snakemake(self, *words: str, study: str = "small", **options) -> subprocess.CompletedProcess:
        """Run Snakemake in the copy, on the copy's own package."""
        return subprocess.run(self.command(*words, study=study), **self.options(), **options)

    def command(self, *words: str, study: str = "small") -> list[str]:
        """Return the command that a user would type."""
        return [sys.executable, "-m", "snakemake", "--cores", "2", *words, "--config", f"study={study}"]

    def options(self) -> dict:
        """Return where and in which environment to run it."""
        environment = os.environ | {"PYTHONPATH": str(self.folder / "src")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        return {"cwd": self.folder, "env": environment, "capture_output": True, "text": True}

    def kill_when(self, reached: Callable[[], bool], *words: str, study: str = "small") -> None:
        """Start a run and kill it and all its jobs at once, without a word, as soon as something is so."""
        options = self.options()
        options.pop("capture_output")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
        running = subprocess.Popen(self.command(*words, study=study), **options, **quiet)
        for _ in range(1200):
            if reached() or running.poll() is not None:
                break
            time.sleep(0.1)
        subprocess.run(["pkill", "-KILL", "-s", str(running.pid)], check=False)
        running.send_signal(signal.SIGKILL)
        running.wait()

    def study(self, name: str, text: str) -> None:
        """Write a study file that can be called by name."""
        (self.folder / "workflow" / "studies" / f"{name}.yaml").write_text(text)

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace text in a file; the text must be there."""
        path = self.folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def rules_to_run(self, study: str = "small") -> set[str]:
        """Return the rules that the next run would execute, ``all`` left out."""
        done = self.snakemake("--dry-run", "--quiet", "rules", study=study, check=True)
        table = (done.stdout + done.stderr).partition("Job stats:")[2].splitlines()
        return {line.split()[0] for line in table if len(line.split()) == 2 and line.split()[1].isdigit()} - {
            "all",
            "total",
        }

    def released(self, study: str = "small") -> dict[str, bytes]:
        """Return the bytes of everything released."""
        folder = self.folder / "results" / study / "release"
        return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def copy_of_the_project(folder: Path, origin: Path = ROOT) -> Project:
    """Copy what a run needs."""
    for name in ("workflow", "src", "notebooks"):
        shutil.copytree(origin / name, folder / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    shutil.copy(origin / "Snakefile", folder)
    project = Project(folder)
    project.study("small", SMALL_STUDY)
    return project


@pytest.fixture(scope="session")
def pristine(tmp_path_factory) -> Path:
    """The project as it was when the tests began, so that all copies are alike."""
    return copy_of_the_project(tmp_path_factory.mktemp("pristine")).folder


@pytest.fixture(scope="session")
def finished(tmp_path_factory, pristine) -> Project:
    """A project in which the small study has been run; tests may edit it but must put things back."""
    project = copy_of_the_project(tmp_path_factory.mktemp("finished"), pristine)
    run = project.snakemake()
    assert run.returncode == 0, run.stderr
    return project


@pytest.fixture
def fresh(tmp_path, pristine) -> Project:
    """A project in which nothing was run."""
    return copy_of_the_project(tmp_path, pristine)
