"""Change one border, sign or factor at a time and see whether a test notices; print what survives.

    python benchmarks/mutations.py src/iop_outcomes/metrics/retention.py tests/metrics
    python benchmarks/mutations.py            # the modules on which verdicts and disclosure rest, with their tests

Each change is made in a copy of the package that is read instead of the original, so that a killed run leaves nothing
behind. A survivor is a line that no test holds: give it an example at its border, or find that it does not matter.
"""

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path("src") / "iop_outcomes"
DEFAULT = {
    PACKAGE / "metrics" / "retention.py": ["tests/metrics"],
    PACKAGE / "history" / "care.py": ["tests/metrics", "tests/test_care_in_a_study.py"],
    PACKAGE / "release" / "disclosure" / "rules.py": ["tests/release/disclosure"],
    PACKAGE / "release" / "disclosure" / "suppression.py": ["tests/release/disclosure"],
    PACKAGE / "release" / "tables" / "estimates.py": ["tests/release"],
    PACKAGE / "release" / "words" / "verdict.py": ["tests/test_verdict.py"],
    PACKAGE / "designs" / "judge" / "gate.py": ["tests/designs"],
    PACKAGE / "kernel" / "seeds.py": ["tests/test_seeds.py"],
}
_BORDERS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
_SIGNS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
_LOGIC = {ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd}


def mutants(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, what was changed, and the text of each changed module."""
    n_nodes = sum(1 for _ in ast.walk(ast.parse(source)))
    for position in range(n_nodes):
        tree = ast.parse(source)
        node = list(ast.walk(tree))[position]
        said = _change(node)
        if said:
            yield node.lineno, said, ast.unparse(tree)


def _change(node: ast.AST) -> str:
    """Change one node in place and say how; empty where there is nothing to change."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _BORDERS:
        old, new = type(node.ops[0]), _BORDERS[type(node.ops[0])]
        node.ops[0] = new()
        return f"{old.__name__} -> {new.__name__}"
    if isinstance(node, ast.BinOp) and type(node.op) in _SIGNS | _LOGIC:
        old, new = type(node.op), (_SIGNS | _LOGIC)[type(node.op)]
        node.op = new()
        return f"{old.__name__} -> {new.__name__}"
    if isinstance(node, ast.BoolOp):
        old, new = type(node.op), _LOGIC[type(node.op)]
        node.op = new()
        return f"{old.__name__} -> {new.__name__}"
    if isinstance(node, ast.Constant) and type(node.value) in (int, float) and hasattr(node, "lineno"):
        old = node.value
        node.value = old + 1
        return f"{old} -> {old + 1}"
    return ""


def survives(module: Path, text: str, tests: list[str], copy: Path) -> bool:
    """Return whether the tests pass on a package in which one module is changed."""
    target = copy / module
    kept = target.read_text(encoding="utf-8")
    target.write_text(text, encoding="utf-8")
    try:
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-n",
            "0",
            "-q",
            "-x",
            "-p",
            "no:cacheprovider",
            "-m",
            "not slow",
            *tests,
        ]
        environment = os.environ | {"PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True).returncode == 0
    finally:
        target.write_text(kept, encoding="utf-8")


def main() -> None:
    """Run every change of the modules asked for and print those that no test noticed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("module", nargs="?", type=Path)
    parser.add_argument("tests", nargs="*")
    asked = parser.parse_args()
    chosen = {asked.module: asked.tests} if asked.module else DEFAULT
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__"))
        for module, tests in chosen.items():
            made = list(mutants((ROOT / module).read_text(encoding="utf-8")))
            left = [(line, said) for line, said, text in made if survives(module, text, tests, copy)]
            print(f"{module}: {len(made)} changes, {len(left)} not noticed", flush=True)
            for line, said in left:
                print(f"  line {line}: {said}", flush=True)


if __name__ == "__main__":
    main()
