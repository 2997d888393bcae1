"""What a study says of the end of care where no discharge is on record."""

from typing import Annotated, Literal

from pydantic import Field

from iop_outcomes.kernel.section import Section


class CareRules(Section):
    """The section ``care`` of a study: how long without contact ends care, and on which day.

    Attributes
    ----------
    gap_days : int or None
        Days in a row without contact that end care where no discharge is recorded; with None nothing but a recorded
        discharge ends it. About 30 days are the usual rule of administrative discharge (TEDS).
    dated : {"last_contact", "confirmation"}
        Day on which care ended: that of the last contact, or the last of the ``gap_days``, when it came to be known.
    """

    gap_days: Annotated[int, Field(ge=1)] | None = 30
    dated: Literal["last_contact", "confirmation"] = "last_contact"

    def in_words(self) -> str:
        """Return the rules in a sentence without its stop."""
        if self.gap_days is None:
            return "at discharge only; without one, in care until the end of the data"
        day = "on the day of the last contact" if self.dated == "last_contact" else "on the last of these days"
        return f"at discharge; without one, after {self.gap_days} days in a row without contact, {day}"
