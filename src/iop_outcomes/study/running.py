"""What the workflow and its scripts share: the study, one run at a time, progress, and a clean end for errors."""

import fcntl
import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from iop_outcomes import study as studies
from iop_outcomes.kernel.contents import Digests, damaged, halves
from iop_outcomes.kernel.errors import NO_ROOM, StudyError, StudyFileError, in_words
from iop_outcomes.kernel.project import PACKAGE_FOLDER
from iop_outcomes.kernel.provenance import remember_code

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

#: Where the digests of raw files and results are remembered between runs.
DIGESTS = Path("results") / ".digests.json"

#: Folder of a study's results for files that were no longer as they were written.
ALTERED = "altered"

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
    remember_code(DIGESTS.parent)
    study = answer(studies.load, name)
    if main:
        answer(refuse_unstartable, sys.executable)
        answer(_only_run)
        answer(_put_in_order, Path("results") / study.name)
    return study


def refuse_unstartable(python: str) -> None:
    """Refuse a Python that Snakemake could not start: it hands the path to a shell without quotes.

    Raises
    ------
    StudyError
        Says where to install instead. Folders of studies and data may have any name.
    """
    if shlex.quote(python) != python and any(not c.isalnum() and shlex.quote(c) != c for c in python):
        raise StudyError(
            "the path of this Python has a character in it that Snakemake cannot start it from (a blank, an apostrophe "
            "or another sign of the shell); install into a folder without; a study and its data may lie anywhere"
        )


def contents(files: Iterable[str | Path]) -> str:
    """Return a digest of what files hold, so that one that was replaced is noticed whatever its date says."""
    digests = Digests(DIGESTS)
    found = answer(_together, digests, list(files))
    digests.keep()
    return found


def size_of(files: Iterable[str | Path]) -> int:
    """Return how many bytes files have together; one that is not there has none, and is told of elsewhere."""
    return sum(path.stat().st_size for path in map(Path, files) if path.is_file())


def _together(digests: Digests, files: list[str | Path]) -> str:
    for path in files:
        if not Path(path).is_file():
            raise StudyFileError(f"{path}: the study names this file and there is none; check the path, or add it")
        # A second for file systems that round their times up.
        if Path(path).stat().st_mtime > time.time() + 1:
            raise StudyFileError(f"{path}: the file is dated in the future; set the clock right, or touch the file")
    return digests.together(files)


def answer(function: Callable[..., T], *arguments: Any) -> T:
    """Call a function; an error meant for people ends the run with one sentence."""
    with in_one_sentence():
        return function(*arguments)


@contextmanager
def in_one_sentence(in_a_run: bool = True) -> Iterator[None]:
    """End with one sentence where an error is meant for people or is one of the machine.

    A bug is left alone and keeps its traceback.

    Parameters
    ----------
    in_a_run : bool
        Leave the sentence for the end of the run, too, below what Snakemake has to say.
    """
    try:
        with in_words():
            yield
    except StudyError as error:
        _end(error, in_a_run)


@contextmanager
def stage(snakemake: Any) -> Iterator[studies.Study]:
    """Give a script its study, and turn an error meant for people into one sentence and an exit code.

    Parameters
    ----------
    snakemake : snakemake.script.Snakemake
        The object Snakemake gives a script.
    """
    with in_one_sentence():
        yield studies.load(snakemake.config["study"], checked=snakemake.config.get("checked", ""))


def file_of_the_package(place: str) -> str:
    """Return the path of a file inside the package, from this folder where it lies below it, as in a clone."""
    path = PACKAGE_FOLDER / place
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


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
        # The words are missing where there was no room for them.
        print(f"\nerror: {LAST_WORDS.read_text(encoding='utf-8') or NO_ROOM}", file=sys.stderr, flush=True)
        LAST_WORDS.unlink()


def _end(error: StudyError, in_a_run: bool) -> NoReturn:
    if in_a_run and LAST_WORDS.parent.is_dir():
        with suppress(OSError):
            LAST_WORDS.write_text(str(error), encoding="utf-8")
    print(f"\nerror: {error}\n", file=sys.stderr, flush=True)
    sys.exit(EXIT_CODE)


def _put_in_order(results: Path) -> None:
    """Put results as a run may go on from: what is damaged is out of the way and made again, and none of it is lost.

    What killed runs had begun to write goes without a word. What was written before the clock was set back is dated
    today, because Snakemake makes nothing of inputs from the future.
    """
    if not results.is_dir():
        return
    for half in halves(results):
        half.unlink()
    now = time.time()
    for path in [path for path in results.rglob("*") if path.stat().st_mtime > now]:
        os.utime(path, (now, now))
    digests = Digests(DIGESTS)
    for path in damaged(results, digests):
        kept = results / ALTERED / path.relative_to(results)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, kept)
        print(f"{path} is not as it was written and is made again; as found it lies in {kept}", file=sys.stderr)
    digests.keep()


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
