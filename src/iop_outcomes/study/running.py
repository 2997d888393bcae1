"""What the workflow and its scripts share: the study, one run at a time, progress, and a clean end for errors."""

import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from iop_outcomes import study as studies
from iop_outcomes.kernel.errors import StudyError

T = TypeVar("T")

#: Exit code of every error meant for people.
EXIT_CODE = 2

#: Settings under which two runs give the same bytes and two jobs do not fight over two cores.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": "2",
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
    "MPLBACKEND": "Agg",
}

#: Where a failing job leaves its sentence for the end of the run.
LAST_WORDS = Path("results") / ".error"

_locks: list[Any] = []


def open_study(name: str, main: bool = True) -> studies.Study:
    """Load the study of a run and make sure that no other run works in this folder.

    The lock is the kernel's: it is gone the moment the process that holds it dies, however it dies, so that a killed
    run never has to be unlocked by hand.

    Parameters
    ----------
    name : str
        Name or path of the study.
    main : bool
        Is this the process that was started by a person? Jobs of a cluster read the workflow again and do not lock.
    """
    os.environ.update(ENVIRONMENT)
    # Where it is set every job would compile all its imports anew, which takes longer than the jobs.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    study = answer(studies.load, name)
    if main:
        answer(_only_run)
    return study


def answer(function: Callable[..., T], *arguments: Any) -> T:
    """Call a function; an error meant for people ends the run with one sentence."""
    try:
        return function(*arguments)
    except StudyError as error:
        _end(error)


@contextmanager
def stage(snakemake: Any) -> Iterator[studies.Study]:
    """Give a script its study, and turn an error meant for people into one sentence and an exit code.

    A bug is left alone and keeps its traceback.

    Parameters
    ----------
    snakemake : snakemake.script.Snakemake
        The object Snakemake gives a script.
    """
    try:
        yield studies.load(snakemake.config["study"])
    except StudyError as error:
        _end(error)


def progress(stage_name: str, log: str | Path | None = None) -> Callable[[str], None]:
    """Return a function that prints a line of progress, named by its stage, and keeps it in a log if one is given."""
    if log is not None:
        Path(log).parent.mkdir(parents=True, exist_ok=True)
        Path(log).write_text("", encoding="utf-8")

    def tell(line: str) -> None:
        print(f"  {stage_name}: {line}", file=sys.stderr, flush=True)
        if log is not None:
            with Path(log).open("a", encoding="utf-8") as kept:
                kept.write(f"{line}\n")

    return tell


def last_words() -> None:
    """Say at the very end of a failed run what a job had to say to people, where it can be found."""
    if LAST_WORDS.is_file():
        print(f"\nerror: {LAST_WORDS.read_text(encoding='utf-8')}", file=sys.stderr, flush=True)
        LAST_WORDS.unlink()


def _end(error: StudyError) -> NoReturn:
    """Leave with one sentence; in a job, leave it for the end of the run too, below what Snakemake has to say."""
    if LAST_WORDS.parent.is_dir():
        LAST_WORDS.write_text(str(error), encoding="utf-8")
    print(f"\nerror: {error}\n", file=sys.stderr, flush=True)
    sys.exit(EXIT_CODE)


def _only_run(folder: Path = Path()) -> None:
    results = folder / "results"
    results.mkdir(exist_ok=True)
    handle = (results / ".running").open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StudyError(
            "another run is at work in this folder; wait for it to end, or run from a second clone"
        ) from None
    _locks.append(handle)
    LAST_WORDS.unlink(missing_ok=True)
    _forget_killed_run(folder / ".snakemake")


def _forget_killed_run(records: Path) -> None:
    """Remove what a killed run left in Snakemake's records, so that the next one simply goes on.

    Its locks are stale, because this process now holds the only one that counts. Its marks of unfinished files are
    needless: every file is written aside and renamed, so a file that is there is whole, and one that is not is made.
    """
    for kind in ("locks", "incomplete"):
        for mark in (records / kind).glob("*"):
            mark.unlink()
