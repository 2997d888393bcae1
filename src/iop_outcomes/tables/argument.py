"""Tables of the whole argument: for whom, what participation does, at what cost."""

from iop_outcomes.tables import estimate as estimate_table
from iop_outcomes.tables.comparison import ESTIMATE
from iop_outcomes.tables.conclusion import LEDGER_VERDICTS, VERDICTS
from iop_outcomes.tables.declare import Column, Table, code, count, key, label, number

#: Level beyond which what is left between the arms of a subgroup is too much for a regression to make up for: Rubin
#: 2001, Health Serv Outcomes Res Methodol 2:169; Stuart 2010, Stat Sci 25:1.
LARGEST_IMBALANCE = 0.25

#: What may be shown, as in the ``estimate`` table.
STATUS = (estimate_table.SHOWN, estimate_table.FLAGGED, estimate_table.WITHHELD, estimate_table.REFUSED)

SUBGROUP = Table(
    "subgroup",
    "row of the estimate table, of the people of one level",
    estimate_table.KEY,
    (
        *ESTIMATE.columns,
        label("modifier", "Fact known beforehand that forms the levels", required=True, nullable=False),
        label("level", "Level", required=True, nullable=False),
        number("max_smd", "Largest standardised difference of a covariate left inside the level", "", 0),
    ),
    stage="subgroups",
    unit="aggregate",
)

INTERACTION = Table(
    "interaction",
    "analysis, modifier and measure",
    ("analysis", "modifier", "measure"),
    (
        key("analysis", "Name the study gives the analysis"),
        label("modifier", "Fact known beforehand that forms the levels", required=True, nullable=False),
        label("measure", "Measure of the contrast that is held against itself", required=True, nullable=False),
        Column("levels", "text", "Levels that could be held against each other, joined by '; '"),
        number("wald", "Wald statistic that the contrast is the same in all of them", "", 0),
        number("df", "Its degrees of freedom", "", 0),
        number("p_value", "Of that test", "", 0, 1),
        number("p_adjusted", "Holm-adjusted among all tests of one scale", "", 0, 1),
        Column("reason", "text", "Why there is no test, in a sentence"),
    ),
    stage="subgroups",
    unit="aggregate",
)

SUBGROUP_VERDICT = Table(
    "subgroup_verdict",
    "analysis and modifier",
    ("analysis", "modifier"),
    (
        key("analysis", "Name the study gives the analysis"),
        key("modifier", "Fact known beforehand that forms the levels"),
        code("verdict", "Whether the levels differ", *VERDICTS, required=True, nullable=False),
        Column("reasons", "text", "Code of the rule of docs/verdict.md that decided"),
        number("p_difference", "Adjusted p-value on the scale of differences", "", 0, 1),
        number("p_ratio", "Adjusted p-value on the scale of ratios", "", 0, 1),
        key("sentence", "The same in words"),
    ),
    stage="release",
    unit="aggregate",
)

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

#: Ways in which strategies of attending are held against each other.
CLONES, CLONES_TRUNCATED = "clone_censor_weight", "clone_censor_weight_truncated"
LANDMARK, BY_ATTENDANCE = "landmark", "by_attendance"
MARGINAL = "marginal_structural_model"
WAYS = (CLONES, CLONES_TRUNCATED, LANDMARK, MARGINAL, BY_ATTENDANCE)
#: What the weeks of hours are called among those of strategies.
AS_ATTENDED = "hours as attended"

_STRATEGIES = (
    label("outcome", "Outcome", required=True, nullable=False),
    label("strategy", "First strategy, the more active group, or the higher hours", required=True, nullable=False),
    label("against", "Second strategy, the others, or the lower hours", required=True, nullable=False),
)

PARTICIPATION = Table(
    "participation",
    "way in which strategies of attending are held against each other",
    ("way",),
    (
        code(
            "way",
            "How; groups formed by attendance are shown for the bias they have",
            *WAYS,
            required=True,
            nullable=False,
        ),
        *_STRATEGIES,
        label("arms", "Arms whose people are meant, joined by '; '", required=True, nullable=False),
        number("week", "Week of follow-up by whose end the outcome is looked at, 1 for the first", "weeks", 1),
        number("value", "Difference in the share with the outcome, first minus second"),
        number("se", "Standard error", "", 0),
        number("ci_low", "Lower end of the 95% confidence interval"),
        number("ci_high", "Upper end"),
        *(
            column
            for place, said in (("first", "first strategy"), ("second", "second strategy"))
            for column in (
                number(f"share_{place}", f"Share with the outcome under the {said}", "share", 0, 1),
                number(f"n_{place}", f"People who still follow the {said} at the end", "count", 0),
                number(f"with_{place}", f"People with the outcome while they followed the {said}", "count", 0),
                number(f"ess_{place}", f"Effective number of people of the {said} at the end", "members", 0),
            )
        ),
        code("status", "May it be shown?", *STATUS, required=True, nullable=False),
        Column("reason", "text", "Why it is withheld, flagged or cannot be had, or how it is biased"),
    ),
    stage="participation",
    unit="aggregate",
)

PARTICIPATION_WEEK = Table(
    "participation_week",
    "strategy and week",
    ("strategy", "week"),
    (
        label("outcome", "Outcome", required=True, nullable=False),
        label("strategy", "Strategy of attending", required=True, nullable=False),
        number("week", "Week of follow-up, 1 for the first", "weeks", 1, required=True, nullable=False),
        count("n_uncensored", "People who still follow the strategy"),
        count("n_deviating", "People who leave it in this week"),
        count("n_events", "People who have the outcome in this week while they follow it"),
        number(
            "mean_stabilised", "Mean weight times the share who stayed; near 1 where the model of staying fits", "", 0
        ),
        number("max_weight", "Largest weight", "", 0),
        number("ess", "Effective number of people", "members", 0),
        number("risk", "Share with the outcome by the end of the week had everybody followed the strategy", "share"),
        number("ci_low", "Lower end of its 95% confidence interval", "share"),
        number("ci_high", "Upper end", "share"),
    ),
    stage="participation",
    unit="aggregate",
)

PARTICIPATION_VERDICT = Table(
    "participation_verdict",
    "outcome",
    ("outcome",),
    (
        key("outcome", "Outcome"),
        code("verdict", "What following the first strategy does", *VERDICTS, required=True, nullable=False),
        Column("reasons", "text", "Code of the rule of docs/verdict.md that decided"),
        key("sentence", "The same in words"),
    ),
    stage="release",
    unit="aggregate",
)

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
        Column("words", "text", "Which of the two costs more, and which does more"),
        number(
            "icer", "Cost of a further unit of effect; only where the first arm costs more and does more", "currency", 0
        ),
        number(
            "saved_per_unit_lost",
            "Saved for a unit of effect lost; only where it costs less and does less",
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

FIELD_CLAIM = Table(
    "field_claim",
    "claim of the literature",
    ("name",),
    (
        key("name", "What the claim is called"),
        key("claim", "What is claimed, in a sentence"),
        code(
            "asks",
            "Kind of analysis that may speak to it",
            *("participation", "subgroup", "contrast", "costs", "component"),
            required=True,
            nullable=False,
        ),
        Column("metrics", "text", "Of a contrast: metrics whose analysis may, joined by '; '"),
        Column("modifiers", "text", "Of a subgroup: what a study may call the modifier, joined by '; '"),
        key("source", "Who says it"),
        key("evidence", "What is known of it by chance assignment"),
        key("needs", "What data must have to test it"),
    ),
    stage="ledger",
    unit="aggregate",
)

LEDGER = Table(
    "ledger",
    "claim of the literature",
    ("name",),
    (
        key("name", "What the claim is called"),
        key("claim", "What is claimed, in a sentence"),
        code("verdict", "What these data say", *LEDGER_VERDICTS, required=True, nullable=False),
        Column("rests_on", "text", "Analysis, or section of the study, that answers"),
        key("why", "Why, in a sentence"),
        key("source", "Who says it"),
        key("evidence", "What is known of it by chance assignment"),
    ),
    stage="release",
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

TABLES = (
    *(SUBGROUP, INTERACTION, SUBGROUP_VERDICT),
    *(PARTICIPATION, PARTICIPATION_WEEK, PARTICIPATION_VERDICT),
    *(HETEROGENEITY, SPECIFICATION, SPECIFICATION_SUMMARY),
    *(COST_DIFFERENCE, COST_EFFECTIVENESS, ACCEPTABILITY, COST_PLANE, COST_VERDICT),
    *(FIELD_CLAIM, LEDGER),
)
