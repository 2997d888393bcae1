"""The trial that is emulated, beside what the study does instead; and whether its protocol is what was locked."""

from collections.abc import Mapping

from iop_outcomes.kernel.errors import counted
from iop_outcomes.kernel.registry import DESIGN_METHODS
from iop_outcomes.release import words
from iop_outcomes.release.page.html import HtmlTable
from iop_outcomes.study import Study
from iop_outcomes.study.target_trial import TargetTrial

_ELEMENTS = {
    "eligibility": "Who may take part",
    "strategies": "What they are assigned to",
    "assignment": "How they are assigned",
    "time_zero": "From when they are followed",
    "follow_up": "For how long",
    "outcome": "What is looked at",
    "estimand": "For whom the answer holds",
    "analysis": "How it is analysed",
}


def target_trial(study: Study) -> HtmlTable:
    """Return the target trial and its emulation side by side; what the study does not say of the target is told."""
    asked = study.target_trial or TargetTrial()
    told, done = _usual(study), _emulated(study)
    rows = [(_ELEMENTS[e], getattr(asked, e) or told[e], done[e]) for e in TargetTrial.ELEMENTS]
    stated = "" if study.target_trial else " The study file does not state the trial: what stands here follows from it."
    by_chance = any(analysis.randomised for analysis in study.analyses.values())
    assigned = (
        "here the study says so of some of its comparisons"
        if by_chance
        else "here they were assigned by somebody, and the checks above ask what can be asked about that"
    )
    note = (
        "Elements of a protocol after Hernán and Robins (2016). The trial would assign people by chance; "
        f"{assigned}.{stated}"
    )
    return HtmlTable("The trial that this study stands for", ("Element", "Trial", "This study"), rows, note)


def _usual(study: Study) -> dict[str, str]:
    arms = words.joined([words.arm(arm) for arm in study.cohort.arms], "or")
    return {
        "eligibility": "The same people, before anybody is assigned",
        "strategies": f"Start {arms}",
        "assignment": "By chance",
        "time_zero": "The day of assignment",
        "follow_up": f"{study.cohort.follow_up_days} days, or to death",
        "outcome": "The same, measured alike in all arms, of everybody",
        "estimand": "Everybody who was assigned, whatever they then received",
        "analysis": "Compare those assigned, as assigned",
    }


def _assigned(study: Study) -> str:
    alike = words.joined([words.plain(name) for name in study.covariate_names]) or "nothing"
    by_chance = [analysis.randomised for analysis in study.analyses.values()]
    if by_chance and all(by_chance):
        return f"By chance, as the study says; made alike in {alike}, too"
    others = "; for some comparisons by chance, as the study says" if any(by_chance) else ""
    return f"By clinicians, payers, courts and people themselves{others}; made alike in {alike}"


def _emulated(study: Study) -> dict[str, str]:
    cohort = study.cohort
    rules = ", ".join(words.plain(name) for name, _ in cohort.rules) or "everybody on record"
    first = next(iter(study.analyses.values()), None)
    late = counted(cohort.assignment.grace_days, "day")
    done = {
        "eligibility": words.capital(rules),
        "strategies": words.capital(
            words.joined([words.arm(arm) for arm in cohort.arms], "or") + ", as recorded at entry"
        ),
        "assignment": _assigned(study),
        "time_zero": f"The day of {cohort.time_zero}, at most {late} after care began",
        "follow_up": f"{cohort.follow_up_days} days, to death, or as far as records go",
        "outcome": "None",
        "estimand": "None",
        "analysis": "None",
    }
    if first is None:
        return done
    method = DESIGN_METHODS[study.designs[first.design].method]
    outcome = words.describe_outcome(study, first.outcome)
    done["outcome"] = f"{outcome.label}{f' ({outcome.window})' if outcome.window else ''}"
    done["estimand"] = f"{method.estimand}, as assigned; never-starters stay in"
    done["analysis"] = f"{words.capital(words.plain(first.estimator))} under {words.plain(method.name)}"
    return done


def named(run: Mapping[str, object]) -> str:
    """Return when the subgroups of a study were named, which only a protocol that was locked can show."""
    said = dict(run.get("protocol") or {})
    if said.get("locked") and said.get("before_results") and not said.get("changed"):
        return "Subgroups were named in the protocol, which was locked before any outcome was looked at."
    return (
        "Subgroups are those that the study file names; that it named them before any outcome was looked at, nothing "
        "here shows, since the protocol was not locked by then, or was changed."
    )


def protocol(run: Mapping[str, object]) -> str:
    """Return whether the protocol is what was locked, in whole sentences; empty where the record says nothing."""
    said = dict(run.get("protocol") or {})
    if not said:
        return ""
    digest = str(said.get("digest"))[:12]
    if not said.get("locked"):
        return f"The protocol of this study ({digest}) was not locked before outcomes were read."
    when = "before there were any results" if said.get("before_results") else "after results of it had been made"
    changed = [words.plain(str(name)) for name in said.get("changed") or []]
    if changed:
        return (
            f"The protocol was locked {when} ({str(said['locked'])[:12]}) and has been changed since: "
            f"{words.joined(changed)}. It is now {digest}."
        )
    return f"The protocol ({digest}) was locked {when}, and is as it was."
