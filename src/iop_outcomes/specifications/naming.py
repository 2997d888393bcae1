"""What designs are called when every trimming is put to every design."""

from dataclasses import dataclass

from iop_outcomes.kernel.registry import DESIGN_METHODS
from iop_outcomes.study.analysis import Design
from iop_outcomes.study.specifications import AS_ASKED, Trimming
from iop_outcomes.study.view import StudyView

#: Selection of the arms as the study file has it.
MAIN_RULE = AS_ASKED


@dataclass(frozen=True)
class Trimmed:
    """A design under one trimming.

    Attributes
    ----------
    name : str
        What the varied study calls it.
    origin, trimming : str
        Design of the study, and name of the trimming.
    design : Design
    """

    name: str
    origin: str
    trimming: str
    design: Design


def designs_of(study: StudyView) -> list[Trimmed]:
    """Return every design as asked, and under each trimming whose settings its method has."""
    asked, found = study.specifications, []
    for origin in asked.all_designs(study):
        own = study.designs[origin]
        found.append(Trimmed(origin, origin, AS_ASKED, own))
        known = DESIGN_METHODS[own.method].settings_model.model_fields
        for name, trimming in asked.trimming.items():
            settings = _settings(trimming)
            if settings and set(settings) <= set(known):
                changed = Design.model_validate(own.model_dump() | settings)
                found.append(Trimmed(f"{origin}__{name}", origin, name, changed))
    return found


def _settings(trimming: Trimming) -> dict[str, object]:
    return trimming.model_dump(exclude_none=True)
