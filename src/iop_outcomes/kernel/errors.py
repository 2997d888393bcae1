"""Errors meant for people.

Each is one sentence: the file or place, what was found, what is allowed, what to do. Messages carry counts and column
names and never the value of a record, because logs are read by people who may not see the data. Everything else that
goes wrong is a bug and keeps its traceback.
"""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

_LONGEST_WORD = 300


class StudyError(Exception):
    """Something the user can put right; shown as one sentence, without a traceback.

    Names that a file gives may hold anything: what a terminal would obey is shown as ``?``, and a word of more than a
    few hundred characters without its middle.
    """

    def __str__(self) -> str:
        return " ".join(shortened(word, _LONGEST_WORD) for word in super().__str__().split(" "))


class StudyFileError(StudyError):
    """The study file asks for something that does not exist or does not fit together."""


class SourceError(StudyError):
    """A raw file is missing, unreadable or not what the study says it is."""


class ContractError(StudyError):
    """A table does not keep its contract (see ``tables.py``)."""


class Refusal(StudyError):
    """A metric or table that this source cannot give; written down by name, and the study goes on without it."""


class DesignError(StudyError):
    """The data cannot carry the design asked for: no overlap, one arm empty, separation, collinearity."""


class EstimationError(StudyError):
    """An estimate was asked for that these data or this design cannot give."""


class DisclosureError(StudyError):
    """Something was about to leave the building without having passed disclosure control."""


class MachineError(StudyError):
    """The machine could not do it: no room on the disk, a file that may not be read or written."""


NO_ROOM = "there is no room left on the disk; make room and run again"

#: What the machine may lack, in words, and what to do. Other errors of the system are bugs and keep their traceback.
_LACKING = {
    errno.ENOSPC: NO_ROOM,
    errno.EDQUOT: "your share of the disk is used up; make room and run again",
    errno.EFBIG: "files may not become that large here; raise the limit (ulimit -f) and run again",
    errno.EROFS: "the disk can only be read; work in a folder that can be written to",
    errno.EACCES: "you have no right to open it; ask for it, or work in a folder of your own",
    errno.EPERM: "you have no right to change it; ask for it, or work in a folder of your own",
    errno.EEXIST: "it is a file where a folder must be; move it away",
    errno.ENAMETOOLONG: "the name is longer than a file's may be; shorten it",
    errno.ELOOP: "it is a link that leads back to itself; give the file",
    errno.ENOTDIR: "a part of the path is a file and no folder; check the path",
    errno.EISDIR: "it is a folder and no file; check the path",
    errno.EIO: "the disk does not answer; run again, and have it looked at if that does not help",
    errno.EMFILE: "too many files are open; raise the limit (ulimit -n) and run again",
}


@contextmanager
def in_words() -> Iterator[None]:
    """Raise what the machine cannot do as a sentence; any other error is left as it is."""
    try:
        yield
    except OSError as error:
        sentence = _of_the_machine(error)
        if sentence is None:
            raise
        raise sentence from None


def _of_the_machine(error: OSError) -> MachineError | None:
    """Return one sentence for an error of the system that people can put right, None for any other."""
    if error.errno not in _LACKING:
        return None
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
    place = Path(name)
    called = name if not place.is_absolute() else place.name
    return MachineError(f"{shortened(called) or 'a file'}: {_LACKING[error.errno]}")


def shortened(name: str, most: int = 100) -> str:
    """Return a name as a sentence can hold it: without control characters, and with its middle left out if long."""
    shown = "".join(character if character.isprintable() else "?" for character in str(name))
    return shown if len(shown) <= most else f"{shown[: most - 25]}...{shown[-22:]}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a sentence tail that names the nearest known name, or lists what there is.

    Parameters
    ----------
    name : str
        The name that was not found.
    known : iterable of str
        The names that exist.

    Returns
    -------
    str
        ``"did you mean 'x'?"`` when one is close, otherwise ``"known: a, b, c"``.
    """
    known = sorted(known)
    alike = [one for one in known if one.casefold() == str(name).casefold()]
    if alike:
        return f"did you mean '{alike[0]}'?"
    # What is much longer than any name is close to none, and comparing it takes its time.
    close = get_close_matches(str(name), known, n=1, cutoff=0.6) if len(str(name)) < 500 else []
    if close:
        return f"did you mean '{close[0]}'?"
    return f"known: {', '.join(known)}" if known else "there is none"


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun, ``1 row`` or ``1,204 rows``."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"
