"""A verdict in a few words, as the page, the paper and the terminal print it."""

from collections.abc import Collection

from iop_outcomes.tables.conclusion import (
    BETTER,
    CANNOT_TELL,
    DIFFERENT,
    INCONCLUSIVE,
    NO_DIFFERENCE,
    REFUSED,
    WITHHELD,
    WORSE,
)

BADGES = {
    BETTER: "Better",
    WORSE: "Worse",
    DIFFERENT: "Different",
    NO_DIFFERENCE: "No difference that matters",
    CANNOT_TELL: "Cannot tell",
    INCONCLUSIVE: "Inconclusive",
    WITHHELD: "Withheld",
    REFUSED: "Cannot be answered",
}

#: Verdicts whose sentence says so first; a difference that is shown speaks for itself.
_SAY_SO = (NO_DIFFERENCE, CANNOT_TELL, INCONCLUSIVE, WITHHELD, REFUSED)


def badge_of(verdict: str, codes: Collection[str]) -> str:
    """Return a verdict, and the codes of its reasons, in a few words."""
    name = BADGES[verdict]
    if "crude_difference" in codes:
        return "Different, not adjusted"
    if "less_than_matters" in codes:
        return f"{name}, by less than matters"
    return f"{name}, perhaps by less than matters" if "may_be_less_than_matters" in codes else name


def opening_of(verdict: str, codes: Collection[str]) -> str:
    """Return the few words that a verdict's sentence opens with, which nobody puts before it again; or nothing."""
    return badge_of(verdict, codes) if verdict in _SAY_SO or "crude_difference" in codes else ""
