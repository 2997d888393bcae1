"""CONTRIBUTING.md names only what is there; its metric is run in ``test_templates.py``."""

import re
from pathlib import Path

import typer

from iop_outcomes import cli
from iop_outcomes.templates.writing import KINDS

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
#: A path in backticks: with a folder or an ending, and without a place for a name.
PATH = re.compile(r"`((?:[\w.]+/)+[\w.]*|\w+\.(?:py|toml|yml|ipynb))`")
#: What is in no clone as it comes: the worked example, a file yet to be named, what `./run` leaves behind.
LATER = re.compile(r"days_attended\.py$|NAME|^\.tools/")


def test_every_file_and_folder_it_names_is_there():
    named = set(PATH.findall(TEXT)) | set(re.findall(r"\]\(([^)#:]+)\)", TEXT))
    assert len(named) > 30
    rooms = (ROOT, ROOT / "src" / "iop_outcomes", ROOT / "src" / "iop_outcomes" / "estimates")
    rooms += tuple(ROOT / "src" / "iop_outcomes" / room for room in ("designs", "release", "stats"))
    lacking = [name for name in named if not any((room / name).exists() for room in rooms)]
    assert [name for name in lacking if not LATER.search(name)] == []


def test_every_command_it_names_exists():
    commands = set(typer.main.get_command(cli.app).commands)
    named = set(re.findall(r"iop-outcomes ([a-z-]+)", TEXT))
    assert {"why", "codebook", "schema", "operate", *(f"new-{kind}" for kind in KINDS)} == named
    assert named <= commands


def test_every_word_of_run_that_it_names_is_one():
    run = (ROOT / "run").read_text(encoding="utf-8")
    for word in set(re.findall(r"\./run ([a-z-]+)", TEXT)):
        assert re.search(rf"^([a-z| -]*\| )?{word}( \|[a-z| -]*)?\)$", run, re.MULTILINE), word
