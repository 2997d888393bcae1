"""What a mapping must get right before a file is read: sheets, tables and columns that exist, forms that are none."""

from iop_outcomes import tables as contracts
from iop_outcomes.ingest.crosschecks import ORDER
from iop_outcomes.ingest.examining import Complain, going_on
from iop_outcomes.ingest.sources.sheets.cells import check_patterns
from iop_outcomes.ingest.sources.sheets.dates import check_forms
from iop_outcomes.ingest.sources.sheets.mapping import Mapping, TableMap
from iop_outcomes.kernel.errors import SourceError, did_you_mean

#: Tables without which there is nobody and no care.
REQUIRED = ("person", "episode")
#: Ids that lead to people and may not be kept as a clinic has them.
_OF_PEOPLE = ("person_id", "episode_id")


def check_mapping(said: Mapping, complain: Complain) -> None:
    """Hand on every problem of a mapping that is one whatever the files hold."""
    with going_on(complain):
        check_forms(said.dates, "source.dates")
    for name, spec in said.sheets.items():
        with going_on(complain):
            check_forms(spec.dates, f"source.sheets.{name}.dates")
    if said.anchor and said.anchor.sheet not in said.sheets:
        hint = did_you_mean(said.anchor.sheet, said.sheets)
        complain(SourceError(f"source.anchor: there is no sheet '{said.anchor.sheet}'; {hint}"))
    for name in [name for name in said.kept_ids if name in _OF_PEOPLE]:
        complain(
            SourceError(f"source.kept_ids: {name} tells who somebody is and always becomes a pseudonym; take it off")
        )
    for name in REQUIRED:
        if name not in said.tables:
            complain(SourceError(f"source.tables: nothing becomes the table '{name}'; map a sheet to it"))
    for name, parts in said.tables.items():
        if name not in ORDER:
            complain(SourceError(f"source.tables: there is no table '{name}'; {did_you_mean(name, ORDER)}"))
            continue
        for part in parts:
            with going_on(complain):
                _check_part(name, part, said)


def _check_part(table: str, part: TableMap, said: Mapping) -> None:
    place = f"source.tables.{table}"
    for sheet in (part.from_, *part.join, *(cell.sheet for cell in part.columns.values() if cell.sheet)):
        if sheet not in said.sheets:
            raise SourceError(f"{place}: there is no sheet '{sheet}'; {did_you_mean(sheet, said.sheets)}")
    contract = contracts.contract(table)
    known = {column.name: column for column in contract.columns}
    for name, cell in part.columns.items():
        if name not in known and not contract.open and not name.startswith("_"):
            hint = did_you_mean(name, known)
            raise SourceError(f"{place}: the table has no column '{name}'; {hint}; a helper begins with _")
        if cell.sheet not in (None, part.from_, *part.join):
            raise SourceError(f"{place}.{name}: the sheet '{cell.sheet}' is not joined; say how with {place}.join")
        check_forms(cell.dates, f"{place}.{name}", cell.plus_days is not None)
        check_patterns(cell, f"{place}.{name}")
        allowed = known[name].allowed if name in known else ()
        ours = [*cell.codes.values(), *cell.patterns.values(), cell.otherwise, cell.empty, cell.constant]
        for value in [one for one in ours if one is not None and allowed and one not in allowed]:
            raise SourceError(f"{place}.{name}: there is no code '{value}'; known: {', '.join(allowed)}")
