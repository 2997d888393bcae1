"""Intercurrent events: what happens after time zero and bears on an outcome, with one declared rule for each.

An outcome of care asks when somebody dropped out. Who completes, is transferred, is jailed or dies has not dropped out,
and can no more: each of these is a way of its own to end care, unless the study declares another strategy. What death
means for abstinence and use is declared here as well; the other strategies for abstinence are fixed, and said.

References
----------
ICH E9 (R1) addendum on estimands, 2019, A.3.2 (strategies); Andersen et al. 2012, Int J Epidemiol 41:861 (competing).
"""

from typing import Literal

import pandas as pd

from iop_outcomes.history.outcome_rules import AfterCompletion, AfterDeath
from iop_outcomes.kernel.section import Section

DROPOUT, COMPLETION, TRANSFER, JAIL, DEATH = "dropout", "completion", "transfer", "jail", "death"
#: How care can end, as far as outcomes are concerned.
ENDINGS = (DROPOUT, COMPLETION, TRANSFER, JAIL, DEATH)
#: The same by how a source records it; who never started, was sent away, or left for a reason not written down has
#: dropped out.
ENDING_OF_STATE = {
    "never_started": DROPOUT,
    "dropout": DROPOUT,
    "terminated": DROPOUT,
    "other": DROPOUT,
    "not_recorded": DROPOUT,
    "completed": COMPLETION,
    "transfer": TRANSFER,
    "incarcerated": JAIL,
    "death": DEATH,
}

#: What an event other than dropout means for the time until dropout and for being retained.
CareStrategy = Literal["competing", "composite", "hypothetical"]
#: What death means for abstinence and use.
UseStrategy = Literal["composite", "excluded"]


class OfCare(Section):
    """The rule for one event.

    Attributes
    ----------
    care : {"competing", "composite", "hypothetical"}
        ``competing``: a way of its own to end care, after which nobody drops out. ``composite``: it counts as dropout.
        ``hypothetical``: it censors, as though the person would have gone on like those still in care.
    """

    care: CareStrategy = "competing"


class OfDeath(OfCare):
    """The rule for death.

    Attributes
    ----------
    care : {"competing", "composite", "hypothetical"}
        As of every event.
    use : {"composite", "excluded"}
        Of outcomes of abstinence and use. ``composite``: time after death is not abstinent. ``excluded``: whoever died
        within the window has no value, which describes survivors only.
    """

    use: UseStrategy = "composite"


class EventRules(Section):
    """The section ``events`` of a study: one rule for each intercurrent event.

    Attributes
    ----------
    completion, transfer, jail : OfCare
        What it means for dropping out.
    death : OfDeath
        The same, and what it means for abstinence and use.
    """

    completion: OfCare = OfCare()
    transfer: OfCare = OfCare()
    jail: OfCare = OfCare()
    death: OfDeath = OfDeath()

    @property
    def after_death(self) -> AfterDeath:
        """The rule for death as metrics of abstinence and use call it."""
        return "not_abstinent" if self.death.use == "composite" else "no_value"

    @property
    def after_completion(self) -> AfterCompletion:
        """The rule for completion as the metric ``retention`` calls it."""
        names: dict[CareStrategy, AfterCompletion] = {"composite": "left", "hypothetical": "no_value"}
        return names.get(self.completion.care, "retained")

    def care_of(self, event: str) -> CareStrategy:
        """Return the strategy of an event, other than dropout, for outcomes of care."""
        rule: OfCare = getattr(self, event)
        return rule.care

    def in_words(self) -> str:
        """Return what ends care otherwise than by dropout means for outcomes of care, in sentences without the stop."""
        made = {
            "competing": "is a way of its own to end care, after which nobody drops out",
            "composite": "counts as dropout",
            "hypothetical": "censors",
        }
        said = []
        for strategy, meaning in made.items():
            events = [event for event in ENDINGS[1:] if self.care_of(event) == strategy]
            named = " or ".join([", ".join(events[:-1]), events[-1]] if len(events) > 1 else events)
            said += [f"{named.capitalize()} {meaning}"] if events else []
        return ". ".join(said)

    def ended_by(self, state: pd.Series) -> pd.Series:
        """Return in which way care ended under these rules, missing where it is censored.

        Parameters
        ----------
        state : Series
            As ``describe.care_states`` gives it: a key of ``ENDING_OF_STATE``, ``in_care`` or missing.
        """
        found = state.astype(object).map(ENDING_OF_STATE).astype(object)
        for event in ENDINGS[1:]:
            becomes = {"competing": event, "composite": DROPOUT, "hypothetical": None}[self.care_of(event)]
            found = found.where(found != event, becomes)
        return found.where(found.notna(), None)
