"""Time to first use and to relapse, each definition by name.

A metric gives one number, so time is restricted to the window: somebody who was watched to its end and did not relapse
has the length of the window. ``time_to_relapse`` gives what survival estimators need instead, days and whether they
ended in a relapse, and ``first_use_interval`` the days between which first use lies. Death in the window ends the
time like use or relapse does (``death.py``).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import NonNegativeInt

from iop_outcomes.history.abstinence import SHORT, TOO_LITTLE_KNOWN, free_days
from iop_outcomes.history.calendar import ABSTINENT, CONTROLLED, DEAD, SOME, USED, Calendar
from iop_outcomes.history.calendar_metric import Scored, calendar_metric
from iop_outcomes.history.result import share
from iop_outcomes.history.windows import Days, Share
from iop_outcomes.metrics.self_report import within_span


@dataclass(frozen=True)
class Relapse:
    """A definition of relapse.

    Attributes
    ----------
    says, source : str
        In words, and where it comes from.
    periods : int
        How many periods in a row must hold use, or must be looked at together if ``use_days`` is given.
    period_days : int
        Length of a period; 7 for weeks, counted from time zero.
    use_days : float or None
        Days with use that together make a relapse, for a definition by number of days.
    from_day : int
        First day that counts.
    missing : {'use', 'observed'}
        What the definition makes of a period about which nothing is known.
    """

    says: str
    source: str
    periods: int
    period_days: int = 1
    use_days: float | None = None
    from_day: int = 0
    missing: Literal["use", "observed"] = "observed"


RELAPSES = {
    "seven_days": Relapse("7 days in a row with use", "Hughes et al. 2003, 10.1080/1462220031000070552", 7),
    "two_weeks": Relapse(
        "2 weeks in a row with use", "Hughes et al. 2003, 10.1080/1462220031000070552", 2, period_days=7
    ),
    "lee_2016": Relapse("10 or more days with use in 28", "Lee et al. 2016, 10.1056/NEJMoa1505409", 28, use_days=10),
    "ctn0094": Relapse(
        "4 weeks in a row with use or nothing known", "CTN-0094 group 2023", 4, period_days=7, missing="use"
    ),
    "ctn0051": Relapse(
        "4 weeks in a row with use or nothing known, from day 21",
        "Lee et al. 2018, 10.1016/S0140-6736(17)32812-X",
        4,
        period_days=7,
        from_day=21,
        missing="use",
    ),
    "krupitsky_2004": Relapse(
        "3 weeks in a row with use or nothing known",
        "Krupitsky et al. 2004, 10.1016/j.jsat.2004.02.002",
        3,
        period_days=7,
        missing="use",
    ),
    "johnson_1992": Relapse(
        "2 weeks in a row with use or nothing known, from week 4",
        "Johnson, Jaffe & Fudala 1992, 10.1001/jama.1992.03480200058024",
        2,
        period_days=7,
        from_day=21,
        missing="use",
    ),
}

Definition = Literal["seven_days", "two_weeks", "lee_2016", "ctn0094", "ctn0051", "krupitsky_2004", "johnson_1992"]
BY_DEFINITION = "as the definition says; or observed: unknown weeks are not use; or use: they are"


@calendar_metric(
    unit="days",
    kind="duration",
    missing="unknown days before the first known use are passed over; too few known days and no use known: no value",
    source="Time to first use, restricted to the window",
)
def time_to_first_use(
    calendar: Calendar, *, window_days: Days = 180, grace_days: NonNegativeInt = 0, min_known_share: Share = 0.8
) -> Scored:
    """Days from time zero to the first day by which use is certain; the window's length if there was none.

    A report on several days makes use certain at the latest day its first day of use can be: the 28th of 30 for "3 of
    30". Use within ``grace_days`` does not count.

    Examples
    --------
        day    0      7
        use    ---.-+--+-----
        value  5     window_days=14
        value  8     window_days=14 grace_days=7
        value  14    window_days=14 grace_days=9

        report  0-9: 3
        value   7     window_days=10

        day    0      7
        use    ---...........
        value  none: too few days of the window are known    window_days=14
        value  none: observed for less than the window       window_days=28
    """
    first = _first_certain_use(calendar, grace_days, window_days)
    return _restricted(calendar, first, window_days, min_known_share)


@calendar_metric(
    unit="days",
    kind="duration",
    missing=BY_DEFINITION,
    source="docs/metrics.md lists the definitions: CTN-0094, CTN-0051, Krupitsky, Johnson, Lee, Hughes",
)
def time_to_relapse(
    calendar: Calendar,
    *,
    definition: Definition = "ctn0094",
    window_days: Days = 168,
    missing: Literal["by_definition", "observed", "use"] = "by_definition",
    min_known_share: Share = 0.8,
) -> Scored:
    """Days from time zero to the first day of a relapse; the window's length if there was none.

    ``seven_days``: 7 days in a row with use. ``two_weeks``: 2 weeks in a row with use. ``lee_2016``: 10 or more days
    with use in 28. ``ctn0094``: 4 weeks in a row with use or nothing known; ``ctn0051``: the same from day 21;
    ``krupitsky_2004``: 3 weeks; ``johnson_1992``: 2 weeks from week 4. Weeks are counted from time zero; a week spent
    wholly in a controlled environment ends a run.

    Examples
    --------
    Use in the second, third and fourth week; nothing is known of the fifth.

        day    0      7      14     21     28     35
        use    -------+------++++++++-----........-------
        value  7     definition=ctn0094 window_days=42
        value  7     definition=two_weeks window_days=42
        value  14    definition=seven_days window_days=42
        value  42    definition=ctn0094 window_days=42 missing=observed
        value  42    definition=lee_2016 window_days=42

    Ten days of use in 28, from the first of them on.

        day    0      7      14     21
        use    --+++++-------+++++---------
        value  2    definition=lee_2016 window_days=28

    Nine are none.

        day    0      7      14     21
        use    --+++++-------++++----------
        value  28    definition=lee_2016 window_days=28
    """
    rule = RELAPSES[definition]
    treated_as = rule.missing if missing == "by_definition" else missing
    first = _first_relapse(calendar, rule, window_days, treated_as)
    needed = 0.0 if treated_as == "use" else min_known_share
    return _restricted(calendar, first, window_days, needed)


def relapse_times(
    calendar: Calendar, definition: Definition | Literal["first_use"], window_days: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return days to relapse, first use or death, or to censoring at the last day known, and which of both it was.

    Returns
    -------
    days : ndarray of float
        Somebody without relapse is censored after the last day of the window about which anything is known.
    relapsed : ndarray of bool
    """
    if definition == "first_use":
        first = _first_certain_use(calendar, 0, window_days)
    else:
        first = _first_relapse(calendar, RELAPSES[definition], window_days, RELAPSES[definition].missing)
    seen = np.isin(calendar.window(0, window_days), (ABSTINENT, USED, SOME, CONTROLLED))
    last_known = np.where(seen.any(axis=1), window_days - np.argmax(seen[:, ::-1], axis=1), 0)
    relapsed = np.isfinite(first)
    return np.where(relapsed, first, last_known).astype(float), relapsed


def first_use_interval(calendar: Calendar, window_days: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first day on which use is possible and the day by which it is certain, for interval censoring.

    Returns
    -------
    earliest : ndarray of float
        The first day that is not known to be abstinent or spent in a controlled environment.
    latest : ndarray of float
        Infinite where no use is known in the window.
    """
    window = calendar.window(0, window_days)
    open_ = ~np.isin(window, (ABSTINENT, CONTROLLED))
    earliest = np.where(open_.any(axis=1), np.argmax(open_, axis=1), window_days)
    return earliest.astype(float), _first_certain_use(calendar, 0, window_days)


def _first_certain_use(calendar: Calendar, first_day: int, end_day: int) -> np.ndarray:
    used = np.isin(calendar.window(first_day, end_day), (USED, DEAD))
    first = np.where(used.any(axis=1), first_day + np.argmax(used, axis=1), np.inf)
    stretches = calendar.stretches
    member, day = np.divmod(stretches.cell, max(calendar.n_days, 1))
    inside = np.flatnonzero((day >= first_day) & (day < end_day))
    stretch = stretches.stretch[inside]
    begins = np.searchsorted(stretch, stretch)
    without_use = np.floor(stretches.open_days - stretches.used_days + 1e-9)[stretch]
    # When as many days have passed as the stretch has days without use, the next one must be a day with use.
    certain = inside[np.arange(len(inside)) - begins == without_use]
    np.minimum.at(first, member[certain], day[certain])
    return first


def _first_relapse(calendar: Calendar, rule: Relapse, window_days: int, missing: str) -> np.ndarray:
    """Return the first day of the first relapse, or after a death in the window; infinite where there is neither."""
    died = np.where(calendar.died & (calendar.follow_up_days < window_days), calendar.follow_up_days, np.inf)
    return np.minimum(_first_by_rule(calendar, rule, window_days, missing), died)


def _first_by_rule(calendar: Calendar, rule: Relapse, window_days: int, missing: str) -> np.ndarray:
    if rule.use_days is not None:
        use = calendar.expected_use(rule.from_day, window_days)
        use *= np.arange(rule.from_day, window_days) < calendar.follow_up_days[:, None]
        reached = within_span(use, rule.periods) >= rule.use_days - 1e-4
        begins = np.where(reached.any(axis=1), np.argmax(reached, axis=1), use.shape[1])
        later_use = (use > 0) & (np.arange(use.shape[1]) >= begins[:, None])
        return np.where(later_use.any(axis=1), rule.from_day + np.argmax(later_use, axis=1), np.inf)
    used = calendar.used_in_periods(rule.from_day, window_days, rule.period_days)
    if missing == "use":
        used |= _nothing_known(calendar, rule, window_days, used.shape[1])
    whole = _whole_periods(calendar, rule, window_days, used.shape[1])
    runs = within_span(used & whole, rule.periods) == rule.periods
    return np.where(runs.any(axis=1), rule.from_day + np.argmax(runs, axis=1) * rule.period_days, np.inf)


def _nothing_known(calendar: Calendar, rule: Relapse, window_days: int, n_periods: int) -> np.ndarray:
    window = calendar.window(rule.from_day, rule.from_day + n_periods * rule.period_days)
    known = np.isin(window, (ABSTINENT, USED, CONTROLLED))
    return ~known.reshape(len(known), n_periods, rule.period_days).any(axis=2)


def _whole_periods(calendar: Calendar, rule: Relapse, window_days: int, n_periods: int) -> np.ndarray:
    """Return the periods that end within window and follow-up: what comes after them is not missing."""
    end = rule.from_day + (np.arange(n_periods) + 1) * rule.period_days
    return end <= np.minimum(calendar.follow_up_days, window_days)[:, None]


def _restricted(calendar: Calendar, first: np.ndarray, window_days: int, min_known_share: float) -> Scored:
    known = calendar.days(0, window_days, ABSTINENT, USED, SOME, DEAD)
    seen = share(known, free_days(calendar, 0, window_days))
    whole = (calendar.follow_up_days >= window_days) | calendar.died
    without = whole & (np.nan_to_num(seen) >= min_known_share)
    value = np.where(np.isfinite(first), first, np.where(without, window_days, np.nan))
    return value, np.where(whole, TOO_LITTLE_KNOWN, SHORT), seen
