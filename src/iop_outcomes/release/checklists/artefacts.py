"""What of a release speaks to the items of a checklist: where it stands, and what to do where it does not."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures import Drawn
from iop_outcomes.study import Study
from iop_outcomes.study.target_trial import TargetTrial
from iop_outcomes.tables.estimate import CHECK, is_contrast, may_be_shown

_NO_ANALYSIS = "name an analysis under analyses in the study file"
_NO_DESIGN = "name a design under designs in the study file"
_NO_OUTCOME = "name outcomes under metrics in the study file"


@dataclass(frozen=True)
class Artefact:
    """A part of a release.

    Attributes
    ----------
    place : str
        Where a reader finds it.
    present : bool
    remedy : str
        What to do where it is not there, so that somebody can.
    """

    place: str
    present: bool
    remedy: str = ""


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
    lock = dict(run.get("protocol") or {})  # type: ignore[call-overload]
    written = {
        "target": Artefact("How it was done, the trial that this study stands for", True),
        "settings": Artefact("How it was done, settings of the study", True),
        "methods": Artefact("manuscript/manuscript.docx, methods", True),
        "definitions": Artefact("manuscript/definitions.csv", bool(study.metrics), _NO_OUTCOME),
        "designs": Artefact("manuscript/manuscript.docx, designs", bool(study.designs), _NO_DESIGN),
        "lock": Artefact(
            "How it was done, protocol",
            bool(lock.get("locked")),
            "lock the protocol before outcomes are read: iop-outcomes lock STUDY",
        ),
        "software": Artefact(
            "How it was done, software",
            bool(run.get("versions") or run.get("code")),
            "run the study by its workflow, which records versions and code",
        ),
    }
    return written | _of_people(released, drawn) | _of_results(study, released) | _stated(study)


def _of_people(released: Mapping[str, Released], drawn: Mapping[str, Drawn]) -> dict[str, Artefact]:
    """Return what is told of records and people, whatever was compared."""
    flow, aside = drawn.get("attrition_flow"), "set_aside" in released
    return {
        "flow": Artefact(
            "Who was compared, flow of people",
            flow is not None and not flow.reason,
            "say how many were looked at, eligible and in each arm: the flow of this study may not be shown",
        ),
        "intake": Artefact(
            "Who was compared, records read; tables/intake.csv",
            "intake" in released,
            "say how many records were read and how many were not taken",
        ),
        "set_aside": Artefact(
            "Who was compared, odd records; tables/set_aside.csv" if aside else "Who was compared, no odd records", True
        ),
        "baseline": Artefact(
            "Who was compared, at the start; manuscript/table_1.csv",
            "balance" in released,
            f"{_NO_DESIGN}, and covariates",
        ),
        "gate": Artefact("Can they be compared?; tables/diagnostic.csv", "diagnostic" in released, _NO_DESIGN),
        "events": Artefact(
            "What happened, events; tables/intercurrent.csv",
            bool({"intercurrent", "retained"} & set(released)),
            "say how care, and observation, ended in each arm: this source does not tell it, or it may not be shown",
        ),
        "capability": Artefact(
            "What these data cannot say; tables/capability.csv", "capability" in released, "say what the source holds"
        ),
    }


def _of_results(study: Study, released: Mapping[str, Released]) -> dict[str, Artefact]:
    """Return what is told of outcomes and of what was compared."""
    estimate = released["estimate"].frame if "estimate" in released else pd.DataFrame()
    shown = may_be_shown(estimate) if len(estimate) else pd.Series(dtype=bool)
    no_outcome = (
        "say so: they are withheld together with every comparison" if len(shown) and not shown.any() else _NO_OUTCOME
    )
    return {
        "verdict": Artefact("The answer; tables/verdict.csv", "verdict" in released, _NO_ANALYSIS),
        "limits": Artefact(
            "The answer, what to keep in mind; What these data cannot say", "verdict" in released, _NO_ANALYSIS
        ),
        "outcomes": Artefact("What happened; tables/outcomes.csv", "outcomes" in released, no_outcome),
        "known": Artefact(
            "What happened, of how many each outcome is known; tables/outcomes.csv", "outcomes" in released, no_outcome
        ),
        "estimates": Artefact(
            "What difference it made; manuscript/every_estimate.csv",
            len(estimate) > 0 and bool((shown & is_contrast(estimate)).any()),
            "every estimate is withheld or refused; see the reasons in the report",
        ),
        "checks": Artefact(
            "How sure can one be?; manuscript/sensitivity.csv",
            len(estimate) > 0 and bool((estimate["role"] == CHECK).any()),
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
    }


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
