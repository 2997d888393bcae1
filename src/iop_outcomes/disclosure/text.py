"""Small counts inside sentences: reasons, refusals and warnings leave the building too."""

import re

from iop_outcomes.disclosure.rules import ReleaseRules

_PEOPLE = r"(?:members?|people|persons?|participants?|patients?|clients?|episodes?|admissions?|discharges?|records?)"
_OTHERS = r"(?:rows?|events?|failures?|outcomes?|values?|units?|pairs?|matches|deaths?)"
_ADJECTIVES = r"(?:(?!of\b|in\b|and\b|or\b|to\b)[A-Za-z]+ ){0,2}"
_COUNT = re.compile(rf"(?<![\w.,-])(\d{{1,3}})(?= {_ADJECTIVES}(?:{_PEOPLE}|{_OTHERS})\b| of (?:the )?[\d,]+\b)")


def sentence(text: str, rules: ReleaseRules) -> str:
    """Replace small counts of people, episodes, rows or events in a sentence by "fewer than ``min_cell``".

    Examples
    --------
    >>> sentence("3 members of 2 sites have no outcome", ReleaseRules(min_cell=11))
    'fewer than 11 members of 2 sites have no outcome'
    """
    return _COUNT.sub(lambda m: f"fewer than {rules.min_cell}" if rules.small(int(m[1])) else m[0], text)
