"""What `iop-outcomes new-metric` and its kin write: it keeps the style, passes its own test, and overwrites nothing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.templates.writing import KINDS, LONGEST_NAME, write

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def clone(tmp_path):
    """The folders of a clone, without anything in them."""
    for kind in KINDS.values():
        for folder in (tmp_path / "src" / "iop_outcomes" / kind.room, tmp_path / "tests" / kind.tests):
            folder.mkdir(parents=True)
    return tmp_path


def ruff(folder: Path, *words: str) -> str:
    """Return what ruff complains of."""
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *words, "--no-cache", "--config", str(ROOT / "pyproject.toml"), str(folder)],
        capture_output=True,
        text=True,
    )
    return done.stdout if done.returncode else ""


@pytest.mark.parametrize("name", ["x", "x" * LONGEST_NAME], ids=["the shortest name", "the longest name"])
def test_what_is_written_keeps_the_style(clone, name):
    for kind in KINDS:
        write(kind, name, clone)
    assert ruff(clone, "check") == ""
    assert ruff(clone, "format", "--check") == ""


@pytest.mark.parametrize(
    ("kind", "name", "sentence"),
    [
        (
            "metric",
            "Own",
            "'Own' cannot be the name of a metric; use small letters, digits and underscores, at most 40",
        ),
        ("figure", "class", "'class' cannot be the name of a figure"),
        ("source", "x" * 41, "cannot be the name of a source"),
        ("metric", "completion", "a metric 'completion' exists already; choose another name"),
        ("metric", "retention", "a metric 'retention' exists already; choose another name"),
        ("source", "own", r"own\.py exists already; choose another name"),
    ],
)
def test_a_name_that_cannot_be_or_is_taken_writes_nothing(clone, kind, name, sentence):
    (clone / "src" / "iop_outcomes" / "ingest" / "sources" / "own.py").write_text("kept")
    before = sorted(path for path in clone.rglob("*") if path.is_file())
    with pytest.raises(StudyError, match=sentence):
        write(kind, name, clone)
    assert sorted(path for path in clone.rglob("*") if path.is_file()) == before


def test_outside_a_clone_nothing_is_written(tmp_path):
    with pytest.raises(StudyError, match="call this in a clone of the project"):
        write("metric", "own", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the project with a plug-in of every kind started in it, and with the metric of CONTRIBUTING.md."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("src", "tests", "docs", "workflow"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for kind in KINDS:
        write(kind, f"trial_{kind}", folder)
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Adding a metric")[2]
    function, test = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    (folder / "src" / "iop_outcomes" / "metrics" / "days_attended.py").write_text(function, encoding="utf-8")
    (folder / "tests" / "metrics" / "test_days_attended.py").write_text(test, encoding="utf-8")
    return folder


def test_the_metric_in_contributing_keeps_the_style(copy):
    for path in copy.rglob("*days_attended.py"):
        assert ruff(path, "check") + ruff(path, "format", "--check") == "", path.name


@pytest.mark.slow
def test_each_passes_its_own_test_and_the_metrics_of_contributing_do_as_they_stand_there(copy):
    def python(*words: str) -> None:
        environment = os.environ | {"PYTHONPATH": str(copy / "src")}
        done = subprocess.run([sys.executable, *words], cwd=copy, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    python("-c", "from iop_outcomes import cli; from pathlib import Path; cli.codebook(Path('docs')); cli.schema()")
    own = [
        str(path.relative_to(copy))
        for path in copy.glob("tests/**/test_*.py")
        if re.search("test_trial_|test_days_attended", path.stem)
    ]
    assert len(own) == len(KINDS) + 1
    shared = ["tests/metrics/test_examples.py", "tests/test_documentation.py", "tests/test_schema.py"]
    python(
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *own,
        *shared,
        "-k",
        "trial or days_attended or up_to_date or generated",
    )
