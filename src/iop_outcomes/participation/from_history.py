"""Person-weeks of a study: what its own tables say of every week, and what was known before the week began."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.study.participation import FIRST_POSITIVE, LevelChange, Participation

#: Ways in which care ends that no strategy can be blamed for: whoever has gone so need not come any more.
EXCUSED_ENDINGS = ("completion", "transfer", "jail")
#: Levels of care that are more than an intensive outpatient programme.
MORE_CARE = ("2.5", "3", "4", "detox_inpatient")
#: A level of fewer people than this says nothing of who stays and would be told with certainty.
FEWEST_OF_A_LEVEL = 20
RARE = "any other"
#: What follows from the weeks before: use as tested, and hours attended.
USE_BEFORE, HOURS_BEFORE = "use in the week before", "hours in the week before"
_TESTED = {"-": "negative", "+": "positive", "*": "positive"}
_POSITIVE = ("+", "*")
_NOT_TESTED = "not tested"
#: Level of an intensive outpatient programme.
INTENSIVE = "2.1"

Made = Mapping[str, pd.DataFrame]


def person_weeks(asked: Participation, arms: list[str], made: Made) -> tuple[pd.DataFrame, list[str]]:
    """Return one row per member and week of follow-up, and the names of what the model of staying may use.

    Parameters
    ----------
    asked : Participation
    arms : list of str
        Whose people are followed.
    made : mapping
        ``cohort``, ``weekly``, ``outcomes``, ``covariates``, ``controlled_period``, ``service``.

    Returns
    -------
    weeks : DataFrame
        ``person_id``, ``week`` (0 for the first), ``hours``, ``event``, ``excused``, ``stepped_up``, ``tested``,
        ``site`` and covariates: those of the study, and what followed from the weeks before.
    names : list of str
        The covariates.

    Raises
    ------
    EstimationError
        The source records no hours, no tests where tests are the outcome, or nobody in the arms is observed.
    """
    _refuse_unrecorded(made["weekly"], "hours_attended", "hours attended")
    if asked.outcome == FIRST_POSITIVE:
        _refuse_unrecorded(made["weekly"], "urine", "drug tests")
    weeks = _observed(asked, arms, made)
    rows, names = _told_weeks(weeks, arms, made)
    for hours in parting(asked):
        name = enough_before(hours)
        rows[name] = (rows[HOURS_BEFORE] >= hours).astype(float)
        names.append(name)
    rows["event"] = _event(asked, weeks, made["outcomes"])
    return _until_event(rows[rows["event"].notna()]), names


def weeks_of_change(asked: Participation, change: LevelChange, made: Made) -> tuple[pd.DataFrame, list[str]]:
    """Return one row per member and week, with the weeks from a change of the level of care on.

    Parameters
    ----------
    asked : Participation
    change : LevelChange
    made : mapping
        As in ``person_weeks``, with ``episode``.

    Returns
    -------
    weeks : DataFrame
        As in ``person_weeks``, with ``changed`` and an ``event`` in every week with a positive test: weeks go on after.
    names : list of str
        The covariates.

    Raises
    ------
    EstimationError
        The source records no tests, or nobody in the arms is observed.
    """
    _refuse_unrecorded(made["weekly"], "urine", "drug tests")
    weeks = _observed(asked, change.arms, made)
    rows, names = _told_weeks(weeks, change.arms, made)
    rows["event"] = weeks["urine"].astype("str").isin(_POSITIVE).astype(int)
    rows["changed"] = _changed(weeks, made["cohort"].set_index("member_id"), change.to, made)
    return _in_order(rows), names


def enough_before(hours: float) -> str:
    """Return the name of the covariate that says whether the week before had so many hours."""
    return f"{hours:g} hours or more in the week before"


def parting(asked: Participation) -> list[float]:
    """Return the hours above none at which a strategy parts weeks.

    Whoever kept a rule last week keeps it again far more often than the hours alone tell, and where lapses are allowed
    some of those who might leave it have just broken it: hours as one straight line mistake both.
    """
    rules = asked.strategies.values()
    return sorted({hours for rule in rules for hours in (rule.least_hours, rule.below_hours) if hours})


def _refuse_unrecorded(weekly: pd.DataFrame, column: str, what: str) -> None:
    if column not in weekly or weekly[column].isna().all():
        raise EstimationError(f"participation: this source records no {what} week by week")


def _observed(asked: Participation, arms: list[str], made: Made) -> pd.DataFrame:
    """Return the weeks of the members of some arms, in order."""
    weekly, cohort = made["weekly"], made["cohort"].set_index("member_id")
    chosen = cohort.index[cohort["arm"].astype("str").isin(arms)]
    weeks = weekly[weekly["member_id"].isin(chosen) & (weekly["week"] <= asked.weeks)]
    if weeks.empty:
        raise EstimationError("participation: nobody in these arms was observed for a week")
    return weeks.sort_values(["member_id", "week"], ignore_index=True)


def _told_weeks(weeks: pd.DataFrame, arms: list[str], made: Made) -> tuple[pd.DataFrame, list[str]]:
    """Return what is known of every week apart from its event, and the names of the covariates."""
    cohort = made["cohort"].set_index("member_id")
    chosen = cohort.index[cohort["arm"].astype("str").isin(arms)]
    rows = pd.DataFrame(
        {
            "person_id": weeks["member_id"].astype("str"),
            "week": weeks["week"] - 1,
            "hours": weeks["hours_attended"].astype(float) if "hours_attended" in weeks else np.nan,
            "excused": _excused(weeks, cohort, made),
            "stepped_up": _stepped_up(weeks, cohort, made["service"]),
            "site": cohort["site_id"].astype("str").reindex(weeks["member_id"]).to_numpy(),
        }
    )
    rows["tested"] = weeks["urine"].astype("str").isin(list(_TESTED)) if "urine" in weeks else False
    known, names = _known_before(weeks, made["covariates"], chosen)
    return pd.concat([rows, known], axis=1), names


def _changed(weeks: pd.DataFrame, cohort: pd.DataFrame, to: str, made: Made) -> NDArray[np.intp]:
    """Return 1 from the week on in which a person's care at another level begins.

    An episode at the level begins it, if it is not the one that made somebody a member; so does a service, where the
    level is more care than an outpatient's, since contacts of outpatient care go on beside an intensive programme.
    """
    episode, service = made["episode"], made["service"]
    own = episode[(episode["level_of_care"].astype("str") == to) & ~episode["episode_id"].isin(weeks["member_id"])]
    begun = own["admission_day"].fillna(own["assignment_day"]) if "admission_day" in own else own["assignment_day"]
    found = [pd.DataFrame({"person_id": own["person_id"].astype("str"), "day": begun})]
    if to in (INTENSIVE, *MORE_CARE) and "level_of_care" in service:
        served = service[service["level_of_care"].astype("str") == to]
        found.append(pd.DataFrame({"person_id": served["person_id"].astype("str"), "day": served["day"]}))
    days = pd.concat(found, ignore_index=True)
    member = cohort.reset_index()[["member_id", "person_id", "time_zero_day"]].astype({"person_id": "str"})
    both = days.merge(member, on="person_id")
    since = both["day"] - both["time_zero_day"]
    first = (since[since >= 0] // 7).groupby(both["member_id"]).min()
    week = weeks["member_id"].map(first).to_numpy(float)
    return (weeks["week"].to_numpy() - 1 >= week).astype(np.intp)


def _event(asked: Participation, weeks: pd.DataFrame, outcomes: pd.DataFrame) -> NDArray[np.float64]:
    """Return 1 in the week of the event; missing in the last week of whom the outcome is not known."""
    if asked.outcome == FIRST_POSITIVE:
        positive = weeks["urine"].astype("str").isin(_POSITIVE)
        return np.asarray(positive, dtype=np.float64)
    last = (weeks["week"] == asked.weeks).to_numpy()
    values = outcomes.set_index("member_id")[asked.outcome].reindex(weeks["member_id"]).to_numpy(float)
    return np.where(last, values, 0.0)


def _until_event(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the weeks up to and with the event, and those without a gap."""
    before = rows.groupby("person_id")["event"].cumsum() - rows["event"]
    kept = _in_order(rows[before == 0])
    return kept.assign(event=kept["event"].astype(int))


def _in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the weeks before the first gap of each person."""
    return rows[rows["week"] == rows.groupby("person_id").cumcount()].reset_index(drop=True)


def _excused(weeks: pd.DataFrame, cohort: pd.DataFrame, made: Made) -> NDArray[np.intp]:
    """Return 1 for weeks with a day in jail or hospital, and for those after care ended by plan or by force."""
    outcomes = made["outcomes"].set_index("member_id").reindex(weeks["member_id"])
    ended = outcomes["care_ended_by"].astype("str").isin(EXCUSED_ENDINGS).to_numpy()
    end = outcomes["retention_days"].to_numpy(float)
    first_day = 7 * (weeks["week"].to_numpy() - 1)
    gone = ended & (end <= first_day + 6)
    periods = made["controlled_period"]
    if periods.empty:
        return gone.astype(np.intp)
    inside = _weeks_of(periods["person_id"], periods["start_day"], periods["end_day"], weeks, cohort)
    return (gone | inside).astype(np.intp)


def _stepped_up(weeks: pd.DataFrame, cohort: pd.DataFrame, service: pd.DataFrame) -> NDArray[np.intp]:
    """Return 1 in weeks with a service of a level that is more care."""
    if service.empty or "level_of_care" not in service:
        return np.zeros(len(weeks), dtype=np.intp)
    more = service[service["level_of_care"].astype("str").isin(MORE_CARE)]
    return _weeks_of(more["person_id"], more["day"], more["day"], weeks, cohort).astype(np.intp)


def _weeks_of(
    person: pd.Series, start: pd.Series, end: pd.Series, weeks: pd.DataFrame, cohort: pd.DataFrame
) -> NDArray[np.bool_]:
    """Return which person-weeks have a day within one of some periods of the source's own days."""
    member = cohort.reset_index()[["member_id", "person_id", "time_zero_day"]].astype({"person_id": "str"})
    periods = pd.DataFrame({"person_id": person.astype("str"), "start": start, "end": end}).merge(
        member, on="person_id"
    )
    first = (periods["start"] - periods["time_zero_day"]) // 7
    last = (periods["end"] - periods["time_zero_day"]) // 7
    n_weeks = int(weeks["week"].max())
    spans = [
        (name, week)
        for name, one, other in zip(periods["member_id"], first, last, strict=True)
        for week in range(max(int(one), 0), min(int(other), n_weeks - 1) + 1)
    ]
    inside = pd.MultiIndex.from_tuples(spans, names=["member_id", "week"]) if spans else None
    if inside is None:
        return np.zeros(len(weeks), dtype=bool)
    found = pd.MultiIndex.from_arrays([weeks["member_id"], weeks["week"] - 1]).isin(inside)
    return np.asarray(found, dtype=bool)


def _known_before(weeks: pd.DataFrame, covariates: pd.DataFrame, chosen: pd.Index) -> tuple[pd.DataFrame, list[str]]:
    """Return what was known before each week's hours: the study's covariates, and use and hours of the week before."""
    baseline = covariates.set_index("member_id").reindex(chosen).drop(columns=["arm", "cluster"], errors="ignore")
    columns = {name: _told(baseline[name]) for name in baseline}
    of_people = pd.DataFrame({name: values for name, values in columns.items() if len(values.unique()) > 1})
    found = of_people.reindex(weeks["member_id"]).reset_index(drop=True)
    same = weeks.groupby("member_id", observed=True)
    if "hours_attended" in weeks and weeks["hours_attended"].notna().any():
        found[HOURS_BEFORE] = same["hours_attended"].shift(1).fillna(0.0).to_numpy(float)
    if "urine" in weeks:
        tested = weeks["urine"].astype("str").map(_TESTED).fillna(_NOT_TESTED)
        before = tested.groupby(weeks["member_id"], observed=True).shift(1).fillna(_NOT_TESTED)
        found[USE_BEFORE] = pd.Categorical(before)
    return found, [str(name) for name in found]


def _told(values: pd.Series) -> pd.Series:
    """Return a covariate with its rare levels put together."""
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(float)
    text = values.astype("str")
    counts = text.value_counts()
    rare = counts.index[counts < FEWEST_OF_A_LEVEL]
    together = text.where(~text.isin(rare), RARE)
    if (together == RARE).sum() < FEWEST_OF_A_LEVEL:
        together = together.where(together != RARE, counts.index[0])
    return together
