"""The design checker: nothing that is known only after time zero may decide who is compared with whom.

Arms come from assignment. A covariate, an eligibility rule or an arm that uses what happened later (length of stay,
completion, hours received) compares people by their outcome; such a study is refused when its file is loaded.
"""

from collections.abc import Iterable, Mapping

from iop_outcomes.kernel.errors import StudyFileError, did_you_mean
from iop_outcomes.tables.canonical import BASELINE, EPISODE, PERSON, SITE

#: Columns that say what was assigned.
ASSIGNMENT = ("level_of_care", "assigned_treatment")

#: Columns of `episode` that are known at assignment and may be covariates.
KNOWN_AT_ASSIGNMENT = ("stepped_down_from", "period", "prescribed_hours_per_week", "prescribed_weeks")

#: Columns known only later, with what they are.
LATER = {
    "discharge_reason": "why care ended",
    "discharge_day": "when care ended",
    "last_contact_day": "when care ended",
    "stay_days_low": "the length of stay",
    "stay_days_high": "the length of stay",
    "length_of_stay": "the length of stay",
    "los": "the length of stay",
    "admission_day": "whether and when treatment began",
    "death_day": "whether the person died",
    "hours_received": "the hours received",
    "minutes_attended": "the hours received",
    "sessions_attended": "the sessions attended",
}


def check_arm(arm: str, selection: Mapping[str, object]) -> None:
    """Refuse an arm that is not defined by assignment.

    Raises
    ------
    StudyFileError
        The arm selects nothing, selects by something known only later, or by an unknown column.
    """
    place = f"cohort.arms.{arm}"
    if not selection:
        raise StudyFileError(f"{place}: an arm needs a selection, as {{level_of_care: '2.1'}}")
    for column in selection:
        if column in ASSIGNMENT:
            continue
        _refuse_later(place, column, "define an arm")
        hint = did_you_mean(column, ASSIGNMENT)
        raise StudyFileError(f"{place}: arms come from what was assigned, and '{column}' is no assignment; {hint}")


def check_covariates(names: Iterable[str], metrics: Iterable[str]) -> None:
    """Refuse covariates that are known only after time zero, among them every metric."""
    metrics = set(metrics)
    for name in names:
        if name in metrics:
            raise StudyFileError(
                f"covariates: '{name}' is a metric, measured after time zero; a covariate must be known by then"
            )
        _refuse_later("covariates", name, "be a baseline covariate")


def check_window(place: str, settings: Mapping[str, object], follow_up_days: int) -> None:
    """Refuse a metric whose window is longer than the follow-up."""
    for name in ("window_days", "day", "horizon_days"):
        value = settings.get(name)
        if isinstance(value, int) and value > follow_up_days:
            raise StudyFileError(
                f"{place}: '{name}' is {value}, past the end of follow-up (cohort.follow_up_days: {follow_up_days})"
            )


def covariate_homes() -> dict[str, tuple[str, ...]]:
    """Return, by canonical table, the columns that may be covariates; the columns of `baseline` all may."""
    return {
        BASELINE.name: (),
        PERSON.name: tuple(c.name for c in PERSON.columns if c.name not in ("person_id", *LATER)),
        EPISODE.name: KNOWN_AT_ASSIGNMENT,
        SITE.name: tuple(c.name for c in SITE.columns if c.name != "site_id"),
    }


def _refuse_later(place: str, column: str, role: str) -> None:
    if column in LATER:
        raise StudyFileError(
            f"{place}: '{column}' is {LATER[column]}, known only after time zero, and cannot {role}: people would be "
            "compared by what happened to them"
        )
