"""Show changes to the tests that reach them.

One process imports the tests once. A change within a function is put into that function in a fork of it, which runs
the tests of that line, the quickest first; so it takes a moment. What these do not notice is asked again of a process
that has imported the changed module, because tests may have kept what the old code gave them; so is what runs at
import.
"""

import importlib
import os
import pickle
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import FrameType

from mutating.changes import Change
from mutating.forks import in_fork
from mutating.swapping import swap

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


def survivors(
    root: Path, copy: Path, made: Mapping[Path, list[Change]], tests: list[str]
) -> Mapping[Path, list[Change]]:
    """Return the changes of each module that no test notices.

    Parameters
    ----------
    root : path
        The project, whose tests are run.
    copy : path
        A copy of its package, which is imported and changed.
    made : mapping of path to list of Change
        Changes by module, from the project's folder.
    tests : list of str
        Words for pytest.

    Raises
    ------
    SystemExit
        The tests fail as it is.
    """
    place = copy / "left"
    watch = _Watch(copy, made, place)
    if in_fork(lambda: _pytest(root, copy, tests, watch), patience=24 * 3600):
        raise SystemExit(f"the tests fail as it is: {' '.join(tests)}")
    reached, left = pickle.loads(place.read_bytes())
    return {
        module: [change for change in left[module] if not _noticed(root, copy, module, change, reached[module], tests)]
        for module in made
    }


def _noticed(root: Path, copy: Path, module: Path, change: Change, reached: Reached, tests: list[str]) -> bool:
    """Return whether a test fails where the changed module is imported.

    Of a line that runs at import nobody knows whom it concerns: first those that reach the module, then all tests.
    """
    rounds = [_by_time(reached[change.line])] if change.line in reached else [_of_module(reached), tests]
    target = copy / module
    kept = target.read_text(encoding="utf-8")
    for compiled in target.parent.glob(f"__pycache__/{target.stem}.*.pyc"):
        compiled.unlink()
    target.write_text(change.text, encoding="utf-8")
    try:
        return any(in_fork(partial(_pytest, root, copy, ["-x", *own]), PATIENCE) for own in rounds if own)
    finally:
        target.write_text(kept, encoding="utf-8")


def _by_time(found: dict[str, float]) -> list[str]:
    return sorted(found, key=lambda test: (found[test], test))


def _of_module(reached: Reached) -> list[str]:
    return _by_time(dict(pair for found in reached.values() for pair in found.items()))


def _pytest(root: Path, copy: Path, words: list[str], *plugins: object) -> int:
    import pytest

    os.chdir(root)
    sys.path.insert(0, str(copy / "src"))
    sys.dont_write_bytecode = True
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not slow", *words]
    return int(pytest.main(options, plugins))


class _Watch:
    """A plug-in of pytest that runs its tests once, sees which lines they reach, and then shows them every change."""

    def __init__(self, copy: Path, made: Mapping[Path, list[Change]], place: Path):
        self.files = {str(copy / module): module for module in made}
        self.made, self.place = made, place

    def pytest_runtestloop(self, session) -> bool:
        """Take the place of pytest's own loop; the first run is in a fork, too, so that each run begins afresh."""
        if session.testsfailed or in_fork(lambda: self._first_run(session), patience=3600):
            session.testsfailed += 1
            return True
        reached = pickle.loads(self.place.read_bytes())
        items = {item.nodeid: item for item in session.items}
        left = {
            module: [c for c in changes if not self._fails(file, c, reached[module].get(c.line, {}), items)]
            for (file, module), changes in zip(self.files.items(), self.made.values(), strict=True)
        }
        self.place.write_bytes(pickle.dumps((reached, left)))
        return True

    def _first_run(self, session) -> int:
        reached: dict[Path, Reached] = {module: {} for module in self.files.values()}
        failed = 0
        for item, following in zip(session.items, [*session.items[1:], None], strict=True):
            lines: set[tuple[str, int]] = set()
            start = time.perf_counter()
            sys.settrace(self._tracer(lines))
            failed += _run(item, following)
            sys.settrace(None)
            for file, line in lines:
                reached[self.files[file]].setdefault(line, {})[item.nodeid] = time.perf_counter() - start
        self.place.write_bytes(pickle.dumps(reached))
        return min(failed, 1)

    def _tracer(self, lines: set[tuple[str, int]]) -> Callable:
        def within(frame: FrameType, event: str, value: object):
            lines.add((frame.f_code.co_filename, frame.f_lineno))
            return within

        return lambda frame, event, value: within if frame.f_code.co_filename in self.files else None

    def _fails(self, file: str, change: Change, found: dict[str, float], items: Mapping[str, object]) -> bool:
        return bool(found) and in_fork(partial(_any_fails, file, change, [items[n] for n in _by_time(found)]), PATIENCE)


def _any_fails(file: str, change: Change, items: list) -> int:
    if not swap(change.text, file, change.line):
        return 0
    return int(any(_run(item, following) for item, following in zip(items, [*items[1:], None], strict=True)))


def _run(item, following) -> bool:
    from _pytest.runner import runtestprotocol

    return any(report.failed for report in runtestprotocol(item, nextitem=following, log=False))
