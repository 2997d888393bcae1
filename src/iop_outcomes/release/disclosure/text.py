"""Small counts inside sentences: reasons, refusals and warnings leave the building too."""

import re

from iop_outcomes.study.release_rules import ReleaseRules

_PEOPLE = r"(?:members?|people|persons?|participants?|patients?|clients?|episodes?|admissions?|discharges?|records?)"
_OTHERS = r"(?:rows?|events?|failures?|outcomes?|values?|units?|pairs?|matches|deaths?)"
_ADJECTIVES = r"(?:(?!of\b|in\b|and\b|or\b|to\b)[A-Za-z]+ ){0,2}"
# A number after "fewer than" or "at least" is a rule, not a count.
_NUMBER = r"(?<!than )(?<!least )(?<!most )(?<![\w.,-])(\d{1,3}(?:,\d{3})+|\d+)"
_NOUN = rf"{_ADJECTIVES}(?:{_PEOPLE}|{_OTHERS})\b"
_COUNT = re.compile(rf"{_NUMBER}(?= {_NOUN}| of (?:the )?[\d,]+ {_NOUN})")


def sentence(text: str, rules: ReleaseRules) -> str:
    """Blot out small counts of people, episodes, rows or events in a sentence, and round the others.

    Examples
    --------
    >>> sentence("3 members of 2 sites have no outcome", ReleaseRules(min_cell=11))
    'fewer than 11 members of 2 sites have no outcome'
    """

    def shown(match: re.Match) -> str:
        count = int(match[1].replace(",", ""))
        return f"fewer than {rules.min_cell}" if rules.small(count) else f"{int(rules.rounded(count)):,}"

    return _COUNT.sub(shown, text)
