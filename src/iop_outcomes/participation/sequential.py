"""Sequential trials: changing the level of care in each week, against not changing it in that week."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.participation.nested_trials import NestedTrials
from iop_outcomes.participation.person_weeks import PersonWeeks, read_person_weeks
from iop_outcomes.participation.trial_members import (
    CHANGED,
    STAYED,
    balance_of,
    by_trial,
    different_people,
    ever_against_never,
)
from iop_outcomes.stats.linear.sandwich import influence_covariance

#: Who changes and what follows, whatever they do later; or only as long as they keep to it.
AS_STARTED, PER_PROTOCOL = "as started", "per protocol"


@dataclass(frozen=True)
class SequentialTrials:
    """What changing the level of care would have brought, pooled over the weeks in which people might.

    Attributes
    ----------
    risks : DataFrame
        ``way`` (as started; per protocol where asked), ``arm`` (changed, stayed), ``follow_up_week`` (1 for that of the
        change), weighted ``risk`` of the event by its end, and the plain ``risk_unweighted``.
    differences : DataFrame
        ``way``, ``follow_up_week``, ``risk_difference`` (changed minus stayed, weighted), ``se``, ``ci_low``,
        ``ci_high``.
    trials : DataFrame
        By ``week`` of the trial: ``n_changed`` and ``n_stayed`` people, those of them with the event by the end of
        follow-up (``events_changed``, ``events_stayed``), and the ``max_weight`` and effective number ``ess_stayed`` of
        those who did not change.
    naive : DataFrame
        One row: the difference of the share with the event between people who ever changed and never did, with its
        ``label``.
    people : DataFrame
        By ``arm`` how many different people (``n``) were in it in at least one trial, those of them who had the event
        there (``n_events``), and their effective number ``ess``, each with the sum of their weights.
    balance : DataFrame
        Of those who changed against those who stayed, before and after weighting, as ``iop_outcomes.balance`` gives it;
        without covariates empty.
    """

    risks: pd.DataFrame
    differences: pd.DataFrame
    trials: pd.DataFrame
    naive: pd.DataFrame
    people: pd.DataFrame
    balance: pd.DataFrame


def sequential_trials(
    person_weeks: pd.DataFrame,
    *,
    changed: str,
    horizon: int,
    person: str = "person_id",
    week: str = "week",
    event: str = "event",
    covariates: Sequence[str],
    excused: str | None = None,
    recurring: bool = False,
    first_trial: int | None = None,
    last_trial: int | None = None,
    estimand: Literal["ATT", "ATE"] = "ATT",
    per_protocol: bool = False,
    stay_weeks: int = 1,
    week_powers: int = 2,
    unusable: Literal["refuse", "drop"] = "refuse",
    ridge: float = 0.0,
    cluster: str | None = None,
    level: float = 0.95,
) -> SequentialTrials:
    """Emulate a trial of changing the level of care in each week, and pool them.

    In every week those who have not changed yet are one trial: who changes in it is held against who does not, with
    what was known before the week adjusted for by weights. Whoever changes in week 5 counts among those who did not in
    weeks 1 to 4. Nobody is grouped by what they did later, and no time is counted before it was lived.

    Parameters
    ----------
    person_weeks, person, week, event, covariates, excused, unusable, cluster
        As in ``iop_outcomes.clone_censor_weight``; covariates are those known before the week begins. In an excused
        week nobody is in a trial.
    changed : str
        Column of 1 in weeks at the level of care that people may change to (as IOP for those in outpatient care,
        outpatient care for those stepping down), 0 in weeks at the one they came to.
    horizon : int
        Weeks of follow-up, the week of the change being the first.
    recurring : bool
        Whether a person's weeks go on after an event, as after a positive test: each trial counts the first since it
        began, and an event before it is no reason not to be in it.
    first_trial, last_trial : int, optional
        Weeks of the trials. Unless told from the second week on, as whoever is at the level from the first did not
        change to it, and up to the last that can be followed for ``horizon`` weeks.
    estimand : {"ATT", "ATE"}
        For those who changed, when they did; or for all who might have.
    per_protocol : bool
        Whether to give as well what keeping to it would bring: who did not change and does so later counts until then,
        and who changed for as long as they stay, each weighted by the inverse of the probability of that.
    stay_weeks : int
        Weeks for which somebody who changed has to stay, per protocol; 1 asks for no more than the change.
    week_powers : int
        Powers of the week in the models of changing and staying.
    ridge : float
        Strength of a ridge on them, 0 for none.
    level : float
        Coverage of the intervals.

    Returns
    -------
    SequentialTrials

    Raises
    ------
    StudyError
        The data cannot be used, nobody changes, or a model cannot be fitted; the sentence says which.

    Notes
    -----
    A person is in many trials: standard errors are robust by person or cluster, with weights taken as known. It is
    assumed that all that makes people change and have the event was recorded, which no data show.

    References
    ----------
    Hernán et al. 2008, Epidemiology 19:766; Gran et al. 2010, Stat Med 29:2757; Danaei et al. 2013, Stat Methods Med
    Res 22:70.
    """
    _refuse_settings(horizon, estimand, stay_weeks)
    weeks = read_person_weeks(
        person_weeks,
        person=person,
        week=week,
        hours=changed,
        event=event,
        covariates=covariates,
        excused=excused,
        cluster=cluster,
        recurring=recurring,
    )
    between = _trials(weeks, changed, horizon, first_trial, last_trial)
    trials = NestedTrials(weeks, *between, horizon, stay_weeks, week_powers, unusable, ridge)
    _refuse_one_arm(trials, changed)
    at_start = trials.at_start(estimand)
    trial, _, _ = trials.followed
    ways = {AS_STARTED: (np.ones(len(trial), dtype=bool), at_start[trial])}
    if per_protocol:
        kept, weights = trials.keeping()
        ways[PER_PROTOCOL] = (kept, weights * at_start[trial])
    risks, differences = [], []
    for way, (kept, weights) in ways.items():
        found, apart = _pooled(trials, kept, weights, level)
        risks.append(found.assign(way=way))
        differences.append(apart.assign(way=way))
    return SequentialTrials(
        risks=_leading(risks),
        differences=_leading(differences),
        trials=by_trial(trials, at_start),
        naive=ever_against_never(trials, level),
        people=different_people(trials, at_start),
        balance=balance_of(trials, at_start, estimand),
    )


def _refuse_settings(horizon: int, estimand: str, stay_weeks: int) -> None:
    if estimand not in ("ATT", "ATE"):
        raise EstimationError(f"estimand: there is no '{estimand}' here; ATT (those who changed) or ATE (all)")
    if horizon < 1 or not 1 <= stay_weeks <= horizon:
        raise EstimationError(
            f"horizon, stay_weeks: {horizon} and {stay_weeks} given; follow-up has a week or more, and nobody can be "
            "asked to stay for longer"
        )


def _trials(weeks: PersonWeeks, changed: str, horizon: int, first: int | None, last: int | None) -> tuple[int, int]:
    """Return the weeks of the first and the last trial."""
    odd = int((~np.isin(weeks.hours[weeks.binding], (0.0, 1.0))).sum())
    if odd:
        raise EstimationError(
            f"{changed}: {odd:,} person-weeks are neither 0 nor 1; say of each whether it is at the level"
        )
    start, end = int(weeks.week[0]), int(weeks.week.max())
    first = start + 1 if first is None else first
    last = end - horizon + 1 if last is None else last
    if not start <= first <= last <= end - horizon + 1:
        raise EstimationError(
            f"first_trial, last_trial: no week from {first} to {last} can be followed for {horizon} weeks; weeks go "
            f"from {start} to {end}"
        )
    return first, last


def _refuse_one_arm(trials: NestedTrials, changed: str) -> None:
    if not trials.starts.any() or trials.starts.all():
        who = "nobody" if not trials.starts.any() else "everybody"
        raise EstimationError(
            f"{changed}: {who} changes in the weeks of the trials, so that there is nothing to hold it against"
        )


def _pooled(
    trials: NestedTrials, kept: NDArray[np.bool_], weights: NDArray[np.float64], level: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return risks by arm and week of follow-up, and their differences with errors from influences by person."""
    from scipy.special import stdtrit

    trial, since, row = trials.followed
    weeks, started = trials.weeks, trials.starts[trial]
    units = weeks.cluster[weeks.person[row]]
    n_units = int(weeks.cluster.max()) + 1
    curves, plain, influences = {}, {}, {}
    for arm, own in ((CHANGED, started & kept), (STAYED, ~started & kept)):
        risk, influence = _risk(since[own], weeks.event[row[own]], weights[own], units[own], trials.horizon, n_units)
        curves[arm], influences[arm] = risk, influence
        plain[arm] = _risk(since[own], weeks.event[row[own]], np.ones(own.sum()), units[own], trials.horizon, 0)[0]
    number = np.arange(1, trials.horizon + 1)
    risks = pd.concat(
        [
            pd.DataFrame({"arm": arm, "follow_up_week": number, "risk": curves[arm], "risk_unweighted": plain[arm]})
            for arm in curves
        ],
        ignore_index=True,
    )
    apart = influences[CHANGED] - influences[STAYED]
    present = np.unique(weeks.cluster[weeks.person[trials.begun]])
    covariance = influence_covariance(apart[present], cluster=present)
    half = stdtrit(covariance.degrees_of_freedom, (1 + level) / 2) * covariance.se
    value = curves[CHANGED] - curves[STAYED]
    differences = {"follow_up_week": number, "risk_difference": value, "se": covariance.se}
    return risks, pd.DataFrame(differences | {"ci_low": value - half, "ci_high": value + half})


def _risk(
    since: NDArray[np.intp],
    event: NDArray[np.bool_],
    weights: NDArray[np.float64],
    units: NDArray[np.intp],
    horizon: int,
    n_units: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the risk by the end of each week of follow-up and what each unit adds to it, shape (n_units, horizon)."""
    reached = np.bincount(since, weights, horizon)
    happened = np.bincount(since, weights * event, horizon)
    hazard = np.divide(happened, reached, out=np.full(horizon, np.nan), where=reached > 0)
    free = np.cumprod(1 - hazard)
    if not n_units:
        return 1 - free, np.empty((0, horizon))
    with np.errstate(divide="ignore", invalid="ignore"):
        each = weights * (event - hazard[since]) / (reached * (1 - hazard))[since]
    # Where everybody has the event the risk is 1 and nothing is added any more.
    each = np.where(np.isfinite(each), each, 0.0)
    by_week = np.bincount(units * horizon + since, each, n_units * horizon).reshape(n_units, horizon)
    return 1 - free, free * np.cumsum(by_week, axis=1)


def _leading(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    whole = pd.concat(frames, ignore_index=True)
    return whole[["way", *(name for name in whole if name != "way")]]
