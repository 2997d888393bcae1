"""Tables that the pipeline makes from canonical ones. Day 0 is time zero."""

from iop_outcomes.tables import estimate as estimate_table
from iop_outcomes.tables.declare import Column, Table, code, count, day, key, label, number

STATUSES = ("PASS", "WARN", "FAIL", "NOT_EVALUATED")
VERDICTS = ("supported", "not supported", "inconclusive", "not testable")

COHORT = Table(
    "cohort",
    "member: one person with the one episode that makes them eligible",
    ("member_id",),
    (
        key("member_id", "The episode's pseudonym"),
        key("person_id", "Person"),
        Column("site_id", "text", "Site of treatment"),
        label("arm", "Arm, from assignment only", required=True, nullable=False),
        day("time_zero_day", "Time zero, in the canonical days of the person", required=True, nullable=False),
        day("follow_up_end_day", "Last day observed, counted from time zero", required=True, nullable=False),
        code(
            "end_reason",
            "Why observation ended",
            "end_of_follow_up",
            "end_of_data",
            "death",
            required=True,
            nullable=False,
        ),
    ),
    stage="cohort",
)

ATTRITION = Table(
    "attrition",
    "step and arm",
    ("step", "arm"),
    (
        count("step", "Order of the step", required=True, nullable=False),
        label("rule", "Rule applied, in words", required=True, nullable=False),
        label("arm", "Arm, or 'other' for episodes in none", required=True, nullable=False),
        count("n_before", "Episodes before the rule", required=True, nullable=False),
        count("n_after", "Episodes after it", required=True, nullable=False),
    ),
    stage="cohort",
    unit="aggregate",
)

METRIC_VALUE = Table(
    "metric_value",
    "member and metric",
    ("member_id", "metric"),
    (
        key("member_id", "Member of the cohort"),
        label("metric", "Name the study gives it", required=True, nullable=False),
        number("value", "Value in the metric's unit"),
        number("observed_share", "Share of what should have been seen that was seen", "share", 0, 1),
        label("missing_reason", "Why there is no value"),
    ),
    stage="metrics",
)

WEEKLY = Table(
    "weekly",
    "member and week since time zero, while observed",
    ("member_id", "week"),
    (
        key("member_id", "Member of the cohort"),
        count("week", "Week, 1 = days 0 to 6", required=True, nullable=False),
        count("n_eligible", "Sessions that count in the denominator"),
        number("n_attended", "Sessions attended, a partial one by its share of minutes", "sessions", 0),
        number("hours_attended", "Hours attended", "hours", 0, 168),
        code("urine", "Word symbol: - negative, + positive, * both, o missed, _ not due, c controlled", *"-+*o_c"),
    ),
    stage="metrics",
)

ABSTINENCE_SHARE = Table(
    "abstinence_share",
    "published definition of abstinence, missing rule and arm",
    ("endpoint", "missing_rule", "arm"),
    (
        label("endpoint", "Definition, by its published name", required=True, nullable=False),
        label("missing_rule", "What it makes of missing tests", required=True, nullable=False),
        label("arm", "Arm", required=True, nullable=False),
        count("n", "Members it can be told of", required=True, nullable=False),
        count("n_events", "Those abstinent by it, unweighted", required=True, nullable=False),
    ),
    stage="metrics",
    unit="aggregate",
)

AGREEMENT = Table(
    "agreement",
    "arm: drug tests beside what was reported of the days they look back on",
    ("arm",),
    (
        label("arm", "Arm", required=True, nullable=False),
        count("n_tests", "Tests with a result", required=True, nullable=False),
        count("n_not_comparable", "Tests of days of which nothing was reported", required=True, nullable=False),
        count("n_both", "Test positive, use reported", required=True, nullable=False),
        count("n_test_only", "Test positive, use denied", required=True, nullable=False),
        count("n_report_only", "Test negative, use reported", required=True, nullable=False),
        count("n_neither", "Test negative, use denied", required=True, nullable=False),
        number("sensitivity", "Share of positive tests with use reported", "share", 0, 1),
        number("specificity", "Share of negative tests with use denied", "share", 0, 1),
        number("concordance", "Share of tests and reports that agree", "share", 0, 1),
        number("kappa", "Agreement beyond chance (Cohen)", "", -1, 1),
    ),
    stage="metrics",
    unit="aggregate",
)

SET_ASIDE = Table(
    "set_aside",
    "rule by which odd records of members were answered",
    ("table", "rule"),
    (
        label("table", "Canonical table", required=True, nullable=False),
        label("rule", "What is odd about them, and what is done", required=True, nullable=False),
        count("n", "Records, or days where the rule says so", required=True, nullable=False),
    ),
    stage="metrics",
    unit="aggregate",
)

RETAINED = Table(
    "retained",
    "arm and day: share still in care, by Kaplan-Meier, unweighted",
    ("arm", "day"),
    (
        label("arm", "Arm", required=True, nullable=False),
        day("day", "Days since time zero", required=True, nullable=False),
        count("n_at_risk", "Members in care and observed on the day before"),
        count("n_ended", "Members whose care had ended by then"),
        number("retained", "Share still in care", "share", 0, 1),
        number("ci_low", "Lower end of the 95% confidence interval", "share", 0, 1),
        number("ci_high", "Upper end", "share", 0, 1),
    ),
    stage="metrics",
    unit="aggregate",
)

REFUSAL = Table(
    "refusal",
    "thing a study asked for that its data cannot give",
    ("kind", "name"),
    (
        label(
            "kind",
            "metric, arm, analysis, figure, published endpoint, check or covariate",
            required=True,
            nullable=False,
        ),
        key("name", "Name in the study"),
        key("reason", "What is missing and why, in a sentence"),
    ),
    stage="metrics",
    unit="aggregate",
)

COVARIATES = Table(
    "covariates",
    "member",
    ("member_id",),
    (
        key("member_id", "Member of the cohort"),
        label("arm", "Arm", required=True, nullable=False),
        label("cluster", "Unit whose members are alike, usually the site"),
    ),
    stage="dataset",
    open=True,
)

OUTCOMES = Table(
    "outcomes",
    "member",
    ("member_id",),
    (
        key("member_id", "Member of the cohort"),
        number("retention_days", "Days in care, to the end of care or of observation", "days", 0),
        Column("retention_ended", "flag", "Did care end for good within the observation?"),
        number("stay_days_low", "Shortest stay the record allows", "days", 0),
        number("stay_days_high", "Longest stay the record allows", "days", 0),
    ),
    stage="dataset",
    open=True,
)

PROPENSITY = Table(
    "propensity",
    "member, contrast and design",
    ("member_id", "contrast", "design"),
    (
        key("member_id", "Member of the cohort"),
        label("contrast", "Arms compared, as 'iop v outpatient'", required=True, nullable=False),
        label("design", "Name the study gives the design", required=True, nullable=False),
        Column("treated", "flag", "Is the member in the first arm of the contrast?", required=True, nullable=False),
        number("score", "Probability of the first arm given the covariates", "probability", 0, 1),
        number("preference_score", "Score with the share of the first arm taken out", "probability", 0, 1),
        number("weight", "Weight, 0 = not used", "", 0, required=True, nullable=False),
        label("matched_set", "Matched set the member is in"),
    ),
    stage="design",
)

BALANCE = Table(
    "balance",
    "covariate level, contrast, design and stage",
    ("contrast", "design", "stage", "covariate", "level"),
    (
        label("contrast", "Arms compared", required=True, nullable=False),
        label("design", "Name the study gives the design", required=True, nullable=False),
        code("stage", "Before or after weighting or matching", "before", "after", required=True, nullable=False),
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
    "analysis or design, and check",
    ("analysis", "check"),
    (
        key("analysis", "Contrast and design, or the analysis, that is checked"),
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

CLAIM = Table(
    "claim",
    "claim of the field",
    ("claim",),
    (
        key("claim", "What is claimed, in a sentence"),
        Column("analysis", "text", "Analysis that tests it"),
        code("verdict", "What these data say", *VERDICTS, required=True, nullable=False),
        key("explanation", "Why, with the estimate, in a sentence"),
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
    COHORT,
    ATTRITION,
    METRIC_VALUE,
    WEEKLY,
    ABSTINENCE_SHARE,
    AGREEMENT,
    SET_ASIDE,
    RETAINED,
    REFUSAL,
    COVARIATES,
    OUTCOMES,
    PROPENSITY,
    BALANCE,
    DIAGNOSTIC,
    ESTIMATE,
    CURVE,
    CLAIM,
    TRUTH,
)
