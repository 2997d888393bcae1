"""Which code, which input and which settings made a result.

Snakemake does not see a change in an imported package. Each rule therefore carries a digest of the modules it calls
and of every module of this package they import, taken from their compiled code without docstrings and line numbers.
Editing a metric changes the digest of the stages that use it; editing a comment changes nothing.
"""

import hashlib
import importlib.metadata
import json
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

from iop_outcomes.kernel.beside import file_beside
from iop_outcomes.kernel.contents import Digests, file_digest, whole
from iop_outcomes.kernel.project import SHIPPED, clone

PACKAGE = "iop_outcomes"
_HERE = Path(__file__).resolve().parents[1]
_IMPORT = re.compile(
    rf"^[ \t]*(?:from[ ]+({PACKAGE}[\w.]*)[ ]+import[ ]+(\([^)]*\)|[^\n#]+)|import[ ]+({PACKAGE}[\w.]*))", re.MULTILINE
)

#: What cannot change a number: sentences, how plug-ins are found, and the study file, of which the parameters of each
#: rule hold what its stage reads.
_NO_NUMBER = ("kernel/errors.py", "kernel/plugin.py", "kernel/registry.py", "study/")

#: Packages whose version can change a number.
NUMERICAL = (
    "numpy",
    "scipy",
    "pandas",
    "statsmodels",
    "glum",
    "scikit-learn",
    "pyarrow",
    "polars",
    "matplotlib",
)


def code_digest(*modules: str, everything: bool = False) -> str:
    """Return a digest of modules of this package and of all that they import from it.

    Parameters
    ----------
    *modules : str
        Dotted names; a package stands for all its modules.
    everything : bool
        Count modules that cannot change a number, too.

    Returns
    -------
    str
        Sixteen hexadecimal digits.
    """
    digest = hashlib.sha256()
    for path in code_files(*modules, everything=everything):
        digest.update(_place(path).encode())
        digest.update(_code_of(path).encode())
    return digest.hexdigest()[:16]


def code_files(*modules: str, everything: bool = False) -> list[Path]:
    """Return the files that ``code_digest`` of these modules is made of, in order."""
    reached: set[Path] = set()
    waiting = [path for name in modules for path in _files(name)]
    while waiting:
        path = waiting.pop()
        counts = everything or not _place(path).startswith(_NO_NUMBER)
        if path not in reached and counts:
            reached.add(path)
            waiting += [p for p in _imports(path) if p not in reached]
    return sorted(reached)


@cache
def _place(path: Path) -> str:
    """Return where a file stands in this package, or its name where it stands beside a study."""
    return path.relative_to(_HERE).as_posix() if path.is_relative_to(_HERE) else f"beside/{path.name}"


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


def commit_of_the_code() -> str | None:
    """Return the commit of the clone that this package lies in; None for an installed package, which has a version."""
    root = clone()
    return commit(root) if root is not None else None


def write_record(
    settings: dict[str, Any], raw: Iterable[Path], path: str | Path, protocol: dict[str, Any] | None = None
) -> None:
    """Write ``run.json``: settings, digests of the raw files and of the code, commit and versions; no clock.

    Without a clone there is no commit; the version of the package and the digest of its code, which is that of a clone
    of this version, say which code it was.

    Parameters
    ----------
    settings : dict
        The whole study.
    raw : iterable of path
        Raw files read.
    path : path
        File to write.
    protocol : dict, optional
        What is to be said of the protocol: its digest, that of its lock, and what has changed since.
    """
    record = {
        "study": settings["study"],
        "settings": settings,
        "inputs": {path.name: file_digest(path) for path in raw},
        "beside": {Path(path).name: file_digest(path) for path in settings.get("extend", [])},
        "code": {"digest": code_digest(PACKAGE, everything=True), "commit": commit_of_the_code()},
        "versions": versions(),
        "protocol": protocol or {},
    }
    with whole(path, sealed=True) as aside:
        aside.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _git(*words: str, folder: str | Path) -> str:
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _files(name: str) -> tuple[Path, ...]:
    """Return the files of a module or package, of this project or beside a study."""
    beside = file_beside(name)
    return (beside,) if beside is not None else _own_files(name)


@cache
def _own_files(name: str) -> tuple[Path, ...]:
    path = _HERE.parent / Path(*name.split("."))
    if path.with_suffix(".py").is_file():
        return (path.with_suffix(".py"),)
    # The workflow in an installed package is none of its modules, so that a clone has the same digest.
    found = (file for file in path.rglob("*.py") if file.relative_to(path).parts[0] != SHIPPED)
    return tuple(sorted(found)) if path.is_dir() else ()


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _imports(path: Path) -> tuple[Path, ...]:
    """Return the files of this package that a file imports; ``from package import name`` may name a module."""
    names: list[str] = []
    for origin, imported, plain in _IMPORT.findall(_text(path)):
        if plain:
            names.append(plain)
            continue
        parts = [part.split(" as ")[0].strip() for part in imported.strip("()").split(",")]
        modules = [f"{origin}.{part}" for part in parts if part]
        names += [module if _files(module) else origin for module in modules]
    return tuple(dict.fromkeys(file for name in names for file in _module_file(name)))


@cache
def _module_file(name: str) -> tuple[Path, ...]:
    path = _HERE.parent / Path(*name.split("."))
    return tuple(p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file())


@cache
def _code_of(path: Path) -> str:
    return _known.of(path)


def _bare_code(path: Path) -> str:
    """Return a digest of what the interpreter makes of a file: no comments, no docstrings, no line numbers."""
    made = compile(path.read_text(encoding="utf-8"), "", "exec", optimize=2, dont_inherit=True)
    return hashlib.sha256(repr(list(_instructions(made))).encode()).hexdigest()


def _instructions(code: CodeType) -> Iterator[object]:
    yield code.co_name, code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_argcount
    yield code.co_kwonlyargcount, code.co_flags
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _instructions(constant)
        elif isinstance(constant, frozenset):
            yield sorted(map(repr, constant))
        else:
            yield repr(constant)


#: What the interpreter makes of each file, read once as long as nothing about the file changes.
_known = Digests(digest=_bare_code)


def remember_code(folder: str | Path) -> None:
    """Keep the digests of code between runs in a folder, a file for each version of the interpreter."""
    global _known
    _known = Digests(Path(folder) / f".code.{sys.implementation.cache_tag}.json", _bare_code)


def keep_code() -> None:
    """Write what is to be remembered, if it can be written."""
    _known.keep()
