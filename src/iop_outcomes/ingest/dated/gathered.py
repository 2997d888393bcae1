"""What a source with dates and codes accepted, by its own ids, before it becomes canonical tables."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def _none(**columns: str) -> "pl.DataFrame":
    import polars as pl

    types = {"text": pl.String, "date": pl.Date, "number": pl.Float64, "flag": pl.Boolean}
    return pl.DataFrame(schema={name: types[kind] for name, kind in columns.items()})


CONTACTS = {
    "key": "text", "person": "text", "date": "date", "code": "text", "kind": "text", "level": "text", "type": "text",
    "mode": "text", "status": "text", "site": "text", "scheduled": "number", "attended": "number",
    "hours_source": "text", "needs": "text", "paid": "number",
}  # fmt: skip
PEOPLE = {
    "person": "text", "born": "date", "sex": "text", "race_ethnicity": "text", "died": "date", "watched_until": "date"
}  # fmt: skip
EPISODES = {
    "episode": "text", "person": "text", "assigned": "date", "admitted": "date", "last_contact": "date",
    "discharged": "date", "level": "text", "reason": "text", "site": "text", "until": "date",
}  # fmt: skip
TESTS = {"person": "text", "date": "date", "substance": "text", "result": "text", "matrix": "text"}
ANSWERS = {"person": "text", "date": "date", "instrument": "text", "item": "text", "value": "number"}
DIAGNOSES = {"person": "text", "date": "date", "kind": "text", "name": "text"}


@dataclass
class Gathered:
    """What a source accepted, by the source's own ids and with dates.

    Attributes
    ----------
    people : DataFrame
        ``person``, ``born`` (a date, or the first of July of a year), ``sex``, ``race_ethnicity``, ``died`` and
        ``watched_until``.
    contacts : DataFrame
        ``key``, ``person``, ``date``, ``code``, ``kind``, ``level``, ``type``, ``mode``, ``status``, ``site``,
        ``scheduled`` and ``attended`` (minutes), ``hours_source``, ``needs`` (``substance`` where the code is care of
        substance use only of somebody with such a diagnosis), ``paid``.
        A status of null is a contact that took place.
    episodes : DataFrame
        Episodes that the source names itself: the columns ``EPISODES``.
    tests, answers, stays, diagnoses : DataFrame
        Each with ``person`` and ``date``.
    """

    people: "pl.DataFrame"
    contacts: "pl.DataFrame"
    episodes: "pl.DataFrame" = field(default_factory=lambda: _none(**EPISODES))
    tests: "pl.DataFrame" = field(default_factory=lambda: _none(**TESTS))
    answers: "pl.DataFrame" = field(default_factory=lambda: _none(**ANSWERS))
    stays: "pl.DataFrame" = field(default_factory=lambda: _none(person="text", date="date", end="date"))
    diagnoses: "pl.DataFrame" = field(default_factory=lambda: _none(**DIAGNOSES))


def as_events(rows: "pl.DataFrame", columns: dict[str, str]) -> "pl.DataFrame":
    """Return rows with the columns of one kind of event, each in its type; one that is not there is empty."""
    import polars as pl

    empty = _none(**columns)
    if not rows.width:
        return empty
    there = [c for c in rows.columns if c in columns]
    lacking = [pl.lit(None, dtype).alias(name) for name, dtype in empty.schema.items() if name not in there]
    typed = rows.select(*[pl.col(c).cast(empty.schema[c]) for c in there], *lacking)
    return typed.select(empty.columns)
