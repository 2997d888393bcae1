"""The methods section of a study, written from its settings; what it cites stands in brackets as ``[@key]``."""

from collections.abc import Iterable, Mapping

from iop_outcomes.kernel.errors import counted
from iop_outcomes.kernel.registry import DESIGN_METHODS
from iop_outcomes.release import words
from iop_outcomes.release.manuscript.phrases import CHECKS, DESIGNS, ESTIMATORS
from iop_outcomes.release.manuscript.references import CITED_BY
from iop_outcomes.release.page.definitions import definitions
from iop_outcomes.release.page.method import arm_in_words
from iop_outcomes.study import Study

_ESTIMANDS = {
    "ATE": "everybody in the cohort",
    "ATT": "people like those of the first arm",
    "ATC": "people like those of the second arm",
    "ATO": "people who might have been in either arm",
    "matched treated": "people of the first arm who found a match",
    "ATM": "people who might have been in either arm, as matching would leave them",
}


def methods(
    study: Study,
    run: Mapping[str, object],
    defined_in: str,
    intervals: Iterable[str],
    speaks_for: Mapping[str, str],
) -> dict[str, str]:
    """Return the paragraphs of the methods by their heading.

    Parameters
    ----------
    study : Study
    run : mapping
        Facts of the run: its ``versions`` are named.
    defined_in : str
        The table that defines the outcomes.
    intervals : iterable of str
        How the intervals that are shown were made (``se_method``).
    speaks_for : mapping
        Of each design the estimand of its estimates.
    """
    return {
        "Design and data": _data(study),
        "Participants": _participants(study),
        "Outcomes": _outcomes(study, defined_in),
        "Making the arms comparable": _designs(study, speaks_for),
        "Analysis": _analysis(study, any("CR2" in made for made in intervals)),
        "Sensitivity": _sensitivity(study),
        "Disclosure control": f"Released numbers: {study.release.rules().in_words()}.",
        "Software": _software(run),
    }


def _data(study: Study) -> str:
    kind = words.plain(study.source.kind)
    invented = " The data are simulated: nobody in them is real." if study.source.kind == "simulated" else ""
    failed = "withheld" if study.gate.on_failure == "withhold" else "marked"
    by_chance = [f"“{words.plain(name)}”" for name, analysis in study.analyses.items() if analysis.randomised]
    what = "an observational comparison that emulates a target trial [@hernan2016]"
    if by_chance:
        what = f"a comparison in which, as the study says, arms were assigned by chance for {words.joined(by_chance)}"
    shown = [f"“{words.plain(name)}” although it failed ({reason})" for name, reason in study.gate.override.items()]
    though = f" Shown by decision of the study: {'; '.join(shown)}." if shown else ""
    return (
        f"This is {what}, made from records of the source “{kind}”.{invented} Design and balance were examined before "
        f"any outcome was compared, and a comparison that failed a check was {failed}.{though}"
    )


def _participants(study: Study) -> str:
    cohort = study.cohort
    arms = words.joined([arm_in_words(name, chosen) for name, chosen in cohort.arms.items()])
    rules = words.joined([words.plain(name) for name, _ in cohort.rules]) or "none"
    return (
        f"The arms are {arms}. Time zero is the day of {cohort.time_zero}; an assignment may be recorded up to "
        f"{counted(cohort.assignment.grace_days, 'day')} after care began. Rules of eligibility: {rules}. People were "
        f"followed for up to {cohort.follow_up_days} days. Care ends {study.care.in_words()}."
    )


def _outcomes(study: Study, defined_in: str) -> str:
    named = list(dict.fromkeys(analysis.outcome for analysis in study.analyses.values()))
    labels = [f"“{row[0]}” ({row[2]})" for row in definitions(study).rows]
    if not named:
        return "No outcome was compared."
    others = f" Further outcomes: {words.joined(labels[1:])}." if labels[1:] else ""
    return (
        f"The primary outcome is {labels[0]}.{others} {defined_in} defines each, with what is made of missing values "
        "and of death."
    )


def _designs(study: Study, speaks_for: Mapping[str, str]) -> str:
    covariates = words.joined([words.plain(name) for name in study.covariate_names])
    said = [f"Covariates: {covariates}." if covariates else "No covariate was adjusted for."]
    said += [f"Levels taken as one: {words.merged(study)}."] if study.merge else []
    for name, design in study.designs.items():
        estimand = speaks_for.get(name) or DESIGN_METHODS[design.method].estimand
        whom = _ESTIMANDS.get(estimand, estimand)
        how = DESIGNS.get(design.method, words.plain(design.method))
        said.append(f"Design “{words.plain(name)}”, for {whom}: {how}{_cited(design.method)}.")
    gate = study.gate
    said.append(
        f"Arms count as alike where no standardised mean difference is beyond {gate.max_smd:g}{_cited('balance')}, at "
        f"least {gate.min_equipoise:.0%} of people might have been in either arm{_cited('equipoise')}, and weighting "
        f"leaves the precision of at least {gate.min_ess:g} people in each arm."
    )
    return " ".join(said)


def _analysis(study: Study, few_clusters: bool) -> str:
    by_estimator: dict[str, list[str]] = {}
    for name, analysis in study.analyses.items():
        by_estimator.setdefault(analysis.estimator, []).append(f"“{words.plain(name)}”")
    said = [
        f"{words.joined(names)} by {ESTIMATORS.get(estimator, words.plain(estimator))}{_cited(estimator)}"
        for estimator, names in by_estimator.items()
    ]
    if not said:
        return "No outcome was compared."
    corrected = f", corrected for few of them{_cited('few_clusters')}" if few_clusters else ""
    first = words.plain(next(iter(study.analyses)))
    cluster = (
        f"Standard errors are robust to likeness within {words.plain(study.cluster)}{corrected}"
        if study.cluster
        else "Standard errors count every person as independent"
    )
    others = (
        f"; the other outcomes are adjusted for their number by Holm's method{_cited('holm')}"
        if len({analysis.outcome for analysis in study.analyses.values()}) > 1
        else ""
    )
    return (
        f"Analyses were made: {'; '.join(said)}. {cluster}; intervals are of 95%. “{first}” was named "
        f"first and is the answer{others}. A difference of {100 * study.margin:g} points of a share is taken to matter "
        "unless an analysis says other."
    )


def _sensitivity(study: Study) -> str:
    said = [f"{CHECKS.get(name, words.plain(name))}{_cited(name)}" for name, _ in study.checks_made()]
    return f"{words.capital('; '.join(said))}."


def _software(run: Mapping[str, object]) -> str:
    versions = dict(run.get("versions") or {})
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    return f"The analysis was run by iop-outcomes in a Snakemake workflow{_cited('snakemake')}" + (
        f" with {named}." if named else "."
    )


def _cited(what: str) -> str:
    keys = CITED_BY.get(what, ())
    return f" [{'; '.join(f'@{key}' for key in keys)}]" if keys else ""
