"""Finished runs, releases, exports and locks with a file that is no longer what it was, and who reads them."""

import atexit
import os
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import yaml

from fuzzed_studies import TOKENS, VALUES, complaint
from iop_outcomes import study as studies
from iop_outcomes import verify
from iop_outcomes.diff import words
from iop_outcomes.diff.differences import differences
from iop_outcomes.diff.run import read_run
from iop_outcomes.ingest.snapshots import take
from iop_outcomes.ingest.stage import source_files
from iop_outcomes.kernel.contents import MANIFEST, manifest
from iop_outcomes.kernel.errors import in_words
from iop_outcomes.kernel.provenance import write_record
from iop_outcomes.release.attack import attack_release
from iop_outcomes.release.stage import build
from iop_outcomes.show import told
from iop_outcomes.sites.exporting import export_site
from iop_outcomes.sites.run import pool
from iop_outcomes.study import protocol
from report_tables import study, tables

ARMS = {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}
LOCKED = {"study": "own", "source": {"kind": "tables", "path": "."}, "cohort": {"arms": ARMS}}
#: Cells of a table, and values of a record, that have broken some program.
CELLS = (
    "",
    "suppressed",
    "nan",
    "inf",
    "-1",
    "1e308",
    "9" * 400,
    "a, b",
    '"',
    "\x00",
    "iop",
    "shown",
    "0.5.1",
    "é",
    "=1",
)


def asked() -> studies.Study:
    """Return the study that was run."""
    return study(source={"kind": "simulated", "n_people": 900, "true_effect": "benefit"})


@cache
def finished() -> Path:
    """Return a folder with a run, what it has released, what two sites have exported of it, and a locked study."""
    root, own = Path(mkdtemp()), asked()
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    build(own, tables(n=(60, 90)), root / "results" / "release")
    write_record(studies.recorded(own), source_files(own), root / "results" / "run.json")
    for name in ("north", "south"):
        export_site(own, root / name, name, root / "results")
    file = root / "own.yaml"
    file.write_text(yaml.safe_dump(LOCKED), encoding="utf-8")
    return root


def attacked(folder: Path) -> None:
    """Attack a release."""
    attack_release(folder / "results" / "release")


def held_against(folder: Path) -> None:
    """Say what differs between a run and itself as it was."""
    runs = read_run(str(folder / "results")), read_run(str(finished() / "results"))
    found = differences(*runs)
    words.in_words(*runs, found)
    words.as_page(*runs, found)


def shown(folder: Path) -> None:
    """Print what a run found, and of one analysis."""
    for analysis in ("", "primary"):
        told(str(folder / "results"), analysis)


def verified(folder: Path) -> None:
    """Hold a run and its release against their digests."""
    for place in ("results", "results/release"):
        assert all(fault.strip() for fault in verify.faults(str(folder / place)))


def exported(folder: Path) -> None:
    """Export a release."""
    export_site(asked(), folder / "again", "again", folder / "results")


def pooled(folder: Path) -> None:
    """Pool two exports, whose digests are those of what they hold."""
    for name in ("north", "south"):
        if (folder / name).is_dir():
            (folder / name / MANIFEST).write_bytes(manifest(folder / name))
    pool([folder / "north", folder / "south"], folder / "pooled")


def locked(folder: Path) -> None:
    """Lock a study, twice."""
    for _ in range(2):
        protocol.lock(studies.load(str(folder / "own.yaml")), folder / "own.yaml", folder / "results")


#: Who reads what of the folder.
READERS: dict[str, tuple[Callable[[Path], None], str]] = {
    "attack": (attacked, "results/release"),
    "diff": (held_against, "results"),
    "show": (shown, "results"),
    "verify": (verified, "results"),
    "export-site": (exported, "results"),
    "pool": (pooled, "north"),
    "lock": (locked, "own.protocol.json"),
}


def said_of(reader: str, number: int, folder: Path) -> str:
    """Break a file of a finished run and return what a reader says: one clean sentence, or nothing.

    Parameters
    ----------
    reader : str
        One of ``READERS``.
    number : int
        From which file, place and kind of injury are drawn.
    folder : path
        An empty one to work in.
    """
    read, what = READERS[reader]
    chance, place = np.random.default_rng(number), folder / "work"
    shutil.copytree(finished(), place, symlinks=True)
    if reader == "lock":
        locked(place)
    files = [file for file in sorted((place / what).rglob("*")) if file.is_file()] or [
        protocol.lock_file(place / "own.yaml")
    ]
    kinds = [file for file in files if file.suffix in (".csv", ".json", ".html") or file.name == MANIFEST]
    injured = kinds[chance.integers(len(kinds))]
    INJURIES[chance.integers(len(INJURIES))](injured, chance)
    try:

        def call() -> None:
            with in_words():
                read(place)

        return complaint(call)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _cut(file: Path, chance: np.random.Generator) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: chance.integers(len(content))])


def _flip(file: Path, chance: np.random.Generator) -> None:
    content = bytearray(file.read_bytes())
    for place in chance.integers(len(content), size=3):
        content[place] = chance.integers(256)
    file.write_bytes(content)


def _insert(file: Path, chance: np.random.Generator) -> None:
    content, token = file.read_bytes(), str(chance.choice(np.array(TOKENS, dtype=object)))
    place = chance.integers(len(content))
    file.write_bytes(content[:place] + token.encode("utf-8", "surrogatepass") + content[place:])


def _cell(file: Path, chance: np.random.Generator) -> None:
    """Put another cell in some places of a table, or another value in a record."""
    separator = "," if file.suffix == ".csv" else ":"
    lines = file.read_text(encoding="utf-8").splitlines()
    for row in chance.integers(len(lines), size=4):
        cells = lines[row].split(separator)
        cells[chance.integers(len(cells))] = str(chance.choice(np.array([*CELLS, *map(str, VALUES)], dtype=object)))
        lines[row] = separator.join(cells)
    file.write_text("\n".join(lines), encoding="utf-8")


def _rows(file: Path, chance: np.random.Generator) -> None:
    """Leave out lines, or write some twice, the first among them."""
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join(lines[row] for row in np.sort(chance.integers(len(lines), size=len(lines)))), "utf-8")


def _column(file: Path, chance: np.random.Generator) -> None:
    """Take a column from a table, if it is one."""
    lines = [line.split(",") for line in file.read_text(encoding="utf-8").splitlines()]
    place = chance.integers(max(len(lines[0]), 1))
    file.write_text("\n".join(",".join(cell for n, cell in enumerate(line) if n != place) for line in lines), "utf-8")


def _gone(file: Path, chance: np.random.Generator) -> None:
    file.unlink()


def _empty(file: Path, chance: np.random.Generator) -> None:
    file.write_bytes(b"")


def _folder(file: Path, chance: np.random.Generator) -> None:
    file.unlink()
    file.mkdir()


def _loop(file: Path, chance: np.random.Generator) -> None:
    file.unlink()
    os.symlink(file.name, file)


INJURIES = (_cut, _flip, _insert, _cell, _cell, _cell, _rows, _column, _gone, _empty, _folder, _loop)


def snapshot_of(number: int, folder: Path) -> str:
    """Return what is said of a snapshot whose settings are drawn from a number, where there is no server."""
    chance = np.random.default_rng(number)

    def drawn() -> object:
        return _ASKED[chance.integers(len(_ASKED))]

    database = {name: drawn() for name in ("service", "schema", "vocabulary") if chance.random() < 0.6}
    settings = {"path": drawn() if chance.random() < 0.2 else "snapshot"}
    settings["database"] = database if chance.random() < 0.9 else drawn()
    if chance.random() < 0.2:
        (folder / "snapshot").mkdir()
    content = LOCKED | {"source": {"kind": "omop", **settings}}

    def call() -> None:
        with in_words():
            list(take(studies.parse(content), again=bool(chance.random() < 0.5), folder=folder))

    return complaint(call)


_ASKED = (
    *VALUES,
    *(token for token in TOKENS if len(token) < 60),
    "localhost",
    "public",
    "a; drop table b",
    "..",
    5432,
)
