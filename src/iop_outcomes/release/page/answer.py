"""The first screen: the answer, its doubt, what to keep in mind, and the answers to the study's other outcomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from iop_outcomes.conclude.judging import Judged
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.tables.verdict import facts_told, warnings_of
from iop_outcomes.release.words.badge import badge_of
from iop_outcomes.release.words.doubts import cautions, doubt
from iop_outcomes.release.words.verdict import badge, beside_badge, brief, looks_in_words
from iop_outcomes.study import Study
from iop_outcomes.tables.conclusion import FURTHER, REFUSED, WITHHELD
from iop_outcomes.tables.estimate import by_analysis

#: More other outcomes than these are folded by what was found, so that the page can be looked over.
_MANY = 15


@dataclass(frozen=True)
class Line:
    """An answer to another outcome: kind of verdict, badge, text, and its further looks."""

    kind: str
    badge: str
    text: str
    looks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """The first screen.

    Attributes
    ----------
    kind, badge, sentence : str
        The verdict on the first analysis.
    doubt : str
        One line beside it, empty where no number is shown.
    cautions : list of (str, str)
        What to keep in mind: topic and text.
    others : list of Line
        Answers to the other outcomes.
    """

    kind: str
    badge: str
    sentence: str
    doubt: str
    cautions: list[tuple[str, str]]
    others: list[Line]

    @property
    def groups(self) -> list[tuple[str, list[Line]]]:
        """The answers to the other outcomes, under one heading without words, or by verdict where they are many."""
        if len(self.others) <= _MANY:
            return [("", self.others)] if self.others else []
        badges = dict.fromkeys(line.badge for line in self.others)
        return [(badge, [line for line in self.others if line.badge == badge]) for badge in badges]


def answer(
    study: Study,
    released: Mapping[str, Released],
    every: Sequence[Judged],
    sizes: Mapping[str, tuple[str, str]],
) -> Answer:
    """Return the first screen of a study from what is released of it, and the verdicts on that."""
    if not every:
        return Answer(REFUSED, badge_of(REFUSED, ()), "No analysis could be made.", "", [], [])
    table, first = released["estimate"].frame, every[0]
    line = doubt(first, table, study)
    warnings = warnings_of(released, study, first)
    minded = cautions(every, study, sizes, facts_told(released), warnings) if line else []
    said = beside_badge(first, table, study)
    return Answer(first.decision.verdict, badge(first), said, line, minded, _others(every, table, study))


def _others(every: Sequence[Judged], table, study: Study) -> list[Line]:
    """Return the answers after the first; a reason already given is not given again."""
    by_name, rows, lines = {one.name: one for one in every}, by_analysis(table), []
    said = {str(every[0].row["reason"])}
    for one in every[1:]:
        reason, verdict = str(one.row["reason"]), one.decision.verdict
        hidden = verdict in (WITHHELD, REFUSED)
        if one.place == FURTHER and not hidden:
            continue
        text = brief(one, rows.get(one.name, table.iloc[:0]), study)
        if verdict == WITHHELD and reason in said:
            text = f"{text.partition('. ')[0]}, for the reason given above."
        said.add(reason)
        lines.append(Line(verdict, badge(one), text, tuple(looks_in_words(one, by_name, study))))
    return lines
