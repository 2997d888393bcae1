"""Person-weeks as an analyst gives them, checked and in order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.designs.frame import listed, refuse_as_covariates, refuse_unknown
from iop_outcomes.kernel.errors import EstimationError, counted
from iop_outcomes.kernel.values import known_covariate, known_events, known_numbers

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class PersonWeeks:
    """Weeks of follow-up, a person's together and in order.

    Attributes
    ----------
    person : ndarray of int, shape (n,)
        0 to the number of people less one, in the order of their labels.
    week : ndarray of int, shape (n,)
    hours : ndarray, shape (n,)
        NaN where excused and not recorded.
    event, binding, stepped_up : ndarray of bool, shape (n,)
        Event in this week; week that no excuse takes out of a rule; documented step-up in this week.
    covariates : DataFrame, n rows
    cluster : ndarray of int, shape (n_people,)
        Unit of the bootstrap: every person, or the site.
    """

    person: NDArray[np.intp]
    week: NDArray[np.int64]
    hours: NDArray[np.float64]
    event: Flags
    binding: Flags
    stepped_up: Flags
    covariates: pd.DataFrame
    cluster: NDArray[np.intp]

    @property
    def n_people(self) -> int:
        """How many there are."""
        return len(self.cluster)

    @property
    def first(self) -> Flags:
        """Whether each week is its person's first."""
        return np.append(True, self.person[1:] != self.person[:-1])

    @property
    def since_start(self) -> NDArray[np.int64]:
        """Weeks since the first of follow-up, 0 for that."""
        since: NDArray[np.int64] = self.week - self.week[0]
        return since

    def running(self, values: NDArray[np.float64] | Flags) -> NDArray[np.float64]:
        """Return the sum of values over the weeks of a person up to and with each, shape (n,)."""
        total = np.cumsum(values, dtype=float)
        starts = np.flatnonzero(self.first)
        before = np.append(0.0, total)[starts]
        within: NDArray[np.float64] = total - np.repeat(before, np.diff(np.append(starts, len(total))))
        return within


def read_person_weeks(
    data: pd.DataFrame,
    *,
    person: str,
    week: str,
    hours: str,
    event: str,
    covariates: Sequence[str],
    excused: str | None = None,
    stepped_up: str | None = None,
    cluster: str | None = None,
    recurring: bool = False,
) -> PersonWeeks:
    """Return person-weeks checked and in order.

    Parameters
    ----------
    data : DataFrame
        One row per person and week under observation.
    person, week, hours, event, excused, stepped_up, cluster : str
        Columns; the last three are optional.
    covariates : sequence of str
        Columns without missing values.
    recurring : bool
        Whether a person's weeks go on after an event, which may come again.

    Raises
    ------
    EstimationError
        A column is missing or holds what it may not, weeks are repeated, left out or go on after the event, or people
        do not start in the same week. Sentences count rows and people and name none.
    """
    names = listed(covariates)
    for name, role in ((person, "the person"), (hours, "what the strategies are about"), (event, "the event")):
        refuse_as_covariates(names, name, role)
    optional = [name for name in (excused, stepped_up, cluster) if name is not None]
    refuse_unknown(data, [person, week, hours, event, *names, *optional])
    if data.empty:
        raise EstimationError("person-weeks: there is no row; give one per person and week")
    for name in [person, week, *([] if cluster is None else [cluster])]:
        missing = int(data[name].isna().sum())
        if missing:
            raise EstimationError(f"{name}: missing in {counted(missing, 'row')}; every person-week needs one")
    number = known_numbers(data, week)
    if (number != np.rint(number)).any():
        raise EstimationError(f"{week}: weeks must be whole numbers, 0 for the first of follow-up")
    codes, labels = pd.factorize(data[person], sort=True)
    order = np.lexsort((number, codes))
    ordered = data.iloc[order].reset_index(drop=True)
    made = PersonWeeks(
        person=codes[order],
        week=number[order].astype(np.int64),
        hours=known_numbers(ordered, hours),
        event=_flags(ordered, event),
        binding=np.ones(len(order), dtype=bool) if excused is None else ~_flags(ordered, excused),
        stepped_up=np.zeros(len(order), dtype=bool) if stepped_up is None else _flags(ordered, stepped_up),
        covariates=pd.DataFrame({name: known_covariate(ordered, name) for name in names}, index=ordered.index),
        cluster=_units(ordered, codes[order], len(labels), cluster),
    )
    _refuse_disorder(made, week)
    if not recurring:
        _refuse_after(made, event)
    _refuse_hours(made, hours)
    return made


def _flags(data: pd.DataFrame, name: str) -> Flags:
    values = known_events(data, name)
    missing = int(np.isnan(values).sum())
    if missing:
        raise EstimationError(f"{name}: missing in {counted(missing, 'person-week')}; each needs a 0 or a 1")
    flags: Flags = values == 1
    return flags


def _units(data: pd.DataFrame, codes: NDArray[np.intp], n_people: int, cluster: str | None) -> NDArray[np.intp]:
    if cluster is None:
        return np.arange(n_people, dtype=np.intp)
    units, found = pd.factorize(data[cluster])
    own = np.zeros(n_people, dtype=np.intp)
    own[codes] = units
    moving = len(np.unique(codes[own[codes] != units]))
    if moving:
        raise EstimationError(f"{cluster}: {counted(moving, 'person has', 'people have')} more than one; give one each")
    if len(found) < 2:
        raise EstimationError(f"{cluster}: all people are in one, which gives no standard error; leave it out")
    return own


def _refuse_disorder(weeks: PersonWeeks, week: str) -> None:
    first, step = weeks.first, np.diff(weeks.week, prepend=weeks.week[0])
    late = int((first & (weeks.week != weeks.week.min())).sum())
    if late:
        raise EstimationError(
            f"{week}: {counted(late, 'person starts', 'people start')} later than the others; count weeks from "
            "everybody's own time zero, and leave out who was not followed from there"
        )
    repeated, jumps = int((~first & (step == 0)).sum()), int((~first & (step > 1)).sum())
    if repeated or jumps:
        raise EstimationError(
            f"{week}: {counted(repeated, 'person-week is', 'person-weeks are')} repeated and {jumps:,} follow a gap; "
            "give every week of a person once, from the first to the last observed"
        )


def _refuse_after(weeks: PersonWeeks, event: str) -> None:
    after = int((weeks.running(weeks.event) - weeks.event > 0).sum())
    if after:
        raise EstimationError(
            f"{event}: {counted(after, 'person-week lies', 'person-weeks lie')} after the person's event; end every "
            "person in its week"
        )


def _refuse_hours(weeks: PersonWeeks, hours: str) -> None:
    unknown = int((np.isnan(weeks.hours) & weeks.binding).sum())
    if unknown:
        raise EstimationError(
            f"{hours}: missing in {counted(unknown, 'person-week')} without an excuse, so that nobody can say whether "
            "a strategy was kept; record them, or mark those weeks as excused"
        )
    negative = int((weeks.hours < 0).sum())
    if negative:
        raise EstimationError(f"{hours}: below zero in {counted(negative, 'person-week')}; correct them")
