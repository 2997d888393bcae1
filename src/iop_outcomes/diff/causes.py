"""What two runs were made of, held against each other: settings, raw files, code and versions."""

from collections.abc import Iterator, Mapping
from typing import Any

from iop_outcomes.diff.difference import ABSENT, CODE, INPUT, SETTING, VERSION, Difference

#: Settings that name a study and change nothing that is made of it: told last.
NAMES = ("study", "title")
#: Parts of the record that are told by themselves.
_PARTS = ("settings", "inputs", "beside", "code", "versions", "study")
#: A digest is told by its beginning, which is enough to tell two apart.
_DIGEST = 12


def causes(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield what differs between the records of two runs."""
    settings = list(_unequal(SETTING, _part(first, "settings"), _part(second, "settings")))
    yield from sorted(settings, key=lambda one: one.place in NAMES)
    told = bool(settings)
    yield from _unequal(SETTING, _beside_settings(first, told), _beside_settings(second, told))
    for part in ("inputs", "beside"):
        yield from (_short(one) for one in _unequal(INPUT, _part(first, part), _part(second, part)))
    yield from _code(_part(first, "code"), _part(second, "code"))
    yield from _unequal(VERSION, _part(first, "versions"), _part(second, "versions"))


def _part(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = record.get(name, {})
    return found if isinstance(found, Mapping) else {name: found}


def _beside_settings(record: Mapping[str, Any], told: bool) -> dict[str, Any]:
    """Return what else a record holds; the digest of the settings says nothing where they are told to differ."""
    rest = {name: part for name, part in record.items() if name not in _PARTS}
    if told and isinstance(rest.get("protocol"), Mapping):
        rest["protocol"] = {name: part for name, part in rest["protocol"].items() if name != "digest"}
    return rest


def _code(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Difference]:
    same = "digest" in first and first.get("digest") == second.get("digest")
    why = ("Nothing that is run differs: the digest of the code is the same.",) if same else ()
    for one in _unequal(CODE, first, second):
        yield Difference(CODE, one.place, one.before, one.after, why)


def _unequal(kind: str, first: Any, second: Any, place: str = "") -> Iterator[Difference]:
    """Yield what differs, each as far down as both have it: ``analyses.primary.margin``; a list is one value."""
    if first == second:
        return
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        for key in sorted({*first, *second}, key=str):
            path = f"{place}.{key}" if place else str(key)
            yield from _unequal(kind, first.get(key, ABSENT), second.get(key, ABSENT), path)
    else:
        yield Difference(kind, place, *_apart(first, second))


def _apart(was: Any, now: Any) -> tuple[str, str]:
    """Return two settings as text: of two lists what only one of them has, unless they differ in their order alone."""
    if isinstance(was, list) and isinstance(now, list):
        had, has = (list(map(_said, run)) for run in (was, now))
        unlike = [one for one in dict.fromkeys([*had, *has]) if (one in had) != (one in has)]
        if unlike:
            return _of(unlike, had), _of(unlike, has)
    return _entry(was, now), _entry(now, was)


def _of(names: list[str], there: list[str]) -> str:
    return ", ".join(f"{'with' if name in there else 'without'} {name}" for name in names)


def _entry(value: Any, beside: Any) -> str:
    """Return a setting as text; a group of them is only said to be there beside one that is none."""
    return "there" if isinstance(value, Mapping) and value and not isinstance(beside, Mapping) else _said(value)


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_said(one)}" for key, one in value.items()) or "empty"
    if isinstance(value, list):
        return ", ".join(map(_said, value)) or "empty"
    return "none" if value is None else str(value)


def _short(one: Difference) -> Difference:
    before, after = (text if text == ABSENT else text[:_DIGEST] for text in (one.before, one.after))
    return one if before == after else Difference(one.kind, one.place, before, after)
