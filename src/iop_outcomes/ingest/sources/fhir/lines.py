"""Resources of an export as rows that can be sifted, by type, and by file where their lines are counted."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from iop_outcomes.ingest.accepting import Intake, Rule
from iop_outcomes.ingest.reading import LINE, RawFile
from iop_outcomes.ingest.sources.fhir.export import files_of_export, resources_of
from iop_outcomes.ingest.sources.fhir.resources import READ, Known, Row

if TYPE_CHECKING:
    pass

NO_JSON = "is no JSON object"
NO_RESOURCE = "is no FHIR resource: no resourceType"

#: Columns that are not text, of whatever type of resource.
_OTHER_TYPES = {
    "attended": "number",
    "scheduled": "number",
    "words": "list",
    "codes": "list",
    "identifiers": "list",
}
COLUMNS: dict[str, tuple[str, ...]] = {
    "Patient": ("person", "born", "sex", "race", "origin", "died", "identifiers"),
    "Encounter": (
        *("id", "who", "status", "class", "listed", "first", "date", "end", "attended", "site", "appointment"),
    ),
    "Appointment": ("id", "who", "status", "reason", "listed", "first", "date", "scheduled", "site"),
    "EpisodeOfCare": ("id", "who", "status", "listed", "first", "date", "end", "site"),
    "Procedure": ("id", "who", "status", "listed", "first", "date", "attended", "encounter"),
    "Condition": ("id", "who", "status", "codes", "date"),
    "Observation": ("id", "who", "status", "date", "code", "words", "said", "value"),
    "QuestionnaireResponse": ("id", "who", "status", "date", "code", "words", "said", "value"),
}


def read_export(place: Path, known: Known, intake: Intake) -> dict[str, list[RawFile]]:
    """Return the rows of each type that is read, one file each; every other line is entered as set aside.

    Parameters
    ----------
    place : path
        Folder or zip.
    known : mapping
        Codes that are on the lists of care and of findings.
    intake : Intake

    Returns
    -------
    dict of str to list of RawFile
        By type of resource. Rows of one file never share a line: a form or panel whose results are several is told in
        parts, as ``Observation.ndjson, part 2``.
    """
    found: dict[str, list[RawFile]] = {name: [] for name in READ}
    for name in files_of_export(place):
        short = Path(name).name
        rows, others = _rows_of(place, name, known)
        several = len(rows) + bool(others) > 1
        for kind, own in rows.items():
            called = f"{short}, {kind}" if several else short
            found[kind] += _in_parts(called, kind, own)
        if others:
            _set_aside(f"{short}, other" if several else short, others, intake)
    return found


def _rows_of(place: Path, name: str, known: Known) -> tuple[dict[str, list[Row]], list[tuple[int, str]]]:
    """Return the rows of a file by type with their ``line`` and ``part``, and its other lines with a rule."""
    rows: dict[str, list[Row]] = {}
    others: list[tuple[int, str]] = []
    for line, resource in resources_of(place, name):
        kind = resource.get("resourceType") if resource is not None else None
        if resource is None or not isinstance(kind, str) or not kind.isalpha():
            others.append((line, NO_JSON if resource is None else NO_RESOURCE))
        elif kind not in READ:
            others.append((line, f"a resource of the type {kind} is not read"))
        else:
            made = list(READ[kind](resource, known))
            coded = [row for row in made if row.get("code")] if len(made) > 1 else made
            for part, row in enumerate(coded or made[:1], start=1):
                rows.setdefault(kind, []).append(row | {"line": line, "part": part})
    return rows, others


def _in_parts(name: str, kind: str, rows: list[Row]) -> list[RawFile]:
    parts: dict[int, list[Row]] = {}
    for row in rows:
        parts.setdefault(row["part"], []).append(row)
    return [_file(f"{name}, part {part}" if part > 1 else name, kind, own) for part, own in sorted(parts.items())]


def _file(name: str, kind: str, rows: list[Row]) -> RawFile:
    import polars as pl

    types: dict[str, Any] = {"number": pl.Float64, "list": pl.List(pl.String)}
    columns = COLUMNS[kind]
    data = {
        c: pl.Series(c, [row.get(c) for row in rows], types.get(_OTHER_TYPES.get(c, ""), pl.String)) for c in columns
    }
    frame = pl.DataFrame({LINE: pl.Series([row["line"] for row in rows], dtype=pl.UInt32)} | data)
    return RawFile(name, columns, frame.lazy())


def _set_aside(name: str, others: list[tuple[int, str]], intake: Intake) -> None:
    import polars as pl

    rows = pl.DataFrame(others, schema={LINE: pl.UInt32, "rule": pl.String}, orient="row")
    rules = [
        Rule(rule, pl.col("rule") == rule, expected=rule != NO_JSON) for rule in sorted({rule for _, rule in others})
    ]
    intake.sift(RawFile(name, (), rows.lazy(), may_hold_controls=False), "service", rows.lazy(), rules)
