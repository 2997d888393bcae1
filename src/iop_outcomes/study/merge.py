"""The key ``merge``: levels of a category that are taken as one, as rare ones that a release would hide."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from iop_outcomes.kernel.errors import StudyFileError, did_you_mean


def _as_text(groups: Any) -> Any:
    """Read codes that YAML takes for numbers as the text that they are."""
    if not isinstance(groups, dict):
        return groups
    return {str(new): list(map(str, own)) if isinstance(own, list) else own for new, own in groups.items()}


def _each_once(groups: dict[str, list[str]]) -> dict[str, list[str]]:
    levels = [level for group in groups.values() for level in group]
    if "missing" in levels:
        raise ValueError("what was not recorded is merged with nothing; leave out 'missing'")
    if len(set(levels)) < len(levels):
        raise ValueError("a level stands twice")
    return groups


#: New level by name, with the levels it is made of.
Groups = Annotated[dict[str, list[str]], BeforeValidator(_as_text), AfterValidator(_each_once)]


def check_merge(merge: dict[str, dict[str, list[str]]], columns: Sequence[str]) -> None:
    """Refuse to merge levels of a column that the study does not use."""
    for name in merge:
        if name not in columns:
            raise StudyFileError(
                f"merge: '{name}' is neither a covariate of the study nor in describe_by; {did_you_mean(name, columns)}"
            )
