"""Tables of what is explored: for whom the first arm does more, and every other way to have asked."""

from iop_outcomes.tables.declare import Column, Table, code, count, key, label, number
from iop_outcomes.tables.estimate import STATUS

#: Rows of what was explored: how predictions hold, and the highest group less the lowest.
CALIBRATION, SPREAD = "calibration", "highest less lowest"


def group_name(number: int, groups: int) -> str:
    """Return what a group by predicted effect is called.

    Examples
    --------
    >>> group_name(1, 3)
    'group 1 of 3 (predicted lowest)'
    """
    ends = {1: " (predicted lowest)", groups: " (predicted highest)"}
    return f"group {number} of {groups}{ends.get(number, '')}"


HETEROGENEITY = Table(
    "heterogeneity",
    "part of what was explored",
    ("part",),
    (
        key("part", "Slope of the effect on its prediction, group by predicted effect, or the ends of the groups"),
        label("analysis", "Name the study gives the analysis", required=True, nullable=False),
        label("outcome", "Outcome", required=True, nullable=False),
        label("arm", "First arm", required=True, nullable=False),
        label("against", "Second arm", required=True, nullable=False),
        number("value", "Slope, or difference of the arms, among people from whom nothing was learned"),
        number("se", "Standard error", "", 0),
        number("ci_low", "Lower end of the 95% confidence interval"),
        number("ci_high", "Upper end"),
        number("p_value", "Of a test, one-sided, that predictions say nothing", "", 0, 1),
        number("least_n", "Fewest people of an arm in a group whose outcome is known", "count", 0),
        number("least_with", "Fewest of them who have the outcome, where it is one that is had", "count", 0),
        number("least_without", "Fewest of them who do not have it", "count", 0),
        code("status", "May it be shown?", *STATUS, required=True, nullable=False),
        Column("reason", "text", "Why it is withheld, flagged or cannot be had, in a sentence"),
    ),
    stage="heterogeneity",
    unit="aggregate",
)

SPECIFICATION = Table(
    "specification",
    "specification",
    ("number",),
    (
        count("number", "Position among all specifications", required=True, nullable=False),
        label("arm_rule", "Selection of the arms", required=True, nullable=False),
        label("time_zero", "Day from which people are followed", required=True, nullable=False),
        label("outcome", "Outcome, with its rule for what is missing", required=True, nullable=False),
        label("design", "Design of the study", required=True, nullable=False),
        label("trimming", "What is done to scores and weights at the ends", required=True, nullable=False),
        label("estimator", "Estimator", required=True, nullable=False),
        Column("locked", "flag", "Is it the analysis as the study file has it?"),
        number("value", "Difference of shares, turned so that more is better"),
        number("se", "Standard error", "", 0),
        number("ci_low", "Lower end of the 95% confidence interval"),
        number("ci_high", "Upper end"),
        number("least_n", "Fewest people of an arm whose outcome is known", "count", 0),
        number("least_with", "Fewest people of an arm who have the outcome, where it is one that is had", "count", 0),
        number("least_without", "Fewest people of an arm who do not have it", "count", 0),
        code("status", "May it be shown?", *STATUS, required=True, nullable=False),
        Column("reason", "text", "Why it is withheld or cannot be had, in a sentence"),
    ),
    stage="specifications",
    unit="aggregate",
)

SPECIFICATION_SUMMARY = Table(
    "specification_summary",
    "analysis",
    ("analysis",),
    (
        key("analysis", "Analysis whose choices are varied"),
        count("n_specifications", "Specifications", required=True, nullable=False),
        count("n_shown", "Those that may be shown"),
        count("n_withheld", "Those that the gate withholds"),
        count("n_refused", "Those that cannot be made"),
        number("median", "Median of those shown, turned so that more is better"),
        number("share_same_sign", "Share of those on the side of the median", "share", 0, 1),
        number(
            "share_significant", "Share of those on that side whose interval leaves no difference out", "share", 0, 1
        ),
        number("p_median", "How often a median is as far from none where there is no effect", "", 0, 1),
        number("p_significant", "How often as many are significant on one side where there is no effect", "", 0, 1),
        number("locked_rank", "Share of those shown that are no higher than the locked path", "share", 0, 1),
        count("n_draws", "Draws of signs behind the p-values"),
        Column("reason", "text", "Why there are no p-values, in a sentence"),
    ),
    stage="specifications",
    unit="aggregate",
)

TABLES = (HETEROGENEITY, SPECIFICATION, SPECIFICATION_SUMMARY)
