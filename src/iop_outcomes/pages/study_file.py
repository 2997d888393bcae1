"""The page of the study file: every section with its keys, what they mean, and an example that is tried as a test."""

from collections.abc import Iterator, Mapping
from typing import Any

from iop_outcomes.kernel.docstrings import meanings
from iop_outcomes.pages import markdown, settings
from iop_outcomes.pages.study_examples import EXAMPLES
from iop_outcomes.study import Study

INTRO = """\
One file is the whole study. `study`, `source` and `cohort` must be there; everything else has a default or is left
out of the report. A key that is not known is an error, and the sentence names what is meant. Editors that read
`workflow/schema/study.json` complete the keys while you write, and `iop-outcomes check STUDY` tells all that is wrong.

[Metrics](metrics.md) and [plug-ins](plugins.md) hold the settings of what a section names."""

#: Keys that stand by themselves, and are shown in one table.
_LONE = "Keys without a section"


def study_file_page() -> str:
    """Return the page."""
    schema = Study.model_json_schema()
    shared, meaning = schema["$defs"], meanings(schema["description"])
    lone = {key: part for key, part in schema["properties"].items() if key not in EXAMPLES}
    about = {"description": schema["description"], "properties": lone, "required": schema["required"]}
    made = [
        "# The study file",
        INTRO,
        f"## {_LONE}",
        settings.keys(about, shared),
        *_tables(lone, shared, several=True),
    ]
    for key, example in EXAMPLES.items():
        made += [f"## {key}", markdown.prose(meaning[key]), f"```yaml\n{example.strip()}\n```"]
        made += _tables(schema["properties"][key], shared)
    return markdown.joined(made)


def _tables(part: Mapping[str, Any], shared: Mapping[str, Any], several: bool = False) -> Iterator[str]:
    """Return the tables of a section and of the sections inside it, each under its name."""
    found = _named(part, shared)
    outer = [name for name in found if f"/{name}'" in str(part)]
    for name in found:
        # A section that is of one kind needs no second name for it.
        heading = [] if outer == [name] and not several else [f"### {name}", settings.said_first(shared[name])]
        yield markdown.joined([*heading, settings.keys(shared[name], shared)])


def _named(part: object, shared: Mapping[str, Any], seen: tuple[str, ...] = ()) -> list[str]:
    """Return the sections that a part of the schema refers to, each once, outer ones first."""
    found: list[str] = []
    if isinstance(part, Mapping):
        name = str(part.get("$ref", "")).rpartition("/")[2]
        if name and name not in seen and "properties" in shared[name]:
            found = [name, *_named(shared[name]["properties"], shared, (*seen, name))]
        else:
            for value in part.values():
                found += _named(value, shared, seen)
    elif isinstance(part, list):
        for value in part:
            found += _named(value, shared, seen)
    return list(dict.fromkeys(found))
