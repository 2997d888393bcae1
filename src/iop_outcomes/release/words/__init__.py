"""Plain words for names, numbers and outcomes, shared by verdict, figures and report."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from iop_outcomes.release.words.vocabulary import MISSING, PHRASES
from iop_outcomes.study import Study
from iop_outcomes.study import outcome as facts
from iop_outcomes.study.names import IN_TIME, WEEKLY_URINE

_NAMES = {"iop": "IOP", "outpatient": "outpatient care", "op": "outpatient care"}
_SHORT = ("iop", "bam", "moud", "asam", "aipw", "tmle", "rmst", "gee", "ate", "att", "ato", "smd", "los", "uds")
_ABBREVIATIONS = {name: name.upper() for name in _SHORT} | {"phq9": "PHQ-9", "gad7": "GAD-7"}


@dataclass(frozen=True)
class Outcome:
    """An outcome in words.

    Attributes
    ----------
    name : str
        As the study calls it.
    noun : str
        "share of sessions attended"; the study's own name where there are no words for the metric.
    deed : str
        "complete treatment", or empty where the outcome is nothing one does or does not.
    rule : str
        What is made of missing tests or reports, in words, where that is a choice.
    unit : str
        Of its value: ``share``, ``days``, ``hours per week``, ...
    kind : str
        binary, proportion, count, continuous, duration or time_to_event.
    window : str
        When it is looked at, in words, where the noun does not say so.
    variant : str
        The study's own name, where another outcome of the study would have the same noun and rule.
    """

    name: str
    noun: str
    deed: str = ""
    unit: str = ""
    kind: str = "continuous"
    rule: str = ""
    window: str = ""
    has_words: bool = True
    variant: str = ""

    @property
    def is_share(self) -> bool:
        """Are its means shares, so that differences are percentage points?"""
        return self.unit == "share"

    @property
    def details(self) -> str:
        """Window and rule in brackets, with a space before them; empty where there are none."""
        said = "; ".join(part for part in (self.window, self.variant, self.rule) if part)
        return f" ({said})" if said else ""

    @property
    def subject(self) -> str:
        """The outcome as the subject of a sentence about its mean."""
        named = f"share with “{self.noun}”" if self.kind == "binary" else f"mean of “{self.noun}”"
        return (self.noun if self.has_words else named) + self.details

    @property
    def label(self) -> str:
        """The outcome as the heading of a row."""
        said = "; ".join(part for part in (self.variant, self.rule) if part)
        return capital(f"{self.noun} ({said})" if said else self.noun)


def describe_outcome(study: Study, name: str) -> Outcome:
    """Return the words for an outcome of a study, from its metric's own statement of unit and kind."""
    known = facts.outcome_of(study, name)
    if name in (*IN_TIME, WEEKLY_URINE):
        return Outcome(name, *PHRASES[name], known.unit, known.kind)
    if not known.unit:
        return Outcome(name, plain(name), has_words=False)
    metric, settings = known.metric, known.settings
    varied = f"{metric} {settings.get('completed')}"
    noun, deed = PHRASES.get(varied, PHRASES.get(metric, (plain(name), "")))
    rule = MISSING.get(str(settings.get("missing")), "")
    variant = ""
    if name != metric and metric in PHRASES and "{" not in noun:
        # Two outcomes of one metric would otherwise have the same words.
        variant = plain(name) if rule and _has_twin(study, known) else ""
        rule = rule or plain(name)
    window = "" if "days}" in noun or "{day}" in noun else in_window(settings, study.cohort.follow_up_days)
    filled = (noun.format(**settings), deed.format(**settings))
    return Outcome(name, *filled, known.unit, known.kind, rule, window, metric in PHRASES, variant)


def _has_twin(study: Study, known: facts.Outcome) -> bool:
    """Return whether another outcome of a study is of the same metric and makes the same of what is missing."""
    others = [other for other, s in study.metrics.items() if s.get("metric", other) == known.metric]
    rule = known.settings.get("missing")
    return any(
        facts.outcome_of(study, other).settings.get("missing") == rule for other in others if other != known.name
    )


def in_window(settings: Mapping[str, object], follow_up_days: int) -> str:
    """Return when an outcome is looked at: "last 4 of the first 12 weeks", "first 84 days", "within 180 days".

    Parameters
    ----------
    settings : mapping
        Of the metric.
    follow_up_days : int
        Of the study, for metrics that look at all of it.
    """
    days, weeks = settings.get("window_days"), settings.get("weeks")
    if isinstance(days, int) and isinstance(weeks, int):
        return f"last {weeks} of the first {days // 7} weeks"
    return f"first {days} days" if isinstance(days, int) else f"within {follow_up_days} days"


def arm(name: str) -> str:
    """Return an arm in running text: ``iop`` is "IOP", ``standard_counselling`` is "standard counselling"."""
    return _NAMES.get(str(name), plain(name))


def heading(name: str) -> str:
    """Return an arm at the head of a column or beside a line."""
    return capital(arm(name))


def plain(name: str) -> str:
    """Return a name of the study file as words."""
    return " ".join(_ABBREVIATIONS.get(part, part) for part in str(name).replace("_", " ").split())


def capital(text: str) -> str:
    """Return the text with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def percent(value: float, decimals: int = 0) -> str:
    """Return a share as a percentage."""
    return "" if pd.isna(value) else f"{100 * value:.{decimals}f}%"


def number(value: float, decimals: int = 1) -> str:
    """Return a number with thousands separated and a true minus sign."""
    if pd.isna(value):
        return ""
    text = f"{value:,.{decimals}f}"
    return text.replace("-", "\N{MINUS SIGN}") if float(text.replace(",", "")) else text.lstrip("-")


def signed(text: str) -> str:
    """Return the text with a true minus sign before its numbers."""
    return re.sub(r"(?<![\w.-])-(?=\d)", "\N{MINUS SIGN}", text)


def people(value: float) -> str:
    """Return a count."""
    return "" if pd.isna(value) else f"{value:,.0f}"


def joined(words: list[str], last: str = "and") -> str:
    """Return "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def merged(study: Study) -> str:
    """Return which levels a study takes as one, empty where none are."""
    groups = [(column, new, own) for column, groups in study.merge.items() for new, own in groups.items()]
    return "; ".join(f"of {plain(column)} {joined(own)} as “{new}”" for column, new, own in groups)


def spoken(text: str, study: Study) -> str:
    """Return a sentence with the study's names of arms and covariates in plain words."""
    quoted = "|".join(map(re.escape, study.cohort.arms))
    text = re.sub(rf"(?<!the )\barm '({quoted})'", lambda match: arm(match[1]), text)
    text = re.sub(rf"\bthe arm '({quoted})'", lambda match: f"the arm “{arm(match[1])}”", text)
    said = {name: arm(name) for name in study.cohort.arms} | {name: plain(name) for name in study.covariate_names}
    names = sorted((name for name in said if said[name] != name), key=len, reverse=True)
    if not names:
        return text
    return re.sub(rf"\b({'|'.join(map(re.escape, names))})\b", lambda match: said[match[0]], text)


def sentences(text: str) -> str:
    """Return the text with a capital letter after each full stop."""
    return re.sub(r"(?<=[.?!] )[a-z]", lambda match: match[0].upper(), capital(text))
