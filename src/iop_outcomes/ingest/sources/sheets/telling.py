"""What the columns of a clinic's sheets can tell of somebody, and what the mapping makes of each."""

from collections.abc import Iterator, Mapping

from iop_outcomes import tables as contracts
from iop_outcomes.ingest.crosschecks import ORDER
from iop_outcomes.ingest.examining import Complain
from iop_outcomes.ingest.identifying.columns import FEW, Found, audit, kind_by_name
from iop_outcomes.ingest.identifying.kinds import DATES, OTHER
from iop_outcomes.ingest.identifying.stored import refusal
from iop_outcomes.ingest.reading import OWN
from iop_outcomes.ingest.sources.sheets.header import plain
from iop_outcomes.ingest.sources.sheets.mapping import Cell, TableMap
from iop_outcomes.ingest.sources.sheets.mapping import Mapping as Said
from iop_outcomes.ingest.sources.sheets.sheet import Sheet
from iop_outcomes.kernel.errors import SourceError, counted

KEY = "a key; a pseudonym stands for it in the tables"
KEPT = "stored as it stands, because kept_ids says so"
DAYS = "counted as days, a year, a quarter or an age"
CODED = "only the codes of the mapping go into a table"
NUMBER = "read as a number"
ROWS = "used to choose or to join rows, in memory"
AS_IS = "stored as it stands"
UNUSED = "not named in the mapping; goes into no table"


def columns_told(sheets: Mapping[str, Sheet], said: Said) -> list[str]:
    """Return a sentence for every column of the sheets that can tell who somebody is, with what becomes of it."""
    sentences = []
    for name, sheet in sheets.items():
        used, file = _uses(said, name), said.sheets[name].file
        told = _found(sheet)
        key = sheet.column(said.person_of(name))
        told.setdefault(key, Found(OTHER, "mapping", len(sheet.rows[key].drop_nulls())))
        for column, found in told.items():
            fate = "; ".join(used.get(plain(column), [UNUSED]))
            sentences.append(f"{file}, '{column}': {found.kind} ({found.how}, {_cells(found)}): {fate}")
    return sentences


def refuse_stored(sheets: Mapping[str, Sheet], said: Said, complain: Complain) -> None:
    """Hand on a problem for each column that tells who somebody is by its name and would be stored as it stands."""
    for table, part, column, cell in _stored_as_is(said):
        sheet = sheets.get(cell.sheet or part.from_)
        kind = kind_by_name(str(cell.column))
        if sheet is None or kind is None or kind.words == DATES:
            continue
        cells = sheet.rows[sheet.column(str(cell.column))]
        if kind.by_name or cells.n_unique() > FEW:
            found = Found(kind.words, "name", len(cells.drop_nulls()), kind.by_name)
            sentence = refusal(f"source.tables.{table}.{column}: {sheet.file}, '{cell.column}'", found)
            complain(SourceError(sentence))


def _found(sheet: Sheet) -> dict[str, Found]:
    return audit({c: sheet.rows[c] for c in sheet.rows.columns if not c.startswith(OWN)})


def _cells(found: Found) -> str:
    return counted(found.n_cells, "cell")


def _uses(said: Said, sheet: str) -> dict[str, list[str]]:
    """Return what the mapping makes of each column of a sheet, by the plain form of its name."""
    uses: dict[str, list[str]] = {}

    def note(column: object, use: str) -> None:
        listed = uses.setdefault(plain(str(column)), [])
        if column is not None and use not in listed:
            listed.append(use)

    note(said.person_of(sheet), KEY)
    if said.anchor and said.anchor.sheet == sheet:
        note(said.anchor.column, DAYS)
    for table, part in _parts(said):
        for column, cell in part.columns.items():
            if (cell.sheet or part.from_) == sheet:
                for origin, use in _of_cell(table, column, cell, said):
                    note(origin, use)
    # What is in no table of its own is used to choose and join rows.
    for column in said.columns_of(sheet):
        if plain(column) not in uses:
            note(column, ROWS)
    return uses


def _of_cell(table: str, name: str, cell: Cell, said: Said) -> Iterator[tuple[object, str]]:
    known = {column.name: column for column in contracts.contract(table).columns}
    for column in cell.between or ():
        yield column, NUMBER
    yield from ((plus, NUMBER) for plus in (cell.plus_days, cell.plus_weeks) if isinstance(plus, str))
    if cell.column is None:
        return
    is_day = name in known and known[name].unit == "study day"
    if is_day or cell.as_ in ("day", "year", "quarter", "age"):
        yield cell.column, DAYS
    elif name.endswith("_id") and name in known:
        yield cell.column, KEPT if name in said.kept_ids else KEY
    elif _is_coded(cell) or (name in known and known[name].type == "code"):
        yield cell.column, CODED
    elif cell.as_ == "number" or cell.unit or cell.times != 1 or (name in known and known[name].type != "label"):
        yield cell.column, NUMBER
    else:
        yield cell.column, AS_IS if not name.startswith("_") else ROWS


def _is_coded(cell: Cell) -> bool:
    return bool(cell.codes or cell.patterns) and not cell.keep_others


def _parts(said: Said) -> Iterator[tuple[str, TableMap]]:
    yield from ((table, part) for table, parts in said.tables.items() if table in ORDER for part in parts)


def _stored_as_is(said: Said) -> Iterator[tuple[str, TableMap, str, Cell]]:
    """Yield the columns of tables into which the text of a sheet goes as it stands, with the cell that reads it."""
    for table, part in _parts(said):
        for column, cell in part.columns.items():
            origin: Cell | None = cell
            while origin is not None and origin.take is not None and not _is_coded(origin):
                origin = part.columns.get(origin.take)
            if origin is None or column.startswith("_") or origin.column is None:
                continue
            if any(use == AS_IS for _, use in _of_cell(table, column, origin, said)):
                yield table, part, column, origin
