"""Which code, which input and which settings made a result.

Snakemake does not see a change in an imported package. Each rule therefore carries a digest of the modules it calls,
taken from their parsed code without docstrings (comments are gone after parsing), and of every module of this package
they import. Editing a metric changes the digest of the stages that use it; editing a comment changes nothing.
"""

import ast
import hashlib
import importlib.metadata
import json
import platform
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

PACKAGE = "iop_outcomes"
_HERE = Path(__file__).resolve().parent

#: Packages whose version can change a number.
NUMERICAL = (
    "numpy",
    "scipy",
    "pandas",
    "statsmodels",
    "glum",
    "tabmat",
    "scikit-learn",
    "pyarrow",
    "polars",
    "matplotlib",
)


def code_digest(*modules: str) -> str:
    """Return a digest of modules of this package and of all that they import from it.

    Parameters
    ----------
    *modules : str
        Dotted names; a package stands for all its modules.

    Returns
    -------
    str
        Sixteen hexadecimal digits.
    """
    reached: set[Path] = set()
    waiting = [path for name in modules for path in _files(name)]
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting += [p for p in _imports(path) if p not in reached]
    digest = hashlib.sha256()
    for path in sorted(reached):
        digest.update(str(path.relative_to(_HERE)).encode())
        digest.update(_bare_code(path).encode())
    return digest.hexdigest()[:16]


def file_digest(path: str | Path) -> str:
    """Return the SHA-256 of a file."""
    with Path(path).open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of Python, this package and the packages that make the numbers."""
    found = {"python": platform.python_version()}
    for name in ("iop-outcomes", *NUMERICAL, "snakemake"):
        found[name] = importlib.metadata.version(name)
    return found


def commit(folder: str | Path = ".") -> str | None:
    """Return the git commit of a folder, marked '+' when files differ from it, or None outside a repository."""
    try:
        head = _git("rev-parse", "HEAD", folder=folder)
        return head + ("+" if _git("status", "--porcelain", "--untracked-files=no", folder=folder) else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def write_record(settings: dict, raw: Iterable[Path], path: str | Path) -> None:
    """Write ``run.json``: settings, digests of the raw files and of the code, commit and versions; no clock.

    Parameters
    ----------
    settings : dict
        The whole study.
    raw : iterable of path
        Raw files read.
    path : path
        File to write.
    """
    record = {
        "study": settings["study"],
        "settings": settings,
        "inputs": {path.name: file_digest(path) for path in raw},
        "code": {"digest": code_digest(PACKAGE), "commit": commit()},
        "versions": versions(),
    }
    path = Path(path)
    aside = path.with_name(f".{path.name}")
    aside.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    aside.replace(path)


def _git(*words: str, folder: str | Path) -> str:
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@cache
def _files(name: str) -> tuple[Path, ...]:
    path = _HERE.parent / Path(*name.split("."))
    if path.with_suffix(".py").is_file():
        return (path.with_suffix(".py"),)
    return tuple(sorted(path.rglob("*.py"))) if path.is_dir() else ()


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _imports(path: Path) -> tuple[Path, ...]:
    """Return the files of this package that a file imports; ``from package import name`` may name a module."""
    names: list[str] = []
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            names += [name if _files(name) else node.module for name in whole]
    inside = [name for name in names if name.split(".")[0] == PACKAGE]
    return tuple(dict.fromkeys(file for name in inside for file in _module_file(name)))


def _module_file(name: str) -> Iterable[Path]:
    path = _HERE.parent / Path(*name.split("."))
    return [p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()]


@cache
def _bare_code(path: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)
