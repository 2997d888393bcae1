"""Speed and memory of the attendance metrics: sessions of many episodes to every metric, beside pandas and DuckDB.

The plain way is one function per person in ``groupby.apply`` over the session table, written below for the metrics that
a few lines of pandas can give; DuckDB counts by person the metrics that one statement can give. Every way begins with
the same tables in memory, makes its own preparation on its own clock, runs on one thread, once cold and then as often
as the others, and must give the same numbers. Run:

    python benchmarks/attendance.py [--episodes 200000] [--sessions 100] [--subset 2000]
"""

import argparse
import resource
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from iop_outcomes import tables
from iop_outcomes.describe.retention import retention_by_arm, states_by_arm
from iop_outcomes.history.history import History
from iop_outcomes.kernel.registry import METRICS
from iop_outcomes.metrics.weekly_hours import weekly_attendance
from iop_outcomes.simulate.identifiers import numbered
from iop_outcomes.tables.canonical import DISCHARGE_REASONS, SESSION_STATUSES, SESSION_TYPES

FAMILIES = (
    "attendance",
    "weekly_hours",
    "dose",
    "first_session",
    "gaps",
    "session_mix",
    "dropout",
    "retention",
    "ninety_days",
    "initiation",
    "washington_circle",
    "continuity",
)
FOLLOW_UP_DAYS, WINDOW_DAYS = 180, 84
STATUS_SHARES = (0.62, 0.05, 0.14, 0.03, 0.05, 0.03, 0.04, 0.03, 0.01)
TYPE_SHARES = (0.15, 0.6, 0.04, 0.1, 0.05, 0.03, 0.02, 0.01, 0.0)

#: Metrics with settings other than their defaults that are worked out too.
VARIED = {
    "attendance_rate": ({"denominator": "strict"}, {"denominator": "plan"}, {"partial": "half"}),
    "hours_rate": ({"denominator": "strict"}, {"denominator": "plan"}),
    "hours_fidelity": ({"hours": "assigned"}, {"hours": "offered"}),
    "dropout_by_gap": ({"gap_days": 7}, {"gap_days": 14}),
    "retention": ({"day": 30}, {"day": 60}, {"day": 180}),
    "session_type_share": ({"type": "individual"},),
}


def records(n_episodes: int, n_sessions: int, seed: int, first: int = 0) -> dict[str, pd.DataFrame]:
    """Return canonical tables of episodes of a given number of sessions each, in no order of days.

    Of a file that is made piece by piece ``first`` episodes are there already.
    """
    rng = np.random.default_rng(seed)
    n = n_episodes * n_sessions
    stay = rng.integers(20, FOLLOW_UP_DAYS, n_episodes).astype(float)
    episode = np.repeat(np.arange(n_episodes, dtype=np.int32), n_sessions)
    scheduled = rng.choice(np.array([60.0, 90.0, 180.0]), n)
    status = _drawn(rng, SESSION_STATUSES, STATUS_SHARES, n)
    session = {
        "session_id": numbered("A", (np.arange(n) + 1 + first * n_sessions, 9)),
        "episode_id": numbered("E", (episode + 1 + first, 7)),
        "day": (rng.random(n, dtype=np.float32) * (stay[episode] + 4)).astype(np.int32),
        "type": _drawn(rng, SESSION_TYPES, TYPE_SHARES, n),
        "mode": _drawn(rng, ("in_person", "video", "phone"), (0.78, 0.17, 0.05), n),
        "status": status,
        "minutes_scheduled": scheduled,
        "minutes_attended": scheduled * np.array([1, 0.5, 0, 0, 0, 0, 0, 0, 0])[status.codes],
    }
    made = {name: tables.empty(name) for name in tables.CANONICAL}
    made |= {"session": pd.DataFrame(session, copy=False), "episode": _episodes(rng, stay, first)}
    age = np.where(rng.random(n_episodes) < 0.1, 16.0, 40.0)
    return made | {"person": pd.DataFrame({"person_id": made["episode"]["person_id"], "age_years": age})}


def cohort_of(episode: pd.DataFrame) -> pd.DataFrame:
    """Return a cohort in which every episode is a member, a tenth of them observed for 60 days only."""
    n = len(episode)
    ends = np.where(np.arange(n) % 10 == 0, 59, FOLLOW_UP_DAYS - 1)
    return pd.DataFrame(
        {
            "member_id": episode["episode_id"],
            "person_id": episode["person_id"],
            "site_id": episode["site_id"],
            "arm": pd.Categorical(np.where(episode["level_of_care"] == "2.1", "iop", "outpatient")),
            "time_zero_day": 0,
            "follow_up_end_day": ends,
            "end_reason": pd.Categorical(np.where(ends == 59, "end_of_data", "end_of_follow_up")),
        }
    )


def every_metric(history: History, told: Callable[[str, float], None] = lambda *_: None) -> dict[str, np.ndarray]:
    """Return every attendance metric, by name and settings, and make the tables by week and arm on the way."""
    values = {}
    for metric in METRICS:
        if metric.function.__module__.rpartition(".")[2] not in FAMILIES:
            continue
        for settings in ({}, *VARIED.get(metric.name, ())):
            start = time.perf_counter()
            name = " ".join([metric.name, *(f"{key}={value}" for key, value in settings.items())])
            values[name] = metric(history, **metric.check(settings))["value"].to_numpy()
            told(name, time.perf_counter() - start)
    for make in (weekly_attendance, retention_by_arm, states_by_arm):
        start = time.perf_counter()
        make(history)
        told(make.__name__, time.perf_counter() - start)
    return values


def one_person(rows: pd.DataFrame) -> pd.Series:
    """Return the metrics of one person in plain pandas; ``rows`` are joined with the days observed and planned."""
    observed, age, hours = rows[["follow_up_days", "age_years", "prescribed_hours_per_week"]].iloc[0]
    rows = rows[rows["day"] < observed]
    inside = rows[rows["day"] < WINDOW_DAYS]
    came = inside[inside["status"].isin(["attended", "partial"])]
    strict = inside[~inside["status"].isin(["cancel_program", "closed", "rescheduled"])]
    standard = strict[strict["status"] != "excused"]
    held = inside["status"].isin(["attended", "partial", "no_show", "late_cancel"]).sum()
    end = int(min(observed, WINDOW_DAYS))
    days = np.unique(came["day"])
    gaps = np.diff(np.concatenate([[0], days, [end]]))
    gaps = gaps[gaps > 0]
    whole = came[came["day"] < end // 7 * 7]
    by_week = whole.groupby(whole["day"] // 7)["minutes_attended"].sum().reindex(range(end // 7), fill_value=0) / 60
    clinical = whole[~whole["type"].isin(["case_management", "peer"])]
    care = clinical.groupby(clinical["day"] // 7)["minutes_attended"].sum().reindex(by_week.index, fill_value=0) / 60
    by_type = came.groupby("type", observed=True)["minutes_attended"].sum()
    mix = by_type / by_type.sum()
    return pd.Series(
        {
            "attendance_rate": standard["attended"].mean(),
            "attendance_rate denominator=strict": strict["attended"].mean(),
            "attendance_rate denominator=plan": min(came["minutes_attended"].sum() / (hours * 60 * end / 7), 1),
            "hours_rate": standard["minutes_attended"].sum() / standard["minutes_scheduled"].sum(),
            "no_show_rate": (inside["status"] == "no_show").sum() / held if held else np.nan,
            "weekly_hours": by_week.mean(),
            "hours_fidelity": ((care >= (6 if age < 18 else 9)) & (care < 20)).mean(),
            "sessions_attended": len(came) if observed >= WINDOW_DAYS else np.nan,
            "hours_attended": came["minutes_attended"].sum() / 60 if observed >= WINDOW_DAYS else np.nan,
            "treatment_days": came["day"].nunique() if observed >= WINDOW_DAYS else np.nan,
            "longest_gap": gaps.max(),
            "median_gap": np.median(gaps),
            "gap_variation": gaps.std(ddof=1) / gaps.mean() if len(gaps) > 1 else np.nan,
            "session_type_share": mix.get("group", 0.0) if len(mix) else np.nan,
            "session_type_entropy": -(mix[mix > 0] * np.log(mix[mix > 0])).sum() if len(mix) else np.nan,
            "telehealth_share": came["mode"].isin(["video", "phone"]).mean(),
        }
    )


def plain_pandas(made: dict[str, pd.DataFrame], cohort: pd.DataFrame) -> pd.DataFrame:
    """Return the metrics of everybody by ``groupby.apply``."""
    rows = made["session"].merge(_about(made, cohort), on="episode_id")
    share = rows["minutes_attended"] / rows["minutes_scheduled"]
    rows["attended"] = np.where(rows["status"].isin(["attended", "partial"]), share, 0.0)
    return rows.groupby("episode_id")[list(rows.columns)].apply(one_person)


def by_duckdb(made: dict[str, pd.DataFrame], cohort: pd.DataFrame) -> pd.DataFrame:
    """Return those metrics of everybody that one statement of SQL can give."""
    import duckdb

    with duckdb.connect(config={"threads": 1}) as database:
        database.register("session", made["session"])
        database.register("about", _about(made, cohort))
        return database.sql(STATEMENT.format(days=WINDOW_DAYS)).df().set_index("episode_id")


#: Attendance by person in SQL; days outside the observation and the window are left out first.
STATEMENT = """
with inside as (
    select *, status in ('attended', 'partial') as came,
        status in ('attended', 'partial', 'no_show', 'late_cancel') as held
    from session join about using (episode_id) where day < least(follow_up_days, {days})
)
select episode_id,
    avg(case when came then minutes_attended / minutes_scheduled else 0 end)
        filter (where status not in ('cancel_program', 'closed', 'rescheduled', 'excused')) as attendance_rate,
    count(*) filter (where status = 'no_show') / nullif(count(*) filter (where held), 0) as no_show_rate,
    case when any_value(follow_up_days) >= {days} then count(*) filter (where came) end as sessions_attended,
    case when any_value(follow_up_days) >= {days} then sum(minutes_attended) filter (where came) / 60 end
        as hours_attended,
    case when any_value(follow_up_days) >= {days} then count(distinct day) filter (where came) end as treatment_days
from inside group by episode_id
"""


def _about(made: dict[str, pd.DataFrame], cohort: pd.DataFrame) -> pd.DataFrame:
    """Return of each episode what a metric must know beside its sessions, by plain merges."""
    about = cohort.merge(
        made["episode"].drop(columns=["person_id", "site_id"]), left_on="member_id", right_on="episode_id"
    )
    about = about.merge(made["person"], on="person_id")
    return about.assign(follow_up_days=about["follow_up_end_day"] + 1)[
        ["episode_id", "follow_up_days", "age_years", "prescribed_hours_per_week"]
    ]


def compare(made: dict[str, pd.DataFrame], n_subset: int, other: Callable, called: str, times: int) -> None:
    """Print the times of another way and of ours on the same episodes and metrics, and how far apart they are."""
    episode = made["episode"].iloc[:n_subset]
    session = made["session"][made["session"]["episode_id"].isin(episode["episode_id"])]
    small = made | {"episode": episode, "session": session}
    cohort = cohort_of(episode)
    theirs, their_seconds = _timed(lambda: other(small, cohort), times)
    names = [str(column) for column in theirs]

    def mine() -> pd.DataFrame:
        history = History.of(cohort, small)
        return pd.DataFrame({name: _by_name(history, name) for name in names}, index=history.members.index)

    frame, seconds = _timed(mine, times)
    frame = frame.loc[theirs.index]
    both = frame.notna() & theirs.notna()
    distance = (frame - theirs).abs().where(both).max().max()
    one_way = int((frame.isna() != theirs.isna()).sum().sum())
    print(f"{n_subset:,} episodes, {len(session):,} sessions, the same {len(names)} metrics both ways, one thread")
    for way, (cold, warm) in ((called, their_seconds), ("ours", seconds)):
        print(f"  {way:<28} {cold:>8.2f} s cold, {warm:>8.2f} s warm (median of {times})")
    cold, warm = (theirs / ours for theirs, ours in zip(their_seconds, seconds, strict=True))
    print(f"  {called} takes {cold:.2g} times as long cold, {warm:.2g} times warm")
    print(f"  largest difference {distance:.1e}; values missing one way only: {one_way}")


def _timed(call: Callable[[], pd.DataFrame], times: int) -> tuple[pd.DataFrame, tuple[float, float]]:
    """Return what a call gives, with the seconds of the first one and the median of those that follow."""
    seconds = []
    for _ in range(times + 1):
        start = time.perf_counter()
        found = call()
        seconds.append(time.perf_counter() - start)
    return found, (seconds[0], float(np.median(seconds[1:])))


def run_all(made: dict[str, pd.DataFrame], each: bool) -> None:
    """Print time and peak memory of all metrics of everybody, from canonical tables in memory to values."""
    before = peak_gigabytes()
    cohort = cohort_of(made["episode"])
    start = time.perf_counter()
    values = every_metric(History.of(cohort, made), _print_each if each else lambda *_: None)
    seconds = time.perf_counter() - start
    n = len(made["session"])
    print(f"{n:,} sessions of {len(cohort):,} episodes, {len(values)} metrics and 3 tables, one process, once")
    print(f"  {seconds:.1f} s, {n / seconds:,.0f} sessions/s; peak memory {peak_gigabytes():.2f} GB")
    print(f"  (of which {before:.2f} GB was reached while the sessions were made)")


def peak_gigabytes() -> float:
    """Return the most memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def _print_each(name: str, seconds: float) -> None:
    print(f"    {seconds:>6.2f} s  {name}")


def _by_name(history: History, name: str) -> np.ndarray:
    metric, *settings = name.split()
    plugin = METRICS[metric]
    return plugin(history, **plugin.check(dict(setting.split("=") for setting in settings)))["value"].to_numpy()


def _drawn(rng: np.random.Generator, names: tuple[str, ...], shares: tuple[float, ...], n: int) -> pd.Categorical:
    limits = np.cumsum(shares, dtype=np.float32)
    codes = np.searchsorted(limits[:-1], rng.random(n, dtype=np.float32)).astype(np.int8)
    return pd.Categorical.from_codes(codes, list(names))


def _episodes(rng: np.random.Generator, stay: np.ndarray, first: int) -> pd.DataFrame:
    n = len(stay)
    number = np.arange(n) + 1 + first
    return pd.DataFrame(
        {
            "episode_id": numbered("E", (number, 7)),
            "person_id": numbered("P", (number, 7)),
            "site_id": numbered("S", (number % 50 + 1, 3)),
            "referral_day": -rng.integers(0, 21, n).astype(float),
            "assignment_day": 0.0,
            "admission_day": 0.0,
            "discharge_day": stay.round(),
            "level_of_care": pd.Categorical(np.full(n, "2.1")),
            "prescribed_hours_per_week": 9.0,
            "discharge_reason": _drawn(rng, DISCHARGE_REASONS, (0.4, 0.35, 0.06, 0.1, 0.03, 0.0, 0.06), n),
        }
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--episodes", type=int, default=200_000)
    parser.add_argument("--sessions", type=int, default=100, help="sessions of each episode")
    parser.add_argument("--subset", type=int, default=2_000, help="episodes of the comparison with plain pandas")
    parser.add_argument("--times", type=int, default=3, help="repeats of each way of a comparison")
    parser.add_argument("--each", action="store_true", help="print the time of each metric")
    settings = parser.parse_args()
    made = records(settings.episodes, settings.sessions, seed=1)
    run_all(made, settings.each)
    compare(made, min(settings.subset, settings.episodes), plain_pandas, "pandas groupby.apply", settings.times)
    compare(made, settings.episodes, by_duckdb, "DuckDB", settings.times)
