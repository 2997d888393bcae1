"""Plain words for names, numbers and outcomes, shared by verdict, figures and report."""

import re
from dataclasses import dataclass

import pandas as pd

from iop_outcomes.kernel.registry import METRICS
from iop_outcomes.release.words.vocabulary import MISSING, PHRASES
from iop_outcomes.study import Study
from iop_outcomes.study.names import TIME_IN_CARE

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
    better : str
        ``higher``, ``lower`` or ``neither``.
    """

    name: str
    noun: str
    deed: str = ""
    unit: str = ""
    kind: str = "continuous"
    better: str = "neither"
    rule: str = ""
    has_words: bool = True

    @property
    def is_share(self) -> bool:
        """Are its means shares, so that differences are percentage points?"""
        return self.kind in ("binary", "proportion")

    @property
    def is_percent(self) -> bool:
        """Is it a share already written in percent?"""
        return self.unit.startswith("percent")

    @property
    def subject(self) -> str:
        """The outcome as the subject of a sentence about its mean."""
        named = f"share with “{self.noun}”" if self.kind == "binary" else f"mean of “{self.noun}”"
        noun = self.noun if self.has_words else named
        return f"{noun} ({self.rule})" if self.rule else noun

    @property
    def label(self) -> str:
        """The outcome as the heading of a row."""
        return capital(f"{self.noun} ({self.rule})" if self.rule else self.noun)


def describe_outcome(study: Study, name: str) -> Outcome:
    """Return the words for an outcome of a study, from its metric's own statement of unit, kind and direction."""
    if name == TIME_IN_CARE:
        return Outcome(name, PHRASES[name][0], "", "days", "time_to_event", "higher")
    metric = str(study.metrics.get(name, {}).get("metric", name))
    if metric not in METRICS:
        return Outcome(name, plain(name), has_words=False)
    plugin, settings = study.metric(name)
    noun, deed = PHRASES.get(metric, (plain(name), ""))
    rule = MISSING.get(str(settings.get("missing")), "")
    if not rule and name != metric and metric in PHRASES and "{" not in noun:
        # Two outcomes of one metric would otherwise have the same words.
        rule = plain(name)
    return Outcome(
        name,
        noun.format(**settings),
        deed.format(**settings),
        "share" if plugin.kind_of_value in ("binary", "proportion") else str(plugin.unit),
        plugin.kind_of_value,
        plugin.better,
        rule,
        metric in PHRASES,
    )


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


def people(value: float) -> str:
    """Return a count."""
    return "" if pd.isna(value) else f"{value:,.0f}"


def joined(words: list[str], last: str = "and") -> str:
    """Return "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def spoken(text: str, study: Study) -> str:
    """Return a sentence with the study's names of arms and covariates in plain words."""
    said = {name: arm(name) for name in study.cohort.arms} | {name: plain(name) for name in study.covariates}
    names = sorted((name for name in said if said[name] != name), key=len, reverse=True)
    if not names:
        return text
    return re.sub(rf"\b({'|'.join(map(re.escape, names))})\b", lambda match: said[match[0]], text)


def sentences(text: str) -> str:
    """Return the text with a capital letter after each full stop."""
    return re.sub(r"(?<=[.?!] )[a-z]", lambda match: match[0].upper(), capital(text))
