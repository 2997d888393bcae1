"""What a killed run had finished of a stage is not made again: its pieces are kept until all of the stage is there.

A piece lies under a digest of everything that it rests on, so that of a run on other files, with other settings or by
other code nothing is found. It is written aside and renamed, and its own digest is held against it before it is used.
Whoever makes pieces asks here without knowing of which run they are; where no run keeps anything, nothing is found.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from iop_outcomes.kernel.contents import seal_of, standing, sums, whole
from iop_outcomes.kernel.provenance import versions

#: Folder of a study's results.
FOLDER = "unfinished"

_place: ContextVar["_Place | None"] = ContextVar("_place", default=None)


@contextmanager
def keeping(folder: Path, files: Iterable[str | Path], rests_on: Mapping[str, object]) -> Iterator[None]:
    """Keep the pieces of a stage in a folder until it is done; what an earlier run left there is found if it is of it.

    Parameters
    ----------
    folder : path
        Belongs to this stage alone; gone when the stage is done, and left when anything fails.
    files : iterable of path
        Files that the stage reads. One that was written to counts as another, even if it was put back since: pieces
        may have been made between.
    rests_on : mapping
        What else decides what the stage makes: its settings and its code.
    """
    stood = [[str(file), *standing(Path(file))] for file in files]
    place = _Place(folder, lambda: _digest([stood, dict(rests_on.items()), versions()]))
    before = _place.set(place)
    try:
        yield
    finally:
        _place.reset(before)
    place.clear()


def kept(name: str) -> bytes | None:
    """Return a piece that an earlier run had finished; nothing if there is none, or it is not as it was written."""
    place = _place.get()
    return place.read(name) if place is not None else None


def keep(name: str, piece: Callable[[], bytes]) -> None:
    """Keep a piece for a run that goes on where this one is killed; it is asked for only where pieces are kept."""
    place = _place.get()
    if place is not None:
        place.write(name, piece())


class _Place:
    """Folder of the pieces of a stage; the digest is asked for when there is a first piece, and most have none."""

    def __init__(self, folder: Path, key: Callable[[], str]) -> None:
        self._folder, self._key = folder, key
        self._own: Path | None = None

    def read(self, name: str) -> bytes | None:
        if self._own is None and not self._folder.is_dir():
            return None
        path = self._pieces() / name
        with suppress(OSError):
            piece = path.read_bytes()
            if sums(seal_of(path)).get(path.name) == hashlib.sha256(piece).hexdigest():
                return piece
        return None

    def write(self, name: str, piece: bytes) -> None:
        with whole(self._pieces() / name, sealed=True) as aside:
            aside.write_bytes(piece)

    def clear(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _pieces(self) -> Path:
        """Return the folder of pieces that rest on the same; those that rest on anything else are removed."""
        if self._own is None:
            self._own = self._folder / self._key()
            for other in self._folder.glob("*"):
                if other != self._own:
                    shutil.rmtree(other, ignore_errors=True)
        return self._own


def _digest(rests_on: object) -> str:
    return hashlib.sha256(json.dumps(rests_on, sort_keys=True, default=str).encode()).hexdigest()[:16]
