"""Nothing finished lies unreachable: a study, the command line, the workflow or a call for analysts leads to it."""

import inspect
import json
import re
from functools import cache
from pathlib import Path

import pytest

from iop_outcomes.kernel import registry
from iop_outcomes.pages.calls import rooms
from iop_outcomes.release.figures import FIGURES
from iop_outcomes.stages import STAGES
from reached import Definition, Package

ROOT = Path(__file__).resolve().parents[1]
KINDS = (
    registry.SOURCES,
    registry.ELIGIBILITY,
    registry.METRICS,
    registry.DESIGN_METHODS,
    registry.ESTIMATORS,
    registry.CHECKS,
    FIGURES,
)


@cache
def package() -> Package:
    return Package.read()


def place(function) -> Definition:
    plain = inspect.unwrap(function)
    return plain.__module__, plain.__qualname__.partition(".")[0]


def plugins() -> set[Definition]:
    """Return the functions a study file may name; what their decorators say, they name themselves."""
    functions = (plugin.function for kind in KINDS for plugin in kind)
    return {place(function) for function in functions if function.__module__.startswith("iop_outcomes.")}


def stages() -> set[Definition]:
    return {tuple(stage.function.split(":")) for stage in STAGES}


def commands() -> set[Definition]:
    return {("iop_outcomes.cli", name) for name in package().modules["iop_outcomes.cli"].definitions}


def workflow() -> set[Definition]:
    """Return what the Snakefile, rules, scripts and notebooks import, and what they take from imported modules."""
    found = set()
    for text in (*_sources(), *_notebooks()):
        for origin, names in re.findall(r"^from (iop_outcomes\S*) import (.+)$", text, flags=re.MULTILINE):
            for name in names.split(", "):
                taken = re.findall(rf"\b{name}\.(\w+)", text)
                found |= {(origin, name), *((f"{origin}.{name}", one) for one in taken)}
    return found & package().functions


def _sources() -> list[str]:
    paths = (ROOT / "Snakefile", *(ROOT / "workflow").rglob("*.smk"), *(ROOT / "workflow").rglob("*.py"))
    return [path.read_text(encoding="utf-8") for path in paths]


def _notebooks() -> list[str]:
    books = [json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "notebooks").glob("*.ipynb")]
    return ["\n".join("".join(cell["source"]) for cell in book["cells"]) for book in books]


def calls() -> set[Definition]:
    return {place(call) for room in rooms().values() for call in room.values()}


@pytest.mark.slow
def test_every_public_function_is_reached():
    reached = package().reached(plugins() | stages() | commands() | workflow() | calls())
    unreached = sorted(f"{module}.{name}" for module, name in package().functions - reached)
    assert not unreached, f"{unreached}: make each a plug-in or a call for analysts, or take it out"


def test_models_that_no_study_uses_are_reached_by_an_analysts_call_alone():
    reached = package().reached(plugins() | stages() | commands() | workflow())
    for module, name in (("logrank", "logrank_test"), ("parametric_survival", "fit_weibull")):
        there = (f"iop_outcomes.stats.survival.{module}", name)
        assert there in package().functions and there not in reached and there in calls()


def test_a_module_that_nobody_imports_is_found(tmp_path):
    (tmp_path / "used.py").write_text("def used(): helper()\ndef helper(): pass\ndef spare(): pass\n")
    (tmp_path / "alone.py").write_text("from iop_outcomes.used import helper\ndef alone(): helper()\n")
    found = Package.read(tmp_path)
    reached = found.reached([("iop_outcomes.used", "used")])
    assert sorted(found.functions - reached) == [("iop_outcomes.alone", "alone"), ("iop_outcomes.used", "spare")]
