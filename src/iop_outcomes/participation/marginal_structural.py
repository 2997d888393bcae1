"""A marginal structural model for weekly hours: what coming so many hours every week would have brought."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.kernel.errors import EstimationError, StudyError
from iop_outcomes.participation.clone_censor_weight import TRUNCATED, UNWEIGHTED, WEIGHTED
from iop_outcomes.participation.decided_hours import DecidedHours
from iop_outcomes.participation.person_weeks import PersonWeeks, read_person_weeks
from iop_outcomes.stats.coefficients import coefficient_table
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.linear.robust_glm import RobustGlm, fit_robust_glm
from iop_outcomes.stats.linear.splines import natural_spline, quantile_knots

_HOURS = "hours a week"
_SO_FAR = "mean hours so far"
#: What the event hangs on: the mean hours so far, those of its own week, or both.
Counting = Literal["mean", "week", "both"]


@dataclass(frozen=True)
class MarginalStructuralModel:
    """What coming so many hours every week would have brought.

    Attributes
    ----------
    risks : DataFrame
        ``weights`` (weighted, truncated, unweighted), ``hours``, ``risk`` of the event by the end of follow-up had
        everybody come so many hours in every week, ``se``, ``ci_low``, ``ci_high``; ``n_near``, ``events_near`` and
        ``ess_near``: people whose mean hours lie nearer to these than half the way to the next, those of them who had
        the event, and their effective number. Where nobody is near, the model alone speaks.
    differences : DataFrame
        ``weights``, ``hours``, ``against``, ``risk_difference``, ``se``, ``ci_low``, ``ci_high``.
    coefficients : DataFrame
        ``weights`` and the columns of ``iop_outcomes.stats.coefficient_table`` of the pooled logistic model, on the
        scale of log odds; with ``df=1`` the row ``hours a week`` is that of an hour more in every week so far.
    weights : DataFrame
        By ``week`` ``n`` people, ``n_events``, the stabilised weights' ``mean_weight`` (near 1 where the models of the
        hours are right), ``least_weight``, ``max_weight`` and the effective size ``ess``. Before truncation.
    models : DataFrame
        ``probability``, ``from_hours``, ``name``, ``coefficient`` of the models of the hours.
    n_left_out : int
        Person-weeks without hours: excused, or with ``counting="mean"`` before the first that was not.
    """

    risks: pd.DataFrame
    differences: pd.DataFrame
    coefficients: pd.DataFrame
    weights: pd.DataFrame
    models: pd.DataFrame
    n_left_out: int = 0


@dataclass(frozen=True)
class _Outcome:
    """The person-weeks in which somebody might have had the event, with what the pooled model knows of them."""

    weeks: PersonWeeks
    used: NDArray[np.bool_]
    counted: dict[str, NDArray[np.float64]]
    mean_hours: NDArray[np.float64]
    week_powers: int
    knots: dict[str, NDArray[np.float64]]

    def columns(self, week: NDArray[np.float64], counted: Mapping[str, NDArray[np.float64]]) -> pd.DataFrame:
        told = {f"week^{power}": week**power for power in range(1, self.week_powers + 1)}
        for name, hours in counted.items():
            if name in self.knots:
                basis = natural_spline(hours, self.knots[name])
                told |= {f"{name} ({number + 1})": column for number, column in enumerate(basis.T)}
            else:
                told[name] = hours
        return pd.DataFrame(told)

    def fit(self, weights: NDArray[np.float64]) -> RobustGlm:
        weeks, used = self.weeks, self.used
        counted = {name: hours[used] for name, hours in self.counted.items()}
        matrix = model_matrix(self.columns(weeks.week[used].astype(float), counted))
        cluster = weeks.cluster[weeks.person][used]
        event = weeks.event[used].astype(float)
        try:
            return fit_robust_glm(event, matrix, weights=weights[used], covariance="CR1", cluster=cluster)
        except StudyError as error:
            raise EstimationError(f"pooled model of the event: {error}") from None

    def risk(self, fit: RobustGlm, hours: float) -> tuple[float, NDArray[np.float64]]:
        """Return the risk by the end had everybody come so many hours, and its gradient by the coefficients."""
        week = np.unique(self.weeks.week[self.used]).astype(float)
        always = dict.fromkeys(self.counted, np.full(len(week), hours))
        columns = self.columns(week, always).to_numpy(float)
        rows = np.column_stack([np.ones(len(week)), columns])
        hazard = 1 / (1 + np.exp(-rows @ fit.coefficients))
        free = float(np.prod(1 - hazard))
        return 1 - free, free * (hazard @ rows)


def marginal_structural_model(
    person_weeks: pd.DataFrame,
    *,
    person: str = "person_id",
    week: str = "week",
    hours: str = "hours",
    event: str = "event",
    covariates: Sequence[str],
    doses: Sequence[float] = (0.0, 3.0, 6.0, 9.0),
    borders: Sequence[float] = (3.0, 6.0, 9.0),
    excused: str | None = None,
    counting: Counting = "mean",
    df: int = 1,
    week_powers: int = 2,
    unusable: Literal["refuse", "drop"] = "refuse",
    ridge: float = 0.0,
    truncate: float = 99.0,
    cluster: str | None = None,
    level: float = 0.95,
) -> MarginalStructuralModel:
    """Estimate the risk of an event had everybody come so many hours in every week.

    Each person-week is weighted by how likely its hours were given the week and the hours before, divided by how likely
    they were given the covariates as well, multiplied over a person's weeks. A pooled logistic regression of the event
    on week and hours, by default the mean of all so far, so weighted, speaks of hours as if nothing recorded had led to
    them. That nothing unrecorded did cannot be tested.

    Parameters
    ----------
    person_weeks, person, week, hours, event, covariates, excused, unusable, cluster
        As in ``iop_outcomes.clone_censor_weight``. Hours of excused weeks are neither modelled nor counted.
    doses : sequence of float
        Hours a week for which the risk is given; differences are against the first.
    borders : sequence of float
        Hours at which the bands of the weights begin. A week counts with the mean hours of its band.
    counting : {"mean", "week", "both"}
        Whether the event hangs on the mean hours of all weeks so far, on those of its own week alone, or on both, each
        with a curve of its own: where coming acts at once and later, too.
    df : int
        Columns of the dose-response curve: 1 for a straight line of log odds, more for a natural spline.
    week_powers : int
        Powers of the week in all models.
    ridge : float
        Strength of a ridge on the models of the hours, 0 for none.
    truncate : float
        Percentile of the weights at which the rows called truncated cut them, and 100 minus it from below (type 7).
    level : float
        Coverage of the intervals.

    Returns
    -------
    MarginalStructuralModel

    Raises
    ------
    StudyError
        The data cannot be used, hours do not differ, or a model cannot be fitted; the sentence says which.

    Notes
    -----
    Standard errors are robust and by person or cluster, with weights taken as known, which makes them too large rather
    than too small (Hernán, Brumback & Robins 2000). Leaving observation is taken to happen by chance. Weeks before the
    first event and after the last have no risk and are left out of the pooled model.

    References
    ----------
    Robins, Hernán & Brumback 2000, Epidemiology 11:550; Hernán, Brumback & Robins 2000, Epidemiology 11:561; Cole &
    Hernán 2008, Am J Epidemiol 168:656.
    """
    asked = _checked_doses(doses)
    if df < 1 or week_powers < 0:
        raise EstimationError(f"df, week_powers: {df} and {week_powers} given; df is 1 or more, week_powers 0 or more")
    if counting not in get_args(Counting):
        raise EstimationError(f"counting: there is no '{counting}'; mean (of all weeks so far), week (its own) or both")
    if not 50 <= truncate <= 100:
        raise EstimationError(f"truncate: {truncate:g} given; it is a percentile from 50 to 100, 100 for none")
    weeks = read_person_weeks(
        person_weeks,
        person=person,
        week=week,
        hours=hours,
        event=event,
        covariates=covariates,
        excused=excused,
        cluster=cluster,
    )
    decided = DecidedHours.of(weeks, borders, week_powers, unusable, ridge)
    weights, models = decided.weights()
    outcome = _outcome(decided, counting, week_powers, df)
    low, high = np.percentile(weights, [100 - truncate, truncate])
    ways = {WEIGHTED: weights, TRUNCATED: np.clip(weights, low, high), UNWEIGHTED: np.ones(len(weights))}
    risks, differences, coefficients = [], [], []
    for way, own in ways.items():
        fit = outcome.fit(own)
        found, apart = _at_doses(outcome, fit, asked, level)
        near = _near(outcome, own, asked)
        risks.append(pd.concat([found, near], axis=1).assign(weights=way))
        differences.append(apart.assign(weights=way))
        freedom = float(np.min(fit.degrees_of_freedom))
        table = coefficient_table(fit.names, fit.coefficients, fit.covariance, degrees_of_freedom=freedom, level=level)
        coefficients.append(table.assign(weights=way))
    return MarginalStructuralModel(
        risks=_stacked(risks),
        differences=_stacked(differences),
        coefficients=_stacked(coefficients),
        weights=_by_week(weeks, weights),
        models=models,
        n_left_out=int(np.isnan(np.sum(list(outcome.counted.values()), axis=0)).sum()),
    )


def _stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    whole = pd.concat(frames, ignore_index=True)
    return whole[["weights", *(name for name in whole if name != "weights")]]


def _checked_doses(doses: Sequence[float]) -> NDArray[np.float64]:
    asked = np.asarray(doses, dtype=float)
    if asked.ndim != 1 or len(asked) < 2 or not np.isfinite(asked).all() or (asked < 0).any():
        raise EstimationError("doses: give two or more numbers of hours a week, the first to hold the others against")
    if len(np.unique(asked)) < len(asked):
        raise EstimationError("doses: one number of hours is given twice; give each once")
    return asked


def _outcome(decided: DecidedHours, counting: Counting, week_powers: int, df: int) -> _Outcome:
    weeks = decided.weeks
    counted = {
        "mean": {_HOURS: decided.mean_hours},
        "week": {_HOURS: decided.hours},
        "both": {_HOURS: decided.hours, _SO_FAR: decided.mean_hours},
    }[counting]
    happened = weeks.week[weeks.event]
    if not len(happened):
        raise EstimationError("event: nobody has it, so that hours cannot make a difference that could be seen")
    known = np.isfinite(np.sum(list(counted.values()), axis=0))
    used = known & (weeks.week >= happened.min()) & (weeks.week <= happened.max())
    n_weeks = len(np.unique(weeks.week[used]))
    knots = {} if df == 1 else {name: quantile_knots(hours[used], df) for name, hours in counted.items()}
    return _Outcome(weeks, used, counted, decided.mean_hours, min(week_powers, n_weeks - 1), knots)


def _at_doses(
    outcome: _Outcome, fit: RobustGlm, doses: NDArray[np.float64], level: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return risks at the doses, and their differences to the first, by the delta method."""
    from scipy.special import stdtrit

    quantile = float(stdtrit(float(np.min(fit.degrees_of_freedom)), (1 + level) / 2))

    def row(value: float, gradient: NDArray[np.float64]) -> dict[str, float]:
        se = float(np.sqrt(gradient @ fit.covariance @ gradient))
        return {"value": value, "se": se, "ci_low": value - quantile * se, "ci_high": value + quantile * se}

    at = [outcome.risk(fit, float(dose)) for dose in doses]
    risks = pd.DataFrame([{"hours": dose} | row(*one) for dose, one in zip(doses, at, strict=True)])
    apart = pd.DataFrame(
        [
            {"hours": dose, "against": doses[0]} | row(value - at[0][0], gradient - at[0][1])
            for dose, (value, gradient) in zip(doses[1:], at[1:], strict=True)
        ]
    )
    return risks.rename(columns={"value": "risk"}), apart.rename(columns={"value": "risk_difference"})


def _near(outcome: _Outcome, weights: NDArray[np.float64], doses: NDArray[np.float64]) -> pd.DataFrame:
    """Return how many people came about as much as each dose, by the last week in which they might have the event."""
    weeks, used = outcome.weeks, np.flatnonzero(outcome.used)
    last = used[np.append(weeks.person[used][1:] != weeks.person[used][:-1], True)]
    half = np.diff(np.sort(doses)).min() / 2
    rows = []
    for dose in doses:
        own = last[(outcome.mean_hours[last] >= dose - half) & (outcome.mean_hours[last] < dose + half)]
        squares = float((weights[own] ** 2).sum())
        rows.append(
            {
                "n_near": len(own),
                "events_near": int(weeks.event[own].sum()),
                "ess_near": float(weights[own].sum()) ** 2 / squares if squares else 0.0,
            }
        )
    return pd.DataFrame(rows)


def _by_week(weeks: PersonWeeks, weights: NDArray[np.float64]) -> pd.DataFrame:
    number = weeks.since_start
    n = np.bincount(number)
    first, second = (np.bincount(number, weights**power) for power in (1, 2))
    least, largest = np.full(len(n), np.inf), np.zeros(len(n))
    np.minimum.at(least, number, weights)
    np.maximum.at(largest, number, weights)
    return pd.DataFrame(
        {
            "week": weeks.week[0] + np.arange(len(n)),
            "n": n,
            "n_events": np.bincount(number[weeks.event], minlength=len(n)),
            "mean_weight": first / n,
            "least_weight": least,
            "max_weight": largest,
            "ess": first**2 / second,
        }
    )
