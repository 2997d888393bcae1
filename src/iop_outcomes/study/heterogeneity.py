"""The section ``heterogeneity``: explore for whom the first arm does more. Never part of a verdict."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from iop_outcomes.kernel.errors import StudyFileError, did_you_mean
from iop_outcomes.kernel.registry import ESTIMATORS
from iop_outcomes.kernel.section import Section
from iop_outcomes.tables.measure import MEAN, names_of

if TYPE_CHECKING:
    from iop_outcomes.study import Study
    from iop_outcomes.study.view import Readable


class Heterogeneity(Section):
    """Exploring for whom the first arm does more.

    Attributes
    ----------
    analysis : str
        Analysis of a mean or a share, the first of the study where none is named.
    folds : int
        Parts of the people, no site in two: effects are predicted for one and learned from the others.
    learner : {"regression", "boosting"}
        Regression with a penalty, or boosted trees, which take some twenty times as long.
    groups : int
        Into how many groups people are ranked by their predicted effect.
    """

    analysis: str = ""
    folds: Annotated[int, Field(ge=3, le=20)] = 5
    learner: Literal["regression", "boosting"] = "regression"
    groups: Annotated[int, Field(ge=2, le=5)] = 3

    def asked(self, study: "Readable") -> str:
        """Return the analysis, the first of the study unless named."""
        return self.analysis or next(iter(study.analyses))


def check_heterogeneity(study: "Study") -> None:
    """Refuse an analysis that is none of means, or of a design for more than two arms.

    Raises
    ------
    StudyFileError
        One sentence that begins with the place in the file.
    """
    if study.heterogeneity is None:
        return
    if not study.analyses:
        raise StudyFileError("heterogeneity: the study has no analysis to explore; add one to analyses")
    name = study.heterogeneity.asked(study)
    if name not in study.analyses:
        hint = did_you_mean(name, study.analyses)
        raise StudyFileError(f"heterogeneity.analysis: there is no analysis '{name}'; {hint}")
    analysis = study.analyses[name]
    if not set(ESTIMATORS[analysis.estimator].measures) & set(names_of(MEAN)):
        raise StudyFileError(
            f"heterogeneity.analysis: '{name}' compares no means; name an analysis of a mean or a share"
        )
    if study.arms_together(analysis.design):
        raise StudyFileError(
            f"heterogeneity.analysis: the design '{analysis.design}' makes more than two arms comparable at once; give "
            "it a list of two, or arms: pairwise"
        )
