"""One row per member and occasion, from outcomes that a member has once or week by week."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.checks import checked_arms
from iop_outcomes.estimates.question import Question
from iop_outcomes.kernel.errors import EstimationError, did_you_mean
from iop_outcomes.kernel.values import known_numbers


@dataclass(frozen=True)
class Occasions:
    """Rows of members whom the design uses and whose outcome was seen on the occasion.

    Attributes
    ----------
    member : ndarray of int, shape (n,)
        Position of the member in the comparison.
    outcome : ndarray, shape (n,)
    week : ndarray of int, shape (n,), or None
        None if a member has one outcome.
    n_missing : int
        Occasions of members in use without an outcome.
    """

    member: NDArray[np.intp]
    outcome: NDArray[np.float64]
    week: NDArray[np.intp] | None
    n_missing: int


def take_occasions(question: Question, comparison: Comparison) -> Occasions:
    """Return the occasions of an outcome: a column of that name, or columns ``<outcome>_1``, ``<outcome>_2``, ...

    Raises
    ------
    EstimationError
        There is no such outcome, it holds anything but numbers, or nobody in an arm has one.
    """
    data, outcome = question.data, question.outcome
    checked_arms(comparison.treated, comparison.arms)
    weeks = {int(m[1]): name for name in data.columns if (m := re.fullmatch(rf"{re.escape(outcome)}_(\d+)", str(name)))}
    if outcome not in data.columns and not weeks:
        raise EstimationError(f"there is no outcome '{outcome}' in the data; {did_you_mean(outcome, data.columns)}")
    repeated = outcome not in data.columns
    numbers = sorted(weeks) if repeated else [0]
    columns = [weeks[k] for k in numbers] if repeated else [outcome]
    values = np.column_stack([known_numbers(data, column) for column in columns])
    used = comparison.weight > 0
    member, occasion = np.nonzero(np.isfinite(values) & used[:, None])
    for arm, name in zip((comparison.treated, ~comparison.treated), comparison.arms, strict=True):
        if not arm[member].any():
            raise EstimationError(f"{outcome}: nobody in arm '{name}' whom the design uses has a known value")
    week = np.array(numbers)[occasion] if repeated else None
    missing = int((~np.isfinite(values) & used[:, None]).sum())
    return Occasions(member, values[member, occasion], week, missing)
