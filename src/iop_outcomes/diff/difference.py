"""One thing that is not the same in two runs, and the order in which such things are told."""

from dataclasses import dataclass, field

SETTING, INPUT, CODE, VERSION = "setting", "input", "code", "version"
VERDICT, CLAIM, CHECK = "verdict", "claim", "check"
ANSWER, STATUS, ESTIMATE, TABLE, FILE = "answer", "shown or not", "estimate", "table", "file"

#: What made the runs unlike; the rest is what came of it.
CAUSES = (SETTING, INPUT, CODE, VERSION)
#: Causes first, then what people act on, then what it rests on.
KINDS = (*CAUSES, VERDICT, CLAIM, CHECK, ANSWER, STATUS, ESTIMATE, TABLE, FILE)

ABSENT = "not there"
#: An estimate that moved by less than this part of its standard error is the same for every purpose: each end of its
#: interval stays where it was to a twentieth of the way to the estimate.
HARDLY = 0.1


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same in two runs.

    Attributes
    ----------
    kind : str
        One of ``KINDS``.
    place : str
        Which analysis, claim, check, table, setting, file or package.
    before, after : str
        What the first and the second run have there.
    why : tuple of str
        Sentences that say what it comes from, as far as the runs tell.
    moved : float
        By how many standard errors a number moved; missing where that cannot be said.
    """

    kind: str
    place: str
    before: str
    after: str
    why: tuple[str, ...] = ()
    moved: float = field(default=float("nan"), compare=False)

    @property
    def hardly(self) -> bool:
        """Has a number moved by so little that nothing can rest on it?"""
        return self.moved < HARDLY

    @property
    def turned(self) -> bool:
        """Is the word itself another one, and not only the reasons behind it in brackets?"""
        return self.before.partition(" (")[0] != self.after.partition(" (")[0]
