"""Write a plug-in and its test from a template, in the room of its kind."""

import keyword
import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template

from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.plugin import Plugin
from iop_outcomes.kernel.registry import ELIGIBILITY, METRICS, SOURCES, Registry
from iop_outcomes.release.figures import FIGURES

#: With longer names the lines of the templates would be too long.
LONGEST_NAME = 40

PACKAGE = Path("src") / "iop_outcomes"


@dataclass(frozen=True)
class Kind:
    """A kind of plug-in that can be started: where it and its test go, and what else is to be done."""

    registry: Registry[Plugin]
    room: str
    tests: str
    then: str


KINDS = {
    "metric": Kind(METRICS, "metrics", "metrics", "name it under metrics in a study"),
    "eligibility": Kind(ELIGIBILITY, "cohort", "cohort", "name it under cohort.eligibility in a study"),
    "source": Kind(SOURCES, "ingest/sources", "ingest", "name it as source.kind in a study"),
    "figure": Kind(FIGURES, "release/figures", "release/figures", "it stands in every report"),
}


def write(kind: str, name: str, root: str | Path = ".") -> tuple[Path, Path]:
    """Write a plug-in of a kind and its test, and return both files.

    Parameters
    ----------
    kind : str
        A key of ``KINDS``.
    name : str
        What a study will call it: small letters, digits and underscores.
    root : path
        The project's folder.

    Raises
    ------
    StudyError
        The name cannot be one or is taken, or this is no clone of the project; nothing is written.
    """
    about = KINDS[kind]
    module = Path(root) / PACKAGE / about.room / f"{name}.py"
    test = Path(root) / "tests" / about.tests / f"test_{name}.py"
    _refuse(kind, name, module, test)
    facts = {"name": name, "title": name.replace("_", " ").capitalize(), "place": _next_place()}
    here = resources.files("iop_outcomes.templates")
    for path, template in ((module, f"{kind}.py.txt"), (test, f"{kind}_test.py.txt")):
        path.write_text(Template((here / template).read_text(encoding="utf-8")).substitute(facts), encoding="utf-8")
    return module, test


def _refuse(kind: str, name: str, module: Path, test: Path) -> None:
    if not re.fullmatch(rf"[a-z][a-z0-9_]{{0,{LONGEST_NAME - 1}}}", name) or keyword.iskeyword(name):
        raise StudyError(
            f"'{name}' cannot be the name of a {KINDS[kind].registry.kind}; use small letters, digits and underscores, "
            f"at most {LONGEST_NAME}"
        )
    if not module.parent.is_dir() or not test.parent.is_dir():
        raise StudyError(f"there is no {module.parent} or {test.parent} here; call this in a clone of the project")
    if name in KINDS[kind].registry:
        raise StudyError(f"a {KINDS[kind].registry.kind} '{name}' exists already; choose another name")
    for path in (module, test):
        if path.exists():
            raise StudyError(f"{path} exists already; choose another name")


def _next_place() -> int:
    return max(figure.place for figure in FIGURES) + 1
