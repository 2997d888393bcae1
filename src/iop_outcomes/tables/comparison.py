"""Tables of the comparison: designs and how they are judged, estimates, and what follows from them."""

import pandas as pd

from iop_outcomes.tables import estimate as estimate_table
from iop_outcomes.tables.declare import Column, Table, code, count, day, key, label, number

STATUSES = ("PASS", "WARN", "FAIL", "NOT_EVALUATED")

#: The two arms that a row speaks of, as in a contrast of the ``estimate`` table.
_ARMS = (
    label("arm", "First arm compared", required=True, nullable=False),
    label("against", "Second arm compared", required=True, nullable=False),
)

PROPENSITY = Table(
    "propensity",
    "member, arms and design",
    ("member_id", "arm", "against", "design"),
    (
        key("member_id", "Member of the cohort"),
        *_ARMS,
        label("design", "Name the study gives the design", required=True, nullable=False),
        Column("treated", "flag", "Is the member in the first of the two arms?", required=True, nullable=False),
        number("score", "Probability of the first arm given the covariates", "probability", 0, 1),
        number("preference_score", "Score with the share of the first arm taken out", "probability", 0, 1),
        number("weight", "Weight, 0 = not used", "", 0, required=True, nullable=False),
        label("matched_set", "Matched set the member is in"),
    ),
    stage="design",
)

BALANCE = Table(
    "balance",
    "covariate level, arms, design and stage",
    ("arm", "against", "design", "stage", "covariate", "level"),
    (
        *_ARMS,
        label("design", "Name the study gives the design", required=True, nullable=False),
        code("stage", "Before or after weighting or matching", "before", "after", required=True, nullable=False),
        code("moment", "Covariates, or their squares and products", "first", "second", required=True, nullable=False),
        label("covariate", "Covariate", required=True, nullable=False),
        label("level", "Level of a categorical covariate, empty for a number", required=True, nullable=False),
        number("mean_treated", "Mean or share in the first arm"),
        number("mean_reference", "Mean or share in the second arm"),
        number("sd_treated", "Standard deviation in the first arm; numbers only", "", 0),
        number("sd_reference", "Standard deviation in the second arm; numbers only", "", 0),
        number("smd", "Standardised mean difference, first minus second arm"),
        number("variance_ratio", "Variance of the first arm over that of the second; numbers only", "", 0),
        number("ks", "Largest distance between the two distribution functions", "", 0, 1),
        number("ecdf_mean", "Mean distance between the two distribution functions", "", 0, 1),
        count("n_treated", "Members of the first arm with this level"),
        count("n_reference", "Members of the second arm with this level"),
    ),
    stage="design",
    unit="aggregate",
)

DIAGNOSTIC = Table(
    "diagnostic",
    "arms, design and check",
    ("arm", "against", "design", "check"),
    (
        *_ARMS,
        label("design", "Name the study gives the design", required=True, nullable=False),
        label("check", "What is checked", required=True, nullable=False),
        number("value", "Value found"),
        number("threshold", "Value the study asks for"),
        code("status", "Outcome of the check", *STATUSES, required=True, nullable=False),
        Column("reason", "text", "What it means, in a sentence"),
    ),
    stage="design",
    unit="aggregate",
)

ESTIMATE = Table(
    "estimate",
    "analysis, role, arms, kind, measure, population, scenario and day",
    estimate_table.KEY,
    (
        key("analysis", "Name the study gives the analysis"),
        label("outcome", "Outcome", required=True, nullable=False),
        code(
            "role",
            "First arm against second, one arm's own mean, or a check",
            estimate_table.CONTRAST,
            estimate_table.ARM,
            estimate_table.CHECK,
            required=True,
            nullable=False,
        ),
        label("arm", "First arm of a contrast, or the arm whose mean it is", required=True, nullable=False),
        label("against", "Second arm of a contrast, otherwise empty", required=True, nullable=False),
        code(
            "kind",
            "Under the design, or without one",
            estimate_table.ADJUSTED,
            estimate_table.NAIVE,
            required=True,
            nullable=False,
        ),
        label("design", "Design of the analysis", required=True, nullable=False),
        label("estimator", "Estimator used", required=True, nullable=False),
        label("estimand", "For whom the contrast holds: ATE, ATT, ATO, ...", required=True, nullable=False),
        label("measure", "mean, risk_difference, risk_ratio, ...", required=True, nullable=False),
        label("population", "'everybody', or the people of one level: modifier = level", required=True, nullable=False),
        label("scenario", "'main', or what was changed: a shift, an imputation, a site", required=True, nullable=False),
        number("day", "Day the measure speaks of, where it has one", "study day", 0),
        number("value", "Estimate"),
        number("se", "Standard error"),
        code("se_scale", "Scale of the standard error", "identity", "log"),
        number("ci_low", "Lower end of the 95% confidence interval"),
        number("ci_high", "Upper end"),
        count("n", "Members used"),
        number("n_events", "Members with the outcome (binary), unweighted", "count", 0),
        number("ess", "Effective sample size", "members", 0),
        Column("se_method", "text", "How the interval was made"),
        code(
            "status",
            "May it be shown?",
            estimate_table.SHOWN,
            estimate_table.FLAGGED,
            estimate_table.WITHHELD,
            estimate_table.REFUSED,
            required=True,
            nullable=False,
        ),
        Column("reason", "text", "Why it is withheld, flagged or cannot be had, in a sentence"),
    ),
    stage="estimates",
    unit="aggregate",
)

CURVE = Table(
    "curve",
    "analysis, arm and day",
    ("analysis", "arm", "day"),
    (
        key("analysis", "Name of the analysis"),
        label("arm", "Arm", required=True, nullable=False),
        day("day", "Day since time zero", required=True, nullable=False),
        number("survival", "Share still in care", "share", 0, 1),
        number("ci_low", "Lower end of the 95% confidence interval", "share", 0, 1),
        number("ci_high", "Upper end", "share", 0, 1),
        count("n_at_risk", "Members in care and observed just before the day"),
        count("n_events", "Members whose care ended on the days up to this one since the last"),
    ),
    stage="estimates",
    unit="aggregate",
)

INCIDENCE = Table(
    "incidence",
    "analysis, arm, way in which care ended, and day",
    ("analysis", "arm", "cause", "day"),
    (
        key("analysis", "Name of the analysis"),
        label("arm", "Arm", required=True, nullable=False),
        code(
            "cause",
            "Way in which care ended; other: transfer, jail or death; left: any but completion",
            *("dropout", "completion", "other", "left"),
            required=True,
            nullable=False,
        ),
        day("day", "Day since time zero", required=True, nullable=False),
        number("incidence", "Share whose care has ended so, while the other ways compete", "share", 0, 1),
        number("ci_low", "Lower end of the 95% confidence interval", "share", 0, 1),
        number("ci_high", "Upper end", "share", 0, 1),
        count("n_at_risk", "Members in care and observed just before the day"),
        count("n_events", "Members whose care ended so on the day"),
    ),
    stage="estimates",
    unit="aggregate",
)

TRUTH = Table(
    "truth",
    "outcome and estimand of a simulated study",
    ("outcome", "estimand"),
    (
        label("outcome", "Outcome", required=True, nullable=False),
        label("estimand", "ATE, ATT or ATO", required=True, nullable=False),
        number("mean_treated", "Mean had everybody been in the first arm"),
        number("mean_reference", "Mean had everybody been in the second arm"),
        number("difference", "True difference"),
        number("ratio", "True ratio"),
        count("n", "People it is averaged over"),
    ),
    stage="canonical",
    unit="aggregate",
)

TABLES = (
    PROPENSITY,
    BALANCE,
    DIAGNOSTIC,
    ESTIMATE,
    CURVE,
    INCIDENCE,
    TRUTH,
)


def of_arms(table: pd.DataFrame, arms: tuple[str, str], design: str | None = None) -> pd.Series:
    """Return which rows of a table of this module speak of two arms, under one design or under any."""
    found = (table["arm"] == arms[0]) & (table["against"] == arms[1])
    return found if design is None else found & (table["design"] == design)
