"""Gray's test that a cumulative incidence is the same in several groups."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.survival.competing import increment_variance
from iop_outcomes.stats.survival.event_table import EventTable, checked, distinct_times, ratio
from iop_outcomes.stats.survival.logrank import GroupTest, group_test


def gray_test(time: ArrayLike, event: ArrayLike, group: ArrayLike, cause: int = 1) -> GroupTest:
    """Test whether groups have the same cumulative incidence of one cause.

    Where the log-rank test compares the hazards of those still at risk, this one compares subdistribution hazards:
    people with another event stay in the denominator, as far as they would not have been censored.

    Parameters
    ----------
    time : array_like, shape (n,)
    event : array_like, shape (n,)
        0 = censored, 1, 2, ... = cause.
    group : array_like, shape (n,)
    cause : int

    Raises
    ------
    EstimationError
        Fewer than two groups, or nobody has the event.

    References
    ----------
    Gray 1988, Ann Stat 16:1141, with rho = 0.
    """
    time, event, weights = checked(time, event)
    codes, names = pd.factorize(np.asarray(group), sort=True)
    if len(names) < 2:
        raise EstimationError("Gray's test: everybody is in one group; give at least two")
    if not (event == cause).any():
        raise EstimationError(f"Gray's test: nobody has an event of cause {cause}")
    times, position = distinct_times(time)
    causes = np.where(event == cause, 1, np.where(event > 0, 2, 0))
    tables = []
    for number in range(len(names)):
        rows = codes == number
        tables.append(EventTable(times, position[rows], causes[rows], weights[rows], 2))
    return group_test(tuple(names), *_scores(tables))


def _scores(tables: list[EventTable]):
    """Return events, expected events and the covariance of their difference, by group."""
    own = np.array([table.n_events_by_cause[0] for table in tables])
    before = np.array([table.survival_before for table in tables])
    n_risk = np.array([table.n_risk for table in tables])
    # Those at risk of the subdistribution: scaled up by those who had any event, then down by those who had this one.
    whole = ratio(n_risk, before)
    incidence = np.cumsum(before * ratio(own, n_risk), axis=1)
    at_risk = whole * (1 - np.column_stack([np.zeros(len(tables)), incidence[:, :-1]]))
    expected = at_risk * ratio(own.sum(axis=0), at_risk.sum(axis=0))
    return own.sum(axis=1), expected.sum(axis=1), _covariance(tables, own.sum(axis=0), whole)


def _covariance(tables, own, whole):
    """Return the covariance of the scores if all groups have the common cumulative incidence."""
    total = whole.sum(axis=0)
    step = ratio(own, total)
    common = np.cumsum(step)
    slope = step / (1 - np.append(0.0, common[:-1]))
    names = np.arange(len(tables))
    result = np.zeros((len(tables),) * 2)
    for r, table in enumerate(tables):
        direct = whole * ((names == r)[:, None] - ratio(whole[r], total))
        steps = direct * slope
        # What an event at u does to the steps after u, through those it takes out of the risk set.
        ahead = steps.sum(axis=1, keepdims=True) - np.cumsum(steps, axis=1)
        loss = ratio(1 - common, table.survival)
        of_cause, of_other = direct + (1 - loss) * ahead, -loss * ahead
        ties = np.where(own > 1, 1 - ratio(own - 1, total * table.survival_before - 1), 1.0)
        spread = ties * ratio(step, whole[r])
        result += (of_cause * spread) @ of_cause.T
        result += (of_other * increment_variance(table, table.n_events_by_cause[1])) @ of_other.T
    return result
