"""The section ``cohort``: who is compared, from when, for how long."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from iop_outcomes.kernel.section import Entry, Name, Section, with_settings


class AssignmentRules(Section):
    """How late an assignment, or a measurement of the baseline, may be and still count as made when care began.

    Whoever is assigned to an arm after some time in care has stayed in care for that time, so that every day of grace
    lets length of stay into the comparison.

    Attributes
    ----------
    grace_days : int
        Days after care began.
    """

    grace_days: Annotated[int, Field(ge=0, le=14)] = 1


class Cohort(Section):
    """Who is compared, from when, for how long.

    Attributes
    ----------
    arms : mapping of str to mapping
        Each arm and what makes an episode one of it: columns and the code, or codes, of each. The first is held against
        the second unless an analysis says otherwise.
    time_zero : {"assignment", "admission"}
        The day from which everything is counted.
    assignment : AssignmentRules
        How late somebody may be assigned.
    eligibility : list
        Rules by what was known at time zero, in order, each a name or a name with its settings.
    follow_up_days : int
        Days from time zero after which nothing counts any more.
    """

    arms: dict[Name, dict[str, str | list[str]]] = Field(min_length=1)
    time_zero: Literal["assignment", "admission"] = "assignment"
    assignment: AssignmentRules = AssignmentRules()
    eligibility: list[Entry] = []
    follow_up_days: Annotated[int, Field(ge=1, le=3660)] = 180

    @field_validator("arms", mode="before")
    @classmethod
    def _codes_are_text(cls, arms: object) -> object:
        def text(value: object) -> str | list[str]:
            return [str(v) for v in value] if isinstance(value, list) else str(value)

        if not isinstance(arms, dict):
            return arms
        return {a: {c: text(v) for c, v in s.items()} if isinstance(s, dict) else s for a, s in arms.items()}

    @property
    def rules(self) -> list[tuple[str, dict[str, Any]]]:
        """Eligibility rules in order, each with its settings."""
        return with_settings(self.eligibility)
