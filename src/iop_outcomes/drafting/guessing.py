"""Which sheet is what: intakes, discharges, appointments, a grid of weeks, drug tests; and which column is what."""

import re
from dataclasses import dataclass, field

from iop_outcomes.drafting.looking import Look, Seen
from iop_outcomes.drafting.vocabulary import COLUMNS, code_of, is_day, panel_of, weekday_of
from iop_outcomes.ingest.sources.sheets.header import plain

INTAKES, DISCHARGES, VISITS, GRID, PANELS, TESTS, UNKNOWN = (
    "intakes",
    "discharges",
    "visits",
    "grid",
    "panels",
    "tests",
    "",
)
#: Share of the filled cells that must be codes of a kind for a column to be of it.
_MOST = 0.6
#: Columns named by numbers from which they are the days of a month.
_DAYS = 28


@dataclass
class Guess:
    """What one sheet is taken for.

    Attributes
    ----------
    look : Look
    kind : str
    name : str
        What the study calls it.
    columns : dict of str to Seen
        Column by what it is taken for.
    many : list of Seen
        Panels, or slots of a grid.
    """

    look: Look
    kind: str = UNKNOWN
    name: str = ""
    columns: dict[str, Seen] = field(default_factory=dict)
    many: list[Seen] = field(default_factory=list)

    def get(self, *roles: str) -> Seen | None:
        """Return the first of some columns that there is."""
        return next((self.columns[role] for role in roles if role in self.columns), None)


def guess(look: Look) -> Guess:
    """Return what a sheet is taken for."""
    found = Guess(look)
    for role in COLUMNS:
        column = _named(look, role, list(found.columns.values()))
        if column is not None:
            found.columns[role] = column
    _by_values(found)
    found.many = _panels(look) or _slots(look)
    found.kind = _kind(found)
    return found


def _named(look: Look, role: str, taken: list[Seen]) -> Seen | None:
    """Return the column whose name and cells fit a role."""
    dated = role in ("intake", "admission", "discharge", "collected", "date")
    for column in look.columns:
        if any(column is other for other in taken) or not re.search(COLUMNS[role], plain(column.name)):
            continue
        fits = {
            "begins": column.is_time,
            "ends": column.is_time,
            "minutes": column.is_number or not column.is_coded,
            "hours": column.is_number,
            "level": column.is_coded and _coded(column, "level_of_care"),
            "mode": column.is_coded,
            "reason": column.is_coded and not column.forms,
        }
        if fits.get(role, bool(column.forms) == dated if role != "person" else not column.forms):
            return column
    return None


def _by_values(found: Guess) -> None:
    """Prefer, for what is told by codes, the column whose codes are those."""
    for role, codes in (("level", "level_of_care"), ("status", "status"), ("result", "result")):
        if role in found.columns and _coded(found.columns[role], codes):
            continue
        found.columns.pop(role, None)
        taken = [id(column) for column in found.columns.values()]
        others = [c for c in found.look.columns if id(c) not in taken and c.is_coded and _coded(c, codes)]
        if others:
            found.columns[role] = others[0]


def _coded(column: Seen, codes: str) -> bool:
    """Are most of a column's cells codes of a kind, and more than one of them?"""
    known = {text: code_of(codes, text) for text in column.texts}
    n = sum(times for text, times in column.texts.items() if known[text])
    return column.is_coded and n >= _MOST * column.texts.total() and len(set(filter(None, known.values()))) > 1


def _panels(look: Look) -> list[Seen]:
    """Return the columns of a sheet that are panels of drug tests: by their names, with results in them."""
    found = [c for c in look.columns if panel_of(c.name) and c.is_coded and _only(c, "result")]
    return found if len(found) > 1 else []


def _slots(look: Look) -> list[Seen]:
    """Return the columns that are days or weeks of a grid: by their names, with letters of attendance in them."""
    weekly = [c for c in look.columns if re.search(r"\b(w|we?e?k|s|sem|semana|kw|woche) ?#?\d+$", plain(c.name))]
    daily = [c for c in look.columns if is_day(plain(c.name))]
    named = weekly or (daily if len(daily) >= _DAYS else [])
    named = named or [c for c in look.columns if weekday_of(plain(c.name)) is not None]
    found = [c for c in named if c.there.is_empty() or (c.is_coded and _only(c, "status"))]
    return found if len(found) > 2 else []


def _only(column: Seen, codes: str) -> bool:
    n = sum(times for text, times in column.texts.items() if code_of(codes, text))
    return n >= _MOST * column.texts.total()


def _kind(found: Guess) -> str:
    """Return what a sheet is, by the columns it has and how many rows a person has."""
    person = found.get("person")
    if person is None:
        return UNKNOWN
    if found.many:
        return PANELS if panel_of(found.many[0].name) and _only(found.many[0], "result") else GRID
    rows_each = len(person.there) / max(len(person.texts), 1)
    dated = found.get("collected", "date", "intake", "admission")
    if "result" in found.columns and dated and rows_each > 1:
        return TESTS
    if "status" in found.columns and found.get("date", "begins") and rows_each > 1.5:
        return VISITS
    if "level" in found.columns and found.get("intake", "admission", "date") and rows_each < 3:
        return INTAKES
    if "discharge" in found.columns and rows_each < 3:
        return DISCHARGES
    return UNKNOWN
