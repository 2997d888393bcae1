"""The section ``components``: what care is made of, as metrics of the study measure it."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from iop_outcomes.kernel.errors import StudyFileError, did_you_mean
from iop_outcomes.kernel.section import Name, Section

if TYPE_CHECKING:
    from iop_outcomes.study import Study


class Components(Section):
    """What care is made of, measured by arm, and how it goes with an outcome.

    Attributes
    ----------
    of : dict of str to list of str
        Component -> metrics of the study that measure it. ``structure``, ``peer_support`` and ``flexibility`` are those
        of which the literature makes claims.
    by : list of str
        Covariates in whose levels it is measured, too: attendance by employment.
    outcome : str, optional
        Metric with which every component is associated, exploratory: no verdict and no claim rests on that.
    """

    of: Annotated[dict[Name, Annotated[list[Name], Field(min_length=1)]], Field(min_length=1)]
    by: list[Name] = []
    outcome: Name | None = None

    @property
    def metrics(self) -> list[tuple[str, str]]:
        """Each component with each of its metrics."""
        return [(component, metric) for component, metrics in self.of.items() for metric in metrics]


def check_components(study: "Study") -> None:
    """Refuse metrics and covariates that the study does not have.

    Raises
    ------
    StudyFileError
        One sentence that begins with the place in the file.
    """
    asked = study.components
    if asked is None:
        return
    named = [(f"components.of.{component}", metric) for component, metric in asked.metrics]
    named += [("components.outcome", asked.outcome)] if asked.outcome else []
    for place, metric in named:
        if metric not in study.metrics:
            raise StudyFileError(f"{place}: there is no metric '{metric}'; {did_you_mean(metric, study.metrics)}")
    seen: set[str] = set()
    for component, metric in asked.metrics:
        if metric in seen:
            raise StudyFileError(
                f"components.of.{component}: '{metric}' measures another component already; name it once"
            )
        seen.add(metric)
        if study.metric(metric)[0].kind_of_value == "binary":
            raise StudyFileError(
                f"components.of.{component}: '{metric}' is 0 or 1 of a person; name a metric that is a share, a number "
                "or a time"
            )
    if asked.outcome in seen:
        raise StudyFileError(f"components.outcome: '{asked.outcome}' is itself a component; name an outcome of it")
    for name in asked.by:
        if name not in study.covariate_names:
            hint = did_you_mean(name, study.covariate_names)
            raise StudyFileError(f"components.by: '{name}' is no covariate of the study; {hint}")
