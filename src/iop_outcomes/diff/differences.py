"""All that differs between two runs, what matters most first: verdicts, claims, what is shown, numbers, then causes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from iop_outcomes.diff.run import Run

VERDICT, CLAIM, STATUS, ESTIMATE, TABLE = "verdict", "claim", "shown or not", "estimate", "table"
SETTING, INPUT, CODE, VERSION = "setting", "input", "code", "version"

#: In order of consequence: what people act on, what it rests on, what made it differ.
KINDS = (VERDICT, CLAIM, STATUS, ESTIMATE, TABLE, SETTING, INPUT, CODE, VERSION)

ABSENT = "not there"

#: What tells the rows of a released table apart, and what is read of them.
_VERDICT = (("analysis", "arm", "against"), ("verdict",))
_CLAIM = (("claim",), ("verdict",))
_ESTIMATE = ("analysis", "arm", "against", "role", "kind", "design", "measure", "population", "scenario", "day")
_NUMBERS = ("value", "ci_low", "ci_high")
#: Their differences are told by themselves.
_TOLD = ("verdict", "claim", "estimate")


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same in two runs.

    Attributes
    ----------
    kind : str
        One of ``KINDS``.
    place : str
        Which analysis, claim, table, setting, file or package.
    before, after : str
        What the first and the second run have there.
    """

    kind: str
    place: str
    before: str
    after: str


def differences(first: Run, second: Run) -> list[Difference]:
    """Return what differs between two runs, in order of consequence.

    Of inputs, settings, code and versions nothing is told where one of the runs is a release without a record.
    """
    found = [*_of_tables(first.tables, second.tables)]
    if first.record and second.record:
        found += _of_records(first.record, second.record)
    return sorted(found, key=lambda one: KINDS.index(one.kind))


def _of_tables(first: Mapping[str, pd.DataFrame], second: Mapping[str, pd.DataFrame]) -> Iterator[Difference]:
    tables = [(first.get(name, pd.DataFrame()), second.get(name, pd.DataFrame())) for name in _TOLD]
    yield from _cells(VERDICT, *tables[0], *_VERDICT)
    yield from _cells(CLAIM, *tables[1], *_CLAIM)
    yield from _cells(STATUS, *tables[2], _ESTIMATE, ("status",))
    yield from _estimates(*tables[2])
    for name in sorted({*first, *second} - {*_TOLD}):
        before, after = first.get(name), second.get(name)
        if before is None or after is None:
            yield Difference(TABLE, name, _rows(before), _rows(after))
        elif not before.equals(after):
            yield Difference(TABLE, name, _rows(before), f"{_rows(after)}{_unlike(before, after)}")


def _cells(
    kind: str, before: pd.DataFrame, after: pd.DataFrame, key: tuple[str, ...], columns: tuple[str, ...]
) -> Iterator[Difference]:
    """Yield the rows, by their key, whose cells differ or that one of two tables does not have."""
    old, new = _by_key(before, key, columns), _by_key(after, key, columns)
    for place in dict.fromkeys([*old, *new]):
        was, now = old.get(place, ABSENT), new.get(place, ABSENT)
        if was != now:
            yield Difference(kind, ", ".join(part for part in place if part), was, now)


def _estimates(before: pd.DataFrame, after: pd.DataFrame) -> Iterator[Difference]:
    """Yield estimates that are shown in both runs and are not the same number."""
    for one in _cells(ESTIMATE, before, after, _ESTIMATE, _NUMBERS):
        if ABSENT not in (one.before, one.after):
            yield one


def _by_key(table: pd.DataFrame, key: tuple[str, ...], columns: tuple[str, ...]) -> dict[tuple[str, ...], str]:
    known = [column for column in key if column in table]
    rows = table[known].itertuples(index=False, name=None)
    said = ([row.get(column, "") for column in columns] for row in table.to_dict("records"))
    return {place: _said(cells) for place, cells in zip(rows, said, strict=True)}


def _said(cells: list[str]) -> str:
    value, *limits = cells
    return f"{value} ({' to '.join(limits)})" if any(limits) else value


def _rows(table: pd.DataFrame | None) -> str:
    return ABSENT if table is None else f"{len(table):,} rows"


def _unlike(before: pd.DataFrame, after: pd.DataFrame) -> str:
    if before.shape != after.shape or list(before) != list(after):
        return "; other rows or columns"
    return f"; {int((before != after).to_numpy().sum()):,} cells are not the same"


def _of_records(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Difference]:
    yield from _unequal(SETTING, _flat(first.get("settings", {})), _flat(second.get("settings", {})))
    for part in ("inputs", "beside"):
        yield from _unequal(INPUT, first.get(part, {}), second.get(part, {}))
    yield from _unequal(CODE, first.get("code", {}), second.get("code", {}))
    yield from _unequal(VERSION, first.get("versions", {}), second.get("versions", {}))


def _unequal(kind: str, first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Difference]:
    for place in sorted({*first, *second}):
        was, now = first.get(place, ABSENT), second.get(place, ABSENT)
        if was != now:
            yield Difference(kind, place, *(map(str, _apart(was, now))))


def _apart(was: Any, now: Any) -> tuple[Any, Any]:
    """Return of two lists what only one of them has; lists that differ in their order alone as they are."""
    if not isinstance(was, list) or not isinstance(now, list):
        return was, now
    only = [one for one in was if one not in now], [one for one in now if one not in was]
    return tuple(", ".join(map(str, part)) or ABSENT for part in only) if any(only) else (was, now)


def _flat(settings: Any, place: str = "") -> dict[str, Any]:
    """Return nested settings by their path, as ``analyses.primary.margin``; a list is one value."""
    if not isinstance(settings, Mapping) or not settings:
        return {place: settings}
    return {
        path: value
        for key, inner in settings.items()
        for path, value in _flat(inner, f"{place}.{key}" if place else str(key)).items()
    }
