"""The section ``costs``: whose costs, of which effect, and what a unit of it is worth."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from iop_outcomes.kernel.errors import StudyFileError, did_you_mean
from iop_outcomes.kernel.registry import DESIGN_METHODS
from iop_outcomes.kernel.section import Name, Section
from iop_outcomes.study.names import IN_TIME, WEEKLY_URINE
from iop_outcomes.study.outcome import outcome_of

if TYPE_CHECKING:
    from iop_outcomes.study import Study
    from iop_outcomes.study.view import Readable

Bearer = Literal["payer", "program", "client", "society"]
#: Estimands that draws of cost and effect together can have.
ESTIMANDS = ("ATE", "ATT", "ATC", "ATO", "ATM")


class Costs(Section):
    """What care costs, beside what it does.

    Attributes
    ----------
    analysis : str
        The effect that is bought; the first analysis of the study unless told.
    perspectives : mapping of str to list of str
        Named lists of who bears the costs that count.
    worth : float, optional
        What a unit of the effect is worth, in the money of the costs; without it nothing is said to be good value
        unless it costs less and does more.
    willingness : list of float
        Prices of a unit of the effect at which net benefit and acceptability are shown.
    unit_costs : str
        File of prices by level of care, used where the source has no costs of its own.
    draws : int
        How often sites or people are drawn anew for cost and effect together.
    """

    analysis: str = ""
    perspectives: Annotated[
        dict[Name, Annotated[list[Bearer], Field(min_length=1)]],
        Field(min_length=1, max_length=4),
    ] = {"payer": ["payer", "program"], "society": ["payer", "program", "client", "society"]}
    worth: Annotated[float, Field(gt=0)] | None = None
    willingness: Annotated[list[Annotated[float, Field(ge=0)]], Field(min_length=2, max_length=40)] = [
        *(0.0, 1000.0, 2500.0, 5000.0, 7500.0, 10000.0, 15000.0),
        *(20000.0, 30000.0, 50000.0, 75000.0, 100000.0),
    ]
    unit_costs: str = ""
    draws: Annotated[int, Field(ge=100, le=5000)] = 200

    def asked(self, study: "Readable") -> str:
        """Return the analysis whose effect is bought."""
        return self.analysis or next(iter(study.analyses))


def check_costs(study: "Study") -> None:
    """Refuse an effect that is none, and one of which nobody has said which way is good.

    Raises
    ------
    StudyFileError
        One sentence that begins with the place in the file.
    """
    if study.costs is None:
        return
    if not study.analyses:
        raise StudyFileError("costs: the study has no analysis whose effect could be bought; add one to analyses")
    name = study.costs.asked(study)
    if name not in study.analyses:
        raise StudyFileError(f"costs.analysis: there is no analysis '{name}'; {did_you_mean(name, study.analyses)}")
    analysis = study.analyses[name]
    outcome = outcome_of(study, analysis.outcome)
    if analysis.outcome in (*IN_TIME, WEEKLY_URINE):
        raise StudyFileError(
            f"costs.analysis: '{name}' is of '{analysis.outcome}', which is no number for each person; name an "
            f"analysis "
            "of a metric"
        )
    if outcome.good == 0:
        raise StudyFileError(
            f"costs.analysis: nobody has said whether more or less of '{outcome.name}' is better, so that "
            f"nothing is bought"
        )
    estimand = DESIGN_METHODS[study.designs[analysis.design].method].estimand
    if estimand not in ESTIMANDS:
        raise StudyFileError(
            f"costs.analysis: the design of '{name}' answers for the {estimand}, and costs are drawn "
            f"for {', '.join(ESTIMANDS)}"
        )
