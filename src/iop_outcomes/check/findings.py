"""What a check found, in order of damage, and how it is printed."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Findings:
    """Sentences by what they mean for the study.

    Attributes
    ----------
    problems : list of str
        What keeps the study from running: files and tables lost.
    lost : list of str
        Rows set aside, by file and rule, most first.
    refused : list of str
        Metrics and analyses that these records cannot give.
    doubts : list of str
        What can be read and is most likely not what was meant.
    telling : list of str
        Columns of the files that can tell who somebody is, and what becomes of each.
    confirm : list of str
        What was decided or assumed, for a person to confirm.
    hidden : list of str
        Levels that the release will hide, and which to merge.
    answers : list of str
        What the study will be able to answer.
    """

    problems: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    telling: list[str] = field(default_factory=list)
    confirm: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return everything found, part by part; a part in which nothing was found is left out."""
        parts = [
            ("What keeps the study from running", self.problems),
            ("Rows that were set aside", self.lost),
            ("Refused, because the records do not give it", self.refused),
            ("Read, but hardly what was meant", self.doubts),
            ("Columns that can tell who somebody is, and what becomes of them", self.telling),
            ("For a person to confirm", self.confirm),
            ("Levels that the release will hide", self.hidden),
            (
                "What the study can answer" + (", as far as its files could be read" if self.problems else ""),
                self.answers,
            ),
        ]
        return "\n\n".join(_part(title, lines) for title, lines in parts if lines)


def _part(title: str, lines: Iterable[str]) -> str:
    return "\n".join([f"{title}:", *(f"  - {line}" for line in lines)])
