"""Estimates of two releases held against each other: what is shown in one only, and what moved, by how much."""

import math
from collections.abc import Iterator, Mapping

import pandas as pd

from iop_outcomes.diff.difference import ABSENT, ANSWER, ESTIMATE, STATUS, Difference
from iop_outcomes.diff.rows import Row, by_key, cell

Tables = Mapping[str, pd.DataFrame]
Place = tuple[str, ...]

#: What tells estimates apart, and what is read of them.
KEY = ("analysis", "arm", "against", "design", "measure", "day", "role", "kind", "population", "scenario")
NUMBERS = ("value", "ci_low", "ci_high")
#: How an estimate is taken that is an answer: nothing else is said of it.
_USUAL = ("contrast", "adjusted", "everybody", "main")


def numbers(first: Tables, second: Tables) -> Iterator[Difference]:
    """Yield estimates that differ: those of the verdicts in their order, then the others, the farthest moved first."""
    old, new = (by_key(run.get("estimate"), KEY) for run in (first, second))
    answers = dict.fromkeys(place for run in (second, first) for place in _answers(run))
    both = [*(place for place in answers if place in new), *(place for place in new if place not in answers)]
    moved = [_moved(place, old[place], new[place], place in answers) for place in both if place in old]
    yield from (one for one in moved if one and one.kind == ANSWER)
    yield from _shown_in_one(old, new)
    yield from sorted((one for one in moved if one and one.kind == ESTIMATE), key=_nearness)


def _answers(run: Tables) -> Iterator[Place]:
    """Yield of which estimates the verdicts of a run speak, first answer first."""
    for row in by_key(run.get("verdict"), ("analysis", "arm", "against")).values():
        yield (*(cell(row, column) for column in KEY[:6]), *_USUAL)


def _moved(place: Place, was: Row, now: Row, answer: bool) -> Difference | None:
    before, after = _number(was), _number(now)
    if before == after or not (before and after):
        return None
    return Difference(ANSWER if answer else ESTIMATE, _where(place), before, after, moved=_far(was, now))


def _number(row: Row) -> str:
    value, low, high = (cell(row, column) for column in NUMBERS)
    limits = f"{low} to {high}" if low and high else f"from {low}" if low else f"to {high}" if high else ""
    return f"{value} ({limits})" if limits else value


def _far(was: Row, now: Row) -> float:
    """Return by how many standard errors an estimate or an end of its interval moved; missing if it cannot be said."""
    try:
        pairs = [(float(was[c]), float(now[c])) for c in NUMBERS if cell(was, c) or cell(now, c)]
        error = max(float(row["se"]) for row in (was, now))
        if "log" in cell(now, "se_scale"):
            pairs = [(math.log(before), math.log(after)) for before, after in pairs]
        return max(abs(after - before) for before, after in pairs) / error
    except (KeyError, ValueError, ZeroDivisionError):
        return math.nan


def _nearness(one: Difference) -> float:
    return math.inf if math.isnan(one.moved) else -one.moved


def _shown_in_one(old: Mapping[Place, Row], new: Mapping[Place, Row]) -> Iterator[Difference]:
    """Yield what is shown in one run only, once for all estimates of an analysis of which the same is to be said."""
    found: dict[tuple[str, str, str, str], list[Place]] = {}
    for place in dict.fromkeys([*new, *old]):
        was, now = old.get(place, {}), new.get(place, {})
        before, after = (cell(row, "status") or ABSENT for row in (was, now))
        if before != after:
            why = cell(now, "reason") or cell(was, "reason")
            found.setdefault((place[0], before, after, why), []).append(place)
    for (analysis, before, after, why), places in found.items():
        where = _where(places[0]) if len(places) == 1 else f"{analysis}, {len(places)} estimates"
        yield Difference(STATUS, where, before, after, (why,) if why else ())


def _where(place: Place) -> str:
    """Return in a few words which estimate it is; what is as usual is left out."""
    analysis, arm, against, design, measure, day, *how = place
    whom = f"{arm} v {against}" if against else arm
    unusual = [part for part, usual in zip(how, _USUAL, strict=False) if part not in (usual, "arm", "check", measure)]
    return ", ".join(filter(None, [analysis, whom, measure, f"day {day}" if day else "", f"design {design}", *unusual]))
