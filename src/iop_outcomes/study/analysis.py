"""The sections ``designs``, ``analyses`` and ``claims``: how arms are made comparable, what is compared, and why."""

from typing import Any, Literal

from iop_outcomes.kernel.section import Name, OpenSection, Section
from iop_outcomes.study.margins import Margin


class Design(OpenSection):
    """One way to make the arms comparable; the other keys are the settings of the method.

    Attributes
    ----------
    method : str
        The design method; its settings stand on the page of plug-ins.
    arms : {"all", "pairwise"} or list of str
        Which arms it makes comparable at once, so that all its contrasts speak of the same people: all of the study,
        those listed, or two at a time.
    """

    method: str
    arms: Literal["all", "pairwise"] | list[Name] = "all"


class Analysis(Section):
    """One outcome, compared once.

    Attributes
    ----------
    outcome : str
        A metric of the study, or ``time_in_care``, ``time_to_dropout``, ``weekly_urine``.
    design : str
        One of the study's designs.
    estimator : str
        How the difference is estimated; the estimators and their settings stand on the page of plug-ins.
    measure : str or list of str
        In what it is told, such as ``risk_difference``; the estimator's first where none is given.
    estimand : str
        For whom it holds (ATE, ATT, ATC, ATO, ATM); given only to have it checked against the design's.
    contrast : pair of str, optional
        The two arms, the first held against the second; the first two of the study unless given.
    randomised : bool
        Whether people were assigned to these two arms by chance.
    margin : number or mapping, optional
        Smallest difference that matters here, instead of that of the study.
    settings : mapping
        Settings of the estimator.
    """

    outcome: str
    design: str
    estimator: str
    measure: str | list[str] = ""
    estimand: str = ""
    contrast: tuple[str, str] | None = None
    randomised: bool = False
    margin: Margin | None = None
    settings: dict[str, Any] = {}

    @property
    def measures(self) -> list[str]:
        """The measures asked for."""
        return [self.measure] if isinstance(self.measure, str) else list(self.measure)


class Claim(Section):
    """A claim of the field, the analysis that tests it, and which way of the outcome it says the first arm goes.

    Attributes
    ----------
    claim : str
        The claim in words.
    analysis : str
        The analysis that may support it.
    direction : {"better", "higher", "lower"}
        Which way the claim says that the first arm goes.
    """

    claim: str
    analysis: str
    direction: Literal["better", "higher", "lower"] = "better"
