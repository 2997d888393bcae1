"""The section ``specifications``: every other way in which the first question could have been asked of the data."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from iop_outcomes.kernel.errors import StudyFileError, did_you_mean
from iop_outcomes.kernel.registry import ESTIMATORS
from iop_outcomes.kernel.section import Name, Section
from iop_outcomes.study.outcome import outcome_of
from iop_outcomes.tables.measure import MEAN, names_of

if TYPE_CHECKING:
    from iop_outcomes.study import Study
    from iop_outcomes.study.view import Readable
#: As the study file says it, and nothing left out or cut.
AS_ASKED = "as asked"
#: Design method and estimator that leave the arms as they are: no specification of an adjusted question.
CRUDE = ("unweighted", "unadjusted")


class Trimming(Section):
    """What is done to scores and weights at the ends; methods without such a setting are left as they are.

    Attributes
    ----------
    trim : float or "crump", optional
        Leave out people with a score below it, or above one minus it.
    truncate : float, optional
        Quantile beyond which weights are set to it.
    """

    trim: Annotated[float, Field(gt=0, lt=0.5)] | Literal["crump"] | None = None
    truncate: Annotated[float, Field(gt=0.5, lt=1)] | None = None


class Specifications(Section):
    """Alternatives for every choice behind one analysis, all of them put together.

    Attributes
    ----------
    analysis : str
        The study's own path; the first of the study where none is named.
    outcomes : list of str
        Further metrics of the study, each with its own missing rule: shares that are better the same way.
    arm_rules : mapping
        By name, other selections for the arms.
    time_zero : list of {"assignment", "admission"}
        Further days from which people are followed.
    designs : list of str
        Designs of the study, all of them where none is named.
    estimators : list of str
        Estimators of adjusted means.
    trimming : mapping of str to Trimming
        By name, what is done to scores and weights at the ends.
    draws : int
        Draws of signs behind the p-values under no effect.
    """

    analysis: str = ""
    outcomes: list[str] = []
    arm_rules: dict[Name, dict[str, dict[str, str | list[str]]]] = {}
    time_zero: list[Literal["assignment", "admission"]] = []
    designs: list[str] = []
    estimators: list[str] = ["weighted", "outcome_regression", "aipw"]
    trimming: dict[Name, Trimming] = {}
    draws: Annotated[int, Field(ge=99, le=9999)] = 999

    def asked(self, study: "Readable") -> str:
        """Return the analysis whose choices are varied: the locked path."""
        return self.analysis or next(iter(study.analyses))

    def all_outcomes(self, study: "Readable") -> list[str]:
        """Return the outcomes, that of the analysis first."""
        return list(dict.fromkeys([study.analyses[self.asked(study)].outcome, *self.outcomes]))

    def all_designs(self, study: "Readable") -> list[str]:
        """Return the designs, that of the analysis first."""
        return list(dict.fromkeys([study.analyses[self.asked(study)].design, *(self.designs or study.designs)]))

    def all_estimators(self, study: "Readable") -> list[str]:
        """Return the estimators, that of the analysis first."""
        return list(dict.fromkeys([study.analyses[self.asked(study)].estimator, *self.estimators]))

    def all_time_zeros(self, study: "Readable") -> list[str]:
        """Return the days from which people are followed, that of the study first."""
        return list(dict.fromkeys([study.cohort.time_zero, *self.time_zero]))


def check_specifications(study: "Study") -> None:
    """Refuse specifications that do not ask the same question, or compare the arms as they are.

    Raises
    ------
    StudyFileError
        One sentence that begins with the place in the file.
    """
    asked = study.specifications
    if asked is None:
        return
    if not study.analyses:
        raise StudyFileError("specifications: the study has no analysis to vary; add one to analyses")
    name = asked.asked(study)
    _known("analysis", [name], study.analyses)
    _known("outcomes", asked.outcomes, study.metrics)
    _known("designs", asked.designs, study.designs)
    _known("estimators", asked.estimators, ESTIMATORS.names())
    for rule, arms in asked.arm_rules.items():
        _known(f"arm_rules.{rule}", list(arms), study.cohort.arms)
    _refuse_other_questions(study, asked)
    for estimator in asked.all_estimators(study):
        if estimator in CRUDE or not set(ESTIMATORS[estimator].measures) & set(names_of(MEAN)):
            raise StudyFileError(
                f"specifications.estimators: '{estimator}' gives no adjusted mean of both arms; name another"
            )
    for design in asked.all_designs(study):
        if study.designs[design].method in CRUDE:
            raise StudyFileError(f"specifications.designs: '{design}' leaves the arms as they are; leave it out")


def _known(place: str, names: list[str], known: Any) -> None:
    for name in names:
        if name not in known:
            raise StudyFileError(f"specifications.{place}: there is no '{name}'; {did_you_mean(name, known)}")


def _refuse_other_questions(study: "Study", asked: Specifications) -> None:
    first, *others = (outcome_of(study, name) for name in asked.all_outcomes(study))
    if not first.is_share or not first.good:
        raise StudyFileError(
            f"specifications: '{first.name}' is no share of which one way is better; name an analysis of one"
        )
    for other in others:
        if not other.is_share or other.good != first.good:
            raise StudyFileError(
                f"specifications.outcomes: '{other.name}' is no share that is better the same way as '{first.name}', "
                "so that their differences cannot stand on one line; leave it out"
            )
