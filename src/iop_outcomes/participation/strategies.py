"""Strategies of participation as declared rules, and the week in which a person first breaks one."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.kernel.plugin import sentence
from iop_outcomes.participation.person_weeks import PersonWeeks
from iop_outcomes.study.participation import Strategy


def read_strategies(strategies: Mapping[str, Strategy | Mapping[str, object]]) -> dict[str, Strategy]:
    """Return checked strategies by name, in their order.

    Raises
    ------
    EstimationError
        There are fewer than two, one has an unknown or impossible setting, or one asks for nothing.
    """
    if not isinstance(strategies, Mapping) or len(strategies) < 2:
        raise EstimationError("strategies: give two or more by name, such as {'full': {'least_hours': 6}, ...}")
    return {str(name): _read(str(name), rule) for name, rule in strategies.items()}


def _read(name: str, rule: Strategy | Mapping[str, object]) -> Strategy:
    try:
        made = rule if isinstance(rule, Strategy) else Strategy.model_validate(dict(rule))
    except ValidationError as error:
        raise EstimationError(sentence(error, f"strategy '{name}'", Strategy)) from None
    if made.least_hours is None and made.below_hours is None:
        raise EstimationError(f"strategy '{name}': it asks for nothing; give least_hours or below_hours")
    if made.least_hours is not None and made.below_hours is not None and made.below_hours <= made.least_hours:
        raise EstimationError(f"strategy '{name}': no week has at least least_hours and fewer than below_hours")
    return made


def followed(weeks: PersonWeeks, strategy: Strategy) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return of every person-week whether its person still followed a strategy, and might have left it that week.

    Parameters
    ----------
    weeks : PersonWeeks
    strategy : Strategy

    Returns
    -------
    kept : ndarray of bool, shape (n,)
        False from the week on in which the strategy was left.
    at_risk : ndarray of bool, shape (n,)
        Weeks begun on the strategy in which breaking the rule would have been leaving it: neither grace nor excused,
        after the last week nor, where that is allowed, a step-up, and with all lapses used.
    """
    counts = weeks.binding & (weeks.since_start >= strategy.grace_weeks)
    if strategy.last_week is not None:
        counts &= weeks.since_start <= strategy.last_week
    if strategy.step_up_allowed:
        counts &= weeks.running(weeks.stepped_up) == 0
    broken = np.zeros(len(counts), dtype=bool)
    if strategy.least_hours is not None:
        broken |= weeks.hours < strategy.least_hours
    if strategy.below_hours is not None:
        broken |= weeks.hours >= strategy.below_hours
    broken &= counts
    lapses = weeks.running(broken)
    before = lapses - broken
    return lapses <= strategy.lapses_allowed, counts & (before == strategy.lapses_allowed)
