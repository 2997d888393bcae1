"""Differences between two runs as text for the terminal, and as a page."""

from collections.abc import Iterator
from itertools import groupby

from jinja2 import Environment, PackageLoader

from iop_outcomes.diff.differences import (
    CLAIM,
    CODE,
    ESTIMATE,
    INPUT,
    SETTING,
    STATUS,
    TABLE,
    VERDICT,
    VERSION,
    Difference,
)
from iop_outcomes.diff.run import Run

HEADINGS = {
    VERDICT: "Verdicts",
    CLAIM: "Claims",
    STATUS: "Shown in one and not in the other",
    ESTIMATE: "Estimates",
    TABLE: "Other released tables",
    SETTING: "Settings of the study",
    INPUT: "Raw files and plug-ins beside the study",
    CODE: "Code",
    VERSION: "Versions",
}


def in_words(first: Run, second: Run, found: list[Difference]) -> str:
    """Return differences as lines of text under headings, what matters most first."""
    return "\n".join(_lines(first, second, found))


def headline(first: Run, second: Run, found: list[Difference]) -> str:
    """Return in one sentence what the differences mean for a reader."""
    kinds = {one.kind for one in found}
    if not found:
        return f"{first.name} and {second.name} are the same."
    if VERDICT in kinds or CLAIM in kinds:
        return f"{first.name} and {second.name} do not say the same: a verdict or a claim differs."
    if kinds & {STATUS, ESTIMATE}:
        return f"{first.name} and {second.name} come to the same verdicts and claims, by other numbers."
    if TABLE in kinds:
        return f"{first.name} and {second.name} have the same verdicts and estimates; other tables differ."
    return f"{first.name} and {second.name} released the same tables, made of other things."


def missing_record(first: Run, second: Run) -> str:
    """Say which of the runs has no record, so that nothing is known of settings, inputs and code; empty if none."""
    without = [run.name for run in (first, second) if not run.record]
    if not without:
        return ""
    return f"{' and '.join(without)}: no run.json, so settings, raw files, code and versions were not compared."


def as_page(first: Run, second: Run, found: list[Difference]) -> str:
    """Return differences as one HTML page that needs nothing else."""
    environment = Environment(
        loader=PackageLoader("iop_outcomes.diff", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("page.html.j2").render(
        first=first.name,
        second=second.name,
        headline=headline(first, second, found),
        missing=missing_record(first, second),
        groups=[(HEADINGS[kind], list(group)) for kind, group in groupby(found, key=lambda one: one.kind)],
    )


def _lines(first: Run, second: Run, found: list[Difference]) -> Iterator[str]:
    yield headline(first, second, found)
    if missing := missing_record(first, second):
        yield missing
    for kind, group in groupby(found, key=lambda one: one.kind):
        yield f"\n{HEADINGS[kind]}"
        yield from (f"  {one.place}: {one.before} -> {one.after}" for one in group)
