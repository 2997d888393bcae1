"""Keys of a study file as tables: what is allowed, what holds where nothing is said, and what each means."""

from collections.abc import Mapping
from typing import Any

from iop_outcomes.kernel.docstrings import meanings
from iop_outcomes.kernel.plugin import Plugin
from iop_outcomes.pages import markdown


def settings(plugin: Plugin) -> str:
    """Return the table of the settings of a plug-in, with the defaults of a study file."""
    try:
        schema = plugin.study_settings_model.model_json_schema()
    except Exception:  # a setting of a type that JSON has no word for: name it, without a description
        schema = {"properties": {name: {} for name in plugin.study_settings_model.model_fields}}
    properties, shared = schema.get("properties", {}), schema.get("$defs", {})
    if not properties:
        return ""
    required = schema.get("required", [])
    in_call = {name: plugin.settings_model.model_fields[name].default for name in plugin.study_defaults}
    rows = [
        (
            f"`{name}`",
            kind(about, shared),
            "required"
            if name in required
            else f"`{default(about.get('default'))}`"
            + (f" (in a call `{default(in_call[name])}`)" if name in in_call else ""),
        )
        for name, about in properties.items()
    ]
    return markdown.table(("setting", "allowed", "default"), rows)


def kind(about: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    """Return in words what a JSON schema allows."""
    if "$ref" in about:
        name = about["$ref"].rpartition("/")[2]
        return f"`{name}`" if "properties" in shared[name] else kind(shared[name], shared)
    if "anyOf" in about:
        return " or ".join(kind(option, shared) for option in about["anyOf"])
    if "enum" in about or "const" in about:
        return ", ".join(f"`{value}`" for value in about.get("enum", [about.get("const")]))
    words = {
        "integer": "whole number",
        "number": "number",
        "string": "text",
        "boolean": "true or false",
        "null": "nothing",
        "array": "list",
        "object": "values by name",
    }
    bounds = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
    limits = [f"{word} {about[key]:g}" for key, word in bounds.items() if key in about]
    inner = about.get("items") or about.get("additionalProperties")
    of = f" of {kind(inner, shared)}" if isinstance(inner, Mapping) and inner else ""
    return f"{words.get(about.get('type'), 'see above')}{of}" + (f", {' and '.join(limits)}" if limits else "")


def default(value: object) -> str:
    """Return a default as a study file would say it."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return str(value) or '""'


def parts(plugin: Plugin) -> list[str]:
    """Return, for settings that have settings of their own, what each of those is."""
    shared = plugin.study_settings_model.model_json_schema().get("$defs", {})
    return [
        markdown.joined([f"#### {name}", said_first(about), keys(about, shared)])
        for name, about in sorted(shared.items())
        if "properties" in about
    ]


def keys(about: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    """Return the table of the keys of a section, from its JSON schema; empty for one without keys."""
    meaning, required = meanings(about.get("description", "")), about.get("required", [])
    rows = [
        (
            f"`{key}`",
            kind(part, shared),
            "required" if key in required else _default_of(part),
            markdown.prose(meaning.get(key, "")),
        )
        for key, part in about.get("properties", {}).items()
    ]
    return markdown.table(("key", "allowed", "default", "meaning"), rows) if rows else ""


def said_first(about: Mapping[str, Any]) -> str:
    """Return the first sentence of a section's description."""
    return markdown.prose(about.get("description", "").partition("\n")[0])


def _default_of(part: Mapping[str, Any]) -> str:
    """Return a default that can be said in a word; that of a section is the defaults of its keys."""
    value = part.get("default")
    if isinstance(value, dict) and value:
        return "as below"
    return f"`{default(value)}`"
