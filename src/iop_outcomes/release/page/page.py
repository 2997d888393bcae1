"""The page: what each section says, filled into the template."""

from collections.abc import Mapping, Sequence
from importlib import resources

from jinja2 import Environment, StrictUndefined

from iop_outcomes.conclude.judging import Judged
from iop_outcomes.release import words
from iop_outcomes.release.checklists.filling import checklists
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures import Drawn
from iop_outcomes.release.page import (
    checks,
    components,
    costs,
    found,
    heterogeneity,
    limits,
    method,
    participation,
    recorded,
    specifications,
    subgroups,
    target,
    who,
)
from iop_outcomes.release.page.answer import answer
from iop_outcomes.release.page.definitions import definitions
from iop_outcomes.release.page.html import picture
from iop_outcomes.release.tables import verdict
from iop_outcomes.study import Study

#: The sections, in order: what a link to each is called, and its heading.
HEADINGS = {
    "answer": "The answer",
    "who": "Who was compared",
    "can": "Can they be compared?",
    "what": "What happened",
    "difference": "What difference it made",
    "whom": "For whom?",
    "participation": "What coming more does",
    "components": "What care was made of",
    "costs": "At what cost?",
    "sure": "How sure can one be?",
    "cannot": "What these data cannot say",
    "claims": "Claims",
    "how": "How it was done",
    "ledger": "The claims of the field",
}


def page(
    study: Study,
    released: Mapping[str, Released],
    drawn: Mapping[str, Drawn],
    run: Mapping[str, object],
    judged: Sequence[Judged] | None = None,
) -> str:
    """Return the report as one HTML page that needs nothing else.

    Parameters
    ----------
    study : Study
    released : mapping of str to Released
        Protected tables by name.
    drawn : mapping of str to Drawn
        Figures by name.
    run : mapping
        Facts of the run.
    judged : sequence of Judged, optional
        The verdicts on what is released; found anew where they are left out.
    """
    here = resources.files("iop_outcomes.release.page")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"picture": picture, "unbroken": _unbroken}
    template = environment.from_string((here / "template.html.j2").read_text(encoding="utf-8"))
    sizes = who.arm_sizes(drawn, study)
    every = verdict.judged(released, study) if judged is None else judged
    optional = {
        "whom": study.subgroups or study.heterogeneity,
        "participation": study.participation,
        "components": study.components,
        "costs": study.costs,
        "claims": "claim" in released,
        "ledger": "ledger" in released,
    }
    return template.render(
        study=study,
        title=study.title or words.capital(words.plain(study.name)),
        style=(here / "style.css").read_text(encoding="utf-8"),
        headings=HEADINGS,
        absent=[place for place, asked in optional.items() if not asked],
        arms=[words.arm(a) for a in study.cohort.arms],
        answer=answer(study, released, every, sizes),
        definitions=definitions(study),
        numbers=found.key_numbers(study, released, sizes),
        intake=who.intake(released.get("intake")),
        flow=who.flow_sentences(drawn, released.get("intake"), study),
        baseline=who.baseline(released.get("balance"), study),
        gate=limits.gate(released.get("diagnostic")),
        set_aside=recorded.set_aside(released.get("set_aside")),
        retained=recorded.retained(released.get("retained")),
        intercurrent=recorded.intercurrent(released.get("intercurrent")),
        agreement=recorded.agreement(released.get("agreement")),
        outcomes=found.outcomes(released.get("outcomes"), study),
        estimates=found.estimates(released.get("estimate"), study),
        sensitivity=checks.sensitivity(released.get("estimate"), study),
        subgroups=subgroups.subgroups(released.get("subgroup"), study),
        interactions=subgroups.interactions(released.get("subgroup_verdict"), study),
        explored=heterogeneity.heterogeneity(released.get("heterogeneity"), study),
        specifications=specifications.specifications(released.get("specification_summary")),
        strategies=participation.strategies(study),
        followed=participation.verdict(released.get("participation_verdict")),
        ways=participation.ways(released.get("participation"), study),
        gap=participation.gap(released.get("participation")),
        changed=participation.changed(released.get("level_change_verdict")),
        changes=participation.changes(released.get("level_change")),
        components=components.means(released.get("component")),
        components_by=components.means_by_level(released.get("component")),
        associations=components.associations(released.get("component_association")),
        values=costs.verdicts(released.get("cost_verdict")),
        cost_differences=costs.differences(released.get("cost_difference"), study),
        not_shown=found.not_shown(released.get("estimate"), study),
        instead=found.instead(every, study),
        claims=found.claims(released.get("claim")),
        ledger=found.ledger(released.get("ledger")),
        refusals=limits.refusals(released.get("refusal")),
        capability=limits.capability(released.get("capability")),
        truth=limits.truth(released.get("truth"), study),
        target=target.target_trial(study),
        named=target.named(run),
        protocol=target.protocol(run),
        method=method.settings(study),
        run=method.run_facts(run),
        checklists=list(checklists(study, released, drawn, run).values()),
        figures=drawn,
        simulated=study.source.kind == "simulated",
    )


def _unbroken(text: str) -> str:
    """Return the text of a number whose interval no end of a line parts."""
    return text.replace(" to ", "\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}")
