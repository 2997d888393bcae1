"""What all tests share."""

import fcntl
import gc
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# No clock and no chance: the same examples every time, and no failure because the machine is busy.
settings.register_profile("suite", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("suite")


def pytest_addoption(parser):
    """Add the option that accepts the golden study's new numbers."""
    parser.addoption("--update-golden", action="store_true", help="accept the golden study's new numbers")


def pytest_collection_finish(session):
    """Let the collector of garbage leave out what all tests share; it took up to a tenth of the time of small tests."""
    gc.collect()
    gc.freeze()


def made_once(temporary: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that one process of the tests makes and the others find."""
    base = temporary.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder, done = base / name, base / f"{name}.done"
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def example_release(tmp_path_factory) -> Path:
    """The folder of results with the example study's release in it; whoever changes something takes a copy."""
    from iop_outcomes.release.stage import build
    from report_tables import study, tables

    run = {"versions": {"python": "3.11"}, "code": {"digest": "abc"}, "inputs": {"episodes.csv": "5ec2e7"}}
    return made_once(tmp_path_factory, "example", lambda results: build(study(), tables(), results / "release", run))
