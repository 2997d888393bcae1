"""Outcomes in running text: metric -> noun, and what people do, after "more likely to".

A metric that is not here is called by the name the study gives it, so a new one needs no entry; with one its sentences
read better. Words in braces are the metric's settings.
"""

from iop_outcomes.designs.comparison import MATCHED_TREATED
from iop_outcomes.tables.missing_panel import BEST, FAILURE, IMPUTED, OBSERVED, WEIGHTED, WORST

PHRASES: dict[str, tuple[str, str]] = {
    "time_in_care": ("time in care", ""),
    "weekly_urine": ("share of weekly urine tests that were negative", ""),
    "completion": ("treatment completed", "complete treatment"),
    "dropout": ("dropped out", "drop out of treatment"),
    "retention": (
        "in care on day {day}, or completed by then",
        "be in care on day {day}, or have completed treatment by then",
    ),
    "retention left": ("in care on day {day}", "be in care on day {day}"),
    "retention no_value": (
        "in care on day {day}, of those who had not completed",
        "be in care on day {day}, of those who had not completed treatment",
    ),
    "time_to_dropout": ("dropout", "drop out"),
    "time_to_completion": ("completion", "complete treatment"),
    "time_to_transfer": ("transfer", "be transferred"),
    "time_to_jail": ("jail", "be taken from care to jail"),
    "time_to_death": ("death in care", "die in care"),
    "stay_over": ("stayed longer than {days} days", "stay longer than {days} days"),
    "attendance_rate": ("share of sessions attended", ""),
    "hours_rate": ("share of scheduled hours attended", ""),
    "weekly_hours": ("hours attended per week", ""),
    "self_help_attendance": ("attended mutual-help groups", "attend mutual-help groups"),
    "proportion_negative": ("share of drug tests that were negative", ""),
    "abstinence_at_end": ("abstinent at the end", "be abstinent at the end"),
    "continuous_abstinence": ("abstinent throughout", "be abstinent throughout"),
    "longest_abstinence": ("longest abstinence", ""),
    "became_abstinent": ("stopped using by discharge", "stop using by discharge"),
    "remained_abstinent": ("still not using at discharge", "still not use at discharge"),
    "percent_days_abstinent": ("share of days abstinent", ""),
    "days_used": ("days of use", ""),
    "heavy_drinking_days": ("share of days with heavy drinking", ""),
    "no_heavy_drinking_days": ("no heavy drinking", "have no day of heavy drinking"),
    "point_prevalence_abstinence": (
        "abstinent in the last {last_days} of {window_days} days",
        "be abstinent in the last {last_days} of {window_days} days",
    ),
    "composite_abstinence": (
        "abstinent by report and test in the last {last_days} of {window_days} days",
        "be abstinent by report and test in the last {last_days} of {window_days} days",
    ),
    "prolonged_abstinence": ("abstinent after a grace period", "be abstinent after a grace period"),
    "reported_continuous_abstinence": ("reported no use throughout", "report no use throughout"),
    "reported_longest_abstinence": ("longest abstinence reported", ""),
    "controlled_days": ("days in jail, hospital or residential care", ""),
    "symptom_score": ("{instrument} score", ""),
    "symptom_change": ("change in {instrument} score", ""),
    "symptom_response": ("responded by {instrument}", "respond by {instrument}"),
    "symptom_remission": ("in remission by {instrument}", "be in remission by {instrument}"),
}

#: The same of an event that ends care, after "the rate of".
RATES = {
    "time_to_dropout": "dropping out",
    "time_to_completion": "completing treatment",
    "time_to_transfer": "being transferred",
    "time_to_jail": "being taken to jail",
    "time_to_death": "dying",
}

#: What is made of missing tests and reports, for the metrics that have the choice.
MISSING = {"positive": "missing counted as positive", "use": "missing counted as use", "observed": "observed only"}

#: What a setting of a metric changes in what counts; one that is not here is told by its name and value.
SETTINGS = {
    "count_transfer": {True: "a transfer counts as completed", False: "a transfer does not count as completed"},
    "after_first": {True: "from the second session on", False: "the first session, by which care begins, counts"},
    "substance": "tests and reports of “{}” alone",
    "substances": "substances: {}",
    "grace_weeks": "the first {} weeks do not count",
    "grace_days": "the first {} days do not count",
}

#: What is made of people whose outcome nobody saw, by the rules of a panel.
MISSING_RULES = {
    FAILURE: "missing counted as failure",
    OBSERVED: "observed only",
    WEIGHTED: "weighted for being observed",
    IMPUTED: "missing imputed many times",
    BEST: "missing counted as best in {first}, worst in {second}",
    WORST: "missing counted as worst in {first}, best in {second}",
}

#: Of whom a contrast speaks.
POPULATIONS = {
    "ATE": "everybody in the cohort",
    "ATT": "people like those of the first arm",
    "ATC": "people like those of the second arm",
    "ATO": "people who might have been in either arm",
    "ATM": "people who would find a match in the other arm",
    MATCHED_TREATED: "those people of the first arm who found a match",
}

#: Modifiers by the names that studies of the field give them.
MODIFIERS = {
    "step_down": "Stepping down from inpatient, residential or detoxification care",
    "work_or_family": "Work or family",
    "work": "Work",
    "severity": "Severity at the start",
    "earlier_treatment": "Earlier treatment",
    "substance": "Substance",
}
