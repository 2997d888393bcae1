"""Run tests in forks of this process: it has the libraries loaded and never this project's package."""

import contextlib
import importlib
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType

from mutating.changes import Change

#: Seconds after which a change counts as noticed: it made something run for ever.
PATIENCE = 120

_LIBRARIES = ("pytest", "hypothesis", "numpy", "pandas", "pandera.pandas", "polars", "scipy.stats", "scipy.optimize")
_LIBRARIES += ("sklearn.ensemble", "statsmodels.api", "glum", "matplotlib.figure", "yaml", "pydantic", "jinja2")

#: Of each line of a module, the tests that reach it, and the seconds they take.
Reached = dict[int, dict[str, float]]


def load_libraries() -> None:
    """Import what the package and its tests import from elsewhere, once for all forks."""
    for name in _LIBRARIES:
        importlib.import_module(name)


def reached(root: Path, copy: Path, modules: list[Path], tests: list[str]) -> dict[Path, Reached]:
    """Run tests once, and return which of them reach each line of some modules.

    Raises
    ------
    SystemExit
        The tests fail as it is.
    """
    place = copy / "reached"
    files = {str(copy / module): module for module in modules}
    if _forked(root, copy, lambda: _watched(files, tests, place), patience=3600):
        raise SystemExit(f"the tests fail as it is: {' '.join(tests)}")
    return pickle.loads(place.read_bytes())


def noticed(root: Path, copy: Path, module: Path, change: Change, reached: Reached, tests: list[str]) -> bool:
    """Return whether one of the tests that reach a change fails on it.

    Of a line that runs at import nobody knows whom it concerns: first those that reach the module, then all tests.
    """
    rounds = [_by_time(reached[change.line])] if change.line in reached else [_of_module(reached), tests]
    target = copy / module
    kept = target.read_text(encoding="utf-8")
    for compiled in target.parent.glob(f"__pycache__/{target.stem}.*.pyc"):
        compiled.unlink()
    target.write_text(change.text, encoding="utf-8")
    try:
        return any(_forked(root, copy, partial(_pytest, ["-x", *own], []), PATIENCE) for own in rounds if own)
    finally:
        target.write_text(kept, encoding="utf-8")


def _by_time(found: dict[str, float]) -> list[str]:
    return sorted(found, key=lambda test: (found[test], test))


def _of_module(reached: Reached) -> list[str]:
    return _by_time(dict(pair for found in reached.values() for pair in found.items()))


def _forked(root: Path, copy: Path, work: Callable[[], int], patience: float) -> int:
    child = os.fork()
    if child == 0:
        # Nothing of the child may return into the parent's code.
        os._exit(_alone(root, copy, work))
    until = time.monotonic() + patience
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -1


def _alone(root: Path, copy: Path, work: Callable[[], int]) -> int:
    os.chdir(root)
    sys.path.insert(0, str(copy / "src"))
    sys.dont_write_bytecode = True
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    with contextlib.suppress(BaseException):
        return int(work())
    return 99


def _pytest(words: list[str], plugins: list[object]) -> int:
    import pytest

    return int(pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not slow", *words], plugins))


def _watched(files: dict[str, Path], tests: list[str], place: Path) -> int:
    watch = _Watch(files)
    code = _pytest(tests, [watch])
    place.write_bytes(pickle.dumps(watch.found))
    return code


class _Watch:
    """A plug-in of pytest that writes down which lines of some files each test reaches.

    What a shared fixture does counts for the test that asks for it first; that test is run alone, and asks again.
    """

    def __init__(self, files: dict[str, Path]):
        self.files, self.lines = files, set()
        self.found: dict[Path, Reached] = {module: {} for module in files.values()}

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Begin to watch."""
        self.lines, self.start = set(), time.perf_counter()
        sys.settrace(self._into)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Write down what this test reached."""
        sys.settrace(None)
        took = time.perf_counter() - self.start
        for file, line in self.lines:
            self.found[self.files[file]].setdefault(line, {})[nodeid] = took

    def _into(self, frame: FrameType, event: str, value: object):
        return self._line if frame.f_code.co_filename in self.files else None

    def _line(self, frame: FrameType, event: str, value: object):
        self.lines.add((frame.f_code.co_filename, frame.f_lineno))
        return self._line
