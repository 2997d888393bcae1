"""What every outcome of the page is: what counts, when it is looked at, and what is made of what is missing."""

from iop_outcomes.history.outcome_rules import death_in_words
from iop_outcomes.kernel.registry import METRICS
from iop_outcomes.release import words
from iop_outcomes.release.page.html import HtmlTable
from iop_outcomes.release.words.vocabulary import SETTINGS
from iop_outcomes.study import Study
from iop_outcomes.study.names import TIME_IN_CARE, TIME_TO
from iop_outcomes.study.outcome import Outcome, outcome_of


def definitions(study: Study) -> HtmlTable:
    """Return the outcomes that the study compares, each with its definition, window and rules."""
    names = dict.fromkeys(analysis.outcome for analysis in study.analyses.values())
    rows = [_row(study, outcome_of(study, name)) for name in names]
    columns = ("Outcome", "What counts", "When", "What is missing", "Which way is better")
    return HtmlTable("What the outcomes are", columns, rows)


def _row(study: Study, outcome: Outcome) -> tuple[str, ...]:
    label, followed = words.describe_outcome(study, outcome.name).label, f"{study.cohort.follow_up_days} days"
    better = {"higher": "more", "lower": "less", "neither": "not said"}[outcome.better]
    if outcome.name == TIME_IN_CARE:
        ends = words.capital(study.care.in_words())
        what = f"Days from time zero to the end of care, by completion as by dropout. {ends}"
        return label, what, f"up to {followed}", "whoever is still in care is counted up to the last day seen", better
    if outcome.name in TIME_TO:
        later = {"higher": "later, or never", "lower": "sooner"}.get(outcome.better, "not said")
        others = study.events.in_words()
        what = f"Days from time zero to {words.describe_outcome(study, outcome.name).noun}. {others}"
        return label, what, f"up to {followed}", "whoever is still in care is counted up to the last day seen", later
    if outcome.metric not in METRICS:
        return label, "Urine test of each week, negative or not", f"every week of {followed}", "left out", better
    plugin = METRICS[outcome.metric]
    dead = death_in_words(outcome.settings.get("after_death") or study.events.after_death)
    missing = _missing(plugin.missing, str(outcome.settings.get("missing", "")))
    if "after_death" in outcome.settings:
        missing = f"{missing}; {dead}"
    return (
        label,
        _together(_plainly(plugin.summary), _chosen(study, outcome.name)),
        _when(outcome, study),
        missing,
        better,
    )


def _together(summary: str, chosen: str) -> str:
    """Return a summary, which may be a question, and what the study chose, as sentences."""
    return f"{summary}{'' if summary.endswith('?') else '.'} {chosen}" if chosen else summary


def _chosen(study: Study, name: str) -> str:
    """Return what the study chose that changes what counts, so that two outcomes of one metric say what parts them."""
    told_elsewhere = {"metric", "missing", "window_days", "weeks", "day", "days", "after_death"}
    said = [_setting(key, value) for key, value in study.metrics[name].items() if key not in told_elsewhere]
    return f"Here: {'; '.join(said)}" if said else ""


def _setting(key: str, value: object) -> str:
    told = SETTINGS.get(key)
    if isinstance(told, dict):
        return told[bool(value)]
    shown = words.plain(str(value)) if isinstance(value, str) else str(value)
    return (
        told.format(shown)
        if told
        else f"{words.plain(key)} {'yes' if value is True else 'no' if value is False else shown}"
    )


def _when(outcome: Outcome, study: Study) -> str:
    settings = outcome.settings
    day = settings.get("day", settings.get("days"))
    return f"day {day}" if isinstance(day, int) else words.in_window(settings, study.cohort.follow_up_days)


def _missing(said: str, rule: str) -> str:
    """Return what a metric says of the rule chosen, or all it says where it has no choice."""
    for part in said.split("; "):
        name, found, meaning = part.partition(": ")
        if found and name == rule:
            return meaning
    return said


def _plainly(summary: str) -> str:
    return summary.replace("``", "").strip().removesuffix(".")
