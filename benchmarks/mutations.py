"""Change one border, sign, divisor or threshold at a time and see whether a test notices; print what survives.

    python benchmarks/mutations.py                                  # all of metrics, disclosure, verdict and judge
    python benchmarks/mutations.py src/iop_outcomes/metrics/retention.py
    python benchmarks/mutations.py src/iop_outcomes/history/care.py --tests tests/metrics

Tests are run once to see which of them reach which line; a change is then shown to those of its line only, in a fork
of a process that has them imported, so that it takes a moment. It is made in memory, or in a copy of the package that
is read instead of the original: a killed run leaves nothing behind. A survivor is a line that no test holds: give it
an example at its border, or say in ``benchmarks/equivalent_mutations.yaml`` why it cannot matter.
"""

import argparse
import compileall
import shutil
import tempfile
from pathlib import Path

from mutating import changes, equivalents, running

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path("src") / "iop_outcomes"
#: Modules on which numbers, secrecy and verdicts rest, by pattern, and the tests that belong to them.
TARGETS = {
    "metrics/*.py": ("tests/test_documentation.py", "tests/metrics"),
    "release/disclosure/*.py": ("tests/release/disclosure",),
    "study/release_rules.py": ("tests/release/disclosure",),
    "conclude/verdict.py": ("tests/conclude",),
    "conclude/judging.py": ("tests/conclude",),
    "conclude/claims.py": ("tests/conclude",),
    "conclude/facts.py": ("tests/conclude",),
    "conclude/p_values.py": ("tests/conclude",),
    "release/words/verdict.py": ("tests/release/words",),
    "release/words/finding.py": ("tests/release/words",),
    "designs/judge/*.py": ("tests/designs",),
    "kernel/seeds.py": ("tests/test_seeds.py",),
}


def chosen(asked: list[Path], tests: list[str]) -> dict[tuple[str, ...], list[Path]]:
    """Return the modules to change, from the project's folder, by the tests that belong to them."""
    if tests:
        return {tuple(tests): asked}
    found: dict[tuple[str, ...], list[Path]] = {}
    for pattern, own in TARGETS.items():
        modules = [path.relative_to(ROOT) for path in sorted((ROOT / PACKAGE).glob(pattern))]
        found.setdefault(own, []).extend(module for module in modules if not asked or module in asked)
    known = [module for modules in found.values() for module in modules]
    for module in asked:
        if module not in known:
            raise SystemExit(f"{module}: say with --tests which tests belong to it")
    return {own: modules for own, modules in found.items() if modules}


def report(module: Path, made: list[changes.Change], left: list[changes.Change], known: equivalents.Known) -> tuple:
    """Print the changes of a module that no test noticed, and return its row of the table."""
    name = module.relative_to(PACKAGE)
    judged, unheld = equivalents.split(name, left, known)
    print(f"{name}: {len(made)} changes, {len(unheld)} not noticed", flush=True)
    for change in unheld:
        print(f"  line {change.line}: {change.said}: {change.code}", flush=True)
    return name, len(made), len(made) - len(left), len(unheld), len(judged)


def main() -> None:
    """Print what survives, and then the table of docs/mutations.md."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="*", type=Path)
    parser.add_argument("--tests", nargs="*", default=[], help="instead of those that belong to the modules")
    asked = parser.parse_args()
    known, rows = equivalents.read(), []
    running.load_libraries()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__"))
        compileall.compile_dir(copy / "src", quiet=2)
        for tests, modules in chosen(asked.modules, asked.tests).items():
            made = {module: list(changes.of((ROOT / module).read_text(encoding="utf-8"))) for module in modules}
            left = running.survivors(ROOT, copy, made, list(tests))
            rows += [report(module, made[module], left[module], known) for module in modules]
    print("\n| module | changes | noticed | not noticed | judged equivalent |\n|---|---|---|---|---|")
    rows = [row for row in rows if row[1]]
    for row in [*rows, ("all", *(sum(column) for column in zip(*(row[1:] for row in rows), strict=True)))]:
        print(f"| {' | '.join(map(str, row))} |")


if __name__ == "__main__":
    main()
