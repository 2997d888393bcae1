"""What a file holds, told by its digest and never by its date: changed inputs and damaged results are noticed.

A copy from a backup is older than what was made of the file before it, and a flipped byte changes no date at all. A
list of digests has the form of ``sha256sum``, so that it can be checked where this program is not: ``sha256sum -c``.
"""

import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: Name of the list that lies in a folder and holds everything in it; a single file's is ``.<name>.sha256`` beside it.
MANIFEST = "manifest.sha256"

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
#: Name of a file that is being written: that of the file to be, and the process.
_ASIDE = re.compile(r"\..+\.\d+")
#: A file that changed this short a time ago may change again without a sign.
_TOO_FRESH_NS = 2_000_000_000


def file_digest(path: str | Path) -> str:
    """Return the SHA-256 of a file."""
    with Path(path).open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


class Digests:
    """Digests of files, each file read only once as long as nothing about it changes.

    Parameters
    ----------
    memory : path, optional
        File that keeps the digests between runs; one that cannot be read is made anew.
    digest : callable, optional
        Gives the digest of a file; SHA-256 of its content unless told.
    """

    def __init__(self, memory: str | Path | None = None, digest: Callable[[Path], str] | None = None) -> None:
        self._digest = digest or file_digest
        self._memory = Path(memory) if memory is not None else None
        self._kept: dict[str, list[object]] = {}
        with suppress(OSError, ValueError):
            kept = json.loads(self._memory.read_bytes()) if self._memory else {}
            self._kept = kept if isinstance(kept, dict) else {}
        self._known = dict(self._kept)

    def of(self, path: str | Path) -> str:
        """Return the digest of a file, remembered if size, inode and the times of its last changes are the same.

        The time of the last change of the inode is among them: it cannot be set back as that of the content can.
        """
        place = Path(path).resolve()
        now = standing(place)
        known = self._known.get(str(place))
        if isinstance(known, list) and known[:-1] == now:
            return str(known[-1])
        digest = self._digest(place)
        if standing(place) == now and time.time_ns() - max(now[2:]) > _TOO_FRESH_NS:
            self._known[str(place)] = [*now, digest]
        return digest

    def together(self, paths: Iterable[str | Path]) -> str:
        """Return one digest of several files, with their names and in their order."""
        lines = [_line(Path(path).name, self.of(path)) for path in paths]
        return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:16] if lines else ""

    def keep(self) -> None:
        """Write the memory, if it can be written; files that are gone are forgotten."""
        known = {path: known for path, known in self._known.items() if os.path.isfile(path)}
        if self._memory is not None and known != self._kept:
            with suppress(OSError), whole(self._memory) as aside:
                aside.write_text(json.dumps(known, sort_keys=True), encoding="utf-8")


def standing(place: Path) -> list[int]:
    """Return what changes whenever a file is written to: size, inode, and the times of its last changes."""
    found = place.stat()
    return [found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns]


@contextmanager
def whole(path: str | Path, sealed: bool = False) -> Iterator[Path]:
    """Give a file to write to, which takes the place of another when all is written, or is gone when anything failed.

    Parameters
    ----------
    path : path
        The file to be; its folder is made.
    sealed : bool
        Leave its digest beside it. The digest goes first: a run killed between the two leaves no file, or an older one
        that is not what its digest says, and never one that passes for the new.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield aside
        if sealed:
            with whole(seal_of(path)) as seal:
                seal.write_text(_line(path.name, file_digest(aside)), encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        # Libraries that write for us do not say which file it was.
        error.filename = error.filename or str(path)
        raise
    finally:
        aside.unlink(missing_ok=True)


def halves(folder: Path) -> list[Path]:
    """Return the files that killed writers left beside those they were writing, below a folder nobody writes into."""
    return sorted(path for path in folder.rglob(".*") if _ASIDE.fullmatch(path.name) and path.is_file())


def seal_of(path: Path) -> Path:
    """Return where the digest of a single file lies."""
    return path.with_name(f".{path.name}.sha256")


def intact(path: Path, digests: Digests | None = None) -> bool:
    """Is a file what the digest beside it says, or has it none?"""
    seal = seal_of(path)
    return not seal.is_file() or sums(seal).get(path.name) == (digests or Digests()).of(path)


def sums(listing: Path) -> dict[str, str]:
    """Return the digests of a list by name; empty if it cannot be read as a list of files beside and below it."""
    try:
        lines = [_LINE.fullmatch(line) for line in listing.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError):
        return {}
    found = {match[2]: match[1] for match in lines if match}
    below = not any(name.startswith("/") or ".." in name.split("/") for name in found)
    return found if below and len(found) == len(lines) else {}


def manifest(folder: Path) -> bytes:
    """Return the list of everything in a folder, by name from it."""
    return "".join(_line(name, file_digest(folder / name)) for name in names_in(folder)).encode("utf-8")


def names_in(folder: Path) -> list[str]:
    """Return the names of all files in a folder that a manifest lists, from the folder."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p != folder / MANIFEST)


def altered(folder: Path, digests: Digests) -> list[str]:
    """Return the names of files in a folder that are not what its manifest says; its own where it is no manifest."""
    listed = sums(folder / MANIFEST)
    there = {name: digest for name, digest in listed.items() if (folder / name).is_file()}
    return [name for name, digest in there.items() if digests.of(folder / name) != digest] if listed else [MANIFEST]


def damaged(folder: Path, digests: Digests) -> list[Path]:
    """Return the files below a folder that are no longer what the digests beside them or a manifest say."""
    sealed = [seal.with_name(seal.name[1:].removesuffix(".sha256")) for seal in folder.rglob(".*.sha256")]
    found = [path for path in sealed if path.is_file() and not intact(path, digests)]
    for listing in folder.glob(f"*/{MANIFEST}"):
        found += [listing.parent / name for name in altered(listing.parent, digests)]
    return sorted(found)


def _line(name: str, digest: str) -> str:
    return f"{digest}  {name}\n"
