"""The section ``target_trial``: the trial that a study would be if anything could be done; what is left out is told."""

from typing import ClassVar

from iop_outcomes.kernel.section import Section


class TargetTrial(Section):
    """The trial that is emulated, element by element, in the words of those who ask.

    Attributes
    ----------
    eligibility : str
        Who would be taken in.
    strategies : str
        What people would be assigned to.
    assignment : str
        How they would be assigned.
    time_zero : str
        When follow-up would begin.
    follow_up : str
        How long it would last, and what would end it.
    outcome : str
        What would be measured.
    estimand : str
        For whom, and of which strategies, the effect would be.
    analysis : str
        How it would be analysed.

    References
    ----------
    Hernan & Robins 2016, Am J Epidemiol 183:758 (the elements of a protocol).
    """

    ELEMENTS: ClassVar[tuple[str, ...]] = (
        *("eligibility", "strategies", "assignment", "time_zero"),
        *("follow_up", "outcome", "estimand", "analysis"),
    )
    eligibility: str = ""
    strategies: str = ""
    assignment: str = ""
    time_zero: str = ""
    follow_up: str = ""
    outcome: str = ""
    estimand: str = ""
    analysis: str = ""
