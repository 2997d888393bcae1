"""Tables of what care costs beside what it does."""

from iop_outcomes.tables.conclusion import VERDICTS
from iop_outcomes.tables.declare import Column, Table, code, count, key, label, number
from iop_outcomes.tables.estimate import STATUS

#: Share of the draws from which on chance is not taken for an explanation, as for a 95% interval.
SURE = 0.975
_BOUGHT = (
    label("perspective", "Whose costs count, as the study names it", required=True, nullable=False),
    label("analysis", "Analysis whose effect is bought", required=True, nullable=False),
    label("outcome", "Outcome", required=True, nullable=False),
    label("arm", "First arm", required=True, nullable=False),
    label("against", "Second arm", required=True, nullable=False),
    label("price_year", "Year and currency of the prices", required=True, nullable=False),
)
_PEOPLE = (
    number("n_first", "People of the first arm whose cost and effect are known", "count", 0),
    number("n_second", "People of the second arm whose cost and effect are known", "count", 0),
)
_STATUS = (
    code("status", "May it be shown?", *STATUS, required=True, nullable=False),
    Column("reason", "text", "Why it is withheld, flagged or cannot be had, in a sentence"),
)

COST_DIFFERENCE = Table(
    "cost_difference",
    "perspective, method and measure",
    ("perspective", "method", "measure"),
    (
        *_BOUGHT,
        label(
            "method",
            "gamma: regression, standardised; aipw: the same, augmented by weights",
            required=True,
            nullable=False,
        ),
        label("measure", "mean_difference or mean_ratio", required=True, nullable=False),
        number("value", "Difference of mean costs, or their ratio, first against second arm", "currency"),
        number("se", "Standard error, of the logarithm for the ratio", "", 0),
        number("ci_low", "Lower end of the 95% confidence interval"),
        number("ci_high", "Upper end"),
        number("mean_first", "Mean cost had everybody been in the first arm", "currency", 0),
        number("mean_second", "Mean cost had everybody been in the second arm", "currency", 0),
        *_PEOPLE,
        *_STATUS,
    ),
    stage="costs",
    unit="aggregate",
)

COST_EFFECTIVENESS = Table(
    "cost_effectiveness",
    "perspective",
    ("perspective",),
    (
        *_BOUGHT,
        number("delta_cost", "Difference of mean costs, mean over the draws", "currency"),
        number("cost_low", "Lower end of its 95% interval (percentile of the draws)", "currency"),
        number("cost_high", "Upper end", "currency"),
        number("delta_effect", "Difference of the effect, more being better, mean over the draws"),
        number("effect_low", "Lower end of its 95% interval (percentile of the draws)"),
        number("effect_high", "Upper end"),
        Column("words", "text", "Which of the two costs more, and which does more, or that chance could explain it"),
        number(
            "icer",
            "Cost of a further unit of effect; only where the first arm surely costs more and does more",
            "currency",
            0,
        ),
        number(
            "saved_per_unit_lost",
            "Saved for a unit of effect lost; only where it surely costs less and does less",
            "currency",
            0,
        ),
        *(
            number(
                f"share_{where}",
                f"Share of the draws in which the first arm does {more} and costs {dear}",
                "share",
                0,
                1,
            )
            for where, more, dear in (
                ("ne", "more", "more"),
                ("se", "more", "less"),
                ("nw", "less", "more"),
                ("sw", "less", "less"),
            )
        ),
        *_PEOPLE,
        number(
            "least_with",
            "Smallest number of people of an arm who have the effect, where it is one that is had",
            "count",
            0,
        ),
        number("least_without", "Smallest number of people of an arm who do not have it", "count", 0),
        number("person_share", "Largest share of one person in what an arm cost, or had of the effect", "share", 0, 1),
        number("site_share", "Largest share of one of several sites in it", "share", 0, 1),
        *_STATUS,
    ),
    stage="costs",
    unit="aggregate",
)

ACCEPTABILITY = Table(
    "acceptability",
    "perspective and price of a unit of effect",
    ("perspective", "willingness"),
    (
        label("perspective", "Whose costs count, as the study names it", required=True, nullable=False),
        number("willingness", "What a unit of effect is worth", "currency", 0, required=True, nullable=False),
        number("net_benefit", "Mean gain in money", "currency"),
        number("ci_low", "Lower end of its 95% interval (percentile of the draws)", "currency"),
        number("ci_high", "Upper end", "currency"),
        number("acceptability", "Share of the draws in which the first arm gains more", "share", 0, 1),
        number("evpi", "Expected value of perfect information, a person", "currency", 0),
    ),
    stage="costs",
    unit="aggregate",
)

COST_PLANE = Table(
    "cost_plane",
    "perspective and draw",
    ("perspective", "draw"),
    (
        label("perspective", "Whose costs count, as the study names it", required=True, nullable=False),
        count("draw", "Number of the draw of sites or people", required=True, nullable=False),
        number("effect", "Difference of the effect, more being better"),
        number("cost", "Difference of mean costs", "currency"),
    ),
    stage="costs",
    unit="aggregate",
)

COST_VERDICT = Table(
    "cost_verdict",
    "perspective",
    ("perspective",),
    (
        key("perspective", "Whose costs count, as the study names it"),
        code("verdict", "Whether the first arm is good value", *VERDICTS, required=True, nullable=False),
        Column("reasons", "text", "Code of the rule of docs/verdict.md that decided"),
        key("sentence", "The same in words"),
    ),
    stage="release",
    unit="aggregate",
)

TABLES = (COST_DIFFERENCE, COST_EFFECTIVENESS, ACCEPTABILITY, COST_PLANE, COST_VERDICT)
