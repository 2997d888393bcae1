"""The page: what each section says, filled into the template."""

import base64
from collections.abc import Mapping
from importlib import resources

from jinja2 import Environment, StrictUndefined

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures import Drawn
from iop_outcomes.release.page import found, limits, method, recorded, who
from iop_outcomes.release.words import verdict
from iop_outcomes.study import Study

_BADGES = {
    verdict.BETTER: "Better",
    verdict.WORSE: "Worse",
    verdict.DIFFERENT: "Different",
    verdict.NO_DIFFERENCE: "No difference shown",
    verdict.CANNOT_TELL: "Cannot tell",
    verdict.WITHHELD: "Withheld",
    verdict.REFUSED: "Cannot be answered",
}


def page(study: Study, released: Mapping[str, Released], drawn: Mapping[str, Drawn], run: Mapping[str, object]) -> str:
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
    """
    here = resources.files("iop_outcomes.release.page")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["picture"] = _picture
    template = environment.from_string((here / "template.html.j2").read_text(encoding="utf-8"))
    verdicts = _verdicts(study, released)
    return template.render(
        study=study,
        title=study.title or words.capital(words.plain(study.name)),
        style=(here / "style.css").read_text(encoding="utf-8"),
        arms=[words.arm(a) for a in study.cohort.arms],
        verdicts=verdicts,
        others=_others(verdicts),
        badge=_badge,
        numbers=found.key_numbers(study, released, who.arm_sizes(drawn, study)),
        intake=who.intake(released.get("intake")),
        flow=who.flow_sentences(drawn, released.get("intake"), study),
        baseline=who.baseline(released.get("balance"), study),
        gate=limits.gate(released.get("diagnostic")),
        set_aside=recorded.set_aside(released.get("set_aside")),
        retained=recorded.retained(released.get("retained")),
        agreement=recorded.agreement(released.get("agreement")),
        outcomes=found.outcomes(released.get("outcomes"), study),
        estimates=found.estimates(released.get("estimate"), study),
        sensitivity=found.sensitivity(released.get("estimate"), study),
        not_shown=found.not_shown(released.get("estimate"), study),
        claims=found.claims(released.get("claim")),
        refusals=limits.refusals(released.get("refusal")),
        capability=limits.capability(released.get("capability")),
        truth=limits.truth(released.get("truth"), study),
        method=method.settings(study),
        run=method.run_facts(run),
        figures=drawn,
        simulated=study.source.kind == "simulated",
    )


def _badge(judged: verdict.Verdict) -> str:
    return f"Slightly {_BADGES[judged.kind].lower()}" if judged.small else _BADGES[judged.kind]


def _verdicts(study: Study, released: Mapping[str, Released]) -> list[verdict.Verdict]:
    if "estimate" not in released:
        nothing = "These data cannot answer the question: no analysis could be made."
        return [verdict.Verdict("", "", verdict.REFUSED, nothing)]
    table = released["estimate"].frame
    return [verdict.judge(table, study, name) for name in study.analyses]


def _others(verdicts: list[verdict.Verdict]) -> list[tuple[verdict.Verdict, str]]:
    """Return the analyses after the first with their sentences; a reason already given is not given again."""
    said, rows = {verdicts[0].reason}, []
    for judged in verdicts[1:]:
        again = judged.kind == verdict.WITHHELD and judged.reason in said
        text = f"{judged.sentence.partition('. ')[0]}, for the reason given above." if again else judged.sentence
        said.add(judged.reason)
        rows.append((judged, text))
    return rows


def _picture(drawn: Drawn) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.svg).decode("ascii")
