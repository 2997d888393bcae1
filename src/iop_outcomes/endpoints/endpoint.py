"""What a declared endpoint is."""

from dataclasses import dataclass, replace
from typing import Literal

from iop_outcomes.endpoints.rules import AllOf, FirstWindow, IfRetained, Measure, PenaltyIndex

Rule = Measure | FirstWindow | AllOf | IfRetained | PenaltyIndex

FAMILIES = {"Ab": "abstinence", "Rd": "reduction", "Rs": "relapse", "Dr": "dropout"}

MissingRule = Literal[
    "positive",
    "negative",
    "ignored",
    "breaks the run",
    "not abstinent",
    "tolerated once",
    "the event itself",
    "imputed",
    "own weight",
    "positive while retained",
]

UNSCHEDULED_WEEKS = "unscheduled weeks are left out (neither missed nor positive, and runs pass over them)"
NO_WEEKS = "missing when the window holds no scheduled week"
NEVER_SEEN = "missing for a person not seen once in the window"


@dataclass(frozen=True)
class Endpoint:
    """One published endpoint, declared.

    Parameters
    ----------
    name : str
        Name in the published catalogue, ``<family>_<first author><letter>_<year>``.
    rule : rule of ``rules.py``
        As the published program computes it, for words without unscheduled weeks.
    says : str
        The rule in words.
    missing : str
        What a missed week counts as.
    source : str
        Paper, with its own wording where that differs.
    doi : str
        Empty where the paper has none.
    corrected_rule : rule, optional
        Used in the corrected mode where the published program departs from its paper.
    correction : str
        What the corrected rule does, and why.
    """

    name: str
    rule: Rule
    says: str
    missing: MissingRule
    source: str
    doi: str = ""
    corrected_rule: Rule | None = None
    correction: str = ""

    @property
    def family(self) -> str:
        """Return abstinence, reduction, relapse or dropout."""
        return FAMILIES[self.name[:2]]

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns it gives: one, or a time (``T``) and an event (``E``)."""
        if isinstance(self.rule, FirstWindow):
            return tuple(f"{self.name[:2]}{part}{self.name[2:]}" for part in "TE")
        return (self.name,)

    @property
    def corrections(self) -> str:
        """Return everything the corrected mode does otherwise than the published program."""
        rests_on_observations = self.missing in ("ignored", "negative", "positive while retained")
        when_empty = NEVER_SEEN if rests_on_observations else NO_WEEKS
        return "; ".join(filter(None, [self.correction, when_empty, UNSCHEDULED_WEEKS]))

    @property
    def last_week_needed(self) -> int:
        """Return the last study week it looks at, 0 where it looks at as many weeks as there are."""
        windows = self.rule.window if isinstance(self.rule.window, tuple) else (self.rule.window,)
        return max(getattr(window, "last", None) or 0 for window in windows)

    def at(self, *windows) -> "Endpoint":
        """Return the endpoint looking at other weeks, in both modes."""
        corrected = self.corrected_rule and self.corrected_rule.at(*windows)
        return replace(self, rule=self.rule.at(*windows), corrected_rule=corrected)
