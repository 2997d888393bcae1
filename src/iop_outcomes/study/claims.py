"""Claims of the field: each must say which way it goes, in its own words or through its outcome."""

from typing import TYPE_CHECKING

from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.study.outcome import outcome_of

if TYPE_CHECKING:
    from iop_outcomes.study import Study


def check_claims(study: "Study") -> None:
    """Refuse a claim of a better outcome where nobody has said which way of it is better.

    Raises
    ------
    StudyFileError
        One sentence with the place and what to add.
    """
    for number, claim in enumerate(study.claims, start=1):
        outcome = outcome_of(study, study.analyses[claim.analysis].outcome)
        if claim.direction == "better" and outcome.better == "neither":
            raise StudyFileError(
                f"claims, number {number}: nobody has said whether more or less of '{outcome.name}' is better; add "
                "direction: higher or direction: lower, whichever the claim says of the first arm"
            )
