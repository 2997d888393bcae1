"""The section ``gate``: what a comparison must reach before its outcomes are shown."""

from typing import Annotated, Literal

from pydantic import Field

from iop_outcomes.kernel.section import Section

Share = Annotated[float, Field(ge=0, le=1)]


class GateThresholds(Section):
    """What a design must reach before an outcome is shown; :class:`Gate` says what each threshold is."""

    max_smd: Annotated[float, Field(gt=0)] = 0.1
    min_equipoise: Share = 0.2
    min_ess: Annotated[float, Field(ge=0)] = 100
    max_one_arm_share: Share = 0.1
    max_detectable_difference: Annotated[float, Field(gt=0)] | None = None
    max_late_share: Share = 0.05
    max_loss_difference: Share = 0.05
    max_unadjusted_smd: Annotated[float, Field(gt=0)] = 0.5
    max_site_association: Share = 0.1
    min_calendar_overlap: Share = 0.8
    max_hindsight: Share = 0.5
    max_testing_ratio: Annotated[float, Field(ge=1)] = 1.25
    max_obtained_difference: Share = 0.1


class Gate(GateThresholds):
    """What a design must reach before an outcome is shown, and what happens to one that does not.

    Attributes
    ----------
    max_smd : float
        By how many standard deviations a covariate may differ after weighting or matching.
    min_equipoise : float
        Smallest share of people who might have been in either arm.
    min_ess : float
        How many people's precision must be left in each arm by the weights.
    max_one_arm_share : float
        Largest share of people at sites that have one arm only.
    max_detectable_difference : float, optional
        Withhold where no difference as small as this could be found; not asked unless given.
    max_late_share : float
        Largest share of an arm that was assigned later than the grace.
    max_loss_difference : float
        By how much the share lost between assignment and time zero may differ between the arms.
    max_unadjusted_smd : float
        By how many standard deviations what is on record and not adjusted for may differ.
    max_site_association : float
        How closely the site may tell the arm after weighting (Cramer's V, 0 to 1).
    min_calendar_overlap : float
        Smallest share of the calendar that the arms have in common.
    max_hindsight : float
        How closely a fact from before time zero may go with staying, coming or completing, 0 to 1.
    max_testing_ratio : float
        How many times as often one arm may be tested while in care.
    max_obtained_difference : float
        By how much the share obtained of the tests due may differ between the arms.
    on_failure : {"withhold", "flag"}
        Whether the analyses of a design that fails are not shown, or shown with a warning.
    override : mapping of str to str
        Analyses that are shown all the same, each with the reason, which the report prints.
    """

    on_failure: Literal["withhold", "flag"] = "withhold"
    override: dict[str, str] = {}
