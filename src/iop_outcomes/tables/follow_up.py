"""Tables of who is in the study and what their records say of them, before arms are compared. Day 0 is time zero."""

from iop_outcomes.tables.declare import Column, Table, code, count, day, key, label, number

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

ENTRY = Table(
    "entry",
    "arm",
    ("arm",),
    (
        label("arm", "Arm", required=True, nullable=False),
        count("n_assigned", "Episodes assigned to it, before eligibility", required=True, nullable=False),
        count("n_begun", "Of them with a day on record on which care began", required=True),
        count("n_lost", "Of them lost before time zero: never started, died, no longer observed", required=True),
        count("n_late", "Assigned when care had begun, beyond the grace: left out", required=True),
        count("n_in_grace", "Assigned when care had begun, within the grace: kept", required=True),
        count("n_baseline_late", "Baseline measured after time zero: not used", required=True),
    ),
    stage="cohort",
    unit="aggregate",
)

HINDSIGHT = Table(
    "hindsight",
    "arm, covariate or eligibility rule",
    ("role", "name"),
    (
        code("role", "What it is in the study", "arm", "covariate", "rule", required=True, nullable=False),
        label("name", "Its name, or the rule in words", required=True, nullable=False),
        label("later", "What came later and goes with it most closely", required=True, nullable=False),
        number("strength", "How closely, 0 to 1", "", 0, 1, required=True, nullable=False),
    ),
    stage="cohort",
    unit="aggregate",
)

SURVEILLANCE = Table(
    "surveillance",
    "arm",
    ("arm",),
    (
        label("arm", "Arm", required=True, nullable=False),
        number("weeks_in_care", "Weeks of its members in care and observed", "weeks", 0, required=True, nullable=False),
        count("n_due", "Days in care with a test on record, obtained or missed", required=True, nullable=False),
        count("n_obtained", "Of them obtained", required=True, nullable=False),
    ),
    stage="cohort",
    unit="aggregate",
)

#: What the ``recording`` table counts by arm.
STATUS, PRESCRIBED = "session status", "prescribed"
#: Sessions of a mode or a type that were missed, of those that were held.
BY_KIND = "missed of a kind"
SPECIMEN, SUBSTANCE, REPORT, DISCHARGE = "specimen", "substance tested", "way of asking", "late discharge"
#: People who gave an answer to an instrument at least once, and of whom there is a result of tests or reports.
ANSWER, TEST_RESULT, REPORT_RESULT = "answer", "result of tests", "result of reports"
#: People with a service of any kind on record within the follow-up.
SERVED = "served"
#: People by the reason of discharge, and people whose treatment is written as several episodes: admitted to the same
#: or another outpatient level of care again within so many days.
REASON, REOPENED, SOON = "reason of discharge", "admitted again", 7
#: People who came last more than so many days before the end of their observation, and have no end of care on record.
NEVER_CLOSED, GONE = "never closed", 30
#: People who were tested, asked about use, and given a questionnaire after they had left care.
TESTED_AFTER, ASKED_AFTER, FILLED_IN_AFTER = "tested after care", "asked after care", "filled in after care"
#: Days since time zero on which people were tested, asked or filled in a questionnaire, by length of stay.
DAY_SEEN, TESTS, REPORTS, FILLED_IN = "day seen", "tests", "reports of use", "questionnaires"
DAY_SQUARED = "day seen, squared"
#: What was due while people were in care, what came of the first session due and of those after it, and who left on the
#: day of the last one they came to.
DUE, SESSIONS, HOURS, FIRST, LATER, LAST = "due", "sessions", "hours", "first session", "later sessions", "last session"
#: Days from time zero until care began, of whoever came.
WAITING = "waiting"
#: People who left within so many days after their care had begun.
EARLY, EARLY_DAYS = "left early", (3, 7, 14, 28)
#: Rows that were set aside when they were read, of those that say to whom they belong and of those that do not.
AT_THE_DOOR, OF_NOBODY = "set aside", "set aside, of nobody known"
#: People, and pairs of people, who agree with another id in everything on record, and people with a second episode.
TWINS, AGAIN, PEOPLE, PAIRS = "agrees with another id", "second episode", "people", "pairs"
#: A discharge is late if it is dated more than so many days after the last session the person came to.
LATE = 14

RECORDING = Table(
    "recording",
    "arm and word on record",
    ("arm", "what", "level"),
    (
        label("arm", "Arm", required=True, nullable=False),
        code(
            "what",
            "What is counted",
            STATUS,
            PRESCRIBED,
            SERVED,
            BY_KIND,
            SPECIMEN,
            SUBSTANCE,
            REPORT,
            ANSWER,
            TEST_RESULT,
            REPORT_RESULT,
            DISCHARGE,
            REASON,
            REOPENED,
            NEVER_CLOSED,
            TESTED_AFTER,
            ASKED_AFTER,
            FILLED_IN_AFTER,
            DAY_SEEN,
            DAY_SQUARED,
            DUE,
            EARLY,
            AT_THE_DOOR,
            OF_NOBODY,
            TWINS,
            AGAIN,
            required=True,
            nullable=False,
        ),
        label(
            "level",
            "Status, medication, specimen, substance, way of asking, reason, table, days; people or pairs",
            required=True,
            nullable=False,
        ),
        count(
            "n",
            "Sessions, people, days tested, reports, hours or rows; of days seen or waited, those of all people",
            required=True,
            nullable=False,
        ),
        count(
            "n_all",
            "All of them in the arm; of late discharges, all for that reason; of what was due, days in care; of days "
            "seen or waited, people; of pairs, those that chance makes",
            required=True,
            nullable=False,
        ),
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
        count("fewest_people", "Fewest people whose tests are one of the counts, of those that are not 0"),
        number("sensitivity", "Share of positive tests with use reported", "share", 0, 1),
        number("specificity", "Share of negative tests with use denied", "share", 0, 1),
        number("concordance", "Share of tests and reports that agree", "share", 0, 1),
        number("kappa", "Agreement beyond chance (Cohen)", "", -1, 1),
    ),
    stage="metrics",
    unit="aggregate",
)

#: Beginning of the rules by which raw rows were not taken, and the row of all such rows of a table.
NOT_TAKEN = "row not taken: "
ALL_NOT_TAKEN = "rows not taken, in all"

SET_ASIDE = Table(
    "set_aside",
    "rule by which odd records of members were answered, or raw rows were not taken",
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

INTERCURRENT = Table(
    "intercurrent",
    "arm and event after time zero, with what is made of it",
    ("arm", "event"),
    (
        label("arm", "Arm", required=True, nullable=False),
        label("event", "What happened, or that observation ended", required=True, nullable=False),
        count("n_people", "Members of the arm", required=True, nullable=False),
        count("n_ended", "Those whose care ended so", required=True, nullable=False),
        count("n_while", "Those to whom it happened at any time while followed, for death and jail"),
        count("n_after", "Of them, those whose care ended otherwise"),
        label("dropout", "Its strategy for the time until dropout", required=True, nullable=False),
        label("time_in_care", "Its strategy for time in the programme", required=True, nullable=False),
        label("retention", "Its strategy for being retained on a day", required=True, nullable=False),
        label("abstinence", "Its strategy for abstinence and use", required=True, nullable=False),
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

FACTS = Table(
    "facts",
    "member",
    ("member_id",),
    (
        key("member_id", "Member of the cohort"),
        label("period", "Year or quarter of assignment"),
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
        code(
            "care_ended_by",
            "What ended care by the study's rules for events; missing where that is not known or censors",
            *("dropout", "completion", "transfer", "jail", "death"),
        ),
        number("completed_days", "Days after which treatment was completed, of whoever did", "days", 0),
        number("prescribed_days", "Planned length of treatment", "days", 0),
        number("stay_days_low", "Shortest stay the record allows", "days", 0),
        number("stay_days_high", "Longest stay the record allows", "days", 0),
    ),
    stage="dataset",
    open=True,
)

TABLES = (
    COHORT,
    ATTRITION,
    ENTRY,
    HINDSIGHT,
    SURVEILLANCE,
    RECORDING,
    METRIC_VALUE,
    WEEKLY,
    ABSTINENCE_SHARE,
    AGREEMENT,
    SET_ASIDE,
    RETAINED,
    INTERCURRENT,
    REFUSAL,
    COVARIATES,
    FACTS,
    OUTCOMES,
)
