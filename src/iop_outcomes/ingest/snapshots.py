"""Snapshots of live databases, taken by hand: what changes while it is read is no ground for a result."""

from collections.abc import Iterator
from pathlib import Path

from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.registry import SOURCES
from iop_outcomes.study import Study


def take(study: Study, again: bool, folder: str | Path = ".") -> Iterator[str]:
    """Copy what a study reads of its database into files, and yield a line for each table.

    Parameters
    ----------
    study : Study
    again : bool
        Take the place of an earlier snapshot?
    folder : path
        Folder that the relative paths of the study start from.

    Raises
    ------
    StudyError
        The kind of source reads files and no database, or the database cannot be read.
    """
    source = SOURCES[study.source.kind]
    if source.snapshot is None:
        raise StudyError(f"source.kind: '{study.source.kind}' reads files as they are and needs no snapshot")
    yield from source.snapshot(Path(folder), study.seed, again=again, **source.check(study.source.settings))
