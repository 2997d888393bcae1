"""How it was done: the settings of a study and the facts of a run, as rows of two cells."""

from collections.abc import Mapping

from iop_outcomes.designs.calendar import FEWEST
from iop_outcomes.history.outcome_rules import death_in_words, panel_in_words, schedule_in_words, thinning_in_words
from iop_outcomes.kernel.errors import counted
from iop_outcomes.release import words
from iop_outcomes.release.page.html import HtmlTable
from iop_outcomes.study import Study
from iop_outcomes.study.terms import Spline, in_words


def settings(study: Study) -> HtmlTable:
    """Return what the study file asks for, in words."""
    gate = study.gate
    rows = [
        ("Source", words.plain(study.source.kind)),
        ("Arms", "; ".join(arm_in_words(name, selection) for name, selection in study.cohort.arms.items())),
        ("Time zero", f"day of {study.cohort.time_zero}"),
        ("Assigned at the latest", f"{counted(study.cohort.assignment.grace_days, 'day')} after care began"),
        ("Followed for", f"{study.cohort.follow_up_days} days"),
        ("Care ends", study.care.in_words()),
        ("Eligibility", ", ".join(words.plain(name) for name, _ in study.cohort.rules) or "everybody"),
        ("Covariates", ", ".join(words.plain(name) for name in study.covariate_names) or "none"),
        *((("Levels taken as one", words.merged(study)),) if study.merge else ()),
        ("Terms of the models of arm and outcome", _terms(study)),
        ("Calendar time", _calendar(study)),
        *_stated(study),
        ("People alike within", study.cluster or "nothing: everybody counts as independent"),
        *_urine(study),
        *((f"Design “{name}”", _design(study, name)) for name in study.designs),
        *((f"Analysis “{name}”", _analysis(a)) for name, a in study.analyses.items()),
        ("Sensitivity checks", ", ".join(words.plain(name) for name, _ in study.checks()) or "none"),
        (
            "Smallest difference that matters",
            f"{100 * study.margin:g} points of a share, unless an analysis says other; for ratios and other units what "
            "the analysis says",
        ),
        (
            "Gate",
            f"largest standardised difference {gate.max_smd:g}, equipoise at least {gate.min_equipoise:.0%}, effective "
            f"sample size at least {gate.min_ess:g} in each arm; an analysis that fails is "
            f"{'withheld' if gate.on_failure == 'withhold' else 'flagged'}",
        ),
        *((f"Gate overridden for “{name}”", reason) for name, reason in gate.override.items()),
        ("Disclosure control", study.release.rules().in_words()),
        *((("Small cells allowed by", study.release.allowed_by),) if study.release.allowed_by else ()),
        *((f"Disclosure control of “{words.plain(name)}”", own) for name, own in _own_rules(study)),
        ("Seed", str(study.seed)),
    ]
    return HtmlTable("Settings of the study", ("Setting", "Value"), rows)


def run_facts(run: Mapping[str, object]) -> HtmlTable | None:
    """Return code digest and versions of the run; nothing with a clock or a path, and no digest of raw files.

    A small file can be found from its digest by trying, so that digests of inputs stay in ``run.json``.
    """
    digest = dict(run.get("code") or {}).get("digest")
    rows = [("Digest of the code", str(digest))] if digest else []
    rows += [(f"Version of {name}", str(version)) for name, version in dict(run.get("versions") or {}).items()]
    return HtmlTable("Software", ("What", "Which"), rows) if rows else None


def _stated(study: Study) -> list[tuple[str, str]]:
    """Return what rests on the study's word alone."""
    names = words.joined([words.plain(name) for name in study.measured_by_assignment])
    return [("Stated, not recorded, to be measured by assignment", names)] if names else []


def _terms(study: Study) -> str:
    """Return what both models make of the covariates."""
    if not study.covariates:
        return "none"
    bent = {term.spline for term in study.covariate_terms if isinstance(term, Spline)}
    said = [in_words(term) for term in study.covariate_terms]
    straight = [words.plain(name) for name in study.covariate_names if name not in bent]
    start = f"as they are (a number by a straight line, a category by its levels): {', '.join(straight)}"
    return words.spoken("; ".join([*([start] if straight else []), *said]), study)


def _calendar(study: Study) -> str:
    """Return what is made of the calendar."""
    if study.adjusts_for_calendar:
        return (
            "a covariate of every design where the source keeps a year or quarter (neighbouring ones together until "
            f"{FEWEST} people); who came when only one arm was open is left out"
        )
    return "not adjusted for, as the study says" if study.covariates else "not adjusted for"


def arm_in_words(name: str, selection: Mapping[str, object]) -> str:
    """Return an arm with what chooses its people."""
    chosen = (f"{words.plain(c)} {', '.join(v) if isinstance(v, list) else v}" for c, v in selection.items())
    return f"{words.arm(name)} ({' and '.join(chosen)})"


def _design(study: Study, name: str) -> str:
    design, together = study.designs[name], study.arms_together(name)
    said = _with_settings(design.method, design.settings)
    if not together:
        return said
    return f"{said}; {', '.join(words.arm(arm) for arm in together)} at once, for one population of all contrasts"


def _own_rules(study: Study) -> list[tuple[str, str]]:
    """Return the tables and figures that the study releases by stricter rules of their own, with these."""
    return [(name, study.release.rules(name).in_words()) for name in study.release.tables]


def _urine(study: Study) -> list[tuple[str, str]]:
    """Return what counts in drug tests and after death, for the study and for each metric that says otherwise."""
    says = {"substance": panel_in_words, "schedule": schedule_in_words, "after_death": death_in_words}
    rows = [
        ("Drug tests", f"a day’s panel is positive if any target is: {panel_in_words(study.urine_panel)}"),
        ("Drug tests due", schedule_in_words(study.urine_schedule)),
        ("Death within a window", death_in_words(study.events.after_death)),
        ("Drug tests that count", thinning_in_words(study.urine_thinning)),
    ]
    for name, settings in study.metrics.items():
        own = [say(settings[key]) for key, say in says.items() if settings.get(key) is not None]
        if own:
            rows.append((f"In “{words.plain(name)}”", "; ".join(own)))
    return rows


def _with_settings(name: str, settings: Mapping[str, object]) -> str:
    given = ", ".join(f"{words.plain(key)} {value}" for key, value in settings.items())
    return f"{words.plain(name)} ({given})" if given else words.plain(name)


def _analysis(analysis) -> str:
    measures = words.joined([words.plain(m) for m in analysis.measures if m]) or "the estimator's own measure"
    how = _with_settings(analysis.estimator, analysis.settings)
    matters = analysis.margin if isinstance(analysis.margin, dict) else {"": analysis.margin}
    said = [f"smallest {scale or 'difference'} that matters {margin:g}" for scale, margin in matters.items() if margin]
    said += ["assigned by chance"] if analysis.randomised else []
    start = f"{words.plain(analysis.outcome)}, {measures}, by {how} under the design “{analysis.design}”"
    return ", ".join([start, *said])
