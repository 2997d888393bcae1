"""The lines of a bulk export: newline-delimited JSON in a folder or a zip, told apart by the type of each resource.

Of a resource only what ``resources`` names is kept; names, addresses and notes are never looked at.
"""

import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from iop_outcomes.ingest.csv_text import LARGEST_UNCHECKED, MOST_UNPACKED
from iop_outcomes.kernel.errors import SourceError

ENDINGS = (".ndjson", ".ndjson.gz")
ZIP = ".zip"

Resource = dict[str, Any]


def files_of_export(place: Path) -> list[str]:
    """Return the names of the files of an export, in order.

    Raises
    ------
    SourceError
        It is no export: neither a folder nor a zip with such files, or the zip is damaged.
    """
    if place.is_dir():
        names = [p.name for p in place.iterdir() if p.name.lower().endswith(ENDINGS) and p.name[0] != "."]
    elif place.name.lower().endswith(ZIP):
        with _unpacked(place) as packed:
            names = [
                each.filename
                for each in packed.infolist()
                if each.filename.lower().endswith(ENDINGS) and "__macosx" not in each.filename.lower()
            ]
    else:
        raise SourceError(f"{place.name}: a FHIR export is a folder or a zip of .ndjson files; give one of these")
    if not names:
        raise SourceError(f"{place.name}: there is no .ndjson file in it; give the folder or zip of a bulk export")
    short = [Path(name).name for name in names]
    twice = next((name for name in short if short.count(name) > 1), None)
    if twice:
        raise SourceError(f"{place.name}: two files are called '{twice}'; rename one, so that its lines can be named")
    return sorted(names)


def resources_of(place: Path, name: str) -> Iterator[tuple[int, Resource | None]]:
    """Yield each line that is not blank by its number, as a resource; None where it is no JSON object.

    Raises
    ------
    SourceError
        The file is damaged, or unpacks to far more than its size.
    """
    try:
        with _opened(place, name) as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, _parsed(line)
    except (gzip.BadGzipFile, zipfile.BadZipFile, EOFError, zlib.error, RuntimeError, OSError):
        raise SourceError(f"{Path(name).name}: the file is damaged or cut off; fetch it again") from None


def _parsed(line: bytes) -> Resource | None:
    try:
        read = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


@contextmanager
def _opened(place: Path, name: str) -> Iterator[IO[bytes]]:
    if place.is_dir():
        file = place / name
        with gzip.open(file) if name.lower().endswith(".gz") else file.open("rb") as lines:
            yield _within(lines, file.stat().st_size, name)  # type: ignore[arg-type]
        return
    with _unpacked(place) as packed, packed.open(name) as member:
        size = packed.getinfo(name).compress_size
        inner = gzip.GzipFile(fileobj=member) if name.lower().endswith(".gz") else member
        yield _within(inner, size, name)  # type: ignore[arg-type]


class _Bounded(io.RawIOBase):
    """A stream that refuses to give far more bytes than its packed size can hold."""

    def __init__(self, stream: IO[bytes], most: int, name: str):
        self._stream, self._left, self._name = stream, most, name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._stream.read(len(buffer))
        self._left -= len(part)
        if self._left < 0:
            raise SourceError(
                f"{Path(self._name).name}: the file unpacks to more than {MOST_UNPACKED} times its size; look at it, "
                "and give the file with the records"
            )
        buffer[: len(part)] = part
        return len(part)


def _within(stream: IO[bytes], size: int, name: str) -> io.BufferedReader:
    return io.BufferedReader(_Bounded(stream, max(LARGEST_UNCHECKED, MOST_UNPACKED * size), name), 1 << 20)


@contextmanager
def _unpacked(place: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(place) as packed:
            yield packed
    except zipfile.BadZipFile:
        raise SourceError(f"{place.name}: the file is damaged or cut off; fetch it again") from None
