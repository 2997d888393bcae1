"""Small counts inside sentences: reasons, refusals and warnings leave the building too.

The release makes its own sentences of guarded numbers. Those of the stages before it, which know no rules of release,
are searched here.
"""

import re
from collections.abc import Iterator

from iop_outcomes.study.release_rules import ReleaseRules

_PEOPLE = (
    r"(?:members?|people|persons?|participants?|patients?|clients?|episodes?|admissions?|discharges?|records?|women|"
    r"woman|men|man)"
)
_EVENTS = r"(?:rows?|events?|failures?|deaths?)"
_OTHERS = r"(?:outcomes?|values?|units?|pairs?|matches)"
_ADJECTIVES = r"(?:(?!of\b|in\b|and\b|or\b|to\b)[A-Za-z]+ ){0,2}"
# A number after "fewer than" or "at least" is a rule, not a count.
_NUMBER = r"(?<!than )(?<!least )(?<!most )(?<![\w.,-])(?P<{0}>\d{{1,3}}(?:,\d{{3}})+|\d+)"
# The whole may be written either way: "2 of 50 patients", "2 (of 50) patients", "7 of 90 in the first arm".
_OF = r" \(?of (?:the )?[\d,]+\)?"


def _pattern(nouns: str) -> re.Pattern[str]:
    noun = rf"{_ADJECTIVES}(?:{nouns})\b"
    before = rf"{_NUMBER.format('before')}(?= {noun}|{_OF} {noun}|{_OF} in (?:the )?[A-Za-z ]*arm\b)"
    # The number may come last: "n=4", "members: 6".
    after = rf"(?:\bn ?= ?|\b{_PEOPLE}: ){_NUMBER.format('after')}(?![.,]?\d)"
    return re.compile(f"{before}|{after}")


_NOUNS = f"{_PEOPLE}|{_EVENTS}|{_OTHERS}"
_VERBS = {"has": "have", "is": "are", "was": "were", "lies": "lie", "lacks": "lack", "does": "do"}
_NOUN, _VERB = re.compile(rf"\b(?:{_NOUNS})\b"), re.compile(rf"\b(?:{'|'.join(_VERBS)})$")
_ONE = re.compile(rf" {_ADJECTIVES}(?:{_NOUNS})\b(?: (?:{'|'.join(_VERBS)})\b)?")
_COUNT = _pattern(f"{_PEOPLE}|{_EVENTS}|{_OTHERS}")
#: Of the outcomes and matches of a study there may be few.
_OF_PEOPLE = _pattern(f"{_PEOPLE}|{_EVENTS}")


def small_counts(text: str, rules: ReleaseRules) -> list[str]:
    """Return the small counts of people, episodes, rows or events that stand in a text."""
    return [match[0] for match, count in _counts(_OF_PEOPLE, text) if rules.small(count)]


def sentence(text: str, rules: ReleaseRules) -> str:
    """Blot out small counts of people, episodes, rows or events in a sentence, and round the others.

    Examples
    --------
    >>> sentence("3 members of 2 sites have no outcome", ReleaseRules(min_cell=11))
    'fewer than 11 members of 2 sites have no outcome'
    """
    parts, end = [], 0
    for match, count in _counts(_COUNT, text):
        place = match.span(match.lastgroup or 0)
        shown = f"fewer than {rules.min_cell}" if rules.small(count) else f"{int(rules.rounded(count)):,}"
        parts += [text[end : place[0]], shown]
        end = place[1]
        if count == 1 and rules.small(count):
            # "fewer than 11 member has" would say that there is one.
            said = _ONE.match(text, end)
            if said:
                parts.append(_several(said[0]))
                end = said.end()
    return "".join([*parts, text[end:]])


def _several(text: str) -> str:
    """Return a noun with its adjectives, and the verb that may follow, in the plural."""
    return _VERB.sub(lambda verb: _VERBS[verb[0]], _NOUN.sub(lambda noun: _plural(noun[0]), text))


def _plural(noun: str) -> str:
    several = {"person": "people", "woman": "women", "man": "men", "match": "matches"}
    return noun if noun in ("people", "men", "women") or noun.endswith("s") else several.get(noun, f"{noun}s")


def _counts(pattern: re.Pattern[str], text: str) -> Iterator[tuple[re.Match[str], int]]:
    for match in pattern.finditer(text):
        yield match, int(match[match.lastgroup or 0].replace(",", ""))
