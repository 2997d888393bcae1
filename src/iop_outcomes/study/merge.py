"""The key ``merge``: levels of a category that are taken as one, as rare ones that a release would hide."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from iop_outcomes.kernel.errors import StudyFileError, did_you_mean

if TYPE_CHECKING:
    from iop_outcomes.study import Study


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


def check_merge(study: "Study") -> None:
    """Refuse to merge levels of a column that the study does not use, or that a subgroup asks for apart."""
    columns = [*study.covariate_names, *study.describe_by]
    for column, groups in study.merge.items():
        if column not in columns:
            hint = did_you_mean(column, columns)
            raise StudyFileError(f"merge: '{column}' is neither a covariate of the study nor in describe_by; {hint}")
        home = {level: new for new, own in groups.items() for level in own if level not in groups}
        for name, modifier in study.subgroups.by.items() if study.subgroups else ():
            asked = {code for codes in modifier.levels.values() for code in codes}
            if (modifier.column or name) == column and (gone := sorted(asked & set(home))):
                raise StudyFileError(
                    f"subgroups.by.{name}: merge makes '{gone[0]}' part of '{home[gone[0]]}'; name that level instead"
                )
