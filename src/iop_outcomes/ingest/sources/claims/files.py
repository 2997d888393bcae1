"""The files of a claims source: claim lines, and where they are there, members and their cover."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from iop_outcomes.ingest.reading import ENDINGS, LINE, RawFile, read
from iop_outcomes.ingest.sources.claims import members
from iop_outcomes.ingest.sources.claims.lines import REQUIRED, WANTED
from iop_outcomes.kernel.errors import SourceError, did_you_mean

if TYPE_CHECKING:
    import polars as pl

CLAIMS, MEMBERS, COVER = "claims", "members", "enrollment"
_COLUMNS: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    CLAIMS: (REQUIRED, WANTED),
    MEMBERS: (members.MEMBER, members.OF_MEMBER),
    COVER: (members.COVER, ()),
}


@dataclass(frozen=True)
class ClaimFiles:
    """Opened files: the lines of claims in one file or several, members and cover in one each."""

    claims: list[RawFile]
    members: RawFile | None
    cover: RawFile | None


def open_files(place: Path, columns: Mapping[str, Mapping[str, str]]) -> ClaimFiles:
    """Open the files of a folder.

    Parameters
    ----------
    place : path
        Folder with ``claims*.csv`` and, where they are there, ``members.csv`` and ``enrollment.csv`` (or as Parquet).
    columns : mapping
        By kind of file, the name of a column in it and ours.

    Raises
    ------
    SourceError
        There is no file of claims, a column is missing, or the mapping names what is not there.
    """
    if not place.is_dir():
        raise SourceError(f"source.path: '{place.name}' is a file; give the folder that holds claims.csv")
    for kind in columns:
        if kind not in _COLUMNS:
            raise SourceError(f"source.columns: there is no file '{kind}'; {did_you_mean(kind, _COLUMNS)}")
    files = sorted(p for p in place.iterdir() if p.is_file() and p.name.endswith(ENDINGS))
    found = {kind: [p for p in files if p.name.lower().startswith(kind)] for kind in _COLUMNS}
    if not found[CLAIMS]:
        raise SourceError(f"source.path: there is no claims.csv or claims.parquet in '{place.name}'; add it")
    for kind in (MEMBERS, COVER):
        if len(found[kind]) > 1:
            names = " and ".join(p.name for p in found[kind][:2])
            raise SourceError(f"source.path: {names} both hold {kind}; keep one of the two")
    opened = {kind: [_opened(p, kind, columns.get(kind, {})) for p in own] for kind, own in found.items()}
    return ClaimFiles(opened[CLAIMS], *(own[0] if own else None for own in (opened[MEMBERS], opened[COVER])))


def _opened(place: Path, kind: str, names: Mapping[str, str]) -> RawFile:
    """Return a file with our columns as text, those that are not there empty; no other column is read."""
    import polars as pl

    required, wanted = _COLUMNS[kind]
    raw = read(place)
    raw.need_rows()
    raw.need(names)
    unknown = next((ours for ours in names.values() if ours not in (*required, *wanted)), None)
    if unknown:
        raise SourceError(
            f"source.columns.{kind}: there is no '{unknown}'; {did_you_mean(unknown, [*required, *wanted])}"
        )
    ours = {c: names.get(c, c) for c in raw.columns if names.get(c, c) in (*required, *wanted)}
    twice = next((name for name in ours.values() if list(ours.values()).count(name) > 1), None)
    if twice:
        raise SourceError(f"source.columns.{kind}: two columns of {raw.name} would be called '{twice}'; keep one")
    raw = replace(raw, columns=tuple(ours.values()), rows=raw.rows.select(LINE, *ours).rename(ours))
    raw.need(required)
    if kind == CLAIMS and not {"procedure_code", "revenue_code"} & set(raw.columns):
        raise SourceError(f"{raw.name}: there is neither a column 'procedure_code' nor 'revenue_code'; name one")
    cells = [_cell(c) if c in raw.columns else pl.lit(None, pl.String).alias(c) for c in (*required, *wanted)]
    return replace(raw, columns=(*required, *wanted), rows=raw.rows.select(LINE, *cells))


def _cell(column: str) -> "pl.Expr":
    import polars as pl

    text = pl.col(column).cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text).alias(column)
