"""Verdicts, claims and checks of two releases held against each other, each with what it comes from."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pandas as pd

from iop_outcomes.diff.difference import ABSENT, CHECK, CLAIM, VERDICT, Difference
from iop_outcomes.diff.rows import Row, by_key, cell

Tables = Mapping[str, pd.DataFrame]

_DESIGN = ("arm", "against", "design")
#: Tables that end in a verdict: what tells their rows apart, and where they say why.
VERDICTS = {
    "verdict": (("analysis", "arm", "against"), "sentence"),
    "subgroup_verdict": (("analysis", "modifier"), "sentence"),
    "cost_verdict": (("perspective",), "sentence"),
    "participation_verdict": (("outcome",), "sentence"),
    "level_change_verdict": (("change",), "sentence"),
}
CLAIMS = {"claim": (("claim",), "explanation"), "ledger": (("claim",), "why")}
#: Whose verdicts and claims they are, where that is not the study's analyses.
_OF = {
    "subgroup_verdict": "subgroups of ",
    "cost_verdict": "costs, ",
    "participation_verdict": "participation, ",
    "level_change_verdict": "change of care, ",
    "ledger": "of the literature: ",
}
CHECKS = {"diagnostic": ((*_DESIGN, "check"), "reason")}


def conclusions(first: Tables, second: Tables) -> Iterator[Difference]:
    """Yield verdicts and claims that differ, and then the checks of the designs that they rest on."""
    checks = list(_checks(first, second))
    said = {""}
    for name, (key, why) in VERDICTS.items():
        yield from _concluded(VERDICT, name, key, why, (first, second), said)
    for name, (key, why) in CLAIMS.items():
        yield from _concluded(CLAIM, name, key, why, (first, second), said)
    yield from checks


def _concluded(
    kind: str, name: str, key: tuple[str, ...], why: str, runs: tuple[Tables, Tables], said: set[str]
) -> Iterator[Difference]:
    """Yield rows whose verdict or reasons differ; a sentence that was given before is not given again."""
    old, new = (by_key(run.get(name), key) for run in runs)
    for place in dict.fromkeys([*old, *new]):
        was, now = old.get(place, {}), new.get(place, {})
        if all(cell(was, column) == cell(now, column) for column in ("verdict", "reasons")):
            continue
        where = _arms(place) if name == "verdict" else ", ".join(filter(None, place))
        one = Difference(kind, _OF.get(name, "") + where, _verdict(was, now), _verdict(now, was))
        # Where the word is the same, its reasons are told, and the numbers of its sentence further down.
        told = [text for text in (cell(now, why) or cell(was, why),) if one.turned and text not in said]
        said.update(told)
        told += _checked(was, now, runs) if kind == VERDICT else _rests_on(was, now)
        yield replace(one, why=tuple(told))


def _arms(place: tuple[str, ...]) -> str:
    analysis, arm, against, *again = place
    return ", ".join([analysis, f"{arm} v {against}", *again])


def _verdict(row: Row, beside: Row) -> str:
    """Return a verdict with those reasons, in words, that the other one does not rest on as well."""
    if not row:
        return ABSENT
    shared = cell(beside, "reasons").split("; ") if cell(row, "verdict") == cell(beside, "verdict") else []
    codes = [code for code in cell(row, "reasons").split("; ") if code not in ("", cell(row, "verdict"), *shared)]
    reasons = "; ".join(code.replace("_", " ") for code in codes)
    return f"{cell(row, 'verdict')} ({reasons})" if reasons else cell(row, "verdict")


def _rests_on(was: Row, now: Row) -> list[str]:
    """Say on which analysis a claim rests."""
    analysis = next((cell(row, name) for row in (now, was) for name in ("analysis", "rests_on") if cell(row, name)), "")
    return [f"It rests on {analysis}."] if analysis else []


def _checked(was: Row, now: Row, runs: tuple[Tables, Tables]) -> list[str]:
    """Name the checks of the design of a verdict that came out otherwise."""
    if not (was and now) or "design" not in now:
        return []
    designs = {tuple(cell(row, column) for column in _DESIGN) for row in (was, now)}
    old, new = (by_key(run.get("diagnostic"), CHECKS["diagnostic"][0]) for run in runs)
    otherwise = [
        f"{place[3]} {cell(old[place], 'status')} -> {cell(new[place], 'status')}"
        for place in new
        if place in old and place[:3] in designs and cell(old[place], "status") != cell(new[place], "status")
    ]
    return [f"Checks of its design that came out otherwise: {', '.join(otherwise)}."] if otherwise else []


def _checks(first: Tables, second: Tables) -> Iterator[Difference]:
    key, why = CHECKS["diagnostic"]
    old, new = (by_key(run.get("diagnostic"), key) for run in (first, second))
    for place in dict.fromkeys([*new, *old]):
        was, now = old.get(place, {}), new.get(place, {})
        before, after = (cell(row, "status") or ABSENT for row in (was, now))
        if before != after:
            arm, against, design, check, *again = place
            told = cell(now, why) or cell(was, why)
            where = ", ".join([check, f"{arm} v {against}", f"design {design}", *again])
            yield Difference(CHECK, where, before, after, (told,) if told else ())
