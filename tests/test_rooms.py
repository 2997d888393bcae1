"""Which room of the package may call on which: one way only, and no module stands in a circle."""

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "src" / "iop_outcomes"

#: A room may import from itself, and from these.
MAY_IMPORT = {
    "kernel": (),
    "stats": ("kernel",),
    "tables": ("kernel",),
    "endpoints": ("kernel",),
    "simulate": ("kernel", "tables"),
    "history": ("endpoints", "kernel", "tables"),
    "metrics": ("endpoints", "history", "kernel", "tables"),
    "study": ("history", "kernel", "tables"),
    "ingest": ("endpoints", "kernel", "simulate", "study", "tables"),
    "cohort": ("kernel", "study", "tables"),
    "dataset": ("history", "kernel", "study", "tables"),
    "describe": ("dataset", "endpoints", "history", "kernel", "metrics", "stats", "study", "tables"),
    # A design never sees an outcome, so nothing that makes one is in its reach.
    "designs": ("kernel", "stats", "study", "tables"),
    "estimates": ("designs", "kernel", "stats", "study", "tables"),
    "robustness": ("designs", "estimates", "kernel", "stats", "study", "tables"),
    "conclude": ("cohort", "dataset", "designs", "history", "ingest", "kernel", "simulate", "stats", "study", "tables"),
    # The whole road, gone many times.
    "operating": (
        *("conclude", "designs", "ingest", "kernel", "release", "simulate"),
        *("in_memory", "stages", "stats", "study", "tables"),
    ),
    "costs": ("designs", "estimates", "kernel", "stats", "study", "tables"),
    # A question asked again of other people, from other days, on other outcomes and by other designs.
    "specifications": ("cohort", "dataset", "designs", "estimates", "history", "kernel", "stats", "study", "tables"),
    # A landmark analysis is one call of an analyst.
    "participation": ("analyst", "designs", "kernel", "stats", "study", "tables"),
    "release": ("conclude", "designs", "history", "kernel", "study", "tables"),
    # What a person is told before anything runs knows records and no result, and the rules by which levels are hidden.
    "check": ("cohort", "dataset", "ingest", "kernel", "release", "study", "tables"),
    "drafting": ("ingest", "kernel"),
    # Releases of several sites, as they lie on disk.
    "sites": ("conclude", "diff", "kernel", "release", "stats", "study", "tables"),
    # Two finished runs, as they lie on disk.
    "diff": ("kernel", "study"),
}  # fmt: skip


@cache
def modules() -> dict[str, set[str]]:
    """Return each module with those of this package that it imports when it runs."""
    files = {}
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return {name: _imports(path, set(files)) - {name} for name, path in files.items()}


def _imports(path: Path, known: set[str]) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        # What is imported for types only is not there when the program runs.
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "iop_outcomes":
            base = node.module.removeprefix("iop_outcomes").lstrip(".")
            for alias in node.names:
                whole = f"{base}.{alias.name}".lstrip(".")
                found.add(whole if whole in known else base)
    return found & known


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_calls_only_on_those_below_it(room):
    called = {
        (name, other)
        for name, others in modules().items()
        if name.split(".")[0] == room
        for other in others
        if other.split(".")[0] not in (room, *MAY_IMPORT[room])
    }
    assert sorted(called) == []


def test_no_module_stands_in_a_circle():
    every = modules()
    # A circle raises CycleError, which names the modules in it.
    assert sorted(TopologicalSorter(every).static_order()) == sorted(every)


def test_every_room_is_a_folder_that_says_what_it_is():
    # A folder moved elsewhere leaves its compiled files behind in a checkout: it holds no module any more.
    for room in [path for path in ROOT.iterdir() if any(path.glob("*.py"))]:
        assert ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8"))), room.name
