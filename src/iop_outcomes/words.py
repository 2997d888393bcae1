"""Plain words for names, numbers and outcomes, shared by verdict, figures and report."""

from dataclasses import dataclass

import pandas as pd

from iop_outcomes.registry import METRICS
from iop_outcomes.study import TIME_IN_CARE, Study

_NAMES = {"iop": "IOP", "outpatient": "outpatient care", "op": "outpatient care"}
_ABBREVIATIONS = {"iop": "IOP", "phq9": "PHQ-9", "gad7": "GAD-7", "bam": "BAM", "moud": "MOUD", "asam": "ASAM"}

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
_ENDPOINT = "urine_endpoint"


@dataclass(frozen=True)
class Outcome:
    """An outcome in words.

    Attributes
    ----------
    name : str
        As the study calls it.
    noun : str
        "share of sessions attended".
    deed : str
        "complete treatment", or empty where the outcome is nothing one does or does not.
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

    @property
    def is_share(self) -> bool:
        """Are its means shares, so that differences are percentage points?"""
        return self.kind in ("binary", "proportion")


def describe_outcome(study: Study, name: str) -> Outcome:
    """Return the words for an outcome of a study, from its metric's own statement of unit, kind and direction."""
    if name == TIME_IN_CARE:
        return Outcome(name, _NOUNS[name], "", "days", "time_to_event", "higher")
    metric = str(study.metrics.get(name, {}).get("metric", name))
    if metric not in METRICS:
        return Outcome(name, plain(name))
    plugin, settings = study.metric(name)
    noun = plain(name) if name != metric or metric == _ENDPOINT else _NOUNS.get(metric, plain(name))
    deed = _DEEDS.get(metric, "").format(**settings)
    unit = "" if plugin.kind_of_value in ("binary", "proportion") else str(plugin.unit)
    return Outcome(name, noun.format(**settings), deed, unit or "share", plugin.kind_of_value, plugin.better)


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
