"""Plant private values of every kind in raw files, run the workflow with its notebooks, and search what it leaves.

    nice python benchmarks/canaries.py

What leaves the building (the release) may hold none; what stays inside (logs, what a run says, ``run.json``, executed
notebooks, Snakemake's own log) none of a record: there the study's settings and the names of raw files may stand.
"""

import os
import subprocess
import tempfile
from pathlib import Path

from reliability import Row, note

import planted
from conftest import copy_of_the_project


def searched(kind: str, texts: list[str], allowed: tuple[str, ...] = ()) -> Row:
    """Search texts for every canary."""
    found = set().union(*(planted.found_in(text, allowed) for text in texts))
    n = len(planted.CANARIES) - len(allowed)
    seen = ", ".join(sorted(found)) or f"{len(texts)} files: none"
    return Row(f"of {n} kinds, searched in {kind}", n, len(found), seen)


def main() -> None:
    """Plant, run, search, and note what came of it."""
    with tempfile.TemporaryDirectory() as name:
        project = copy_of_the_project(Path(name))
        planted.plant(project.folder / planted.CANARIES["path"])
        project.study("planted", planted.STUDY.format(path=planted.CANARIES["path"]))
        options = project.options()
        for variable, kind in (("USER", "user"), ("LOGNAME", "user"), ("HOSTNAME", "host")):
            options["env"][variable] = planted.CANARIES[kind]
        run = subprocess.run(project.command("all", "notebooks", study="planted"), **options)
        assert run.returncode == 0, run.stderr
        results = project.folder / "results" / "planted"
        released = [planted.text_of(path) for path in sorted((results / "release").rglob("*")) if path.is_file()]
        logs = [path.read_text(encoding="utf-8") for path in sorted((results / "logs").glob("*.log"))]
        own = [path.read_text(encoding="utf-8") for path in (project.folder / ".snakemake" / "log").glob("*.log")]
        notebooks = [path.read_text(encoding="utf-8") for path in sorted((results / "notebooks").glob("*.ipynb"))]
        host = os.uname().nodename
        machine = [text for text in released if host in text or str(project.folder) in text]
        rows = [
            searched("the release: tables, pages, pictures and their metadata", released),
            Row("this machine's own name and folder, in the release", 2, len(machine), f"{len(released)} files"),
            searched("logs of stages", logs, planted.INSIDE),
            searched("what the run said, and Snakemake's log", [run.stdout, run.stderr, *own], planted.INSIDE),
            searched("run.json", [(results / "run.json").read_text(encoding="utf-8")], planted.INSIDE),
            searched("executed notebooks", notebooks, planted.INSIDE),
        ]
    note("canaries", "benchmarks/canaries.py", rows)


if __name__ == "__main__":
    main()
