"""Tables of the whole argument: for whom, what participation does, at what cost."""

from iop_outcomes.tables import estimate as estimate_table
from iop_outcomes.tables.comparison import ESTIMATE
from iop_outcomes.tables.conclusion import VERDICTS
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

#: Ways in which strategies of attending are held against each other.
CLONES, CLONES_TRUNCATED = "clone_censor_weight", "clone_censor_weight_truncated"
LANDMARK, BY_ATTENDANCE = "landmark", "by_attendance"
WAYS = (CLONES, CLONES_TRUNCATED, LANDMARK, BY_ATTENDANCE)

_STRATEGIES = (
    label("outcome", "Outcome", required=True, nullable=False),
    label("strategy", "First strategy, or the more active group", required=True, nullable=False),
    label("against", "Second strategy, or the others", required=True, nullable=False),
)

PARTICIPATION = Table(
    "participation",
    "way in which strategies of attending are held against each other",
    ("way",),
    (
        code("way", "How; groups formed by attendance are shown for the bias they have", *WAYS, required=True, nullable=False),
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
        number("mean_stabilised", "Mean weight times the share who stayed; near 1 where the model of staying fits", "", 0),
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

TABLES = (SUBGROUP, INTERACTION, SUBGROUP_VERDICT, PARTICIPATION, PARTICIPATION_WEEK, PARTICIPATION_VERDICT)
