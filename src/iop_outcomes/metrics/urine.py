"""Abstinence by urine tests, week by week since time zero.

A week is negative, positive, mixed (both), missed (a test was due and none was obtained) or not due. Every endpoint
says what it makes of missed weeks, because that choice moves the answer more than most treatments do; weeks in which
no test was due and weeks in jail or hospital count neither way. The 54 endpoints of the literature are in
``iop_outcomes.endpoints`` and can be used here through ``urine_endpoint``.
"""

from typing import Literal

import numpy as np
import pandas as pd

from iop_outcomes.endpoints import score
from iop_outcomes.endpoints.matrix import MISSING, MIXED, NEGATIVE, OUTSIDE, POSITIVE, UNSCHEDULED
from iop_outcomes.history.history import History
from iop_outcomes.history.windows import Days, Weeks, observed_weeks, week_of
from iop_outcomes.kernel.registry import metric

NEEDS = ("drug_test.result",)
NEVER_DUE = "no test was due in the window"
NEVER_SEEN = "no test result in the window"

Schedule = Literal["recorded", "weekly"] | None


def weekly_results(
    history: History, window_days: int | None = None, substance: str | None = None, schedule: Schedule = None
) -> np.ndarray:
    """Return what the urine tests of each week say.

    Parameters
    ----------
    history : History
        Members and their records.
    window_days : int, optional
        Weeks that begin in days 0 to ``window_days - 1``; the whole follow-up when left out.
    substance : str, optional
        One substance; when left out, every substance that is not prescribed to the person.
    schedule : {'recorded', 'weekly'}, optional
        Are the tests that were due and missed on record, or was one due every week? Left out: on record if the source
        has any record of a missed test.

    Returns
    -------
    numpy.ndarray of int8, shape (members, weeks)
        Codes of ``iop_outcomes.endpoints.matrix``; weeks after the last whole week observed are ``OUTSIDE``.
    """
    tests = _relevant(history.table("drug_test"), substance)
    weeks = observed_weeks(history, window_days)
    n_weeks = max(int(weeks.max(initial=0)), 1)
    week = week_of(tests["day"].to_numpy())
    inside = (week >= 0) & (week < n_weeks)
    cell = (tests["member"].to_numpy() * n_weeks + week)[inside]
    result = tests["result"].to_numpy()[inside]

    def any_of(value: str) -> np.ndarray:
        return np.bincount(cell[result == value], minlength=history.n * n_weeks) > 0

    positive, negative = any_of("positive"), any_of("negative")
    due = np.bincount(cell, minlength=history.n * n_weeks) > 0
    if schedule == "weekly" or (schedule is None and not (tests["result"] == "missing").any()):
        due[:] = True
    codes = np.full(history.n * n_weeks, UNSCHEDULED, dtype=np.int8)
    codes[due] = MISSING
    codes[negative] = NEGATIVE
    codes[positive] = POSITIVE
    codes[positive & negative] = MIXED
    codes = codes.reshape(history.n, n_weeks)
    codes[_controlled_weeks(history, n_weeks)] = UNSCHEDULED
    codes[np.arange(n_weeks) >= weeks[:, None]] = OUTSIDE
    return codes


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
    substance: str | None = None,
    schedule: Schedule = None,
) -> pd.DataFrame:
    """Share of weekly urine tests that were negative; a mixed week counts half.

    Negative weeks over the weeks with a result (``observed``) or over the weeks in which a test was due (``positive``).

    Examples
    --------
    Eight weeks, one of them mixed, two missed, and one in which no test was due.

        week   1   5
        urine  --+*o_-o
        value  3.5/7
        value  3.5/5    missing=observed
    """
    codes = weekly_results(history, window_days, substance, schedule)
    negative = (codes == NEGATIVE).sum(axis=1) + 0.5 * (codes == MIXED).sum(axis=1)
    seen, due = _seen_and_due(codes)
    return _table(history, negative, seen if missing == "observed" else due, seen, due)


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
    substance: str | None = None,
    schedule: Schedule = None,
) -> pd.DataFrame:
    """Longest run of weeks with negative tests; weeks in which no test was due neither lengthen nor end it.

    Examples
    --------
        week   1   5
        urine  --o---+-
        value  3
        value  5    missing=skipped
    """
    codes = weekly_results(history, window_days, substance, schedule)
    endpoint = "Ab_schottenfeldB_2008" if missing == "breaks" else "Ab_schottenfeld_2005"
    runs = score(codes, [endpoint], mode="corrected")[endpoint].to_numpy(float)
    seen, due = _seen_and_due(codes)
    return _table(history, runs * due, due, seen, due)


@metric(
    unit="yes or no",
    kind="binary",
    needs=NEEDS,
    missing="positive: a missed week is use; observed: judged by the weeks seen, no value when none was",
    source="The last four weeks without a positive test: CTN-0094 group 2023; Krupitsky et al. 2011",
)
def abstinence_at_end(
    history: History,
    *,
    window_days: Days = 168,
    weeks: Weeks = 4,
    missing: Literal["observed", "positive"] = "positive",
    substance: str | None = None,
    schedule: Schedule = None,
) -> pd.DataFrame:
    """Was every test of the last weeks of the window negative?

    Somebody observed for less than the window is missing, not abstinent; somebody who died in it is not abstinent.

    Examples
    --------
    The last four of eight weeks.

        week   1   5
        urine  ++*o--o-
        value  0    window_days=56
        value  1    window_days=56 missing=observed
        value  1    window_days=56 weeks=1
        value  none: observed for less than the window    window_days=84 missing=observed

    Died in week 5.

        week   1   5
        urine  ----
        died   31
        value  0    window_days=56
    """
    codes = weekly_results(history, window_days, substance, schedule)
    last = window_days // 7
    return _all_negative(history, codes[:, max(last - weeks, 0) : last], missing, observed_weeks(history) >= last)


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
    substance: str | None = None,
    schedule: Schedule = None,
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
    codes = weekly_results(history, window_days, substance, schedule)
    whole = observed_weeks(history) >= window_days // 7
    return _all_negative(history, codes[:, grace_weeks : window_days // 7], missing, whole)


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
    substance: str | None = None,
    schedule: Schedule = None,
) -> pd.Series:
    """Score one of the published urine endpoints, by its column name in the catalogue.

    Examples
    --------
    Three negative weeks in a row, a missed week counting as none.

        week   1   5
        urine  --o---+-
        value  1    endpoint=Ab_kosten_1993
    """
    codes = weekly_results(history, window_days, substance, schedule)
    return history.series(score(codes, [endpoint], mode=mode)[endpoint].to_numpy(float))


def _relevant(tests: pd.DataFrame, substance: str | None) -> pd.DataFrame:
    if substance is not None:
        return tests[tests["substance"] == substance]
    if "prescribed" in tests:
        return tests[~tests["prescribed"].fillna(False).astype(bool)]
    return tests


def _controlled_weeks(history: History, n_weeks: int) -> np.ndarray:
    """Return the weeks that lie wholly in jail or hospital, where a negative test says little."""
    controlled = np.zeros((history.n, n_weeks), dtype=bool)
    if not len(history.records.get("controlled_period", ())):
        return controlled
    periods = history.table("controlled_period")
    first = -(-periods["start_day"].to_numpy(float) // 7)
    last = (periods["end_day"].to_numpy(float) + 1) // 7 - 1
    for member, start, end in zip(periods["member"], np.maximum(first, 0), np.minimum(last, n_weeks - 1), strict=True):
        controlled[member, int(start) : int(end) + 1] = True
    return controlled


def _seen_and_due(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    seen = np.isin(codes, (NEGATIVE, POSITIVE, MIXED)).sum(axis=1)
    return seen, seen + (codes == MISSING).sum(axis=1)


def _all_negative(history: History, codes: np.ndarray, missing: str, whole: np.ndarray) -> pd.DataFrame:
    seen, due = _seen_and_due(codes)
    used = np.isin(codes, (POSITIVE, MIXED)).any(axis=1)
    abstinent = ~used & (seen == due if missing == "positive" else seen > 0)
    judged = np.where(missing == "positive", due, seen) > 0
    frame = _table(history, abstinent.astype(float) * due, np.where(judged, due, 0), seen, due)
    # A short follow-up can show use but cannot show abstinence; somebody who died is not abstinent (composite).
    died = ~whole & (history.members["end_reason"] == "death").to_numpy()
    short = ~whole & ~used & ~died
    reason = frame["missing_reason"].mask(short, "observed for less than the window").mask(died, None)
    return frame.assign(value=frame["value"].mask(short).mask(died, 0.0), missing_reason=reason)


def _table(history: History, total: np.ndarray, over: np.ndarray, seen: np.ndarray, due: np.ndarray) -> pd.DataFrame:
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(over > 0, total / over, np.nan)
        observed = np.where(due > 0, seen / due, np.nan)
    reason = np.where(over > 0, None, np.where(due > 0, NEVER_SEEN, NEVER_DUE))
    columns = {"value": value, "observed_share": observed, "missing_reason": reason}
    return pd.DataFrame(columns, index=history.members.index)
