"""The section ``target_trial``: the trial that a study would be if anything could be done; what is left out is told."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class TargetTrial(BaseModel):
    """The trial that is emulated, element by element, in the words of those who ask.

    References
    ----------
    Hernan & Robins 2016, Am J Epidemiol 183:758 (the elements of a protocol).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
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
