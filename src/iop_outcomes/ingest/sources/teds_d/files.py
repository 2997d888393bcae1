"""The files of TEDS-D as they are handed out: names that differ by year, zips, commas under the name of tabs, latin-1.

What cannot be read as it is, is written anew as UTF-8 with commas into a folder that lives as long as the reading.
"""

import codecs
import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

from iop_outcomes.ingest.csv_text import LARGEST_UNCHECKED, MOST_UNPACKED
from iop_outcomes.ingest.reading import ENDINGS, RawFile, locate, read, refuse_links
from iop_outcomes.kernel.errors import SourceError

TEXTS = (".csv", ".tsv", ".txt")
ZIP = ".zip"
_READABLE = (*ENDINGS, *TEXTS, ZIP)
_PART = 1 << 20


def files_of(folder: Path, path: str | Sequence[str], years: Sequence[int]) -> list[Path]:
    """Return the files of a study: those that it names, or those of its years in the folder that it names.

    Raises
    ------
    SourceError
        There is no such file, none of a year, or more than one of a year.
    """
    named = [path] if isinstance(path, str) else list(path)
    places = [locate(folder, each) for each in named]
    if len(places) == 1 and places[0].is_dir():
        return _by_year(places[0], years)
    folders = [place.name for place in places if place.is_dir()]
    if folders:
        raise SourceError(f"source.path: '{folders[0]}' is a folder; a list names files, and a folder stands alone")
    if len(set(places)) < len(places):
        raise SourceError("source.path: a file stands there twice; name each once")
    return places


def _by_year(place: Path, years: Sequence[int]) -> list[Path]:
    files = sorted(p for p in place.iterdir() if p.is_file() and p.name.lower().endswith(_READABLE))
    refuse_links(files, place)
    found: list[Path] = []
    for year in years:
        own = [p for p in files if _is_of(p.name.lower(), year)]
        if len(own) != 1:
            said = "is no file" if not own else f"are {len(own)} files"
            raise SourceError(
                f"source.path: there {said} of {year} in '{place.name}' (SAMHSA's names are tedsd_puf_{year}.csv and "
                "the like); name the files in a list"
            )
        found += [p for p in own if p not in found]
    return found


def _is_of(name: str, year: int) -> bool:
    """Is this the name of a file of discharges that holds a year?"""
    if re.search(r"teds[-_ ]?a(?![a-z])", name) or not re.search(r"teds[-_ ]?d", name):
        return False
    named = [int(text) for text in re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", name)]
    return min(named) <= year <= max(named) if named else False


def opened(place: Path, scratch: Path) -> RawFile:
    """Open a file of TEDS-D whatever form it has.

    Parameters
    ----------
    place : path
        A text with commas or tabs under any of the names that SAMHSA gives it, packed or not, or a Parquet file.
    scratch : path
        Folder for a copy, where one is needed; it must be there until the rows are collected.

    Raises
    ------
    SourceError
        The file is damaged, or holds no such table.
    """
    name = place.name.lower()
    if name.endswith((".csv.gz", ".parquet")):
        return read(place)
    if not name.endswith((*TEXTS, ZIP)):
        raise SourceError(f"{place.name}: a file of TEDS-D ends in {', '.join(_READABLE)}; give one of these")
    copy = scratch / f"{len(list(scratch.iterdir()))}.csv"
    if name.endswith(ZIP):
        _unpack(place, copy)
    else:
        copy.symlink_to(place.resolve())
    _to_utf8(copy, place.name)
    _to_commas(copy, place.name)
    try:
        return replace(read(copy), name=place.name)
    except SourceError as problem:
        raise SourceError(str(problem).replace(copy.name, place.name, 1)) from None


def _unpack(place: Path, copy: Path) -> None:
    """Write the one table in a zip out."""
    try:
        with zipfile.ZipFile(place) as packed:
            tables = [
                each
                for each in packed.infolist()
                if each.filename.lower().endswith(TEXTS) and "__macosx" not in each.filename.lower()
            ]
            tables = [each for each in tables if _has_header(packed, each)]
            if len(tables) != 1:
                raise SourceError(
                    f"{place.name}: {len(tables)} files in it have the columns of TEDS-D; unpack it and name the file "
                    "under source.path"
                )
            most = max(LARGEST_UNCHECKED, MOST_UNPACKED * place.stat().st_size)
            if tables[0].file_size > most:
                raise SourceError(
                    f"{place.name}: the file unpacks to more than {MOST_UNPACKED} times its size, as no table does; "
                    "unpack it, look at it and give the file with the records"
                )
            with packed.open(tables[0]) as source, copy.open("wb") as target:
                _copy(source, target)
    except (zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError, OSError):
        raise SourceError(
            f"{place.name}: the file is damaged, cut off or locked with a password; fetch it again, or unpack it"
        ) from None


def _has_header(packed: zipfile.ZipFile, each: zipfile.ZipInfo) -> bool:
    with packed.open(each) as source:
        return b"CASEID" in source.readline(1 << 16).upper()


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    while part := source.read(_PART):
        target.write(part)


def _to_utf8(copy: Path, name: str) -> None:
    """Write a text anew that is not UTF-8: SAMHSA's labels are latin-1."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with copy.open("rb") as source:
            while part := source.read(_PART):
                decoder.decode(part)
            decoder.decode(b"", final=True)
        return
    except UnicodeDecodeError:
        pass
    again = copy.with_suffix(".utf8")
    with copy.open("rb") as source, again.open("wb") as target:
        while part := source.read(_PART):
            target.write(part.decode("latin-1").encode("utf-8"))
    again.replace(copy)


def _to_commas(copy: Path, name: str) -> None:
    """Write a text anew whose cells are separated by tabs."""
    import polars as pl

    with copy.open("rb") as source:
        header = source.readline(1 << 16)
    if b"\t" not in header or b"," in header:
        return
    again = copy.with_suffix(".commas")
    try:
        rows = pl.scan_csv(copy, separator="\t", infer_schema=False, quote_char=None)
        # Cells that only blank lines or too many tabs have are refused here, because their number is lost in writing.
        rows.sink_csv(again)
    except pl.exceptions.PolarsError:
        raise SourceError(
            f"{name}: the cells between tabs are not as many in every line; save it with commas"
        ) from None
    again.replace(copy)
