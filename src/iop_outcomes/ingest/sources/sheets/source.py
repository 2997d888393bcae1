"""The source `sheets`: a clinic's own files, made canonical by the mapping in the study file."""

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pandas as pd
from pydantic import Field

from iop_outcomes.ingest.accepting import refuse
from iop_outcomes.ingest.crosschecks import ORDER
from iop_outcomes.ingest.examining import Complain, Examined, going_on
from iop_outcomes.ingest.identifying.pseudonyms import Pseudonyms, first_days
from iop_outcomes.ingest.reading import locate, refuse_links
from iop_outcomes.ingest.sources.sheets.checking import check_mapping
from iop_outcomes.ingest.sources.sheets.ledger import Ledger
from iop_outcomes.ingest.sources.sheets.mapping import Anchor, Mapping, Maps, SheetFile
from iop_outcomes.ingest.sources.sheets.people import anchors, person_keys
from iop_outcomes.ingest.sources.sheets.sheet import Sheet, files_of
from iop_outcomes.ingest.sources.sheets.sifting import Sifter
from iop_outcomes.ingest.sources.sheets.table import Workshop
from iop_outcomes.ingest.sources.sheets.telling import columns_told, refuse_stored
from iop_outcomes.ingest.sources.sheets.wide import read_sheet
from iop_outcomes.kernel.errors import SourceError
from iop_outcomes.kernel.registry import source

if TYPE_CHECKING:
    import polars as pl

CANNOT = {name: f"no sheet of the source is mapped to the table '{name}'" for name in ORDER}

#: Settings that are not part of the mapping.
_BESIDE = ("path", "to_confirm", "categories", "quantities", "max_rejected_share")


def raw_files(folder: Path, *, path: str, **settings: Any) -> list[Path]:
    """Return the files that the sheets of a mapping are in."""
    place = locate(folder, path)
    files = sorted({file for sheet in settings["sheets"].values() for file in files_of(place, sheet)})
    refuse_links(files, place)
    return files


def examine(folder: Path, seed: int, **settings: Any) -> Examined:
    """Read every sheet and make every table as far as can be, and keep every problem."""
    found = Examined()
    found.tables = _read(folder, seed, settings, found.complain, found.notes, found.telling)
    found.notes += [f"guessed by new-study and still on source.to_confirm: {line}" for line in settings["to_confirm"]]
    return found


@source(cannot=CANNOT, raw_files=raw_files, examine=examine, name="sheets")
def read_sheets(
    folder: Path,
    seed: int,
    *,
    path: str,
    person: str,
    anchor: Anchor | None,
    drawn: datetime.date | None,
    sheets: dict[str, SheetFile],
    tables: dict[str, Maps],
    dates: list[str] = [],  # noqa: B006
    missing: list[str] = [],  # noqa: B006
    person_form: Literal["text", "digits"] = "text",
    kept_ids: list[str] = [],  # noqa: B006
    to_confirm: list[str] = [],  # noqa: B006
    categories: tuple[str, ...] = (),
    quantities: tuple[str, ...] = (),
    max_rejected_share: Annotated[float, Field(ge=0, le=1)] = 0.1,
) -> dict[str, pd.DataFrame]:
    """Read a clinic's own sheets by a mapping.

    Parameters
    ----------
    folder : path
        Folder that ``path`` starts from.
    seed : int
        Of the study; decides which pseudonym stands for whom.
    path : str
        Folder of the files.
    person : str
        Column of the person.
    anchor : mapping or null
        ``{sheet: ..., column: ...}``: the first of these dates of a person is day 0. Null where the sheets hold study
        days already.
    drawn : date or null
        Day on which the data were drawn: the end of observation of everybody. A row after it is set aside.
    sheets : mapping
        By a name of your own, a file and how to read it.
    tables : mapping
        By canonical table, the sheet its rows come from and what each column is made of; a list where several sheets
        fill one table.
    dates : list of str
        Forms of dates, as ``M/D/YYYY`` or ``excel``; none: the only one that reads every cell of a column.
    missing : list of str
        What stands for a missing value, besides an empty cell.
    person_form : {'text', 'digits'}
        How numbers of people are compared: as text without capitals, or by their digits without leading zeros.
    kept_ids : list of str
        Columns of ids that stay as the sheets have them, as ``session_id``; all others become pseudonyms, and those of
        people and episodes always do.
    to_confirm : list of str
        What `new-study` guessed and nobody has confirmed; `check` tells it until it is taken off.
    categories, quantities : tuple of str
        As of the source `tables`.
    max_rejected_share : float
        Share of a table's rows that may be rejected before the source is refused.

    Returns
    -------
    dict of str to DataFrame
        The tables there are, intake and rejected.
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
) -> dict[str, pd.DataFrame]:
    """Return the tables of the mapping; what is wrong with one sheet or table is handed on, and the others are made."""
    said = Mapping(**{name: value for name, value in settings.items() if name not in _BESIDE})
    check_mapping(said, complain)
    sheets = _sheets(locate(folder, settings["path"]), said, complain)
    notes += [note for sheet in sheets.values() for note in sheet.notes]
    if telling is not None:
        telling += columns_told(sheets, said)
    refuse_stored(sheets, said, complain)
    ledger = Ledger()
    sifter = Sifter(said, sheets, ledger, settings["max_rejected_share"], complain)
    sifter.categories, sifter.quantities = settings["categories"], settings["quantities"]
    days = None
    if said.anchor is None or said.anchor.sheet in sheets:
        with going_on(complain):
            days = anchors(sheets, said)
    if days is None:
        return ledger.tables()
    everybody = _everybody(sheets, said)
    names = Pseudonyms(seed, first_days(everybody, days))
    names.of("person", everybody)
    workshop = Workshop(said, sheets, days, names, complain)
    frames = {}
    for table in [name for name in ORDER if name in said.tables]:
        with going_on(complain):
            made = sifter.table(table, workshop)
            if made is not None:
                frames[table] = made
    return frames | ledger.tables()


def _sheets(folder: Path, said: Mapping, complain: Complain) -> dict[str, Sheet]:
    if not folder.is_dir():
        raise SourceError(f"source.path: '{folder.name}' is a file; give the folder that holds the files of the sheets")
    found = {}
    for name, spec in said.sheets.items():
        with going_on(complain):
            found[name] = read_sheet(folder, name, spec, said.columns_of(name), said.missing)
    return found


def _everybody(sheets: dict[str, Sheet], said: Mapping) -> "pl.Series":
    import polars as pl

    keys: Sequence[pl.Series] = [person_keys(sheet, said) for sheet in sheets.values()]
    return pl.concat([pl.Series("person", [], dtype=pl.String), *keys])
