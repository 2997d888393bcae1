"""A finished run as it lies on disk: the record of what it was made of, and what it released."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from iop_outcomes import study as studies
from iop_outcomes.kernel.contents import file_digest, names_in
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.released import read_released

RECORD, RELEASE = "run.json", "release"


@dataclass(frozen=True)
class Run:
    """What is left of one run.

    Attributes
    ----------
    name : str
        What the person called it.
    tables : dict of str to DataFrame
        Released tables by name, every cell as its text, since the release wrote it so.
    record : dict
        Content of ``run.json``; empty where only a release is there.
    release : path
        The folder of what was released.
    """

    name: str
    tables: dict[str, pd.DataFrame]
    record: dict[str, Any]
    release: Path

    @property
    def rounded_to(self) -> int:
        """To multiples of what counts are rounded, as far as the record says."""
        rules = self.record.get("settings", {}).get("release", {})
        step = rules.get("round_to", 0) if isinstance(rules, dict) else 0
        return step if isinstance(step, int) else 0

    @cached_property
    def files(self) -> dict[str, str]:
        """Digest of every released file, by its name from the release."""
        return {name: file_digest(self.release / name) for name in names_in(self.release)}


def read_run(name: str, root: str | Path = ".") -> Run:
    """Return the run of a study, of a folder of results, or of a release alone.

    Parameters
    ----------
    name : str
        Name of a study, path of its file, or a folder.
    root : path
        The project's folder.

    Raises
    ------
    StudyError
        There is no such study or folder, or it holds no release.
    """
    folder = Path(root) / name
    if not folder.is_dir():
        study = studies.load(name, root)
        folder = Path(root) / "results" / study.name
    release = folder / RELEASE if (folder / RELEASE).is_dir() else folder
    files = sorted((release / "tables").glob("*.csv"))
    if not files:
        raise StudyError(f"{name}: there is no release with tables in {release}; run the study first, or give a folder")
    tables = {file.stem: read_released(file) for file in files}
    return Run(name, tables, _record(folder / RECORD), release)


def _record(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        record = None
    if not isinstance(record, dict):
        raise StudyError(f"{path}: this is not the record of a run; run the study again")
    return record
