"""Plant private values of every kind in raw files, run the workflow with its notebooks, and search what it leaves.

    nice python benchmarks/canaries.py

What leaves the building (the release) may hold none; what stays inside (logs, what a run says, ``run.json``, executed
notebooks, Snakemake's own log) none of a record: there the study's settings and the names of raw files may stand.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from reliability import Row, note

import planted
from conftest import Project, copy_of_the_project


def searched(
    what: str, texts: list[str], allowed: tuple[str, ...] = (), kinds: Iterable[str] = planted.CANARIES
) -> Row:
    """Search texts for the canaries of some kinds."""
    sought = [kind for kind in kinds if kind not in allowed]
    found = set().union(*(planted.found_in(text, allowed) for text in texts)) & set(sought)
    seen = ", ".join(sorted(found)) or f"{len(texts)} files: none"
    return Row(f"of {len(sought)} kinds, searched in {what}", len(sought), len(found), seen)


def ran(project: Project, name: str, study: str, *targets: str) -> subprocess.CompletedProcess:
    """Run a study of planted files through the workflow, as a user and on a host of these names."""
    project.study(name, study.format(path=planted.CANARIES["path"]))
    options = project.options()
    for variable, kind in (("USER", "user"), ("LOGNAME", "user"), ("HOSTNAME", "host")):
        options["env"][variable] = planted.CANARIES[kind]
    run = subprocess.run(project.command(*targets, study=name), **options)
    assert run.returncode == 0, run.stderr
    return run


def own_tables(folder: Path) -> list[Row]:
    """Search everything that a study of our own tables leaves, its notebooks too."""
    project = copy_of_the_project(folder)
    planted.plant(project.folder / planted.CANARIES["path"])
    run = ran(project, "planted", planted.STUDY, "all", "notebooks")
    results = project.folder / "results" / "planted"
    released = [planted.text_of(path) for path in sorted((results / "release").rglob("*")) if path.is_file()]
    logs = [path.read_text(encoding="utf-8") for path in sorted((results / "logs").glob("*.log"))]
    own = [path.read_text(encoding="utf-8") for path in (project.folder / ".snakemake" / "log").glob("*.log")]
    notebooks = [path.read_text(encoding="utf-8") for path in sorted((results / "notebooks").glob("*.ipynb"))]
    host = os.uname().nodename
    # A short name stands by chance in pictures that are written as letters: it is sought as a word of its own.
    named = re.compile(rf"(?<![\w+/=]){re.escape(host)}(?![\w+/=])")
    machine = [text for text in released if named.search(text) or str(project.folder) in text]
    return [
        searched("the release: tables, pages, pictures and their metadata", released),
        Row("this machine's own name and folder, in the release", 2, len(machine), f"{len(released)} files"),
        searched("logs of stages", logs, planted.INSIDE),
        searched("what the run said, and Snakemake's log", [run.stdout, run.stderr, *own], planted.INSIDE),
        searched("run.json", [(results / "run.json").read_text(encoding="utf-8")], planted.INSIDE),
        searched("executed notebooks", notebooks, planted.INSIDE),
    ]


def sheets(folder: Path) -> list[Row]:
    """Search what a study of a clinic's own sheets leaves."""
    project = copy_of_the_project(folder)
    planted.plant_clinic(project.folder / planted.CANARIES["path"])
    ran(project, "planted_clinic", planted.CLINIC, "all")
    results = project.folder / "results" / "planted_clinic"
    released = [planted.text_of(path) for path in sorted((results / "release").rglob("*")) if path.is_file()]
    inside = [
        path.read_text(encoding="utf-8") for path in (*sorted((results / "logs").glob("*.log")), results / "run.json")
    ]
    kinds = planted.IN_SHEETS
    return [
        searched("the release of a clinic's sheets", released, kinds=kinds),
        searched("logs and run.json of a clinic's sheets", inside, planted.INSIDE, kinds=kinds),
    ]


def main() -> None:
    """Plant, run, search, and note what came of it."""
    with tempfile.TemporaryDirectory() as name:
        note("canaries", "benchmarks/canaries.py", [*own_tables(Path(name, "one")), *sheets(Path(name, "two"))])


if __name__ == "__main__":
    main()
