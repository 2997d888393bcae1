"""Self-report and biochemical tests together, and how far they agree.

Every metric on the use calendar takes the setting ``evidence``; here are the endpoint in which both count by default,
and the two-by-two table that must stand beside any of them.
"""

import numpy as np
import pandas as pd

from iop_outcomes.history.abstinence import Missing, abstinent_between
from iop_outcomes.history.calendar import ABSTINENT, SOME, USED, Calendar
from iop_outcomes.history.calendar_metric import Scored, calendar_metric
from iop_outcomes.history.detection import DetectionDays
from iop_outcomes.history.evidence import cells, use_calendar
from iop_outcomes.history.history import History
from iop_outcomes.history.outcome_rules import Panel
from iop_outcomes.history.panel import day_panels
from iop_outcomes.history.windows import Days, Share

COUNTS = ("n_both", "n_test_only", "n_report_only", "n_neither")


@calendar_metric(
    needs=("use_report.days_used", "drug_test.result"),
    evidence="either",
    unit="yes or no",
    kind="binary",
    missing="observed: no value below the known share asked for; use: below it, not abstinent. Use decides always",
    source="Use if a report or a test within its detection window says so; detection windows in metrics/detection.py",
)
def composite_abstinence(
    calendar: Calendar,
    *,
    window_days: Days = 180,
    last_days: Days = 30,
    missing: Missing = "observed",
    min_known_share: Share = 0.8,
) -> Scored:
    """No use on any of the last days of the window by report or by test, as ``evidence`` says.

    ``either``: a positive test makes every day of its detection window a day with use, a negative one makes unknown
    days abstinent. ``corrected``: reports hold, and a positive test that no report explains adds the day of the test.
    ``self_report`` and ``tests``: each alone.

    Examples
    --------
    Use was denied; a positive test on day 9 looks back three days. Nine days back it would find the use reported.

        day    0      7
        use    ++------------
        test   .........+....
        value  0    window_days=14 last_days=7
        value  0    window_days=14 last_days=7 evidence=corrected
        value  1    window_days=14 last_days=7 evidence=self_report
        value  1    window_days=14 last_days=4
        value  1    window_days=14 last_days=7 evidence=corrected detection_days={"opioid":9}

    Nobody asked; two negative tests cover six of seven days.

        day    0      7
        test   .........-..-.
        value  1    window_days=14 last_days=7
        value  none: too few days of the window are known    window_days=14 last_days=7 evidence=self_report
    """
    first_day = max(window_days - last_days, 0)
    used = calendar.used_in(first_day, window_days)
    return abstinent_between(calendar, first_day, window_days, used, missing, min_known_share)


def agreement(
    history: History,
    *,
    window_days: int = 180,
    substance: Panel = None,
    detection_days: DetectionDays = None,
) -> pd.DataFrame:
    """Return the two-by-two table of tests and reports, by arm and for all.

    A test (the panel of one day) is compared with the reports of the days it looks back on:
    use was reported if any of them was a day with use, denied if all of them were reported without use. Where neither
    is known the test is counted, not compared. A report on several days with use on some of them counts as use reported
    on each: the longer such reports are, the more sensitive and the less specific they look.

    Parameters
    ----------
    history : History
        Members and their records.
    window_days : int
        Tests of days 0 to ``window_days - 1``.
    substance, detection_days
        As in ``evidence.use_calendar``.

    Returns
    -------
    pandas.DataFrame
        ``arm`` (``all`` last), ``n_tests``, ``n_not_comparable``, ``n_both`` (test positive, use reported),
        ``n_test_only``, ``n_report_only``, ``n_neither``; ``sensitivity`` and ``specificity`` of the report with the
        test as the standard, ``concordance`` and Cohen's ``kappa``, missing where their denominator is zero;
        ``fewest_people``, the fewest whose tests make up one of an arm's counts.

    References
    ----------
    Cohen 1960, 10.1177/001316446002000104.
    """
    calendar = use_calendar(history, substance)
    tests = day_panels(history, substance, detection_days)
    member, day = tests["member"].to_numpy(), tests["day"].to_numpy()
    inside = (day >= 0) & (day < np.minimum(window_days, calendar.follow_up_days[member]))
    tests, member = tests[inside], member[inside]
    reported, denied = _reported(calendar, tests)
    compared, positive = reported | denied, tests["positive"].to_numpy()
    columns = {
        "n_tests": np.ones(len(tests)),
        "n_not_comparable": ~compared,
        "n_both": compared & positive & reported,
        "n_test_only": compared & positive & denied,
        "n_report_only": compared & ~positive & reported,
        "n_neither": compared & ~positive & denied,
    }
    made, arm = pd.DataFrame(columns).astype(int), history.members["arm"].astype("str").to_numpy()[member]
    counts = made.groupby(arm).sum()
    counts = counts.reindex(sorted(history.members["arm"].astype("str").unique()), fill_value=0)
    counts.loc["all"] = counts.sum()
    counts["fewest_people"] = _fewest(made.astype(bool), member, arm).reindex(counts.index)
    return counts.rename_axis("arm").reset_index().assign(**_rates(counts))


def _fewest(cells: pd.DataFrame, member: np.ndarray, arm: np.ndarray) -> pd.Series:
    """Return by arm the fewest people whose tests make up a count that is not 0."""
    people = pd.DataFrame({name: pd.Series(member).where(mine.to_numpy()) for name, mine in cells.items()})
    n = people.groupby(arm).nunique()
    return n.where(n > 0).min(axis=1)


def _reported(calendar: Calendar, tests: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return for each test whether use was reported on a day it looks back on, and whether it was denied for all.

    A day of a stretch with use on some of its days was not denied, so it counts as reported.
    """
    member, first, last = (tests[c].to_numpy().astype(np.int64) for c in ("member", "first_day", "day"))
    cell, owner = cells(member, first, last + 1, calendar.follow_up_days, calendar.n_days)
    state = calendar.state.reshape(-1)[cell]
    n = len(tests)
    used = np.bincount(owner[(state == USED) | (state == SOME)], minlength=n) > 0
    # Days before time zero are in no calendar, so that use cannot be called denied by somebody tested then.
    return used, np.bincount(owner[state == ABSTINENT], minlength=n) == last - first + 1


def _rates(counts: pd.DataFrame) -> dict[str, np.ndarray]:
    both, test_only, report_only, neither = (counts[c].to_numpy(float) for c in COUNTS)
    n = both + test_only + report_only + neither
    with np.errstate(invalid="ignore", divide="ignore"):
        agree = (both + neither) / n
        chance = ((both + test_only) * (both + report_only) + (neither + test_only) * (neither + report_only)) / n**2
        return {
            "sensitivity": both / (both + test_only),
            "specificity": neither / (neither + report_only),
            "concordance": agree,
            "kappa": np.where(chance < 1, (agree - chance) / (1 - chance), np.nan),
        }
