"""Injure runs in the ways a machine does: each ends whole or in one sentence, and the next run gives the same bytes.

    nice python benchmarks/faults.py --writes 1000 --runs 20

Kills of single writes are of forked processes that write every table of a source again and again; kills of runs are of
the whole workflow in a copy of the project. Disks that are full or can only be read are small ones in memory, mounted
over ``results``, which needs root: without it they are left out and said to be.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from reliability import Row, note

from conftest import Project, copy_of_the_project
from iop_outcomes.kernel.contents import Digests, damaged, halves
from iop_outcomes.simulate import Settings, simulate
from iop_outcomes.tables import store


def killed_writes(n: int, chance: random.Random) -> Row:
    """Kill a process that writes tables, at random moments; no file is then half of one."""
    tables, failed, torn, left = simulate_tables(), 0, 0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_all(tables, folder)
        whole = {path.name: path.read_bytes() for path in folder.glob("*.parquet")}
        for _ in range(n):
            child = os.fork()
            if child == 0:
                while True:
                    write_all(tables, folder)
            time.sleep(chance.uniform(0.05, 0.6))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            torn += bool(damaged(folder, Digests()))
            left += bool(halves(folder))
            for half in halves(folder):
                half.unlink()
            failed += any(path.read_bytes() != whole[path.name] for path in folder.glob("*.parquet"))
    return Row(
        "SIGKILL while tables are written",
        n,
        failed,
        f"{left} hit a write; half a table: {failed}; unlike its digest: {torn}",
    )


def simulate_tables() -> dict:
    """Return tables of a simulated study, small ones, so that much of the time goes into writing."""
    made = simulate(Settings(true_effect="benefit", n_people=60), seed=3).tables()
    return {name: made[name] for name in ("person", "site")}


def write_all(tables: dict, folder: Path) -> None:
    """Write tables as a job does."""
    for name, frame in tables.items():
        store.write(frame, name, folder / f"{name}.parquet")


def sentence_of(run: subprocess.CompletedProcess) -> str:
    """Return the last sentence that a failed run said; empty if it failed otherwise."""
    said = [line for line in run.stderr.splitlines() if line.startswith("error: ")]
    bug = any("iop_outcomes" in line and "File" in line for line in run.stderr.splitlines())
    return said[-1] if run.returncode and said and not bug else ""


def killed_runs(project: Project, n: int, chance: random.Random, whole: dict[str, bytes], seconds: float) -> Row:
    """Kill whole runs; the next plain run must release the bytes of a run that nothing befell."""
    failed = 0
    for _ in range(n):
        shutil.rmtree(project.folder / "results" / "small", ignore_errors=True)
        options = {key: value for key, value in project.options().items() if key in ("cwd", "env")}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
        running = subprocess.Popen(project.command(), **options, **quiet)
        time.sleep(chance.uniform(0.1, 1) * seconds)
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        failed += project.snakemake().returncode != 0 or not same(project, whole)
    return Row("SIGKILL of a run, then a plain run", n, failed, f"{n - failed} of {n} byte-equal")


def on_a_disk(project: Project, kind: str, options: str, whole: dict[str, bytes]) -> Row:
    """Run with ``results`` on a small disk, or one that can only be read, and again without it."""
    results = project.folder / "results"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(results)], capture_output=True).returncode:
        return Row(kind, 0, 0, "not tried: this needs the right to mount")
    try:
        said = sentence_of(project.snakemake())
    finally:
        subprocess.run(["umount", str(results)], check=True)
    # What was there before lies there again.
    again = project.snakemake()
    survived = said and again.returncode == 0 and same(project, whole)
    return Row(kind, 1, int(not survived), f'"{said.removeprefix("error: ")}"')


def tables_of(project: Project) -> dict[str, bytes]:
    """Return the bytes of every stage table."""
    results = project.folder / "results" / "small"
    found = (path for path in results.rglob("*.parquet") if "altered" not in path.parts)
    return {str(path.relative_to(results)): path.read_bytes() for path in found}


def same(project: Project, whole: dict[str, bytes]) -> bool:
    """Is the release that of a run that nothing befell? What differs is printed."""
    now = project.released()
    unlike = sorted(name for name in {*now, *whole} if now.get(name) != whole.get(name))
    print("unlike:", *unlike) if unlike else None
    return not unlike


def altered(project: Project, kind: str, alter: Callable[[Path], None], whole: dict[str, bytes]) -> Row:
    """Alter the results of a finished run; the next plain run must put them right."""
    before = tables_of(project)
    alter(project.folder / "results" / "small")
    again = project.snakemake()
    return Row(
        kind,
        1,
        int(tables_of(project) != before or again.returncode != 0 or not same(project, whole)),
        "made again, byte-equal",
    )


def flip(path: Path) -> None:
    """Flip a bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def set_ahead(results: Path) -> None:
    """Date every result a day ahead, as where a clock was set back since, and take one away."""
    later = time.time() + 86_400
    for path in results.rglob("*"):
        os.utime(path, (later, later))
    (results / "estimates" / "overlap" / "estimate.parquet").unlink()


ALTERATIONS: dict[str, Callable[[Path], None]] = {
    "a flipped bit in a stage table": lambda results: flip(results / "estimates/estimate.parquet"),
    "an edited page of a release": lambda results: flip(results / "release/report.html"),
    "a table deleted from a release": lambda results: (results / "release/tables/verdict.csv").unlink(),
    "a clock set back by a day, and a table deleted": set_ahead,
}


def two_at_once(project: Project, whole: dict[str, bytes]) -> Row:
    """Start a second run while one is at work."""
    shutil.rmtree(project.folder / "results" / "small", ignore_errors=True)
    options = {key: value for key, value in project.options().items() if key in ("cwd", "env")}
    first = subprocess.Popen(project.command(), **options, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (project.folder / "results" / "small" / "canonical").exists():
        time.sleep(0.1)
    said = sentence_of(project.snakemake())
    ended = first.wait() == 0 and same(project, whole)
    return Row("two runs at once", 1, int(not (said and ended)), f'"{said.removeprefix("error: ")}"')


def main() -> None:
    """Injure runs, and note what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--writes", type=int, default=1000, help="kills of single writes")
    parser.add_argument("--runs", type=int, default=20, help="kills of whole runs")
    parser.add_argument("--no-runs", action="store_true", help="injure single writes only")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    runs = "--no-runs" if asked.no_runs else f"--runs {asked.runs}"
    how = f"benchmarks/faults.py --writes {asked.writes} {runs} --seed {asked.seed}"
    note("faults", how, [killed_writes(asked.writes, chance)] if asked.writes else [])
    if asked.no_runs:
        return
    with tempfile.TemporaryDirectory() as name:
        project = copy_of_the_project(Path(name))
        began = time.monotonic()
        assert project.snakemake().returncode == 0
        whole, seconds = project.released(), time.monotonic() - began
        for kind, alter in ALTERATIONS.items():
            note("faults", how, [altered(project, kind, alter, whole)])
        note("faults", how, [on_a_disk(project, "a disk that can only be read", "ro", whole)])
        note("faults", how, [on_a_disk(project, "a disk that is full", "size=300k", whole)])
        note("faults", how, [two_at_once(project, whole)])
        if asked.runs:
            note("faults", how, [killed_runs(project, asked.runs, chance, whole, seconds)])


if __name__ == "__main__":
    main()
