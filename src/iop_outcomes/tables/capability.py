"""What a source can give, and what is refused because it cannot.

A need is ``table``, ``table.column``, or several of those joined by ``|`` of which one is enough. A thing whose needs
are not met is refused by name, with the reason its source states, and never replaced by a silent proxy.
"""

from collections.abc import Iterable, Mapping

import pandas as pd

from iop_outcomes import tables
from iop_outcomes.tables.parts import Table, filled, has_value

Records = Mapping[str, Table]

#: Does the source record sessions that were missed? Where only those that took place leave a trace, as in bills, a rate
#: of attendance would be one of everybody.
MISSED = "session.missed"


def capabilities(records: Mapping[str, Table], cannot: Mapping[str, str]) -> pd.DataFrame:
    """Return the ``capability`` table of an ingested source.

    Parameters
    ----------
    records : mapping
        Canonical tables.
    cannot : mapping
        What this kind of source can never give, with the reason.
    """
    rows = []
    for name in tables.CANONICAL:
        if tables.contract(name).unit == "aggregate" or name == "rejected":
            continue
        frame = records.get(name)
        there = frame is not None and len(frame) > 0
        held = filled(frame)
        rows.append((name, there, "" if there else cannot.get(name, "the source has no such records")))
        for column in tables.contract(name).columns:
            if column.required:
                continue
            place = f"{name}.{column.name}"
            # Why a table is absent is no reason for a column of one that is there.
            why = cannot.get(place) or ("" if there else cannot.get(name)) or "the source leaves it empty"
            rows.append((place, column.name in held, "" if column.name in held else why))
        if name == "session":
            known = there and MISSED not in cannot
            rows.append(
                (MISSED, known, "" if known else cannot.get(MISSED) or cannot.get(name) or "there is no session")
            )
    return pd.DataFrame(rows, columns=["name", "available", "reason"])


def unmet(needs: Iterable[str], capability: pd.DataFrame, records: Records | None = None) -> str:
    """Return why a thing with these needs is refused, in a sentence, or an empty string when nothing is in the way."""
    state = capability.set_index("name")
    for need in needs:
        options = need.split("|")
        if any(_available(option, state, records) for option in options):
            continue
        first = options[0]
        reason = state["reason"].get(first) or state["reason"].get(first.partition(".")[0]) or "it is not in the source"
        return f"needs {' or '.join(options)}: {reason}"
    return ""


def _available(need: str, state: pd.DataFrame, records: Records | None) -> bool:
    if need in state.index:
        return bool(state["available"][need])
    table, _, column = need.partition(".")
    # Baseline columns are the source's own and stand in no contract, so the table itself must be asked.
    frame = (records or {}).get(table)
    if table in state.index and not state["available"][table]:
        return False
    return not column or frame is None or (column in frame.columns and has_value(frame, column))
