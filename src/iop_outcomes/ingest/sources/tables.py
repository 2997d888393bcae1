"""The simplest way in: a folder of our own canonical tables, as CSV or Parquet files.

One file is one table and has its name: ``person.csv``, ``episode.csv``, ``session.parquet``. Names of columns and codes
that differ are given in the study file; the files themselves stay as they are.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from iop_outcomes import tables as contracts
from iop_outcomes.ingest import by_contract, in_parts
from iop_outcomes.ingest.accepting import Intake, Rule, Strongest, refuse, to_table
from iop_outcomes.ingest.crosschecks import ORDER, STRONGEST, cross_rules, heirlooms, with_parents
from iop_outcomes.ingest.examining import Complain, Examined, going_on
from iop_outcomes.ingest.identifying.columns import kind_by_name
from iop_outcomes.ingest.identifying.pseudonyms import Pseudonyms, rows_as_facts
from iop_outcomes.ingest.reading import ENDINGS, LINE, RawFile, collected, files_of_path, locate, read
from iop_outcomes.ingest.stored_types import refuse_unfit
from iop_outcomes.kernel.errors import SourceError, StudyError, did_you_mean
from iop_outcomes.kernel.registry import source
from iop_outcomes.tables.parts import Parts, Table, is_long, whole

if TYPE_CHECKING:
    import polars as pl

REQUIRED = ("person", "episode")

#: What becomes of a column that is kept, and of one of ids.
STORED = "stored as it stands; leave it out, or let pseudonyms be made of ids: ids: replaced"
KEY = "a key; a pseudonym stands for it"
LEFT_OUT = "left out by the study; not read"

#: Stands in ``columns`` for every column that is neither named there nor known to the table.
OTHERS = "*"
#: More columns than any study adjusts for; each takes time and memory at every stage.
MOST_COLUMNS = 1_000
CANNOT = {name: f"there is no file of the table '{name}' in the source's folder" for name in ORDER}

Code = str | int | float | bool


def examine(folder: Path, seed: int, **settings: Any) -> Examined:
    """Read every table there is and keep every problem, and say what in the folder nobody reads."""
    found = Examined()
    made = _read(folder, seed, settings, found.complain, found.notes, found.telling)
    found.tables = {name: whole(table) for name, table in made.items()}
    return found


@source(cannot=CANNOT, raw_files=files_of_path, examine=examine, name="tables")
def read_tables(
    folder: Path,
    seed: int,
    *,
    path: str,
    ids: Literal["kept", "replaced"] = "kept",
    columns: dict[str, dict[str, str | None]] | None = None,
    values: dict[str, dict[Code, str]] | None = None,
    missing: tuple[str, ...] = ("NA",),
    categories: tuple[str, ...] = (),
    quantities: tuple[str, ...] = (),
    max_rejected_share: Annotated[float, Field(ge=0, le=1)] = 0.1,
) -> dict[str, Table]:
    """Read canonical tables from a folder.

    Parameters
    ----------
    folder : path
        Folder that ``path`` starts from.
    seed : int
        Of the study; decides which pseudonym stands for whom, where ids are replaced.
    path : str
        Folder with one file per table: ``<table>.csv``, ``.csv.gz`` or ``.parquet``. ``person`` and ``episode`` must be
        there.
    ids : {'kept', 'replaced'}
        Are ids stored as they stand in the files, or pseudonyms in an order that says nothing of them?
    columns : mapping
        By table, the name of a column in the file and its canonical name; null leaves the column out. ``'*': null``
        leaves out every column that is neither named here nor one of the table's own.
    values : mapping
        By ``table.column``, a code in the file and our code for it.
    missing : tuple of str
        What stands for a missing value, besides an empty cell.
    categories, quantities : tuple of str
        Baseline columns whose numbers are codes, and those whose numbers are quantities. Unsaid, numerals with leading
        zeros are codes, other numbers are quantities, and whole numbers with a -9 or the like among them are refused.
    max_rejected_share : float
        Share of a table's rows that may be rejected before the source is refused.

    Returns
    -------
    dict of str to DataFrame or Parts
        The tables there are, intake and rejected; very long ones in parts, unless pseudonyms are made.
    """
    settings = {name: value for name, value in locals().items() if name not in ("folder", "seed")}
    return _read(folder, seed, settings, refuse, [])


def _read(
    folder: Path,
    seed: int,
    settings: dict[str, Any],
    complain: Complain,
    notes: list[str],
    telling: list[str] | None = None,
) -> dict[str, Table]:
    """Return the tables of a folder; what is wrong with one is handed on, and the others are read."""
    columns, values = settings["columns"] or {}, settings["values"] or {}
    place = locate(folder, settings["path"])
    if not place.is_dir():
        raise SourceError(f"source.path: '{place.name}' is a file; give the folder that holds one file per table")
    files = _files(place, complain)
    notes += _unread(place)
    _check_settings(columns, values, files, complain)
    if both := sorted(set(settings["categories"]) & set(settings["quantities"])):
        complain(SourceError(f"source: '{both[0]}' stands among the categories and the quantities; it is one of them"))
    intake = Intake(settings["max_rejected_share"], complain)
    frames: dict[str, Table] = {}
    parents: dict[str, pl.DataFrame] = {}
    names = _pseudonyms(files, seed, complain) if settings["ids"] == "replaced" else None
    for name in [n for n in ORDER if n in files]:
        with going_on(complain):
            as_given = read(files[name])
            if telling is not None:
                telling += _telling(as_given, name, columns.get(name, {}), names is not None)
            raw = _renamed(as_given, name, columns.get(name, {}), complain)
            if raw is None:
                continue
            if name not in REQUIRED and collected(raw.rows.head(1), raw.name).is_empty() and not raw.misshapen:
                notes.append(f"{raw.name}: the file has a header and no rows, so that there is no '{name}'")
            codes = {spot.partition(".")[2]: ours for spot, ours in values.items() if spot.startswith(f"{name}.")}
            if names is None and name in in_parts.BY_ROW and is_long(in_parts.n_rows(raw)):
                frames[name] = _accepted_in_parts(raw, name, codes, settings, intake, parents)
                continue
            kept = _accepted(raw, name, codes, settings, intake, parents)
            parents[name] = heirlooms(kept, name)
            own = by_contract.covariates_typed(
                kept.select(raw.columns),
                contracts.contract(name),
                raw.name,
                settings["categories"],
                settings["quantities"],
            )
            frames[name] = to_table(own if names is None else names.in_table(own, name), name)
    return frames | intake.tables()


def _pseudonyms(files: dict[str, Path], seed: int, complain: Complain) -> Pseudonyms | None:
    """Return pseudonyms whose secret is what the files of people and episodes say."""
    with going_on(complain):
        facts = [fact for name in REQUIRED if name in files for fact in rows_as_facts(read(files[name]).rows)]
        return Pseudonyms(seed, facts)
    return None


def _accepted(
    raw: RawFile,
    name: str,
    codes: dict[str, dict[Code, str]],
    settings: dict[str, Any],
    intake: Intake,
    parents: "Mapping[str, pl.DataFrame]",
) -> "pl.DataFrame":
    """Return the rows of a file that keep every rule, and enter the others."""
    rows, rules = _rows_and_rules(raw, name, codes, settings["missing"], parents)
    return intake.sift(raw, name, rows, rules, contracts.contract(name).key, _strongest(raw, name))


def _accepted_in_parts(
    raw: RawFile,
    name: str,
    codes: dict[str, dict[Code, str]],
    settings: dict[str, Any],
    intake: Intake,
    parents: "Mapping[str, pl.DataFrame]",
) -> Parts:
    """Return the rows of a long file that keep every rule, in parts, and enter the others."""

    def typed(piece: RawFile) -> "tuple[pl.LazyFrame, list[Rule]]":
        return _rows_and_rules(piece, name, codes, settings["missing"], parents)

    key = contracts.contract(name).key
    return in_parts.sifted(intake, raw, name, typed, key, _strongest(raw, name))


def _strongest(raw: RawFile, name: str) -> Strongest | None:
    """Return which of contradicting rows is taken; none where the column that tells is not there."""
    strongest = STRONGEST.get(name)
    return strongest if strongest and strongest.column in raw.columns else None


def _telling(raw: RawFile, table: str, names: dict[str, str | None], replaced: bool) -> list[str]:
    """Return a sentence for each column of a file whose name says that it can tell who somebody is.

    What the cells of a column that is kept look like is asked of every table, whatever its source.
    """
    known = {column.name for column in contracts.contract(table).columns}
    left_out = {c for c in raw.columns if names.get(c, None if OTHERS in names and c not in known else c) is None}
    keys = {c for c in raw.columns if replaced and (names.get(c, c) or "").endswith("_id") and names.get(c, c) in known}
    use = {c: LEFT_OUT if c in left_out else KEY if c in keys else STORED for c in raw.columns}
    named = [(column, kind) for column in raw.columns if (kind := kind_by_name(column)) is not None]
    return [f"{raw.name}, '{column}': {kind.words} (name): {use[column]}" for column, kind in named]


def _files(place: Path, complain: Complain) -> dict[str, Path]:
    """Return the file of each table."""
    found: dict[str, Path] = {}
    for file in sorted(p for p in place.iterdir() if p.name.endswith(ENDINGS)):
        name = file.name.partition(".")[0]
        if name not in ORDER:
            complain(SourceError(f"{file.name}: there is no table '{name}'; {did_you_mean(name, ORDER)}"))
        elif name in found:
            complain(SourceError(f"{file.name}: the table '{name}' is also in {found[name].name}; keep one of the two"))
        else:
            found[name] = file
    for name in REQUIRED:
        if name not in found:
            complain(SourceError(f"source.path: there is no {name}.csv or {name}.parquet in '{place.name}'; add it"))
    return found


def _unread(place: Path) -> list[str]:
    """Return a note of every file in the folder that is no table and that nobody reads."""
    others = sorted(
        p.name for p in place.iterdir() if p.is_file() and p.name[0] != "." and not p.name.endswith(ENDINGS)
    )
    workbook = "; the kind `sheets` reads workbooks (iop-outcomes new-study FILE drafts the mapping)"
    return [
        f"{name}: nobody reads this file{workbook if name.lower().endswith(('.xlsx', '.xls', '.xlsm', '.ods')) else ''}"
        for name in others
    ]


def _check_settings(
    columns: dict[str, Any], values: dict[str, dict[Code, str]], files: dict[str, Path], complain: Complain
) -> None:
    for name in columns:
        if name not in files:
            complain(SourceError(f"source.columns: there is no file of a table '{name}'; {did_you_mean(name, files)}"))
    for place, codes in values.items():
        name, _, column = place.partition(".")
        if name not in files or not column:
            complain(SourceError(f"source.values: '{place}' is no table.column of this source; write it as person.sex"))
        if any(isinstance(code, bool) for code in codes):
            complain(
                SourceError(f"source.values.{place}: YAML reads yes, no, on and off as true and false; quote the code")
            )


def _renamed(raw: RawFile, name: str, names: dict[str, str | None], complain: Complain) -> RawFile | None:
    """Return the file with canonical column names, without the columns to leave out; None where a column is wrong."""
    if names.get(OTHERS) is not None:
        raise SourceError(f"source.columns.{name}: '{OTHERS}' stands for all columns not named; write '{OTHERS}': null")
    wrong: list[StudyError] = []
    for column in [column for column in names if column != OTHERS]:
        with going_on(wrong.append):
            raw.need([column])
    table = contracts.contract(name)
    known = {c.name for c in table.columns}
    named = {c: names.get(c, None if OTHERS in names and c not in known else c) for c in raw.columns}
    kept = {column: new for column, new in named.items() if new is not None}
    twice, times = Counter(kept.values()).most_common(1)[0] if kept else ("", 0)
    if times > 1:
        raise SourceError(f"source.columns.{name}: two columns of {raw.name} would be called '{twice}'; keep one")
    if len(kept) > MOST_COLUMNS:
        raise SourceError(
            f"{raw.name}: it has {len(kept):,} columns and at most {MOST_COLUMNS:,} are read; name those of your study "
            f"under source.columns.{name}, as column: column, and leave the others out with '{OTHERS}': null"
        )
    raw = replace(raw, columns=tuple(kept.values()), rows=raw.rows.select(LINE, *kept).rename(kept))
    for column in table.required:
        with going_on(wrong.append):
            raw.need([column], known)
    with going_on(wrong.append):
        refuse_unfit(raw.name, _stored(raw), {c.name: c for c in table.columns})
    for extra in [c for c in raw.columns if c not in known and not table.open]:
        wrong.append(
            SourceError(
                f"{raw.name}: the table '{name}' has no column '{extra}'; {did_you_mean(extra, known)}; or leave it "
                f"out with source.columns.{name}: {{{extra}: null}}"
            )
        )
    for problem in wrong:
        complain(problem)
    return None if wrong else raw


def _stored(raw: RawFile) -> dict[str, Any]:
    """Return the type in which each column is stored."""
    return {name: dtype for name, dtype in raw.rows.collect_schema().items() if name != LINE}


def _rows_and_rules(
    raw: RawFile,
    name: str,
    codes: dict[str, dict[Code, str]],
    missing: tuple[str, ...],
    parents: "Mapping[str, pl.DataFrame]",
) -> "tuple[pl.LazyFrame, list[Rule]]":
    """Return the typed rows of a file, and every rule they must keep."""
    if name in REQUIRED:
        raw.need_rows()
    for column in codes:
        if column not in raw.columns:
            raise SourceError(f"source.values: '{name}' has no column '{column}'; {did_you_mean(column, raw.columns)}")
    table = contracts.contract(name)
    rows = by_contract.cleaned(raw.rows, missing)
    rows = by_contract.replaced(rows, codes)
    rows = by_contract.typed(rows, [c for c in table.columns if c.name in raw.columns])
    rows = with_parents(rows, name, parents)
    free = [c for c in raw.columns if c not in {column.name for column in table.columns}]
    rules = by_contract.contract_rules(table, raw.columns) + by_contract.covariate_rules(free)
    rules += cross_rules(name, rows.collect_schema().names())
    return rows, rules
