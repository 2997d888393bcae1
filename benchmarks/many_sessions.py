"""A hundred million sessions: from a folder of tables to every attendance metric, beside DuckDB on the same file.

The sessions of a million episodes are written in pieces. Each stage then runs in a process of its own on what the one
before has left, as in the workflow; DuckDB, on one thread, reads the same columns of the same canonical Parquet file
and counts by person. Numbers go into ``benchmarks/many_sessions.json``, of which ``at_size.py`` makes the page.

    ./run python benchmarks/many_sessions.py --work FOLDER [--episodes 1000000] [--sessions 100] [--times 3]
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from at_size import peak_mb, run_stage
from attendance import FAMILIES, records

ROOT = Path(__file__).resolve().parents[1]
NUMBERS = ROOT / "benchmarks" / "many_sessions.json"
#: Episodes made at a time.
EPISODES = 10_000
STAGES = ("ingest", "cohort", "metrics")
DUCKDB = "DuckDB"

#: What every attendance metric begins with: all columns that they read, and counts and sums by person.
COUNTED = """
select episode_id, count(*) as n, count(distinct day) filter (where status in ('attended', 'partial')) as n_days,
    count(*) filter (where status = 'no_show') as n_missed, count(*) filter (where mode = 'video') as n_video,
    count(*) filter (where type = 'group') as n_group, sum(minutes_scheduled) as offered,
    sum(minutes_attended) as received
from read_parquet('{file}') group by episode_id
"""


def main() -> None:
    """Make the file, measure every step, keep the medians."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for files and results")
    parser.add_argument("--episodes", type=int, default=1_000_000)
    parser.add_argument("--sessions", type=int, default=100, help="sessions of each episode")
    parser.add_argument("--times", type=int, default=3, help="repeats of each step")
    parser.add_argument("--shuffled", action="store_true", help="sessions in the order of their days, not of episodes")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one_step(given.one, given.work)))
        return
    if not (given.work / "raw" / "session.parquet").exists():
        write_raw(given.work / "raw", given.episodes, given.sessions, given.shuffled)
    (given.work / "study.yaml").write_text(study_of(given.work / "raw"), encoding="utf-8")
    found = {}
    for step in (*STAGES, DUCKDB):
        times = 1 if step == "ingest" else given.times
        each = [_apart(step, given.work) for _ in range(times)]
        found[step] = {name: float(np.median([one[name] for one in each])) for name in each[0]}
        print(f"{step:<10} {found[step]}", flush=True)
    numbers = json.loads(NUMBERS.read_text(encoding="utf-8")) if NUMBERS.exists() else {}
    numbers[str(given.episodes * given.sessions)] = found
    NUMBERS.write_text(json.dumps(numbers, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def write_raw(folder: Path, n_episodes: int, n_sessions: int, shuffled: bool = False) -> None:
    """Write persons, episodes and their sessions, some episodes at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    writers: dict[str, pq.ParquetWriter] = {}
    for start in range(0, n_episodes, EPISODES):
        made = records(min(EPISODES, n_episodes - start), n_sessions, seed=start + 1, first=start)
        observed = np.where(np.arange(len(made["episode"])) % 10 == 0, 59.0, 179.0)
        made["episode"] = made["episode"].assign(observation_end_day=observed)
        half = np.arange(len(observed)) % 2 == 0
        made["episode"]["level_of_care"] = pd.Categorical(np.where(half, "2.1", "1"), categories=["1", "2.1"])
        if shuffled:
            made["session"] = made["session"].sample(frac=1, random_state=start)
        for name in ("person", "episode", "session"):
            rows = pa.Table.from_pandas(made[name], preserve_index=False)
            if name not in writers:
                writers[name] = pq.ParquetWriter(folder / f"{name}.parquet", rows.schema, compression="zstd")
            writers[name].write_table(rows)
    for writer in writers.values():
        writer.close()


def study_of(folder: Path) -> str:
    """Return a study of the folder with every attendance metric."""
    from iop_outcomes.kernel.registry import METRICS

    names = [metric.name for metric in METRICS if metric.function.__module__.rpartition(".")[2] in FAMILIES]
    study = {
        "study": "many_sessions",
        "seed": 1,
        "source": {"kind": "tables", "path": str(folder)},
        "cohort": {
            "arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}},
            "time_zero": "assignment",
            "follow_up_days": 180,
        },
        "covariates": ["age_years"],
        "metrics": {name: {} for name in names},
        "designs": {"overlap": {"method": "overlap_weights"}},
        "analyses": {"primary": {"outcome": "attendance_rate", "design": "overlap", "estimator": "weighted"}},
    }
    return yaml.safe_dump(study, sort_keys=False)


def one_step(step: str, work: Path) -> dict[str, float]:
    """Take one step in this process, and return what it cost with all its imports."""
    start = time.perf_counter()
    if step == DUCKDB:
        count_by_duckdb(work / "results" / "canonical" / "session.parquet")
    else:
        from iop_outcomes.study import load

        run_stage(load(work / "study.yaml"), work / "results", step)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "cpu_s": round(used.ru_utime + used.ru_stime, 2),
        "wall_s": round(time.perf_counter() - start, 2),
        "peak_mb": round(peak_mb()),
    }


def count_by_duckdb(file: Path) -> pd.DataFrame:
    """Return counts and sums by episode, by DuckDB on one thread."""
    import duckdb

    with duckdb.connect(config={"threads": 1}) as database:
        return database.sql(COUNTED.format(file=file)).df()


def _apart(step: str, work: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--work", str(work), "--one", step]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    main()
