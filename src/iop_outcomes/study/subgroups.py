"""The section ``subgroups``: by which facts known beforehand the answer is asked again, and of which analyses."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, field_validator, model_validator

from iop_outcomes.kernel.errors import StudyFileError, did_you_mean
from iop_outcomes.kernel.registry import ESTIMATORS
from iop_outcomes.kernel.section import Name, Section
from iop_outcomes.tables.measure import MEAN, names_of

if TYPE_CHECKING:
    from iop_outcomes.study import Study


class Modifier(Section):
    """Levels of one column known before the arm was given: its own codes, bands of a number, or codes put together.

    Attributes
    ----------
    column : str
        A covariate of the study, or a column of ``describe_by``; where it is left out, the one that the modifier is
        called by.
    cut : list of float
        Numbers at which a new band begins.
    levels : mapping of str to list of str
        Codes of each level; all others are ``any other``.
    """

    column: str = ""
    cut: Annotated[list[float], Field(max_length=6)] = []
    levels: dict[str, list[str]] = {}

    @field_validator("levels", mode="before")
    @classmethod
    def _codes_are_text(cls, levels: object) -> object:
        if not isinstance(levels, dict):
            return levels
        return {str(k): [str(v) for v in (c if isinstance(c, list) else [c])] for k, c in levels.items()}

    @model_validator(mode="after")
    def _one_of_two(self) -> "Modifier":
        if self.cut and self.levels:
            raise ValueError("say cut or levels, not both")
        if any(b <= a for a, b in zip(self.cut, self.cut[1:], strict=False)):
            raise ValueError("cut must increase")
        codes = [code for listed in self.levels.values() for code in listed]
        if len(set(codes)) < len(codes):
            raise ValueError("a code stands in two levels")
        return self


class Subgroups(Section):
    """Subgroups that were named beforehand.

    Attributes
    ----------
    by : list of str or mapping of str to Modifier
        Columns, or modifiers with a name of their own, their column and their levels.
    analyses : list of str
        Those asked again in every level; the first of the study where none is named.
    """

    by: Annotated[dict[Name, Modifier], Field(min_length=1)]
    analyses: list[str] = []

    @field_validator("by", mode="before")
    @classmethod
    def _names_alone(cls, given: object) -> object:
        if isinstance(given, list) and all(isinstance(name, str) for name in given):
            return {name: {} for name in given}
        if isinstance(given, dict):
            return {name: {} if own is None else own for name, own in given.items()}
        return given

    def asked(self, study: Any) -> list[str]:
        """Return the analyses asked again."""
        return list(self.analyses) or list(study.analyses)[:1]


def check_subgroups(study: "Study") -> None:
    """Refuse subgroups of what is not known beforehand, and analyses whose levels could not be held together.

    Raises
    ------
    StudyFileError
        One sentence that begins with the place in the file.
    """
    if study.subgroups is None:
        return
    known = [*study.covariate_names, *study.describe_by]
    for name, modifier in study.subgroups.by.items():
        column = modifier.column or name
        if column not in known or column == "site":
            hint = did_you_mean(column, [column for column in known if column != "site"])
            raise StudyFileError(
                f"subgroups.by.{name}: '{column}' is neither a covariate of the study nor in describe_by; {hint}"
            )
        if name != column and name in known:
            raise StudyFileError(
                f"subgroups.by.{name}: that is the name of another column; give the modifier one of its own"
            )
    if not study.analyses:
        raise StudyFileError("subgroups: the study has no analysis to ask again; add one to analyses")
    for name in study.subgroups.asked(study):
        if name not in study.analyses:
            raise StudyFileError(
                f"subgroups.analyses: there is no analysis '{name}'; {did_you_mean(name, study.analyses)}"
            )
        estimator = ESTIMATORS[study.analyses[name].estimator]
        if not set(estimator.measures) & set(names_of(MEAN)):
            raise StudyFileError(
                f"subgroups.analyses: '{name}' has the estimator '{estimator.name}', which gives no mean of "
                f"both arms, so "
                "that levels cannot be held against each other; name an analysis of a mean or a share"
            )
