"""Is a release, or a whole study's results, what a run left: told by digests, one sentence for each fault.

A release is held against the manifest in it, wherever it lies. Results are also held against the digests beside the
tables and against ``run.json``: is the study, are the raw files and is the code still what the results were made of?
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from iop_outcomes import study as studies
from iop_outcomes.ingest.stage import source_files
from iop_outcomes.kernel.contents import MANIFEST, Digests, altered, damaged, names_in, sums
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.provenance import PACKAGE, code_digest

RECORD = "run.json"
_AGAIN = "run the study again"


def faults(name: str, root: str | Path = ".") -> list[str]:
    """Return everything that is wrong with a release or with the results of a study, a sentence each.

    Parameters
    ----------
    name : str
        A study, by name or path of its file, or a folder: a release, or the results of one study.
    root : path
        The project's folder.

    Raises
    ------
    StudyError
        There is no such study or folder, or it has no results yet.
    """
    root, folder = Path(root), Path(root) / name
    study = None
    if not folder.is_dir() or (root / studies.STUDIES / f"{name}.yaml").is_file():
        study = studies.load(name, root)
        folder = root / "results" / study.name
        if not folder.is_dir():
            raise StudyError(f"{name}: the study has no results to verify; run it first")
    if not any((folder / part).exists() for part in (RECORD, "release")):
        return list(_of_release(folder, Digests()))
    return [*_of_release(folder / "release", Digests()), *_of_results(folder), *_of_record(folder, study, root)]


def _of_release(release: Path, digests: Digests) -> Iterator[str]:
    if not (release / MANIFEST).is_file():
        yield f"{release}: there is no {MANIFEST}, so this is no whole release; {_AGAIN}"
        return
    for name in altered(release, digests):
        yield f"{release / name}: the file is not as it was released; {_AGAIN}"
    listed = sums(release / MANIFEST)
    for name in [name for name in listed if not (release / name).is_file()]:
        yield f"{release / name}: the file was released and is gone; {_AGAIN}"
    for name in [name for name in names_in(release) if listed and name not in listed]:
        yield f"{release / name}: the file is no part of the release and has passed no disclosure control; remove it"


def _of_results(results: Path) -> Iterator[str]:
    for path in damaged(results, Digests()):
        if path.relative_to(results).parts[0] != "release":
            yield f"{path}: the file is not as it was written; {_AGAIN}, which makes it anew"


def _of_record(results: Path, study: studies.Study | None, root: Path) -> Iterator[str]:
    """Yield what of ``run.json`` is no longer so."""
    try:
        record = json.loads((results / RECORD).read_bytes())
        inputs, code, settings = dict(record["inputs"]), str(record["code"]["digest"]), dict(record["settings"])
    except (OSError, ValueError, KeyError, TypeError):
        yield f"{results / RECORD}: there is no record of a run that can be read; {_AGAIN}"
        return
    if study is not None and studies.recorded(study) != settings:
        yield f"{results / RECORD}: the study file is not the one of these results; {_AGAIN}"
    if code != code_digest(PACKAGE, everything=True):
        yield f"{results / RECORD}: the results were made by other code than is here; {_AGAIN}, or take that version"
    yield from _of_inputs(results / RECORD, inputs, settings, root)


def _of_inputs(record: Path, inputs: dict[str, str], settings: dict[str, Any], root: Path) -> Iterator[str]:
    try:
        files = {path.name: path for path in source_files(studies.parse(settings), root)}
    except StudyError:
        yield f"{record}: the raw files of these results are not where the study says; put them back, or {_AGAIN}"
        return
    digests = Digests()
    changed = [name for name in inputs if name not in files or digests.of(files[name]) != inputs[name]]
    new = [name for name in files if name not in inputs]
    for name in sorted([*changed, *new]):
        yield f"{name}: the raw file is not the one that these results were made of; {_AGAIN}"
