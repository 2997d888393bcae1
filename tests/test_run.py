"""What `./run check`, `./run test` and CI call, with every tool replaced by one that only says how it was called."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FAST = "python -m pytest -n 2 --dist loadfile -m not slow"


@pytest.fixture
def clone(tmp_path):
    """A folder that looks set up, and a function that calls it and returns exit code and the calls of its tools."""
    for name in ("run", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    tools = tmp_path / ".venv" / "bin"
    tools.mkdir(parents=True)
    for name in ("python", "ruff", "mypy", "snakemake"):
        (tools / name).write_text(f'#!/bin/sh\necho "{name} $*" >>calls\n[ "$BROKEN" != "{name} $*" ]\n')
        (tools / name).chmod(0o755)
    made_from = subprocess.run(
        ["cksum", "requirements.lock", "pyproject.toml"], cwd=tmp_path, capture_output=True, check=True
    )
    (tmp_path / ".venv" / "made-from").write_bytes(made_from.stdout)
    (tmp_path / "results" / "demo" / "release").mkdir(parents=True)
    (tmp_path / "results" / "demo" / "release" / "report.html").write_text("a report")

    def call(*words: str, broken: str = "") -> tuple[int, list[str]]:
        done = subprocess.run(words, cwd=tmp_path, env=os.environ | {"BROKEN": broken}, capture_output=True)
        return done.returncode, (tmp_path / "calls").read_text().splitlines()

    return call


def test_check_is_style_types_and_the_fast_tests(clone):
    assert clone("./run", "check") == (0, ["ruff check .", "ruff format --check .", "mypy ", FAST])


@pytest.mark.parametrize("broken", ["ruff check .", "ruff format --check .", "mypy ", FAST])
def test_check_fails_where_one_part_does_and_stops_there(clone, broken):
    code, calls = clone("./run", "check", broken=broken)
    assert code != 0
    assert calls[-1] == broken


def test_ci_runs_the_demo_the_notebooks_and_every_test_once(clone):
    slow = FAST.replace("not slow", "slow")
    code, calls = clone("bash", ".ci/run")
    assert code == 0
    assert calls[0].startswith("snakemake ")
    assert calls[1].startswith("snakemake ") and calls[1].endswith(" notebooks")
    assert calls[2:] == ["ruff check .", "ruff format --check .", "mypy ", FAST, slow]


def test_the_path_of_a_study_is_enough_and_is_meant_from_where_the_command_is_given(clone, tmp_path):
    _, calls = clone("./run", "my/study.yaml", "--cores", "1")
    assert calls[-1] == "snakemake --workflow-profile workflow/profiles/default --config study=my/study.yaml --cores 1"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "study.yaml").write_text("study: mine\n")
    subprocess.run(["../run", "study.yaml"], cwd=elsewhere, env=os.environ | {"BROKEN": ""}, check=True)
    last = (tmp_path / "calls").read_text().splitlines()[-1]
    assert last.endswith(f"--config study={elsewhere}/study.yaml")


def test_a_folder_that_python_cannot_be_started_from_is_refused_before_anything_is_set_up(tmp_path):
    folder = tmp_path / "it's a clone"
    folder.mkdir()
    shutil.copy(ROOT / "run", folder)
    done = subprocess.run(["./run"], cwd=folder, capture_output=True, text=True)
    assert (done.returncode, sorted(path.name for path in folder.iterdir())) == (2, ["run"])
    assert "move the clone to a folder without" in done.stderr
