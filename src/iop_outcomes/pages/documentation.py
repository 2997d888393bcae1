"""Pages of ``docs/`` that are made from the code: what it says of itself is the only place where it is said.

A test compares the pages that are committed with those made here; ``iop-outcomes codebook`` writes them anew.
"""

import inspect
import re
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import TypeVar

import pandas as pd

from iop_outcomes import tables
from iop_outcomes.history import denominators, detection, evidence
from iop_outcomes.ingest.crosschecks import ORDER
from iop_outcomes.ingest.rules import OF_EVERY, OF_SHEETS, rules_of
from iop_outcomes.kernel import registry
from iop_outcomes.kernel.plugin import Plugin
from iop_outcomes.kernel.registry import Metric, Registry
from iop_outcomes.pages import markdown, settings
from iop_outcomes.pages import timelines as examples
from iop_outcomes.pages.calls import calls_page
from iop_outcomes.pages.operating import KEPT, write_page
from iop_outcomes.pages.study_file import study_file_page
from iop_outcomes.pages.timelines import Example, sections_of
from iop_outcomes.pages.verdict import verdict_page
from iop_outcomes.release.figures import FIGURES
from iop_outcomes.tables.answered import ANSWERED
from iop_outcomes.tables.declare import TYPES, Column, Table

P = TypeVar("P", bound=Plugin)

RULES_OF_TABLES = """\
Below each canonical table stand its rules. A row that breaks one is set aside: kept in `rejected` by file, line and
rule, counted in the report, and never lost. A record that is merely incomplete or beside the question is answered: read
as the rule says, and counted. A study may turn any of them into a refusal:
`refuse: ["session: day: after the person's death", "episode: last_contact_day: *"]` ends the run as soon as one record
falls under it, and `check` tells of those set aside. `*` is any text; no rule can be silenced."""

RULES_OF_SHEETS = """\
A row of a clinic's own sheet is set aside before the rules of its table are asked, by one of these; `*` is a column, a
sheet or what the study says."""

GENERATED = "<!-- Made from the code by `iop-outcomes codebook`; change the code, not this page. -->"

WINDOWS = """\
Study days count from time zero, day 0. A window of `window_days` is days 0 to `window_days - 1`, cut at the end of each
person's follow-up. Every metric says what it needs; where a source does not give that, the metric is refused by name
and never replaced. Missing values keep the reason why they are missing.

The timelines below are tests: each is drawn for one person, one symbol a day from day 0 (or one a week), and the
metric must give the value that stands under it, with the settings to its right and defaults otherwise."""


def write_all(folder: Path) -> list[Path]:
    """Write all generated pages into a folder and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in pages().items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    # This one is made from tables that were measured, and kept beside it.
    return [*written, write_page(folder)] if (folder / KEPT).is_dir() else written


def pages() -> dict[str, str]:
    """Return the generated pages, Markdown by file name."""
    made = {
        "metrics.md": metrics_page(),
        "endpoints.md": endpoints_page(),
        "tables.md": tables_page(),
        "plugins.md": plugins_page(),
        "calls.md": calls_page(),
        "verdict.md": verdict_page(),
        "study_file.md": study_file_page(),
    }
    return {name: f"{GENERATED}\n\n{text.rstrip()}\n" for name, text in made.items()}


def metrics_page() -> str:
    """Return the page of metrics: what each counts, its settings, rules and worked timelines, grouped by module."""
    plugins = sorted(_own(registry.METRICS), key=lambda plugin: (_family(plugin), plugin.name))
    overview = [
        (f"[`{p.name}`](#{p.name})", markdown.prose(p.summary), p.unit, p.kind_of_value, f"`{_family(p)}`")
        for p in sorted(plugins, key=lambda plugin: plugin.name)
    ]
    parts = ["# Metrics", WINDOWS, markdown.table(("metric", "what it counts", "unit", "kind", "family"), overview)]
    parts += ["## How timelines are drawn", _legend()]
    parts += ["## Denominators of attendance", *_denominators()]
    parts += ["## How reports and tests become days", markdown.prose(inspect.getdoc(evidence)), *_detection()]
    for _, family in groupby(plugins, key=_family):
        family = list(family)
        parts.append(_family_heading(family[0]))
        parts += [_metric(plugin) for plugin in family]
    return markdown.joined(parts)


def endpoints_page() -> str:
    """Return the page of the published urine endpoints."""
    from iop_outcomes.endpoints.catalogue import catalogue
    from iop_outcomes.endpoints.endpoint import UNSCHEDULED_WEEKS

    parts = [
        "# Urine endpoints",
        "Published endpoints on weekly urine results, by the name the metric `urine_endpoint` and "
        "`iop_outcomes.endpoints.score` take. `-` negative, `+` positive, `*` both, `o` due and missed, `_` not due.",
        f"The mode `ctnote` is the published program. In the default mode {UNSCHEDULED_WEEKS}; what else it does "
        "otherwise stands in the last column.",
    ]

    def own(correction: str) -> str:
        return correction.removesuffix(f"; {UNSCHEDULED_WEEKS}")

    for family, rows in catalogue().groupby("family", sort=False):
        cells = [
            (f"`{row.columns}`", row.rule, row.window, row.missing, _cited(row.source, row.doi), own(row.correction))
            for row in rows.itertuples(index=False)
        ]
        header = ("columns", "rule", "weeks", "a missed week is", "source", "default mode corrects")
        parts += [f"## {family.capitalize()} ({len(rows)})", markdown.table(header, cells)]
    return markdown.joined(parts)


def tables_page() -> str:
    """Return the data dictionary: every table that passes between stages, column by column."""
    intro = (
        "Every table that passes between stages keeps a contract declared in `tables/`. Days are whole study days: "
        "counted from the person's anchor in canonical tables, from time zero afterwards. Missing is null.\n\n"
        f"{RULES_OF_TABLES}"
    )
    parts = ["# Tables", intro]
    for stage, contracts in groupby(tables.CONTRACTS.values(), key=lambda table: table.stage):
        parts.append(f"## Stage: {stage}")
        for table in contracts:
            parts += [_contract(table), _rules(table.name)]
    parts += ["## Rules of the kind `sheets`", RULES_OF_SHEETS, "\n".join(f"- {rule}" for rule in OF_SHEETS)]
    return markdown.joined(parts)


def plugins_page() -> str:
    """Return the page of what else a study file may name: sources, rules, designs, estimators, checks, figures."""
    kinds = (
        ("Sources", registry.SOURCES),
        ("Eligibility rules", registry.ELIGIBILITY),
        ("Design methods", registry.DESIGN_METHODS),
        ("Estimators", registry.ESTIMATORS),
        ("Sensitivity checks", registry.CHECKS),
        ("Figures", FIGURES),
    )
    parts = ["# Plug-ins", "What a study file may name beside the [metrics](metrics.md), with settings and defaults."]
    for title, found in kinds:
        plugins = _own(found)
        if plugins:
            parts.append(f"## {title}")
            parts += [_plugin(plugin) for plugin in plugins]
    return markdown.joined(parts)


def _own(found: Registry[P]) -> list[P]:
    """Return this project's plug-ins, without those somebody's notebook has added."""
    return [plugin for plugin in found if plugin.function.__module__.startswith("iop_outcomes.")]


def _family(plugin: Plugin) -> str:
    return plugin.function.__module__.rpartition(".")[2]


def _family_heading(plugin: Plugin) -> str:
    document = inspect.getdoc(inspect.getmodule(plugin.function)) or ""
    return f"## {_family(plugin).replace('_', ' ').capitalize()}\n\n{markdown.prose(document)}"


def _metric(plugin: Metric) -> str:
    facts = [
        ("unit", plugin.unit),
        ("kind", plugin.kind_of_value),
        ("better", plugin.better),
        ("needs", ", ".join(f"`{need}`" for need in plugin.needs)),
        ("missing", plugin.missing),
        ("source", markdown.linked(plugin.source)),
    ]
    about = [
        markdown.description(plugin.function),
        markdown.bullets(facts),
        settings.settings(plugin),
        _examples(plugin),
    ]
    return markdown.joined([f"### {plugin.name}", *about])


def _plugin(plugin: Plugin) -> str:
    facts = [(name, text) for name, fact in plugin.facts.items() if (text := _fact(fact))]
    lists = [
        markdown.table((name, "because"), [(f"`{what}`", str(why)) for what, why in fact.items()])
        for name, fact in plugin.facts.items()
        if isinstance(fact, Mapping) and fact
    ]
    about = [
        markdown.description(plugin.function),
        markdown.bullets(facts),
        settings.settings(plugin),
        *settings.parts(plugin),
        *lists,
    ]
    return markdown.joined([f"### {plugin.name}", *about])


def _fact(fact: object) -> str:
    """Return a fact in words; empty for one that is code."""
    words = fact if isinstance(fact, tuple | list) else (fact,)
    return ", ".join(words) if all(isinstance(word, str) for word in words) else ""


def _examples(plugin: Plugin) -> str:
    shown = []
    for part in sections_of(plugin.function):
        shown.append(f"```text\n{part.text}\n```" if isinstance(part, Example) else markdown.prose(part))
    return markdown.joined(shown)


def _denominators() -> list[str]:
    """Return what is said of denominators of attendance, and the policies by name."""
    rows = [tuple(row) for row in denominators.policies().itertuples(index=False)]
    header = ("policy", "version", "statuses left out", "rule")
    return [markdown.description(denominators), markdown.table(header, rows)]


def _detection() -> list[str]:
    """Return what is said of detection windows, and the days of each substance."""
    days = detection.DETECTION_DAYS | {"any other": detection.OTHERWISE}
    rows = [(substance, str(n)) for substance, n in days.items()]
    return [markdown.description(detection), markdown.table(("substance", "days a urine test looks back"), rows)]


def _legend() -> str:
    """Return the table of symbols from the docstring of ``examples.py``."""
    rule = re.compile(r"^=+ +=+$", re.MULTILINE)
    _, legend, *_ = rule.split(inspect.getdoc(examples) or "")
    rows: list[list[str]] = []
    for line in legend.strip("\n").splitlines():
        name, text = line[:15].strip(), line[15:].strip()
        if name:
            rows.append([name.replace("``", "`"), text])
        else:
            rows[-1][1] += f" {text}"
    return markdown.table(("line", "what it draws"), [(name, markdown.prose(text)) for name, text in rows])


def _rules(table: str) -> str:
    """Return the rules by which rows of a canonical table are set aside, and records of it read otherwise."""
    if table not in ORDER:
        return ""
    rows = [(rule, "set aside") for rule in (*rules_of(table), *OF_EVERY)]
    rows += [(rule, "answered") for rule in ANSWERED.get(table, ())]
    return markdown.table((f"rule of `{table}`", "what becomes of the record"), rows)


def _contract(table: Table) -> str:
    key = ", ".join(f"`{name}`" for name in table.key)
    about = f"One row per {table.row}; key: {key}."
    if table.open:
        about += " Further columns are named by source or study."
    if table.unit == "aggregate":
        about += " Counts only, no person's row."
    rows = [(f"`{c.name}`", TYPES[c.type], _allowed(c), _null(c), c.meaning) for c in table.columns]
    return markdown.joined(
        [f"### {table.name}", about, markdown.table(("column", "type", "unit or codes", "null", "meaning"), rows)]
    )


def _allowed(column: Column) -> str:
    if column.allowed:
        return ", ".join(f"`{code}`" for code in column.allowed)
    bounds = [("from", column.minimum), ("to", column.maximum)]
    limits = " ".join(f"{word} {value:g}" for word, value in bounds if value is not None)
    return ", ".join(filter(None, [column.unit, limits]))


def _null(column: Column) -> str:
    if not column.required:
        return "may be absent"
    return "may be null" if column.nullable else "never"


def _cited(source: str, doi: str) -> str:
    return markdown.linked(f"{source}, {doi}") if doi and not pd.isna(doi) else markdown.linked(source)
