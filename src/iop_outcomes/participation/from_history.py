"""Person-weeks of a study: what its own tables say of every week, and what was known before the week began."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.study.participation import FIRST_POSITIVE, Participation

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
_NOT_TESTED = "not tested"

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
    weekly, cohort = made["weekly"], made["cohort"].set_index("member_id")
    for column, what in (("hours_attended", "hours attended"), ("urine", "drug tests")):
        needed = column == "hours_attended" or asked.outcome == FIRST_POSITIVE
        if needed and (column not in weekly or weekly[column].isna().all()):
            raise EstimationError(f"participation: this source records no {what} week by week")
    chosen = cohort.index[cohort["arm"].astype("str").isin(arms)]
    weeks = weekly[weekly["member_id"].isin(chosen) & (weekly["week"] <= asked.weeks)]
    weeks = weeks.sort_values(["member_id", "week"], ignore_index=True)
    if weeks.empty:
        raise EstimationError("participation: nobody in these arms was observed for a week")
    rows = pd.DataFrame(
        {
            "person_id": weeks["member_id"].astype("str"),
            "week": weeks["week"] - 1,
            "hours": weeks["hours_attended"].astype(float),
            "excused": _excused(weeks, cohort, made),
            "stepped_up": _stepped_up(weeks, cohort, made["service"]),
            "site": cohort["site_id"].astype("str").reindex(weeks["member_id"]).to_numpy(),
        }
    )
    rows["event"] = _event(asked, weeks, made["outcomes"])
    rows["tested"] = weeks["urine"].astype("str").isin(list(_TESTED)) if "urine" in weeks else False
    known, names = _known_before(weeks, made["covariates"], chosen)
    whole = pd.concat([rows, known], axis=1)
    return _until_event(whole[whole["event"].notna()], asked), names


def _event(asked: Participation, weeks: pd.DataFrame, outcomes: pd.DataFrame) -> NDArray[np.float64]:
    """Return 1 in the week of the event; missing in the last week of whom the outcome is not known."""
    if asked.outcome == FIRST_POSITIVE:
        positive = weeks["urine"].astype("str").isin(["+", "*"])
        return np.asarray(positive, dtype=np.float64)
    last = (weeks["week"] == asked.weeks).to_numpy()
    values = outcomes.set_index("member_id")[asked.outcome].reindex(weeks["member_id"]).to_numpy(float)
    return np.where(last, values, 0.0)


def _until_event(rows: pd.DataFrame, asked: Participation) -> pd.DataFrame:
    """Return the weeks up to and with the event, and those without a gap."""
    before = rows.groupby("person_id")["event"].cumsum() - rows["event"]
    kept = rows[before == 0]
    in_order = kept["week"] == kept.groupby("person_id").cumcount()
    return kept[in_order].assign(event=kept.loc[in_order, "event"].astype(int)).reset_index(drop=True)


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
