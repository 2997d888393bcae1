"""The JSON schema of a study file, so that editors complete and check it while it is written."""

from typing import Any

from iop_outcomes.kernel.docstrings import meanings
from iop_outcomes.kernel.plugin import Plugin
from iop_outcomes.kernel.registry import (
    CHECKS,
    DESIGN_METHODS,
    ELIGIBILITY,
    ESTIMATORS,
    METRICS,
    SOURCES,
    P,
    Registry,
)
from iop_outcomes.study import Study


def study_schema() -> dict[str, Any]:
    """Return the schema: the study's own sections, and the settings of every plug-in that can be named in them."""
    schema = Study.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "A study of iop-outcomes"
    parts = schema["$defs"]
    for section in (schema, *parts.values()):
        _say(section)
    parts["Source"] = {"oneOf": [_settings(plugin, "kind") for plugin in SOURCES]}
    for part in parts["Source"]["oneOf"]:
        # References start from the whole schema, so that parts of a part stand beside it.
        parts.update(part.pop("$defs", {}))
    arms = parts["Design"]["properties"]["arms"]
    parts["Design"] = {"oneOf": [_settings(plugin, "method") for plugin in DESIGN_METHODS]}
    for part in parts["Design"]["oneOf"]:
        part["properties"]["arms"] = arms
    parts["Metric"] = {"anyOf": [_settings(plugin, "metric", required=False) for plugin in METRICS]}
    metrics = schema["properties"]["metrics"]
    metrics["patternProperties"] = {pattern: {"$ref": "#/$defs/Metric"} for pattern in metrics["patternProperties"]}
    metrics["additionalProperties"] = False
    parts["Analysis"]["properties"]["estimator"]["enum"] = ESTIMATORS.names()
    parts["Cohort"]["properties"]["eligibility"]["items"] = _named(ELIGIBILITY)
    schema["properties"]["sensitivity"]["items"] = _named(CHECKS)
    return schema


def _say(section: dict[str, Any]) -> None:
    """Give every key of a section what it means, for editors to show."""
    for key, meaning in meanings(section.get("description", "")).items():
        if key in section.get("properties", {}):
            section["properties"][key]["description"] = meaning


def _settings(plugin: Plugin, key: str, required: bool = True) -> dict[str, Any]:
    """Return the schema of one plug-in's settings, with the key that names it."""
    part: dict[str, Any] = plugin.study_settings_model.model_json_schema()
    part["title"] = plugin.name
    part["description"] = plugin.summary
    part.setdefault("properties", {})[key] = {"const": plugin.name}
    if required:
        part["required"] = [key, *part.get("required", [])]
    return part


def _named(registry: Registry[P]) -> dict[str, Any]:
    """Return the schema of an entry that is a name, or a name with settings."""
    with_settings = {plugin.name: plugin.study_settings_model.model_json_schema() for plugin in registry}
    return {
        "anyOf": [
            {"enum": registry.names()},
            {"type": "object", "properties": with_settings, "additionalProperties": False, "maxProperties": 1},
        ]
    }
