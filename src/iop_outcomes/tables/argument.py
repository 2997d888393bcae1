"""Tables of the whole argument: for whom, and what becomes of the claims of the field."""

from iop_outcomes.tables import estimate as estimate_table
from iop_outcomes.tables.comparison import ESTIMATE
from iop_outcomes.tables.conclusion import LEDGER_VERDICTS, VERDICTS
from iop_outcomes.tables.declare import Column, Table, code, key, label, number

#: Level beyond which what is left between the arms of a subgroup is too much for a regression to make up for: Rubin
#: 2001, Health Serv Outcomes Res Methodol 2:169; Stuart 2010, Stat Sci 25:1.
LARGEST_IMBALANCE = 0.25

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

TABLES = (SUBGROUP, INTERACTION, SUBGROUP_VERDICT, FIELD_CLAIM, LEDGER)
