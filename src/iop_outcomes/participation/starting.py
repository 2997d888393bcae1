"""Starting within a grace period against not starting: clone, censor, weight in days.

Whoever starts after 40 days lived 40 days without starting. Counted as a starter from day 0 they cannot have had the
event before; as a clone of both strategies they count for both until they start.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.designs.frame import listed, refuse_unknown
from iop_outcomes.kernel.errors import EstimationError, StudyError, counted
from iop_outcomes.kernel.values import known_covariate, known_events, known_times
from iop_outcomes.participation.splits import Splits
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.replicates import Replicates, replicate
from iop_outcomes.stats.survival.cox import fit_cox

#: The two strategies, in the order of a difference.
STARTS, STARTS_NOT = "starts", "starts not"


@dataclass(frozen=True)
class StartingInTime:
    """What starting within a grace period would have brought, against not starting within it.

    Attributes
    ----------
    survival : DataFrame
        ``strategy``, ``day``, ``survival`` weighted, ``survival_unweighted``.
    differences : DataFrame
        ``day``, ``survival_difference`` (starting minus not starting, weighted), and with a bootstrap ``se``,
        ``ci_low``, ``ci_high``.
    hazard_ratios : DataFrame
        ``name``, ``hazard_ratio`` of starting and of each covariate, by a weighted Cox model of both strategies.
    weights : DataFrame
        ``strategy`` (and ``both``), ``n_rows`` the person-time was split into, ``n_censored`` clones, and the weights'
        ``least``, quartiles ``q1``, ``median``, ``q3``, ``mean`` and ``most``.
    n_replicates, n_failed : int
    """

    survival: pd.DataFrame
    differences: pd.DataFrame
    hazard_ratios: pd.DataFrame
    weights: pd.DataFrame
    n_replicates: int = 0
    n_failed: int = 0


def clone_starts(
    people: pd.DataFrame, *, time: str, event: str, started: str, start_time: str, grace_days: float
) -> pd.DataFrame:
    """Return two clones of everybody, each followed until it can no longer be on its strategy.

    Parameters
    ----------
    people : DataFrame
        One row per person.
    time, event : str
        Columns of days followed, and whether they ended in the event (1) or were cut off (0).
    started, start_time : str
        Columns of whether the person started (1) or not (0), and on which day; the day may be missing for who did not.
    grace_days : float
        Last day on which a start counts as starting in time.

    Returns
    -------
    DataFrame
        ``row`` (position of the person), ``strategy``, ``time``, ``event``, ``deviates``: whether the clone was
        censored because it left its strategy. A clone that starts leaves follow-up once the grace period has passed
        without a start, one that does not at the start.

    Raises
    ------
    EstimationError
        A column is missing or holds what it may not, or somebody started without a day or after follow-up.

    References
    ----------
    Maringe et al. 2020, Int J Epidemiol 49:1719.
    """
    refuse_unknown(people, [time, event, started, start_time])
    if not grace_days > 0:
        raise EstimationError(f"grace_days: {grace_days:g} given; give days above 0")
    days, ended = known_times(people, time), known_events(people, event)
    began, first = known_events(people, started), known_times(people, start_time)
    for name, values in ((time, days), (event, ended), (started, began)):
        missing = int(np.isnan(values).sum())
        if missing:
            raise EstimationError(f"{name}: missing for {counted(missing, 'person', 'people')}; leave them out")
    odd = int(((began == 1) & ~(first <= days)).sum())
    if odd:
        who = counted(odd, "person who started has", "people who started have")
        raise EstimationError(f"{start_time}: {who} no day, or one after the end of follow-up; correct them")
    in_time = (began == 1) & (first <= grace_days)
    late = ~in_time & (days > grace_days)
    rows = np.arange(len(people))
    starts = {"time": np.where(late, grace_days, days), "event": np.where(late, 0, ended), "deviates": late}
    starts_not = {
        "time": np.where(in_time, first, days),
        "event": np.where(in_time, 0, ended),
        "deviates": in_time,
    }
    parts = [
        pd.DataFrame({"row": rows, "strategy": name, **made})
        for name, made in zip((STARTS, STARTS_NOT), (starts, starts_not), strict=True)
    ]
    return pd.concat(parts, ignore_index=True).astype({"event": int})


def starting_in_time(
    people: pd.DataFrame,
    *,
    time: str,
    event: str,
    started: str,
    start_time: str,
    grace_days: float,
    covariates: Sequence[str],
    days: ArrayLike,
    bootstrap: int = 0,
    seed: int = 0,
    level: float = 0.95,
) -> StartingInTime:
    """Compare starting within a grace period with not starting, everybody a clone on both until one is left.

    Person-time is split at every day on which some clone has the event or is cut off. Whether a clone leaves its
    strategy in such an interval is a logistic regression, for each strategy, on the day the interval begins and
    covariates; an interval weighs the inverse of the probability of having stayed up to its beginning.

    Parameters
    ----------
    people, time, event, started, start_time, grace_days
        As in :func:`clone_starts`.
    covariates : sequence of str
        Columns known at time zero, without missing values; at least one.
    days : array_like
        Days at which survival is given.
    bootstrap : int
        Replicates by person; every one fits the models of staying anew.
    seed : int
    level : float
        Coverage of the percentile intervals.

    Returns
    -------
    StartingInTime

    Raises
    ------
    StudyError
        The data cannot be used, or a model cannot be fitted; the sentence says which.

    References
    ----------
    Maringe et al. 2020, Int J Epidemiol 49:1719; Hernán 2018, BMJ 360:k182.
    """
    names = listed(covariates)
    refuse_unknown(people, names)
    columns = {"time": time, "event": event, "started": started, "start_time": start_time}
    clones = clone_starts(people, grace_days=grace_days, **columns)
    known = pd.DataFrame({name: known_covariate(people, name) for name in names}).reset_index(drop=True)
    cuts = np.unique(clones["time"])
    strategies = {name: Splits.of(part, cuts, known) for name, part in clones.groupby("strategy")}
    ordered = {name: strategies[name] for name in (STARTS, STARTS_NOT)}
    at = np.atleast_1d(np.asarray(days, dtype=float))
    weights = {name: _weights(name, splits) for name, splits in ordered.items()}
    curves = {name: splits.survival(weights[name], at) for name, splits in ordered.items()}
    repeated = _repeated(ordered, at, len(people), bootstrap, seed) if bootstrap else None
    return StartingInTime(
        survival=pd.concat(
            [
                pd.DataFrame(
                    {
                        "strategy": name,
                        "day": at,
                        "survival": curves[name],
                        "survival_unweighted": splits.survival(np.ones(len(splits.row)), at),
                    }
                )
                for name, splits in ordered.items()
            ],
            ignore_index=True,
        ),
        differences=_difference(curves, at, repeated, level),
        hazard_ratios=_hazard_ratios(ordered, weights),
        weights=_summaries(ordered, weights),
        n_replicates=0 if repeated is None else len(repeated.values),
        n_failed=0 if repeated is None else repeated.n_failed,
    )


def _weights(name: str, splits: Splits, drawn: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    try:
        return splits.weights(drawn)
    except StudyError as error:
        raise EstimationError(f"strategy '{name}', model of staying on it: {error}") from None


def _repeated(
    strategies: dict[str, Splits], at: NDArray[np.float64], n_people: int, n_replicates: int, seed: int
) -> Replicates:
    def again(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
        curves = []
        for name, splits in strategies.items():
            times = drawn[splits.row]
            curves.append(splits.survival(_weights(name, splits, times) * times, at))
        return curves[0] - curves[1]

    return replicate(again, n_people, n_replicates, seed)


def _difference(
    curves: dict[str, NDArray[np.float64]], at: NDArray[np.float64], repeated: Replicates | None, level: float
) -> pd.DataFrame:
    rows = pd.DataFrame({"day": at, "survival_difference": curves[STARTS] - curves[STARTS_NOT]})
    if repeated is None:
        return rows
    low, high = repeated.interval(level)
    return rows.assign(se=repeated.se, ci_low=low, ci_high=high)


def _hazard_ratios(strategies: dict[str, Splits], weights: dict[str, NDArray[np.float64]]) -> pd.DataFrame:
    starts = np.concatenate([np.full(len(s.row), float(name == STARTS)) for name, s in strategies.items()])
    covariates = pd.concat([splits.covariates for splits in strategies.values()], ignore_index=True)
    matrix = model_matrix(covariates.assign(**{STARTS: starts})[[STARTS, *covariates.columns]])
    begin, end, event = (
        np.concatenate([getattr(splits, part) for splits in strategies.values()]) for part in ("begin", "end", "event")
    )
    fit = fit_cox(matrix, end, event, entry=begin, weights=np.concatenate(list(weights.values())))
    return pd.DataFrame({"name": list(fit.names), "hazard_ratio": np.exp(fit.coefficients)})


def _summaries(strategies: dict[str, Splits], weights: dict[str, NDArray[np.float64]]) -> pd.DataFrame:
    both = {**weights, "both": np.concatenate(list(weights.values()))}
    leaves = {name: int(splits.leaves.sum()) for name, splits in strategies.items()}
    leaves["both"] = sum(leaves.values())
    rows = []
    for name, values in both.items():
        least, q1, median, q3, most = np.percentile(values, [0, 25, 50, 75, 100])
        quartiles = {"least": least, "q1": q1, "median": median, "q3": q3, "mean": values.mean(), "most": most}
        rows.append({"strategy": name, "n_rows": len(values), "n_censored": leaves[name], **quartiles})
    return pd.DataFrame(rows)
