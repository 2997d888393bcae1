"""Differences between two runs as text for the terminal, and as a page."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from math import isnan
from textwrap import fill

from jinja2 import Environment, PackageLoader

from iop_outcomes.diff.causes import NAMES
from iop_outcomes.diff.difference import (
    ANSWER,
    CAUSES,
    CHECK,
    CLAIM,
    CODE,
    ESTIMATE,
    FILE,
    INPUT,
    SETTING,
    STATUS,
    TABLE,
    VERDICT,
    VERSION,
    Difference,
)
from iop_outcomes.diff.run import Run
from iop_outcomes.kernel.errors import counted

HEADINGS = {
    SETTING: "Settings of the study",
    INPUT: "Raw files and plug-ins beside the study",
    CODE: "Code",
    VERSION: "Versions",
    VERDICT: "Verdicts",
    CLAIM: "Claims",
    CHECK: "Checks of the designs",
    ANSWER: "Estimates on which verdicts rest",
    STATUS: "Shown in one and not in the other",
    ESTIMATE: "Other estimates",
    TABLE: "Other numbers",
    FILE: "Other files of the release",
}
WIDTH = 100
#: Of so many of a kind the terminal tells; the page tells all.
MOST = 15
#: So many settings, files and packages are named where one sentence says what caused a difference.
_NAMED = 3
_WHAT = {
    SETTING: ("setting", "settings"),
    INPUT: ("raw file or plug-in", "raw files or plug-ins"),
    VERSION: ("version", "versions"),
}


def in_words(first: Run, second: Run, found: Sequence[Difference]) -> str:
    """Return differences as lines of text under headings: what caused them, then what matters most first."""
    return "\n".join(_lines(first, second, found))


def headline(first: Run, second: Run, found: Sequence[Difference]) -> str:
    """Return in a sentence or two what the runs differ in, and what that means for a reader."""
    both = f"{first.name} and {second.name}"
    recorded = bool(first.record and second.record)
    came = [one for one in found if one.kind not in CAUSES]
    if not found:
        return f"{both} are the same." if recorded else f"{both} released the same."
    if not came:
        return f"{_made_of(both, found)} They released the same."
    start = _made_of(both, found) if recorded else ""
    return f"{start} {_came_of('They' if start else both, came)}".strip()


def _made_of(both: str, found: Sequence[Difference]) -> str:
    causes = [one for one in found if one.kind in CAUSES and one.place not in NAMES]
    if not causes:
        return f"{both} were made of the same, as far as that is recorded."
    said = [_counted(kind, [one.place for one in group]) for kind, group in groupby(causes, key=lambda one: one.kind)]
    return f"{both} differ in {', '.join(said)}."


def _counted(kind: str, places: list[str]) -> str:
    """Say how many settings, files or packages differ, and which where they are few."""
    if kind == CODE:
        return "code"
    named = f" ({', '.join(places)})" if len(places) <= _NAMED else ""
    return f"{counted(len(places), *_WHAT[kind])}{named}"


def _came_of(runs: str, came: Sequence[Difference]) -> str:
    many = Counter(one.kind for one in came)
    if many[VERDICT] or many[CLAIM]:
        return f"{runs} do not say the same: {_turned(came)}."
    same = f"{runs} come to the same verdicts and claims"
    if many[CHECK] or many[STATUS]:
        return f"{same}, but a check came out otherwise or something is shown in one only."
    numbers = [one for one in came if one.kind in (ANSWER, ESTIMATE)]
    if numbers and all(one.hardly for one in numbers):
        return f"{same}; no estimate moved by as much as a tenth of its standard error."
    if numbers:
        return f"{same}, by other numbers."
    if many[TABLE]:
        return f"{runs} have the same verdicts, claims and estimates; other numbers differ."
    return f"{runs} released the same tables; other files differ."


def _turned(came: Sequence[Difference]) -> str:
    """Say how many verdicts and claims are others, and how many only rest on other reasons."""
    said = []
    for turned in (True, False):
        many = Counter(one.kind for one in came if one.kind in (VERDICT, CLAIM) and one.turned == turned)
        if many:
            named = " and ".join(counted(n, kind) for kind, n in many.items())
            said.append(
                f"{named} turned" if turned else f"{named} {'rests' if many.total() == 1 else 'rest'} on other reasons"
            )
    return ", ".join(said)


def missing_record(first: Run, second: Run) -> str:
    """Say which of the runs has no record, so that nothing is known of settings, inputs and code; empty if none."""
    without = [run.name for run in (first, second) if not run.record]
    if not without:
        return ""
    return f"{' and '.join(without)}: no run.json, so settings, raw files, code and versions were not compared."


def as_page(first: Run, second: Run, found: Sequence[Difference]) -> str:
    """Return differences as one HTML page that needs nothing else."""
    environment = Environment(
        loader=PackageLoader("iop_outcomes.diff", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("page.html.j2").render(
        first=first.name,
        second=second.name,
        headline=headline(first, second, found),
        missing=missing_record(first, second),
        groups=list(_groups(found)),
        moved=_moved,
    )


def _lines(first: Run, second: Run, found: Sequence[Difference]) -> Iterator[str]:
    yield headline(first, second, found)
    if missing := missing_record(first, second):
        yield missing
    for heading, telling, hardly in _groups(found):
        yield f"\n{heading}"
        for one in telling[:MOST]:
            change = f"{one.before} -> {one.after}" if one.before else one.after
            yield _wrapped(f"  {one.place}: {change}{_moved(one)}", "    ")
            yield from (_wrapped(f"      {sentence}", "      ") for sentence in one.why)
        if len(telling) > MOST:
            yield f"  and {len(telling) - MOST} more, which --page FILE lists"
        if hardly:
            yield f"  {len(hardly)}{' others' if telling else ''} moved by less than a tenth of a standard error"


def _groups(found: Sequence[Difference]) -> Iterator[tuple[str, list[Difference], list[Difference]]]:
    """Yield each heading with what tells something and with what moved too little to."""
    for kind, group in groupby(found, key=lambda one: one.kind):
        every = list(group)
        telling = [one for one in every if not one.hardly]
        yield HEADINGS[kind], _together(telling), [one for one in every if one.hardly]


def _together(found: Sequence[Difference]) -> list[Difference]:
    """Tell places of which the same is to be said as one; what turned comes before what rests on other reasons."""
    alike: dict[tuple[object, ...], list[Difference]] = {}
    for one in sorted(found, key=lambda one: one.kind in (VERDICT, CLAIM) and not one.turned):
        own = one.place if one.kind in CAUSES or one.moved == one.moved else ""
        alike.setdefault((own, one.before, one.after, one.why), []).append(one)
    return [replace(same[0], place=_places([one.place for one in same])) for same in alike.values()]


def _places(places: Sequence[str]) -> str:
    """Return places as one; what they end in alike is said once.

    Examples
    --------
    >>> _places(["primary, iop v outpatient", "dropout, iop v outpatient"])
    'primary; dropout, iop v outpatient'
    """
    names, ends = zip(*(place.partition(", ")[::2] for place in places), strict=True)
    if len(set(ends)) > 1 or not ends[0]:
        return "; ".join(places)
    return f"{'; '.join(names)}, {ends[0]}"


def _moved(one: Difference) -> str:
    """Say by how much an estimate moved, for those who read a number by its precision."""
    return "" if isnan(one.moved) else f", moved by {one.moved:.2f} standard errors"


def _wrapped(text: str, later: str = "") -> str:
    return fill(text, WIDTH, subsequent_indent=later, break_long_words=False, break_on_hyphens=False)
