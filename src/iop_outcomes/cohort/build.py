"""From episodes to a cohort: arms by assignment, time zero, eligibility step by step, follow-up."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import StudyError, counted
from iop_outcomes.kernel.registry import ELIGIBILITY
from iop_outcomes.study import Cohort
from iop_outcomes.study import before_time_zero as timing
from iop_outcomes.study.later_names import LATER
from iop_outcomes.tables.canonical import CAME, MEASURED_DAY
from iop_outcomes.tables.capability import unmet
from iop_outcomes.tables.lookup import Held, all_different, rows_of
from iop_outcomes.tables.parts import Parts, Table, parts_of, whole

Records = Mapping[str, Any]

#: Arm of the episodes that were assigned to none of the study's arms.
OTHER = "other"


def build_cohort(
    records: Records, cohort: Cohort, candidates: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Select the members of a cohort and count what every rule takes away.

    Parameters
    ----------
    records : mapping of str to DataFrame
        Canonical tables; ``person``, ``episode`` and ``capability`` at least.
    cohort : Cohort
        The section of the study.
    candidates : DataFrame, optional
        Of :func:`candidates_of`, if it is at hand.

    Returns
    -------
    cohort, attrition : pandas.DataFrame
        Tables of those contracts. Each person is at most one member, with the first of their episodes that passes all
        rules; its id is the member's. Where two episodes begin on one day no order decides between them: people who
        were assigned to two arms on it, or twice to one, are left out by a rule of that name.

    Raises
    ------
    StudyError
        A rule needs what the source cannot give, or nobody is left.
    """
    candidates = candidates_of(records, cohort) if candidates is None else candidates
    known = without_later(records)
    steps = _Attrition([*cohort.arms, OTHER])
    everybody = assign_arms(records["episode"], cohort.arms)
    steps.add("All episodes of the source", everybody, everybody)
    steps.add("Assigned to an arm of the study", everybody, candidates["arm"])
    candidates = steps.keep(_time_zero_rule(cohort), candidates, candidates["time_zero_day"].notna())
    candidates = steps.keep(late_rule(cohort), candidates, ~assigned_late(candidates, cohort))
    candidates = steps.keep("Alive and observed at time zero", candidates, watched(candidates))
    candidates = steps.keep("Assigned to one arm only on that day", candidates, ~_torn(candidates))
    for name, settings in cohort.rules:
        label, passed = apply_rule(name, settings, candidates, known)
        candidates = steps.keep(label, candidates, passed)
    first = candidates["time_zero_day"] == _earliest(candidates)
    candidates = steps.keep("The person's first eligible episode", candidates, first)
    once = ~candidates.duplicated("person_id", keep=False)
    candidates = steps.keep("No second episode of the arm on that day", candidates, once)
    if candidates.empty:
        raise StudyError(
            "cohort: no episode passes the eligibility rules; see the attrition table for the rule that empties it"
        )
    return _members(candidates, cohort), steps.table()


def assign_arms(episode: pd.DataFrame, arms: Mapping[str, Mapping[str, object]]) -> pd.Series:
    """Return each episode's arm by what was assigned to it, ``other`` where no arm selects it.

    Raises
    ------
    StudyError
        Two arms select the same episode.
    """
    chosen = np.zeros(len(episode), dtype=np.int8)
    for code, (name, selection) in enumerate(arms.items(), start=1):
        own = np.ones(len(episode), dtype=bool)
        for column, value in selection.items():
            values = [value] if isinstance(value, str) else list(value)
            own &= _is_one_of(episode[column], values) if column in episode else False
        twice = own & (chosen > 0)
        if twice.any():
            other = list(arms)[chosen[twice][0] - 1]
            both = counted(int(twice.sum()), "episode")
            raise StudyError(f"cohort.arms: {both} selected by both '{other}' and '{name}'")
        chosen[own] = code
    return pd.Series(pd.Categorical.from_codes(chosen, [OTHER, *arms]), index=episode.index)


def _is_one_of(values: pd.Series, wanted: list[str]) -> np.ndarray:
    """Return where values, read as text, are one of those wanted."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        of_level = np.isin(values.cat.categories.astype("str"), wanted)
        return np.append(of_level, False)[values.cat.codes.to_numpy()]
    return values.astype("str").isin(wanted).to_numpy()


def candidates_of(records: Records, cohort: Cohort) -> pd.DataFrame:
    """Return the episodes assigned to an arm of the study, with time zero, first service, and person and baseline.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``episode_id``: the columns of ``episode``, ``person`` and ``baseline``, with ``arm``,
        ``time_zero_day`` and ``began_day``. A baseline measured after time zero is left empty.
    """
    episode = records["episode"]
    arm = assign_arms(episode, cohort.arms)
    chosen = np.flatnonzero(arm != OTHER)
    chosen = chosen[episode["episode_id"].take(chosen).argsort()]
    candidates = episode.assign(arm=arm).take(chosen).set_index("episode_id")
    admitted = candidates.get("admission_day", pd.Series(np.nan, index=candidates.index))
    unknown = admitted.isna()
    first = _first_attended(records.get("session"), candidates["assignment_day"][unknown])
    candidates["began_day"] = admitted.fillna(first)
    candidates["time_zero_day"] = candidates["assignment_day"] if cohort.time_zero == "assignment" else admitted
    person = rows_of(records["person"], "person_id", episode["person_id"], chosen).set_axis(candidates.index)
    candidates = pd.concat([candidates, person[[c for c in person if c not in candidates]]], axis=1)
    if len(records.get("baseline", ())):
        baseline = rows_of(records["baseline"], "episode_id", episode["episode_id"], chosen).set_axis(candidates.index)
        own = [c for c in baseline if c not in candidates]
        candidates = pd.concat([candidates, baseline[own]], axis=1)
        if MEASURED_DAY in own:
            grace = cohort.assignment.grace_days
            in_time = timing.known_by(candidates[MEASURED_DAY], candidates["time_zero_day"], grace)
            if not in_time.all():
                candidates[own] = candidates[own].where(in_time)
    return candidates


def without_later(records: Records) -> dict[str, pd.DataFrame]:
    """Return the tables without the columns that are known only after time zero: all that a rule gets to see."""
    return {name: _without(table) for name, table in records.items()}


def _without(table: Any) -> Any:
    kept = [c for c in table.columns if c not in LATER]
    return table.only(kept) if isinstance(table, Parts) else table[kept]


def apply_rule(
    name: str, settings: Mapping[str, object], candidates: pd.DataFrame, known: Records
) -> tuple[str, pd.Series]:
    """Return an eligibility rule in words, and which candidates pass it by what was known at time zero.

    Raises
    ------
    StudyError
        It needs what the source cannot give.
    """
    rule = ELIGIBILITY[name]
    refusal = unmet(rule.needs, known["capability"], known)
    if refusal:
        raise StudyError(f"cohort.eligibility.{name}: the rule {refusal}; leave it out or use another source")
    checked = rule.check(settings)
    # A rule gets frames; of a table in parts only where it says that it needs it.
    needed = {option.partition(".")[0] for need in rule.needs for option in need.split("|")}
    known = {name: whole(table) for name, table in known.items() if name in needed or not isinstance(table, Parts)}
    passed = rule(candidates.drop(columns=[c for c in candidates if c in LATER]), known, **checked)
    return rule.label.format(**checked), passed.fillna(False).astype(bool)


def late_rule(cohort: Cohort) -> str:
    """Return in words when an assignment counts as made when care began."""
    grace = cohort.assignment.grace_days
    until = f"no more than {counted(grace, 'day')} after care began" if grace else "by the day care began"
    return f"Assigned {until}"


def assigned_late(candidates: pd.DataFrame, cohort: Cohort, grace_days: int | None = None) -> pd.Series:
    """Return who was assigned to their arm after more days in care than the grace; unknown days are not late."""
    grace = cohort.assignment.grace_days if grace_days is None else grace_days
    return (candidates["assignment_day"] - candidates["began_day"] > grace).fillna(False).astype(bool)


def stay_of(candidates: pd.DataFrame, days: int) -> pd.Series:
    """Return the days in care from time zero as far as the episode says, within the follow-up; missing if it does not.

    Parameters
    ----------
    candidates : DataFrame
        Of :func:`candidates_of`.
    days : int
        Of the follow-up.
    """
    ends = [c for c in ("discharge_day", "last_contact_day") if c in candidates and candidates[c].notna().any()]
    if not ends:
        return candidates.get("stay_days_low", pd.Series(np.nan, index=candidates.index))
    end = candidates[ends].astype(float).bfill(axis=1).iloc[:, 0] - candidates["time_zero_day"]
    # Whoever has no end on record is still in care, or never came.
    never = candidates["began_day"].isna() & end.isna()
    return end.clip(lower=0, upper=days).fillna(days).mask(never, 0.0)


def _first_attended(session: Table | None, assignment_day: pd.Series) -> pd.Series:
    """Return the day of the first session attended in some episodes, from which care is taken to have begun.

    A single one before the assignment may be the assessment that led to it, and is none of care.
    """
    held = Held(assignment_day.index)
    n_early, early, later = np.zeros(len(assignment_day)), *np.full((2, len(assignment_day)), np.inf)
    for part in parts_of(session) if session is not None and len(assignment_day) else ():
        came = part.loc[part["status"].isin(CAME).to_numpy(), ["episode_id", "day"]]
        at = held.positions(came["episode_id"])
        at, day = at[at >= 0], came["day"].to_numpy(float)[at >= 0]
        before = day < assignment_day.to_numpy()[at]
        np.add.at(n_early, at[before], 1)
        np.minimum.at(early, at[before], day[before])
        np.minimum.at(later, at[~before], day[~before])
    first = np.where(n_early > 1, np.minimum(early, later), later)
    return pd.Series(np.where(np.isfinite(first), first, np.nan), index=assignment_day.index)


def watched(candidates: pd.DataFrame) -> pd.Series:
    """Return whose life and observation had not ended before time zero; a day not recorded has not come."""
    zero = candidates["time_zero_day"]
    ended = pd.Series(False, index=candidates.index)
    for end in ("death_day", "observation_end_day"):
        if end in candidates:
            ended |= (candidates[end] < zero).fillna(False)
    return ~ended


def _torn(candidates: pd.DataFrame) -> pd.Series:
    """Return which episodes begin on a day on which the person was assigned to another arm of the study, too."""
    if all_different(candidates["person_id"]):
        return pd.Series(False, index=candidates.index)
    return candidates.groupby(["person_id", "time_zero_day"])["arm"].transform("nunique") > 1


def _earliest(candidates: pd.DataFrame) -> pd.Series:
    """Return the first time zero of each candidate's person."""
    if all_different(candidates["person_id"]):
        return candidates["time_zero_day"]
    return candidates.groupby("person_id")["time_zero_day"].transform("min")


def _time_zero_rule(cohort: Cohort) -> str:
    return "Has a day of assignment" if cohort.time_zero == "assignment" else "Was admitted (time zero is admission)"


def _members(candidates: pd.DataFrame, cohort: Cohort) -> pd.DataFrame:
    zero = candidates["time_zero_day"].astype(int)
    ends = pd.DataFrame({"end_of_follow_up": cohort.follow_up_days - 1}, index=candidates.index, dtype=float)
    if "observation_end_day" in candidates:
        ends["end_of_data"] = candidates["observation_end_day"] - zero
    if "death_day" in candidates:
        ends["death"] = candidates["death_day"] - zero
    last = ends.min(axis=1)
    # A tie goes to the reason that is named first, so that death on the last day of follow-up is a full follow-up.
    reason = np.array(ends.columns, dtype=object)[ends.fillna(np.inf).to_numpy(float).argmin(axis=1)]
    site = candidates["site_id"] if "site_id" in candidates else pd.Series(None, index=candidates.index, dtype="str")
    members = pd.DataFrame(
        {
            "member_id": candidates.index,
            "person_id": candidates["person_id"].array,
            "site_id": site.array,
            "arm": candidates["arm"].cat.set_categories(list(cohort.arms)).array,
            "time_zero_day": zero.to_numpy(),
            "follow_up_end_day": last.astype(int).to_numpy(),
            "end_reason": reason,
        }
    )
    return members.sort_values("member_id", ignore_index=True)


class _Attrition:
    """Counts by arm before and after each rule."""

    def __init__(self, arms: list[str]):
        self._arms = arms
        self._rows: list[dict] = []

    def keep(self, rule: str, candidates: pd.DataFrame, passed: pd.Series) -> pd.DataFrame:
        kept = candidates if passed.all() else candidates[passed.to_numpy()]
        self.add(rule, candidates["arm"], kept["arm"])
        return kept

    def add(self, rule: str, before: pd.Series, after: pd.Series) -> None:
        step = len({row["step"] for row in self._rows})
        n_before, n_after = before.value_counts(), after.value_counts()
        for arm in self._arms:
            row = {"step": step, "rule": rule, "arm": arm}
            self._rows.append(row | {"n_before": int(n_before.get(arm, 0)), "n_after": int(n_after.get(arm, 0))})

    def table(self) -> pd.DataFrame:
        """Return the ``attrition`` table."""
        return pd.DataFrame(self._rows)
