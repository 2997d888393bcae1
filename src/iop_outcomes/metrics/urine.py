"""Abstinence by urine tests, week by week since time zero.

A day's panel is positive if any target substance that is not prescribed is positive (``panel.py``). A week is negative,
positive, mixed (days that differ), missed (a test was due and none was obtained) or not due (``due.py``). Every
endpoint says what it makes of missed weeks, because that choice moves the answer more than most treatments do; weeks in
which no test was due and weeks in jail or hospital count neither way; what comes after death is one rule of the study
(``death.py``). The 54 endpoints of the literature are in ``iop_outcomes.endpoints`` and can be used here through
``urine_endpoint``.

All of them take ``substance`` (targets: ``all``, ``primary`` for each person's own, a name or several), ``schedule``
(``recorded``, ``weekly``, weekly until a week, or a list of weeks) and ``after_death`` (``not_abstinent`` or
``no_value``); left out, the study's ``urine_panel``, ``urine_schedule`` and ``after_death`` hold.
"""

from typing import Literal

import numpy as np
import pandas as pd
from pydantic import NonNegativeInt

from iop_outcomes.endpoints import last_week_needed, score
from iop_outcomes.endpoints.matrix import MIXED, NEGATIVE, POSITIVE
from iop_outcomes.history.death import died_within, under_rule
from iop_outcomes.history.history import History
from iop_outcomes.history.outcome_rules import AfterDeath, Panel, Schedule
from iop_outcomes.history.panel import NO_TARGET
from iop_outcomes.history.urine_weeks import UrineWeeks, urine_weeks
from iop_outcomes.history.windows import Days, Weeks, observed_weeks
from iop_outcomes.kernel.registry import metric

NEEDS = ("drug_test.result",)
NEVER_DUE = "no test was due in the window"
NEVER_SEEN = "no test result in the window"
STOPPED = "no test was due any more when this looks for one"
NO_ANSWER = "the endpoint has no answer for these weeks"
SHORT = "observed for less than the window"


@metric(
    unit="share of weekly tests",
    kind="proportion",
    needs=NEEDS,
    missing="observed: left out; positive: counted as positive",
    source="Both conventions side by side: Ling et al. 1998, 10.1046/j.1360-0443.1998.9344753.x",
)
def proportion_negative(
    history: History,
    *,
    window_days: Days = 84,
    missing: Literal["observed", "positive"] = "positive",
    substance: Panel = None,
    schedule: Schedule = None,
    after_death: AfterDeath | None = None,
) -> pd.DataFrame:
    """Share of weekly urine tests that were negative; a mixed week counts half.

    Negative weeks over the weeks with a result (``observed``) or over the weeks in which a test was due (``positive``).
    The weeks from death on belong to both and are not negative.

    Examples
    --------
    Eight weeks, one of them mixed, two missed, and one in which no test was due.

        week   1   5
        urine  --+*o_-o
        value  3.5/7
        value  3.5/5    missing=observed

    A panel of six on one day: opioids are found, the rest is negative. A prescribed medication is no target.

        panel     0: opioid+ alcohol- cocaine-; 7: opioid- alcohol- buprenorphine+prescribed
        observed  14
        value     1/2
        value     2/2    substance=cocaine
    """
    weeks = urine_weeks(history, window_days, substance, schedule)
    negative = (weeks.found == NEGATIVE).sum(axis=1) + 0.5 * (weeks.found == MIXED).sum(axis=1)
    over = weeks.n_dead + (weeks.n_seen if missing == "observed" else weeks.n_due)
    reason = np.where(weeks.n_due > 0, NEVER_SEEN, NEVER_DUE)
    return _table(history, weeks, _share(negative, over), reason, window_days, after_death)


@metric(
    unit="weeks",
    kind="count",
    needs=NEEDS,
    missing="breaks: a missed week ends a run; skipped: runs bridge missed weeks",
    source="Schottenfeld et al. 2008, 10.1016/S0140-6736(08)60954-X; bridging as 2005, 10.1176/appi.ajp.162.2.340",
)
def longest_abstinence(
    history: History,
    *,
    window_days: Days = 168,
    missing: Literal["breaks", "skipped"] = "breaks",
    substance: Panel = None,
    schedule: Schedule = None,
    after_death: AfterDeath | None = None,
) -> pd.DataFrame:
    """Longest run of weeks with negative tests; weeks in which no test was due neither lengthen nor end it.

    Examples
    --------
        week   1   5
        urine  --o---+-
        value  3
        value  5    missing=skipped
    """
    weeks = urine_weeks(history, window_days, substance, schedule)
    endpoint = "Ab_schottenfeldB_2008" if missing == "breaks" else "Ab_schottenfeld_2005"
    runs = score(weeks.judged, [endpoint], mode="corrected")[endpoint].to_numpy(float)
    value = np.where(weeks.n_due + weeks.n_dead > 0, runs, np.nan)
    return _table(history, weeks, value, NEVER_DUE, window_days, after_death)


@metric(
    unit="yes or no",
    kind="binary",
    needs=NEEDS,
    missing="positive: more missed weeks than are allowed count as use; observed: judged by the weeks seen, if any was",
    source="CTN-0094 group 2023: last four weeks, none positive, at most one missing (max_missing=1)",
)
def abstinence_at_end(
    history: History,
    *,
    window_days: Days = 168,
    weeks: Weeks = 4,
    missing: Literal["observed", "positive"] = "positive",
    max_missing: NonNegativeInt = 0,
    substance: Panel = None,
    schedule: Schedule = None,
    after_death: AfterDeath | None = None,
) -> pd.DataFrame:
    """Was no test of the last weeks of the window positive, and not more than so many missed?

    With ``max_missing=1`` the endpoint of the CTN-0094 group; by default no week may be missed. Refused by name where
    no test was due any more by the end of the window.

    Somebody observed for less than the window is missing, not abstinent; somebody who died in it is not abstinent.

    Examples
    --------
    The last four of eight weeks.

        week   1   5
        urine  ++*o--o-
        value  0    window_days=56
        value  1    window_days=56 max_missing=1
        value  1    window_days=56 missing=observed
        value  1    window_days=56 weeks=1
        value  none: observed for less than the window    window_days=84 missing=observed

    Died in week 5.

        week   1   5
        urine  ----
        died   31
        value  0    window_days=56
    """
    last = window_days // 7
    found = urine_weeks(history, window_days, substance, schedule, needed=last).between(max(last - weeks, 0), last)
    return _all_negative(history, found, missing, max_missing, last, after_death)


@metric(
    unit="yes or no",
    kind="binary",
    needs=NEEDS,
    missing="positive: a missed week is use; observed: judged by the weeks seen, no value when none was",
    source="Total abstinence: Krupitsky et al. 2011, 10.1016/S0140-6736(11)60358-9",
)
def continuous_abstinence(
    history: History,
    *,
    window_days: Days = 84,
    grace_weeks: int = 0,
    missing: Literal["observed", "positive"] = "positive",
    substance: Panel = None,
    schedule: Schedule = None,
    after_death: AfterDeath | None = None,
) -> pd.DataFrame:
    """Was every test of the window negative, after a grace period if one is given?

    One positive test decides the matter even if other weeks were missed; somebody who died is not abstinent.

    Examples
    --------
        week   1   5
        urine  +---o-
        value  0    window_days=42
        value  0    window_days=42 grace_weeks=1
        value  1    window_days=42 grace_weeks=1 missing=observed
    """
    last = window_days // 7
    found = urine_weeks(history, window_days, substance, schedule, needed=last).between(grace_weeks, last)
    return _all_negative(history, found, missing, 0, last, after_death)


@metric(
    unit="as the endpoint defines",
    kind="continuous",
    needs=NEEDS,
    missing="as the endpoint defines",
    source="docs/endpoints.md",
    better="neither",
)
def urine_endpoint(
    history: History,
    *,
    endpoint: str,
    window_days: Days | None = None,
    mode: Literal["corrected", "ctnote"] = "corrected",
    substance: Panel = None,
    schedule: Schedule = None,
    after_death: AfterDeath | None = None,
) -> pd.DataFrame:
    """Score one of the published urine endpoints, by its column name in the catalogue.

    Refused by name where it looks at weeks in which no test was due any more. Weeks from death on are positive, in
    endpoints of dropout simply not there.

    Examples
    --------
    Three negative weeks in a row, a missed week counting as none.

        week   1   5
        urine  --o---+-
        value  1    endpoint=Ab_kosten_1993
    """
    weeks = urine_weeks(history, window_days, substance, schedule, needed=last_week_needed(endpoint))
    words = weeks.found if endpoint.startswith("Dr") else weeks.judged
    value = score(words, [endpoint], mode=mode)[endpoint].to_numpy(float)
    reason = np.where(weeks.n_due > 0, NO_ANSWER, NEVER_DUE)
    return _table(history, weeks, value, reason, window_days, after_death)


def _all_negative(
    history: History, weeks: UrineWeeks, missing: str, max_missing: int, last: int, after_death: AfterDeath | None
) -> pd.DataFrame:
    """Return whether no week was positive and not more than so many were missed; ``last`` is the window's last week."""
    used = np.isin(weeks.judged, (POSITIVE, MIXED)).any(axis=1)
    seen, due, died = weeks.n_seen, weeks.n_due, died_within(history, 7 * last)
    enough = (seen > 0) & ((due - seen <= max_missing) | (missing == "observed"))
    judged = used | died | ((due if missing == "positive" else seen) > 0)
    # A short follow-up can show use but cannot show abstinence.
    short = ~used & ~died & (observed_weeks(history) < last)
    value = np.where(judged & ~short, ~used & ~died & enough, np.nan)
    reason = np.where(short, SHORT, np.where(due > 0, NEVER_SEEN, NEVER_DUE))
    return _table(history, weeks, value, reason, 7 * last, after_death)


def _share(total: np.ndarray, over: np.ndarray) -> np.ndarray:
    return np.divide(total, over, out=np.full(len(over), np.nan), where=over > 0)


def _table(
    history: History,
    weeks: UrineWeeks,
    value: np.ndarray,
    reason: np.ndarray,
    window_days: int | None,
    after_death: AfterDeath | None,
) -> pd.DataFrame:
    value = np.where(weeks.beyond | weeks.no_target, np.nan, value)
    reason = np.select([weeks.no_target, weeks.beyond], [NO_TARGET, STOPPED], reason)
    columns = {
        "value": value,
        "observed_share": _share(weeks.n_seen, weeks.n_due),
        "missing_reason": np.where(np.isnan(value), reason, None),
    }
    return under_rule(history, pd.DataFrame(columns, index=history.members.index), window_days, after_death)
