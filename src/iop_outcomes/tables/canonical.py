"""Canonical tables: what every source is turned into. Day 0 is the person's anchor."""

from iop_outcomes.tables.declare import FURTHEST_DAY, Column, Table, code, count, day, key, label, number

LEVELS_OF_CARE = ("0.5", "1", "2.1", "2.5", "3", "4", "detox_ambulatory", "detox_inpatient")
DISCHARGE_REASONS = ("completed", "dropout", "terminated", "transfer", "incarcerated", "death", "other")
SESSION_STATUSES = (
    "attended",
    "partial",
    "no_show",
    "late_cancel",
    "cancel_patient",
    "cancel_program",
    "excused",
    "rescheduled",
    "closed",
)
#: What became of a session to which the person came.
CAME = ("attended", "partial")
#: What became of a session to which the person did not come, though it was held.
MISSED = ("no_show", "late_cancel", "cancel_patient", "excused")
#: The programme or the calendar took the session away, or another one took its place.
NOT_OFFERED = ("cancel_program", "closed", "rescheduled")
#: Column of `baseline` that says when it was measured.
MEASURED_DAY = "measured_day"
#: Care may be wound up in the week after discharge.
DAYS_AFTER_DISCHARGE = 7
SESSION_TYPES = (
    "individual",
    "group",
    "family",
    "education",
    "peer",
    "case_management",
    "medication",
    "assessment",
    "other",
)
SESSION_MODES = ("in_person", "video", "phone")
#: Columns that say of which kind a session is. No level of one is a level of the other.
SESSION_KINDS = {"mode": SESSION_MODES, "type": SESSION_TYPES}

PERSON = Table(
    "person",
    "person",
    ("person_id",),
    (
        key("person_id", "Pseudonym of the person"),
        number("age_years", "Age at the anchor, top-coded at 90", "years", 0, 90),
        label("age_band", "Age band, where the source has no years"),
        code("sex", "Sex as recorded", "female", "male", "other"),
        label("race_ethnicity", "Race and ethnicity as the source groups them"),
        day("death_day", "Day of death"),
    ),
    stage="canonical",
)

SITE = Table(
    "site",
    "place of treatment",
    ("site_id",),
    (
        key("site_id", "Pseudonym of the site; a state where the source knows no more"),
        label("type", "Kind of site"),
        label("region", "Coarse region"),
        number("offered_hours_per_week", "Hours a week the intensive programme offers", "hours per week", 0, 168),
    ),
    stage="canonical",
)

EPISODE = Table(
    "episode",
    "treatment episode",
    ("episode_id",),
    (
        key("episode_id", "Pseudonym of the episode"),
        key("person_id", "Person treated"),
        Column("site_id", "text", "Site of treatment"),
        day("referral_day", "Referred or first asked for care"),
        day("assignment_day", "Level of care ordered or authorised", required=True, nullable=False),
        day("admission_day", "First service of the episode"),
        day("discharge_day", "Discharge; empty while in care, and where the source records none"),
        day("last_contact_day", "Last service of the episode"),
        day("observation_end_day", "Last day on which anything about this person could have been recorded"),
        code("level_of_care", "ASAM level assigned at entry, never the hours received", *LEVELS_OF_CARE),
        label("assigned_treatment", "Treatment assigned, where a study assigned one other than a level of care"),
        number("prescribed_hours_per_week", "Hours of treatment prescribed", "hours per week", 0, 168),
        number("prescribed_weeks", "Planned length of treatment", "weeks", 0, 520),
        code(
            "stepped_down_from",
            "Care left within the 14 days before this episode",
            "none",
            "detox",
            "residential",
            "inpatient",
            "partial_hospital",
        ),
        code("discharge_reason", "Why the episode ended", *DISCHARGE_REASONS),
        number("stay_days_low", "Shortest stay the record allows (interval-censored stays)", "days", 0, FURTHEST_DAY),
        number(
            "stay_days_high",
            "Longest stay the record allows; missing where there is no upper bound",
            "days",
            0,
            FURTHEST_DAY,
        ),
        label("period", "Year or quarter of assignment, the only calendar time kept"),
    ),
    stage="canonical",
)

BASELINE = Table(
    "baseline",
    "episode",
    ("episode_id",),
    (
        key("episode_id", "Episode the covariates belong to"),
        day(MEASURED_DAY, "Day they were measured; those of a day after time zero are not used"),
    ),
    stage="canonical",
    open=True,
)

SESSION = Table(
    "session",
    "scheduled contact",
    ("session_id",),
    (
        key("session_id", "Pseudonym of the session"),
        key("episode_id", "Episode it was scheduled in"),
        day("day", "Day it was scheduled for", required=True, nullable=False),
        code("type", "What kind of contact", *SESSION_TYPES),
        code("mode", "How it was held", *SESSION_MODES),
        code("status", "What became of it", *SESSION_STATUSES, required=True, nullable=False),
        number("minutes_scheduled", "Length planned", "minutes", 0, 1440),
        number("minutes_attended", "Length attended; above zero only if attended or partial", "minutes", 0, 1440),
        code("hours_source", "Where the minutes come from", "recorded", "scheduled", "imputed"),
    ),
    stage="canonical",
)

DRUG_TEST = Table(
    "drug_test",
    "person, day and substance",
    ("person_id", "day", "substance"),
    (
        key("person_id", "Person tested"),
        day("day", "Day of the test, or the day it was due", required=True, nullable=False),
        label(
            "substance", "Substance or panel; 'any' where only an overall result exists", required=True, nullable=False
        ),
        code(
            "result",
            "Result; missing = due but not obtained",
            "negative",
            "positive",
            "invalid",
            "missing",
            required=True,
            nullable=False,
        ),
        code("matrix", "Specimen", "urine", "breath", "oral_fluid", "blood", "hair"),
        Column("scheduled", "flag", "Was a test due by the schedule?"),
        Column("prescribed", "flag", "Is the substance prescribed to this person?"),
    ),
    stage="canonical",
)

USE_REPORT = Table(
    "use_report",
    "person, first day of the window, substance and source of the report",
    ("person_id", "day", "window_days", "substance", "source"),
    (
        key("person_id", "Person asked"),
        day("day", "First day the report speaks of", required=True, nullable=False),
        count("window_days", "Days it speaks of, 1 for a day-by-day calendar", required=True, nullable=False),
        label("substance", "Substance; 'any' where the report does not tell them apart", required=True, nullable=False),
        number("days_used", "Days with use in the window; 0 = asked and denied", "days", 0, FURTHEST_DAY),
        number("amount", "Amount used on a day (standard drinks for alcohol)", "units", 0),
        code(
            "source", "How it was asked", "tlfb", "interview", "diary", "questionnaire", required=True, nullable=False
        ),
    ),
    stage="canonical",
)

ASSESSMENT = Table(
    "assessment",
    "person, day, instrument and item",
    ("person_id", "day", "instrument", "item"),
    (
        key("person_id", "Person assessed"),
        day("day", "Day of the assessment", required=True, nullable=False),
        label("instrument", "Instrument: PHQ9, GAD7, BAM_L, BAM_C, TEDS, ...", required=True, nullable=False),
        label("item", "Item, as the instrument numbers it", required=True, nullable=False),
        number("value", "Answer as coded by the instrument"),
    ),
    stage="canonical",
)

CONTROLLED_PERIOD = Table(
    "controlled_period",
    "person and interval",
    ("person_id", "start_day"),
    (
        key("person_id", "Person"),
        day("start_day", "First day without free access to substances", required=True, nullable=False),
        day("end_day", "Last such day", required=True, nullable=False),
        code("reason", "Where the person was", "jail", "inpatient", "residential", required=True, nullable=False),
    ),
    stage="canonical",
)

SERVICE = Table(
    "service",
    "contact of any kind, before or beside the episode",
    ("service_id",),
    (
        key("service_id", "Pseudonym of the contact"),
        key("person_id", "Person served"),
        day("day", "Day of service", required=True, nullable=False),
        code("level_of_care", "Level of care it belongs to", *LEVELS_OF_CARE),
        label("code", "Procedure, revenue or drug code, as the source has it"),
    ),
    stage="canonical",
)

COST = Table(
    "cost",
    "cost item",
    ("cost_id",),
    (
        key("cost_id", "Pseudonym of the item"),
        key("episode_id", "Episode it belongs to"),
        day("day", "Day it arose"),
        code(
            "category", "What it pays for", "program", "client_time", "travel", "emergency", "inpatient", "medication"
        ),
        number("amount", "Amount, in the currency and year given", "currency", 0, required=True, nullable=False),
        code("perspective", "Who bears it", "payer", "program", "client", "society"),
        label("price_year", "Year and currency of the prices, as USD2024"),
    ),
    stage="canonical",
)

#: Words of the rule by which a row is lost with that of the person or episode that it belongs to.
ORPHAN = "not among the accepted rows of"

REJECTED = Table(
    "rejected",
    "rule broken by a raw row",
    ("file", "table", "line", "rule"),
    (
        label("file", "File the row came from", required=True, nullable=False),
        Column("line", "int", "Line in that file, the header being line 1", required=True, nullable=False, minimum=1),
        label("table", "Canonical table it was meant for", required=True, nullable=False),
        label("rule", "The rule it breaks, in words", required=True, nullable=False),
        Column("expected", "flag", "Is it known to be no use here, as a copy or another level of care?"),
        label("level_of_care", "Level assigned in the episode that it is or belongs to, where that can be read"),
        label("assigned_treatment", "Treatment assigned there, where that can be read"),
    ),
    stage="canonical",
)

INTAKE = Table(
    "intake",
    "raw file and canonical table",
    ("file", "table"),
    (
        label("file", "File read", required=True, nullable=False),
        label("table", "Canonical table it fills", required=True, nullable=False),
        count("n_in", "Rows read", required=True, nullable=False),
        count("n_accepted", "Rows that became part of the canonical tables", required=True, nullable=False),
        count("n_rejected", "Rows kept in 'rejected'; n_in = n_accepted + n_rejected", required=True, nullable=False),
    ),
    stage="canonical",
    unit="aggregate",
)

CAPABILITY = Table(
    "capability",
    "thing a source may or may not give",
    ("name",),
    (
        key("name", "Table, or table.column"),
        Column("available", "flag", "Can it be used in this study?", required=True, nullable=False),
        Column("reason", "text", "Why not, in a sentence"),
    ),
    stage="canonical",
    unit="aggregate",
)

TABLES = (
    PERSON,
    SITE,
    EPISODE,
    BASELINE,
    SESSION,
    DRUG_TEST,
    USE_REPORT,
    ASSESSMENT,
    CONTROLLED_PERIOD,
    SERVICE,
    COST,
    REJECTED,
    INTAKE,
    CAPABILITY,
)
