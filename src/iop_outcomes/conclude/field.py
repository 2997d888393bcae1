"""The claims of the field as a file holds them: read, checked and laid out as a table."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import yaml
from pydantic import TypeAdapter, ValidationError, model_validator

from iop_outcomes import tables
from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.kernel.section import Section
from iop_outcomes.study.view import StudyView

#: Between names in one cell.
SEPARATOR = "; "


class FieldClaim(Section):
    """A claim of the literature.

    Attributes
    ----------
    claim, name : str
        In a sentence, and what it is called.
    asks : {"participation", "subgroup", "contrast", "costs", "component"}
        Kind of analysis that may speak to it.
    metrics : list of str
        Of a contrast: metrics and outcomes whose analysis may.
    modifiers : list of str
        Of a subgroup: what a study calls the modifier.
    source, evidence, needs : str
        Who says it, what is known of it by chance assignment, and what data must have to test it.
    """

    claim: str
    name: str
    asks: Literal["participation", "subgroup", "contrast", "costs", "component"]
    metrics: list[str] = []
    modifiers: list[str] = []
    source: str
    evidence: str
    needs: str

    @model_validator(mode="after")
    def _names_what_it_asks(self) -> "FieldClaim":
        if (self.asks == "contrast") != bool(self.metrics):
            raise ValueError("a contrast lists metrics, and nothing else does")
        if (self.asks == "subgroup") != bool(self.modifiers):
            raise ValueError("a subgroup lists modifiers, and nothing else does")
        return self


_CLAIMS: TypeAdapter[list[FieldClaim]] = TypeAdapter(list[FieldClaim])


def run(
    study: StudyView, made: dict[str, pd.DataFrame], *, tell: Callable[[str], None], folder: Path
) -> dict[str, pd.DataFrame]:
    """Lay out the claims that a study's ledger is held against: the stage ``field``."""
    claims = read_claims(folder / str(study.ledger))
    tell(f"{len(claims)} claims")
    rows = [claim.model_dump() for claim in claims]
    table = pd.DataFrame(rows, columns=list(FieldClaim.model_fields))
    for name in ("metrics", "modifiers"):
        table[name] = table[name].map(SEPARATOR.join)
    return {"field_claim": table.reindex(columns=tables.empty("field_claim").columns)}


def read_claims(file: Path) -> list[FieldClaim]:
    """Return the claims that a file holds.

    Raises
    ------
    StudyFileError
        There is no such file, it is no YAML, or an entry has not what a claim needs.
    """
    if not file.is_file():
        raise StudyFileError(f"ledger: there is no file {file.name}; give its path from the project's folder")
    try:
        content: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
        found = _CLAIMS.validate_python(content)
    except yaml.YAMLError:
        raise StudyFileError(f"{file.name}: this is no YAML; a list of claims is asked for") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = f"entry {int(first['loc'][0]) + 1}" if first["loc"] else "the whole"
        key = f", {first['loc'][1]}" if len(first["loc"]) > 1 else ""
        raise StudyFileError(f"{file.name}, {place}{key}: {first['msg'].removeprefix('Value error, ')}") from None
    names = [claim.name for claim in found]
    if len(set(names)) < len(names):
        raise StudyFileError(f"{file.name}: two claims have one name; give each its own")
    return found
