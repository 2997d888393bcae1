"""What a reason says to everybody, and what it says to whoever analyses: what was found, and what to do about it.

Reasons follow the form of this project's errors, so that advice is a clause of its own that begins with what to do.
"""

import re

#: Words that begin advice, and those that do only before an object: "Use it", and not "use before time zero".
_DO = (
    "add|adjust|ask|choose|code|compare|complete|correct|declare|draw|give|impute|join|leave|make|map|mend|merge|name|"
    "read|rename|restrict|run|say|set|take|thin|widen"
)
_DO_WITH_OBJECT = "change|count|date|list|look|match|state|use"
_OBJECT = "a|aipw|an|at|each|every|fewer|for|it|one|others?|the|them|to|'|cluster|by_site|overlap"
_ADVICE = re.compile(rf"(?:if [^,;]+, )?(?:(?:{_DO})\b|(?:{_DO_WITH_OBJECT}) (?:{_OBJECT})\b)", re.IGNORECASE)
#: What to ask instead, of an answer that the data can give no verdict on as it is asked, by the code of the rule.
INSTEAD = {
    "known_of_leavers": "Ask for time in care, or take only people who could be observed for long enough.",
    "predicts_only": "Compare incidences.",
    "unlike_lengths": "Compare before the shorter programme ends, or rates of dropout among those still in care.",
    "unlike_plans": "The checks of the comparison say what to ask instead of what one arm plans more of.",
}
_SENTENCES = re.compile(r"(?<=[.?!]) (?=\S)")


def parted(reason: str) -> tuple[str, str]:
    """Return what was found, and what to do; either may be empty.

    Examples
    --------
    >>> parted("stays are known to day 90; choose an earlier day")
    ('stays are known to day 90', 'choose an earlier day')
    >>> parted("The sites tell the arm. Adjust for the site.")
    ('The sites tell the arm.', 'Adjust for the site.')
    """
    found, advised = [], []
    for sentence in _SENTENCES.split(reason.strip()):
        clauses = sentence.split("; ")
        # Advice comes last: what follows it in its sentence belongs to it.
        first = next((place for place, clause in enumerate(clauses) if _ADVICE.match(clause)), len(clauses))
        found.append("; ".join(clauses[:first]))
        advised.append("; ".join(clauses[first:]))
    full = [part if part.endswith((".", "?", "!")) or len(found) == 1 else f"{part}." for part in found if part]
    return " ".join(full), " ".join(part for part in advised if part)


def told(reason: str) -> str:
    """Return what was found, for an answer: what to do about it is nothing for those who are answered."""
    return parted(reason)[0] or reason


def advised(reason: str) -> str:
    """Return what was found, and then, named as such, what to do."""
    found, advice = parted(reason)
    if not (found and advice):
        return reason
    return f"{found.rstrip('.')}. What to do: {advice[:1].lower()}{advice[1:]}"
