"""Reading a source to the end whatever is wrong with it, so that a person is told everything at once.

A run stops at the first problem, because nothing that is half accepted may go on; a check goes on to the next file.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pandas as pd

from iop_outcomes.kernel.errors import StudyError

Complain = Callable[[StudyError], None]


@dataclass
class Examined:
    """What came of reading a source.

    Attributes
    ----------
    tables : dict of str to DataFrame
        Canonical tables as far as they could be made, ``intake`` and ``rejected``.
    problems : list of str
        What keeps the source from being read, in sentences.
    notes : list of str
        What was passed over, decided by evidence or added, which a person should confirm.
    telling : list of str
        Columns of the files that can tell who somebody is, and what becomes of each.
    """

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    telling: list[str] = field(default_factory=list)

    def complain(self, problem: StudyError) -> None:
        """Keep a problem for the end."""
        if str(problem) not in self.problems:
            self.problems.append(str(problem))


@contextmanager
def going_on(complain: Complain) -> Iterator[None]:
    """Hand a problem of one file or table on, so that the next is looked at too."""
    try:
        yield
    except StudyError as problem:
        complain(problem)
