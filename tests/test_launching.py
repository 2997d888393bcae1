"""A study started, run and shown in a folder of its own, with nothing there but the installed package."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
import yaml
from hatchling.builders.wheel import WheelBuilder

from iop_outcomes import launching
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.provenance import code_digest
from iop_outcomes.study import load
from iop_outcomes.study.running import refuse_unstartable
from iop_outcomes.templates.starting import start_project

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project as `iop-outcomes init` writes it, in which the test stands."""
    start_project(tmp_path / "a clinic's project")
    monkeypatch.chdir(tmp_path / "a clinic's project")
    return tmp_path / "a clinic's project"


def test_a_new_project_has_a_study_that_loads_and_keeps_data_from_git(project):
    assert load("example").source.kind == "simulated"
    assert (project / "data" / "raw").is_dir()
    subprocess.run(["git", "init", "--quiet"], check=True)
    for name in ("data/raw/intakes.csv", "data/raw/notes.docx", "uds.xlsx", "my.yaml", "my_metrics.py"):
        (project / name).write_text("x")
    launching.keep_from_git(project / "results")
    (project / "results" / "run.json").write_text("x")
    asked = ["git", "status", "--porcelain", "--untracked-files=all", "--", ":!notebooks"]
    there = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()[1::2]
    assert there == [".gitignore", "README.md", "example.yaml", "my.yaml", "my_metrics.py"]


def test_nothing_is_written_where_something_is_already(project):
    with pytest.raises(StudyError, match="the folder is not empty"):
        start_project(project)
    with pytest.raises(StudyError, match="this is a file"):
        start_project(project / "README.md")


def test_the_only_study_of_a_folder_is_meant_where_none_is_named(project, tmp_path):
    assert launching.usual_study() == "example"
    (project / "settings.yaml").write_text("colour: blue\n")
    assert launching.usual_study() == "example"
    (project / "mine.yaml").write_text("study: mine\n")
    with pytest.raises(StudyError, match="say which: example, mine"):
        launching.usual_study()
    assert launching.usual_study(tmp_path) == "demo"
    assert launching.usual_study(ROOT) == "demo"


def test_the_command_of_a_run_reads_a_path_back_as_it_is(project):
    (project / "o'clock #1.yaml").write_text((project / "example.yaml").read_text())
    command = launching.run_command("o'clock #1.yaml", "2", ["--forceall"])
    assert command[1:4] == ["-m", "snakemake", "--snakefile"]
    assert Path(command[4]).is_file()
    assert yaml.safe_load(command[-1].partition("=")[2]) == "o'clock #1.yaml"
    assert command[-3:-1] == ["--forceall", "--config"]
    with pytest.raises(StudyError, match="there is no study 'exampel' .* did you mean 'example'"):
        launching.run_command("exampel", "2")


def test_a_report_is_shown_where_there_is_one_and_a_screen(project, monkeypatch):
    with pytest.raises(StudyError, match="there is no report yet; iop-outcomes run example"):
        launching.report_of("example")
    report = project / "results" / "example" / "release" / "report.html"
    report.parent.mkdir(parents=True)
    report.write_text("a report")
    asked = []
    monkeypatch.setattr(launching.webbrowser, "open", lambda page: asked.append(page) or True)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(launching.sys, "platform", "linux")
    assert (launching.show_in_browser(launching.report_of("example")), asked) == (False, [])
    monkeypatch.setenv("DISPLAY", ":0")
    assert (launching.show_in_browser(launching.report_of("example")), asked) == (True, [report.as_uri()])


@pytest.mark.parametrize("python", ["/home/it's/bin/python", "/My Documents/python", "/a$b/python"])
def test_a_python_that_no_job_could_be_started_with_is_refused_before_anything_runs(python):
    with pytest.raises(StudyError, match="cannot start it from"):
        refuse_unstartable(python)
    refuse_unstartable("/home/jürgen/plain-1_2/python3.11")


@pytest.mark.slow
@pytest.mark.workflow
def test_a_wheel_goes_from_nothing_to_a_report_outside_the_clone(tmp_path):
    python, digest = _installed(tmp_path), code_digest("iop_outcomes", everything=True)
    folder = tmp_path / "a clinic's project"

    def call(*words: str, where: Path = folder) -> str:
        environment = {n: v for n, v in os.environ.items() if not n.startswith(("PYTHON", "DISPLAY"))}
        code = "from iop_outcomes.cli import main; main()"
        done = subprocess.run([python, "-c", code, *words], cwd=where, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    call("init", folder.name, where=tmp_path)
    example = folder / "example.yaml"
    example.write_text(example.read_text().replace("n_people: 1000", "n_people: 600"))
    call("run", "--cores", "2")
    assert call("open").strip() == "results/example/release/report.html"
    assert "the answer" in (folder / "results/example/release/report.html").read_text().lower()
    assert call("verify", "example").strip() == "example: every file is as it was written"
    record = json.loads((folder / "results" / "example" / "run.json").read_text())
    assert record["code"] == {"commit": None, "digest": digest}


def _installed(folder: Path) -> Path:
    """Return the Python of an environment with a wheel of this clone; what the wheel needs is taken from this one."""
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
    python = folder / "env" / "bin" / "python"
    asked = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    zipfile.ZipFile(wheel).extractall(site)
    # A path named in a .pth file is searched, and the editable install that it holds is not.
    (site / "needed.pth").write_text(sysconfig.get_path("purelib"))
    return python
