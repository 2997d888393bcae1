"""Plain words for names, numbers and outcomes, shared by verdict, figures and report."""

from dataclasses import dataclass

import pandas as pd

from iop_outcomes.registry import METRICS
from iop_outcomes.study import TIME_IN_CARE, Study

_NAMES = {"iop": "IOP", "outpatient": "outpatient care", "op": "outpatient care"}
_SHORT = ("iop", "bam", "moud", "asam", "aipw", "tmle", "rmst", "gee", "ate", "att", "ato", "smd", "los", "uds")
_ABBREVIATIONS = {name: name.upper() for name in _SHORT} | {"phq9": "PHQ-9", "gad7": "GAD-7"}

#: What people of an arm do, after "more likely to"; ``{day}`` and others are the metric's settings.
_DEEDS = {
    "completion": "complete treatment",
    "dropout": "drop out of treatment",
    "retention": "be in care on day {day}",
    "abstinence_at_end": "be abstinent at the end",
    "continuous_abstinence": "be abstinent throughout",
    "no_use_at_discharge": "report no use at discharge",
}
_NOUNS = {
    "completion": "treatment completed",
    "dropout": "dropped out",
    "retention": "in care on day {day}",
    "attendance_rate": "share of sessions attended",
    "hours_rate": "share of offered hours attended",
    "weekly_hours": "hours attended per week",
    "proportion_negative": "share of drug tests that were negative",
    "longest_abstinence": "longest abstinence",
    "abstinence_at_end": "abstinent at the end",
    "continuous_abstinence": "abstinent throughout",
    "percent_days_abstinent": "share of days abstinent",
    TIME_IN_CARE: "time in care",
}
#: What is made of missing tests and reports, for the metrics that have the choice.
_MISSING = {"positive": "missing counted as positive", "use": "missing counted as use", "observed": "observed only"}


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
        noun = self.noun if self.has_words else f"mean of “{self.noun}”"
        return f"{noun} ({self.rule})" if self.rule else noun

    @property
    def label(self) -> str:
        """The outcome as the heading of a row."""
        return capital(f"{self.noun} ({self.rule})" if self.rule else self.noun)


def describe_outcome(study: Study, name: str) -> Outcome:
    """Return the words for an outcome of a study, from its metric's own statement of unit, kind and direction."""
    if name == TIME_IN_CARE:
        return Outcome(name, _NOUNS[name], "", "days", "time_to_event", "higher")
    metric = str(study.metrics.get(name, {}).get("metric", name))
    if metric not in METRICS:
        return Outcome(name, plain(name), has_words=False)
    plugin, settings = study.metric(name)
    share = plugin.kind_of_value in ("binary", "proportion")
    return Outcome(
        name,
        _NOUNS[metric].format(**settings) if metric in _NOUNS else plain(name),
        _DEEDS.get(metric, "").format(**settings),
        "share" if share else str(plugin.unit),
        plugin.kind_of_value,
        plugin.better,
        _MISSING.get(str(settings.get("missing")), ""),
        metric in _NOUNS,
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
