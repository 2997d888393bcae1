"""What of a release speaks to the items of a checklist: where it stands, and what to do where it does not."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures import Drawn
from iop_outcomes.study import Study
from iop_outcomes.study.target_trial import TargetTrial
from iop_outcomes.tables.estimate import CHECK, is_contrast, may_be_shown


@dataclass(frozen=True)
class Artefact:
    """A part of a release.

    Attributes
    ----------
    place : str
        Where a reader finds it.
    present : bool
    remedy : str
        What to do where it is not there.
    """

    place: str
    present: bool
    remedy: str = "run the study with data that have it"


def artefacts(
    study: Study, released: Mapping[str, Released], drawn: Mapping[str, Drawn], run: Mapping[str, object]
) -> dict[str, Artefact]:
    """Return what a release holds, by the names that checklists use.

    Parameters
    ----------
    study : Study
    released : mapping of str to Released
    drawn : mapping of str to Drawn
    run : mapping
        Facts of the run.
    """
    estimate = released["estimate"].frame if "estimate" in released else pd.DataFrame()
    flow = drawn.get("attrition_flow")
    lock = dict(run.get("protocol") or {})  # type: ignore[call-overload]
    has_contrasts = bool(len(estimate)) and bool((may_be_shown(estimate) & is_contrast(estimate)).any())
    unlocked = "lock the protocol before outcomes are read: iop-outcomes lock STUDY"
    sections = {
        "verdict": Artefact("The answer; tables/verdict.csv", "verdict" in released),
        "target": Artefact("How it was done, the trial that this study stands for", True),
        "settings": Artefact("How it was done, settings of the study", True),
        "methods": Artefact("manuscript/manuscript.docx, methods", True),
        "definitions": Artefact("manuscript/definitions.csv", bool(study.metrics), "name outcomes under metrics"),
        "designs": Artefact("manuscript/manuscript.docx, designs", bool(study.designs), "name a design"),
        "flow": Artefact("Who was compared, flow of people", flow is not None and not flow.reason),
        "intake": Artefact("Who was compared, records read; tables/intake.csv", "intake" in released),
        "set_aside": Artefact("What happened, records set aside; tables/set_aside.csv", "set_aside" in released),
        "baseline": Artefact("Who was compared, at the start; manuscript/table_1.csv", "balance" in released),
        "gate": Artefact("Can they be compared?; tables/diagnostic.csv", "diagnostic" in released),
        "events": Artefact(
            "What happened, events; tables/intercurrent.csv", bool({"intercurrent", "retained"} & set(released))
        ),
        "outcomes": Artefact("What happened; tables/outcomes.csv", "outcomes" in released),
        "estimates": Artefact(
            "What difference it made; manuscript/every_estimate.csv",
            has_contrasts,
            "every estimate is withheld or refused; see the reasons in the report",
        ),
        "checks": Artefact(
            "How sure can one be?; manuscript/sensitivity.csv",
            bool(len(estimate)) and bool((estimate["role"] == CHECK).any()),
            "name checks under sensitivity in the study file",
        ),
        "missing_rules": Artefact(
            "How sure can one be?; the other rules for missing outcomes",
            _has_missing_rules(study),
            "add the check missing_panel under sensitivity, or outcomes under another rule",
        ),
        "subgroups": Artefact(
            "For whom?; tables/interaction.csv", "subgroup" in released, "name modifiers under subgroups beforehand"
        ),
        "capability": Artefact("What these data cannot say; tables/capability.csv", "capability" in released),
        "limits": Artefact("The answer, what to keep in mind; What these data cannot say", "verdict" in released),
        "lock": Artefact("How it was done, protocol", bool(lock.get("locked")), unlocked),
        "software": Artefact("How it was done, software", bool(run.get("versions") or run.get("code"))),
    }
    return sections | _stated(study)


def _stated(study: Study) -> dict[str, Artefact]:
    place = "How it was done, the trial that this study stands for"
    return {
        f"stated_{name}": Artefact(
            place,
            study.target_trial is not None and bool(getattr(study.target_trial, name)),
            f"state its {name} under target_trial in the study file",
        )
        for name in TargetTrial.ELEMENTS
    }


def _has_missing_rules(study: Study) -> bool:
    rules: dict[str, set[str]] = {}
    for name, settings in study.metrics.items():
        rules.setdefault(str(settings.get("metric", name)), set()).add(str(settings.get("missing", "")))
    several = any(len(found) > 1 for found in rules.values())
    return several or any(name == "missing_panel" for name, _ in study.checks())
