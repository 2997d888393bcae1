"""The simplest way in: a folder of our own canonical tables, as CSV or Parquet files.

One file is one table and has its name: ``person.csv``, ``episode.csv``, ``session.parquet``. Names of columns and codes
that differ are given in the study file; the files themselves stay as they are.
"""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import Field

from iop_outcomes import tables as contracts
from iop_outcomes.ingest import by_contract
from iop_outcomes.ingest.accepting import Intake, to_table
from iop_outcomes.ingest.crosschecks import ORDER, STRONGEST, cross_rules, heirlooms, with_parents
from iop_outcomes.ingest.reading import ENDINGS, LINE, RawFile, files_of_path, locate, read
from iop_outcomes.ingest.stored_types import refuse_unfit
from iop_outcomes.kernel.errors import SourceError, did_you_mean
from iop_outcomes.kernel.registry import source

REQUIRED = ("person", "episode")

#: Stands in ``columns`` for every column that is neither named there nor known to the table.
OTHERS = "*"
#: More columns than any study adjusts for; each takes time and memory at every stage.
MOST_COLUMNS = 1_000
CANNOT = {name: f"there is no file of the table '{name}' in the source's folder" for name in ORDER}

Code = str | int | float | bool


@source(cannot=CANNOT, raw_files=files_of_path, name="tables")
def read_tables(
    folder: Path,
    seed: int,
    *,
    path: str,
    columns: dict[str, dict[str, str | None]] | None = None,
    values: dict[str, dict[Code, str]] | None = None,
    missing: tuple[str, ...] = ("NA",),
    categories: tuple[str, ...] = (),
    quantities: tuple[str, ...] = (),
    max_rejected_share: Annotated[float, Field(ge=0, le=1)] = 0.1,
) -> dict[str, pd.DataFrame]:
    """Read canonical tables from a folder.

    Parameters
    ----------
    folder : path
        Folder that ``path`` starts from.
    seed : int
        Not used; nothing here is random.
    path : str
        Folder with one file per table: ``<table>.csv``, ``.csv.gz`` or ``.parquet``. ``person`` and ``episode`` must be
        there.
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
    dict of str to DataFrame
        The tables there are, intake and rejected.
    """
    columns, values, files = columns or {}, values or {}, _files(locate(folder, path))
    _check_settings(columns, values, files)
    if set(categories) & set(quantities):
        both = sorted(set(categories) & set(quantities))[0]
        raise SourceError(f"source: '{both}' stands among the categories and the quantities; it is one of them")
    intake, frames, parents = Intake(max_rejected_share), {}, {}
    for name in [n for n in ORDER if n in files]:
        raw = _renamed(read(files[name]), name, columns.get(name, {}))
        codes = {place.partition(".")[2]: ours for place, ours in values.items() if place.startswith(f"{name}.")}
        # Where the column that tells which row is stronger is not there, none of contradicting rows is taken.
        strongest = STRONGEST.get(name)
        strongest = strongest if strongest and strongest.column in raw.columns else None
        kept = intake.sift(raw, name, *_rows_and_rules(raw, name, codes, missing, parents), strongest)
        own = by_contract.covariates_typed(
            kept.select(raw.columns), contracts.contract(name), raw.name, categories, quantities
        )
        frames[name] = to_table(own, name)
        parents[name] = heirlooms(kept, name)
    return frames | intake.tables()


def _files(place: Path) -> dict[str, Path]:
    """Return the file of each table."""
    if not place.is_dir():
        raise SourceError(f"source.path: '{place.name}' is a file; give the folder that holds one file per table")
    found: dict[str, Path] = {}
    for file in sorted(p for p in place.iterdir() if p.name.endswith(ENDINGS)):
        name = file.name.partition(".")[0]
        if name not in ORDER:
            raise SourceError(f"{file.name}: there is no table '{name}'; {did_you_mean(name, ORDER)}")
        if name in found:
            raise SourceError(f"{file.name}: the table '{name}' is also in {found[name].name}; keep one of the two")
        found[name] = file
    for name in REQUIRED:
        if name not in found:
            raise SourceError(f"source.path: there is no {name}.csv or {name}.parquet in '{place.name}'; add it")
    return found


def _check_settings(columns: dict, values: dict, files: dict[str, Path]) -> None:
    for name in columns:
        if name not in files:
            raise SourceError(f"source.columns: there is no file of a table '{name}'; {did_you_mean(name, files)}")
    for place, codes in values.items():
        name, _, column = place.partition(".")
        if name not in files or not column:
            raise SourceError(f"source.values: '{place}' is no table.column of this source; write it as person.sex")
        if any(isinstance(code, bool) for code in codes):
            raise SourceError(
                f"source.values.{place}: YAML reads yes, no, on and off as true and false; quote the code"
            )


def _renamed(raw: RawFile, name: str, names: dict[str, str | None]) -> RawFile:
    """Return the file with canonical column names, without the columns to leave out."""
    if names.get(OTHERS) is not None:
        raise SourceError(f"source.columns.{name}: '{OTHERS}' stands for all columns not named; write '{OTHERS}': null")
    raw.need([column for column in names if column != OTHERS])
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
    raw.need(table.required, known)
    refuse_unfit(raw.name, _stored(raw), {c.name: c for c in table.columns})
    extra = [c for c in raw.columns if c not in known]
    if extra and not table.open:
        raise SourceError(
            f"{raw.name}: the table '{name}' has no column '{extra[0]}'; {did_you_mean(extra[0], known)}; or leave it "
            f"out with source.columns.{name}: {{{extra[0]}: null}}"
        )
    return raw


def _stored(raw: RawFile) -> dict:
    """Return the type in which each column is stored."""
    return {name: dtype for name, dtype in raw.rows.collect_schema().items() if name != LINE}


def _rows_and_rules(raw: RawFile, name: str, codes: dict, missing: tuple[str, ...], parents: dict) -> tuple:
    """Return the typed rows of a file, every rule they must keep, and the key that may not repeat."""
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
    return rows, rules, table.key
