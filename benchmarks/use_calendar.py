"""Speed and memory of endpoints by day: a use calendar and the metrics on it, beside one pandas call per person.

The other way is the usual one: a function of one person's calendar, applied to each group of rows. It is run on some of
the people and computes two of the metrics only; the ratio is per person. Run:

    python benchmarks/use_calendar.py [--people 100000] [--days 180]
"""

import argparse
import resource
import time

import numpy as np
import pandas as pd

from iop_outcomes.history.evidence import use_calendar
from iop_outcomes.history.history import History
from iop_outcomes.metrics.relapse import time_to_first_use, time_to_relapse
from iop_outcomes.metrics.self_report import (
    days_used,
    percent_days_abstinent,
    point_prevalence_abstinence,
    prolonged_abstinence,
    reported_continuous_abstinence,
    reported_longest_abstinence,
)

METRICS = (
    percent_days_abstinent,
    days_used,
    point_prevalence_abstinence,
    reported_continuous_abstinence,
    prolonged_abstinence,
    reported_longest_abstinence,
    time_to_first_use,
    time_to_relapse,
)
BY_PANDAS = (percent_days_abstinent, reported_longest_abstinence)


def people(n: int, n_days: int, weekly: bool) -> History:
    """Return people of whom about six days of seven are known, day by day or as numbers of days by week."""
    rng = np.random.default_rng(1)
    names = pd.Index([f"p{i:07d}" for i in range(n)], name="member_id")
    members = pd.DataFrame({"person_id": names, "arm": "iop", "time_zero_day": 0}, index=names)
    members = members.assign(follow_up_end_day=n_days - 1, end_reason="end_of_follow_up")
    step = 7 if weekly else 1
    start = np.arange(0, n_days, step)
    member, at = np.nonzero(rng.random((n, len(start)), dtype=np.float32) < 6 / 7)
    used = rng.binomial(step, 0.2, len(member))
    report = pd.DataFrame(
        {
            "person_id": names.to_numpy()[member],
            "day": start[at].astype(np.int32),
            "window_days": np.full(len(member), step, dtype=np.int32),
            "substance": pd.Categorical.from_codes(np.zeros(len(member), dtype=np.int8), ["any"]),
            "days_used": used.astype(float),
        }
    )
    return History(members, {"use_report": report})


def by_pandas(reports: pd.DataFrame, n_days: int) -> pd.DataFrame:
    """Return two of the metrics with a function applied to each person's rows."""

    def one(rows: pd.DataFrame) -> pd.Series:
        calendar = rows.set_index("day")["days_used"].reindex(range(n_days))
        abstinent = calendar == 0
        runs = abstinent.groupby((~abstinent).cumsum()).sum()
        return pd.Series({"abstinent": 100 * abstinent.sum() / calendar.notna().sum(), "longest": runs.max()})

    return reports.groupby("person_id", sort=True)[["day", "days_used"]].apply(one)


def seconds(call) -> tuple[float, object]:
    """Return the time of one call, and what it gave."""
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def measure(n: int, n_days: int, weekly: bool) -> float:
    """Print the times of one layout of reports and return seconds per person of the two metrics pandas computes too."""
    history = people(n, n_days, weekly)
    rows = len(history.records["use_report"])
    print(f"{n:,} people, {n_days} days, {rows:,} reports {'by week' if weekly else 'by day'}")
    linked, _ = seconds(lambda: history.table("use_report"))
    made, _ = seconds(lambda: use_calendar(history))
    print(f"  {'rows to members':<34}{linked:8.2f} s\n  {'reports to calendar':<34}{made:8.2f} s")
    times = {}
    for metric in METRICS:
        times[metric], _ = seconds(lambda metric=metric: metric(history, window_days=n_days))
        print(f"  {metric.__name__:<34}{times[metric]:8.2f} s")
    print(f"  {'all':<34}{linked + made + sum(times.values()):8.2f} s")
    return (linked + made + sum(times[metric] for metric in BY_PANDAS)) / n


def main() -> None:
    """Run both layouts, then the other way on some of the people."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=180)
    arguments = parser.parse_args()
    measure(arguments.people, arguments.days, weekly=True)
    ours = measure(arguments.people, arguments.days, weekly=False)
    some = people(min(arguments.people, 1000), arguments.days, weekly=False)
    taken, expected = seconds(lambda: by_pandas(some.records["use_report"], arguments.days))
    for metric, column in zip(BY_PANDAS, ("abstinent", "longest"), strict=True):
        got = metric(some, window_days=arguments.days)["value"]
        np.testing.assert_allclose(got, expected[column])
    print(f"two metrics, per person: pandas {1e6 * taken / some.n:,.0f} us, ours {1e6 * ours:,.0f} us", end="; ")
    print(f"{taken / some.n / ours:,.0f} times faster, equal values")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB")


if __name__ == "__main__":
    main()
