"""Abstinence and use by day: what people said, with the tests beside it if a study wants them.

Every metric here reads the use calendar (``calendar.py``; ``evidence.py`` says how reports become days). Days on which
nobody asked are unknown, never abstinent; days in a controlled environment are set apart, never abstinent unless the
study counts them. Days after death are not abstinent (``death.py``).
"""

from typing import Literal

import numpy as np
from pydantic import NonNegativeInt

from iop_outcomes.history.abstinence import (
    NEVER_FREE,
    TOO_LITTLE_KNOWN,
    Missing,
    abstinent_between,
    free_days,
    share_of_use,
)
from iop_outcomes.history.calendar import ABSTINENT, DEAD, SOME, UNKNOWN, USED, Calendar
from iop_outcomes.history.calendar_metric import Scored, calendar_metric
from iop_outcomes.history.result import share
from iop_outcomes.history.windows import Days, Share

OBSERVED_OR_USE = "observed: no value below the known share asked for; use: below it, not abstinent. Use decides always"
LEFT_OUT_OR_USE = (
    "observed: unknown days are left out, no value below the known share asked for; use: they count as use"
)


@calendar_metric(
    unit="percent of days",
    kind="continuous",
    missing=LEFT_OUT_OR_USE,
    source="Timeline follow-back; both missing rules side by side, Hallgren & Witkiewitz 2013, 10.1111/acer.12205",
)
def percent_days_abstinent(
    calendar: Calendar, *, window_days: Days = 180, missing: Missing = "observed", min_known_share: Share = 0.5
) -> Scored:
    """100 times the days known to be abstinent over the days known, or over all days if unknown ones count as use.

    Of a report on several days ("3 of the last 30") each day counts as use by its share (3/30).

    Examples
    --------
    Ten days asked about, two with use; four not asked about.

        day    0      7
        use    ---+--.---+...
        value  100*8/10
        value  100*8/14    missing=use
        value  none: too few days of the window are known    min_known_share=0.8

    Three days of ten with use, the last two in jail.

        day         0      7
        report      0-9: 3
        controlled  ........jj
        value       100*5/8
        value       100*7/10    controlled=abstinent

    Died on day 4 of ten, abstinent until then.

        day    0
        use    -----
        died   4
        value  100*5/10    window_days=10
        value  none: died within the window    window_days=10 after_death=no_value
    """
    days = _used_known_free(calendar, 0, window_days)
    use, reason, seen = share_of_use(*days, missing, min_known_share)
    return 100 * (1 - use), reason, seen


@calendar_metric(
    unit="days",
    kind="continuous",
    missing=LEFT_OUT_OR_USE,
    source="Days of use in the past 30, as the Addiction Severity Index asks for them",
    better="lower",
)
def days_used(
    calendar: Calendar,
    *,
    window_days: Days = 180,
    last_days: Days = 30,
    missing: Missing = "observed",
    min_known_share: Share = 0.8,
) -> Scored:
    """Days with use in the last days of the window, scaled up to all of them where some are not known.

    Used over known days times ``last_days``; with ``missing=use`` days with use and unknown days together.

    Examples
    --------
    The last ten days: eight known, two of them with use.

        day    0      7      14
        use    ++++++----+---.--.-+
        value  10*2/8    window_days=20 last_days=10
        value  4         window_days=20 last_days=10 missing=use
        value  none: too few days of the window are known    window_days=20 last_days=10 min_known_share=0.9
    """
    first_day = max(window_days - last_days, 0)
    days = _used_known_free(calendar, first_day, window_days)
    use, reason, seen = share_of_use(*days, missing, min_known_share)
    return use * (window_days - first_day), reason, seen


@calendar_metric(
    unit="yes or no",
    kind="binary",
    missing=OBSERVED_OR_USE,
    source="Point-prevalence abstinence over 7 or 30 days; 80 percent of days known is a rule of this project",
)
def point_prevalence_abstinence(
    calendar: Calendar,
    *,
    window_days: Days = 180,
    last_days: Days = 30,
    missing: Missing = "observed",
    min_known_share: Share = 0.8,
) -> Scored:
    """No use on any of the last days of the window: day ``window_days - last_days`` to ``window_days - 1``.

    One day with use decides, even if other days are not known; so, with ``missing=observed``, people with use are known
    more often than people without, and the share abstinent among those with a value is low. Somebody who died before
    the end is not abstinent, somebody who spent more than half of the days in a controlled environment has no value.

    Examples
    --------
    The last seven of 14 days: six known, none with use.

        day    0      7
        use    ++.-+-.--.----
        value  1    window_days=14 last_days=7
        value  0    window_days=14 last_days=10
        value  none: too few days of the window are known    window_days=14 last_days=7 min_known_share=0.9
        value  0    window_days=14 last_days=7 min_known_share=0.9 missing=use

    A week in jail is no abstinence.

        day         0      7
        use         --+----.......
        controlled  .......jjjjjjj
        value       none: in a controlled environment for too much of the window    window_days=14 last_days=7
        value       1    window_days=14 last_days=7 controlled=abstinent

    One day of use in the seven before.

        report  7-13: 1
        value   0    window_days=14 last_days=7
    """
    first_day = max(window_days - last_days, 0)
    used = calendar.used_in(first_day, window_days)
    return abstinent_between(calendar, first_day, window_days, used, missing, min_known_share)


@calendar_metric(
    unit="yes or no",
    kind="binary",
    missing=OBSERVED_OR_USE,
    source="Continuous abstinence: no use from the first to the last day of the window",
)
def reported_continuous_abstinence(
    calendar: Calendar, *, window_days: Days = 84, missing: Missing = "observed", min_known_share: Share = 0.8
) -> Scored:
    """No use on any day of the window; one day with use decides, even if other days are not known.

    Examples
    --------
        day    0      7
        use    -----.--------
        value  1    window_days=14

        day    0      7
        use    .........+....
        value  0    window_days=14

        day    0      7
        use    --------......
        value  none: too few days of the window are known    window_days=14
        value  none: observed for less than the window       window_days=28
    """
    used = calendar.used_in(0, window_days)
    return abstinent_between(calendar, 0, window_days, used, missing, min_known_share)


@calendar_metric(
    unit="yes or no",
    kind="binary",
    missing=OBSERVED_OR_USE,
    source="Prolonged abstinence after a grace period: Hughes et al. 2003, 10.1080/1462220031000070552",
)
def prolonged_abstinence(
    calendar: Calendar,
    *,
    window_days: Days = 84,
    grace_days: NonNegativeInt = 14,
    lapse_days: NonNegativeInt = 0,
    lapse_span_days: Days = 7,
    missing: Missing = "observed",
    min_known_share: Share = 0.8,
) -> Scored:
    """No use after a grace period; or, if lapses are allowed, never more than some days of use in some days in a row.

    ``lapse_days: 2, lapse_span_days: 7`` allows two days of use in any seven.

    Examples
    --------
    Use in the first days, a lapse of two days later.

        day    0      7      14
        use    ++-+---------++------
        value  0    window_days=21 grace_days=7
        value  1    window_days=21 grace_days=7 lapse_days=2
        value  0    window_days=21 grace_days=7 lapse_days=1
        value  1    window_days=21 grace_days=7 lapse_days=1 lapse_span_days=1
    """
    first_day = min(grace_days, window_days - 1)
    if lapse_days == 0:
        used = calendar.used_in(first_day, window_days)
    else:
        used = within_span(calendar.expected_use(first_day, window_days), lapse_span_days) > lapse_days + 1e-4
        used = used.any(axis=1)
    return abstinent_between(calendar, first_day, window_days, used, missing, min_known_share)


@calendar_metric(
    unit="days",
    kind="count",
    missing="breaks: an unknown day ends a run; skipped: runs pass over unknown days without counting them",
    source="Longest abstinence, by day; by week in Schottenfeld et al. 2008, 10.1016/S0140-6736(08)60954-X",
)
def reported_longest_abstinence(
    calendar: Calendar, *, window_days: Days = 180, missing: Literal["breaks", "skipped"] = "breaks"
) -> Scored:
    """Longest run of days known to be abstinent; days in a controlled environment neither lengthen nor end it.

    A day with use, or of a stretch with use on some of its days, ends a run.

    Examples
    --------
        day         0      7      14
        use         --.---+--......--+---
        controlled  ...........jjjj......
        value       3
        value       5    missing=skipped

        day         0      7
        use         ---....---
        controlled  ...jjjj...
        value       6
        value       10    controlled=abstinent
    """
    ends = (USED, DEAD, SOME, UNKNOWN) if missing == "breaks" else (USED, DEAD, SOME)
    run = longest = np.zeros(calendar.n_members, dtype=np.int16)
    for today in np.ascontiguousarray(calendar.state[:, :window_days].T):
        run = np.where(np.isin(today, ends), 0, run + (today == ABSTINENT)).astype(np.int16)
        longest = np.maximum(longest, run)
    _, known, free = _used_known_free(calendar, 0, window_days)
    value = np.where(known > 0, longest, np.nan)
    return value, np.where(free == 0, NEVER_FREE, TOO_LITTLE_KNOWN), share(known, free)


@calendar_metric(
    unit="share of days",
    kind="proportion",
    missing="somebody never outside a controlled environment: no value",
    source="Known-day share, to stand beside every endpoint that rests on a calendar",
    better="neither",
    judges_death=False,
)
def known_days(calendar: Calendar, *, window_days: Days = 180) -> Scored:
    """Days about which something is known over the days observed outside a controlled environment.

    Examples
    --------
        day         0      7
        use         --+----..--...
        controlled  ...........jj.
        value       9/12
    """
    _, known, free = _used_known_free(calendar, 0, window_days)
    dead = calendar.days(0, window_days, DEAD)
    seen = share(known - dead, free - dead)
    return seen, np.full(calendar.n_members, NEVER_FREE), seen


def within_span(use: np.ndarray, span_days: int) -> np.ndarray:
    """Return the days with use in the ``span_days`` days that begin on each day of a matrix (members by days)."""
    total = np.pad(np.cumsum(use, axis=1, dtype=np.float64), ((0, 0), (1, 0)))
    end = np.minimum(np.arange(use.shape[1]) + span_days, use.shape[1])
    return total[:, end] - total[:, :-1]


def _used_known_free(calendar: Calendar, first_day: int, end_day: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    known = calendar.days(first_day, end_day, ABSTINENT, USED, SOME, DEAD)
    return calendar.used_days(first_day, end_day), known, free_days(calendar, first_day, end_day)
