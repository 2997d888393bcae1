"""Errors meant for people.

Each is one sentence: the file or place, what was found, what is allowed, what to do. Messages carry counts and column
names and never the value of a record, because logs are read by people who may not see the data. Everything else that
goes wrong is a bug and keeps its traceback.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class StudyError(Exception):
    """Something the user can put right; shown as one sentence, without a traceback."""


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
    close = get_close_matches(str(name), known, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"known: {', '.join(known)}" if known else "there is none"


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun, ``1 row`` or ``1,204 rows``."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"
