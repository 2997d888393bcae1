"""The design checker: nothing that is known only after time zero may decide who is compared with whom.

Arms come from assignment. A covariate, an eligibility rule or an arm that uses what happened later (length of stay,
completion, hours received) compares people by their outcome; such a study is refused when its file is loaded.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pandas as pd

from iop_outcomes.kernel.errors import StudyFileError, did_you_mean
from iop_outcomes.study.later_names import LATER, is_ending, spoken_of
from iop_outcomes.tables.canonical import BASELINE, EPISODE, MEASURED_DAY, PERSON, SITE

#: Columns that say what was assigned.
ASSIGNMENT = ("level_of_care", "assigned_treatment")

#: Columns of `episode` that say what an arm is made of.
PRESCRIBED = ("prescribed_hours_per_week", "prescribed_weeks")

#: Columns of `episode` that are known at assignment and may be covariates.
KNOWN_AT_ASSIGNMENT = ("stepped_down_from", "period", *PRESCRIBED)

#: Where a study states that its baseline columns are no later than they should be.
STATED = "measured_by_assignment"

#: What stands between a refused name and what to do about it.
_BY_WHAT_HAPPENED = "people would be compared by what happened to them"


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
    for column, value in selection.items():
        if column not in ASSIGNMENT:
            refuse_later(place, column, "define an arm")
            hint = did_you_mean(column, ASSIGNMENT)
            raise StudyFileError(f"{place}: arms come from what was assigned, and '{column}' is no assignment; {hint}")
        for code in _listed(value):
            if is_ending(code):
                raise StudyFileError(
                    f"{place}.{column}: '{code}' says how care ended and is nothing that anybody is assigned to; "
                    f"{_BY_WHAT_HAPPENED}"
                )


def check_covariates(names: Iterable[str], metrics: Iterable[str], stated: Collection[str] = ()) -> None:
    """Refuse covariates that are known only after time zero, among them every metric."""
    metrics = set(metrics)
    for name in names:
        if name in metrics:
            raise StudyFileError(
                f"covariates: '{name}' is a metric, measured after time zero; a covariate must be known by then"
            )
        refuse_later("covariates", name, "be a baseline covariate", stated)


def check_rule(
    name: str, needs: Iterable[str], settings: Mapping[str, object], metrics: Iterable[str], stated: Collection[str]
) -> None:
    """Refuse an eligibility rule that reads what is known only after time zero.

    Parameters
    ----------
    name : str
    needs : iterable of str
        What the rule says it reads, as ``table.column`` or several of them joined by ``|``.
    settings : mapping
        Its settings; those called ``column`` or ``columns`` name what it reads.
    metrics : iterable of str
    stated : collection of str
        Columns that the study states were measured by assignment.
    """
    place, role = f"cohort.eligibility.{name}", "decide who is eligible"
    metrics = set(metrics)
    for setting in ("column", "columns"):
        for column in _listed(settings.get(setting)):
            if column in metrics:
                raise StudyFileError(
                    f"{place}: '{column}' is a metric, measured after time zero, and cannot {role}; {_BY_WHAT_HAPPENED}"
                )
            refuse_later(place, column, role, stated)
    for need in needs:
        for option in need.split("|"):
            refuse_later(place, option.rpartition(".")[2], role, stated)


def check_mapping(settings: Mapping[str, object], stated: Collection[str] = ()) -> None:
    """Refuse a source's mapping that calls something known only later by the name of something known at assignment.

    Parameters
    ----------
    settings : mapping
        Of the source; ``columns`` maps by table a name in the file to ours, ``values`` by column a code to ours, and
        ``tables`` by table our names to what they are made of.
    stated : collection of str
        Baseline columns that the study states were measured by assignment.
    """
    made, coded = _made_of(settings.get("tables"))
    for place, table, raw, ours in [*_renamed(settings.get("columns")), *made]:
        if ours is None or not _known_by_then(table, ours):
            continue
        what = spoken_of(raw, [raw] if ours in stated else [])
        # Where only the day of the first service is on record, it is taken for that of the assignment.
        if what and (raw, ours) != ("admission_day", "assignment_day"):
            raise StudyFileError(
                f"source.{place}: '{raw}' speaks of {what} and cannot become '{ours}', which must be known at "
                f"assignment; {_BY_WHAT_HAPPENED}; map a column written down by then"
            )
    listed = [(f"values.{place}", codes) for place, codes in _mappings(settings.get("values"))]
    for place, codes in [*listed, *coded]:
        if place.rpartition(".")[2] not in ASSIGNMENT:
            continue
        for raw in codes:
            if is_ending(raw):
                raise StudyFileError(
                    f"source.{place}: '{raw}' says how care ended and cannot become an assignment; {_BY_WHAT_HAPPENED}"
                )


def known_by(measured_day: pd.Series, time_zero_day: pd.Series, grace_days: int) -> pd.Series:
    """Return where a baseline was measured by time zero, or within the grace after it; no day on record counts as so.

    Parameters
    ----------
    measured_day, time_zero_day : Series
        On one clock, aligned.
    grace_days : int
    """
    return ~(measured_day > time_zero_day + grace_days)


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


def refuse_later(place: str, column: str, role: str, stated: Collection[str] = ()) -> None:
    """Refuse a column that is known only after time zero, or whose name says so."""
    if column in LATER:
        raise StudyFileError(
            f"{place}: '{column}' is {LATER[column]}, known only after time zero, and cannot {role}: "
            f"{_BY_WHAT_HAPPENED}"
        )
    what = spoken_of(column, stated)
    if what:
        raise StudyFileError(
            f"{place}: '{column}' speaks of {what} and cannot {role}: {_BY_WHAT_HAPPENED}; if it was measured by the "
            f"day of assignment, state so with {STATED}: [{column}]"
        )


def _known_by_then(table: str, column: str) -> bool:
    """Return whether a canonical column is taken for known at assignment."""
    if table == BASELINE.name:
        return column not in ("episode_id", MEASURED_DAY)
    if table == EPISODE.name:
        return column in (*ASSIGNMENT, *KNOWN_AT_ASSIGNMENT, "site_id", "referral_day", "assignment_day")
    return column in covariate_homes().get(table, ())


def _renamed(section: object) -> list[tuple[str, str, str, str | None]]:
    """Return place, table, name in the file and our name of a mapping of columns."""
    return [
        (f"columns.{table}", table, str(raw), ours)
        for table, names in _mappings(section)
        for raw, ours in names.items()
    ]


def _made_of(section: object) -> tuple[list[tuple[str, str, str, str | None]], list[tuple[str, Mapping[str, Any]]]]:
    """Return place, table, name in the sheet and our name of a mapping of sheets, and the codes of each."""
    made: list[tuple[str, str, str, str | None]] = []
    coded: list[tuple[str, Mapping[str, Any]]] = []
    for table, parts in section.items() if isinstance(section, Mapping) else ():
        for part in parts if isinstance(parts, list) else [parts]:
            columns = part.get("columns") if isinstance(part, Mapping) else None
            for ours, cell in columns.items() if isinstance(columns, Mapping) else ():
                about = cell if isinstance(cell, Mapping) else {"column": cell}
                if isinstance(about.get("column"), str):
                    made.append((f"tables.{table}", str(table), about["column"], str(ours)))
                if isinstance(about.get("codes"), Mapping):
                    coded.append((f"tables.{table}.{ours}", about["codes"]))
    return made, coded


def _listed(value: object) -> list[str]:
    """Return what stands alone or in a list as a list."""
    return [str(one) for one in value] if isinstance(value, (list, tuple)) else [] if value is None else [str(value)]


def _mappings(section: object) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Return the parts of a setting that holds a mapping of mappings; what is none is answered by the source."""
    parts = section.items() if isinstance(section, Mapping) else ()
    return [(str(place), names) for place, names in parts if isinstance(names, Mapping)]
