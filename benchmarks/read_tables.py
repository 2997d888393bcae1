"""Time and memory of reading canonical tables from CSV files: people, their episodes and many sessions.

python benchmarks/read_tables.py [--sessions 20000000]
"""

import argparse
import resource
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import polars as pl

from iop_outcomes.kernel.registry import SOURCES

SESSIONS_PER_EPISODE = 40


def main() -> None:
    """Write the files, read them in this process, print."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--sessions", type=int, default=20_000_000)
    n = arguments.parse_args().sessions
    with tempfile.TemporaryDirectory() as folder:
        # In a process of its own, so that its memory is not counted as the reader's.
        writer = get_context("spawn").Process(target=write_files, args=(Path(folder), n))
        writer.start()
        writer.join()
        size = sum(f.stat().st_size for f in Path(folder).iterdir())
        before, start, busy = peak_memory(), time.perf_counter(), time.process_time()
        source = SOURCES["tables"]
        read = source(Path(folder), 1, **source.check({"path": "."}))
        seconds, busy = time.perf_counter() - start, time.process_time() - busy
    print(read["intake"].to_string(index=False))
    memory = f"peak memory {peak_memory():.2f} GB ({before:.2f} GB before)"
    print(f"{size / 1e6:,.0f} MB of CSV: {seconds:.1f} s, of processor time {busy:.1f} s, {memory}")


def write_files(folder: Path, n_sessions: int) -> None:
    """Write person, episode and session files; every hundredth session breaks a rule."""
    rng = np.random.default_rng(1)
    n = max(n_sessions // SESSIONS_PER_EPISODE, 1)
    number = pl.int_range(n, eager=True).cast(pl.String)
    person = pl.DataFrame({"person_id": "p" + number, "age_years": rng.integers(18, 80, n)})
    person.write_csv(folder / "person.csv")
    pl.DataFrame(
        {
            "episode_id": "e" + number,
            "person_id": "p" + number,
            "assignment_day": np.zeros(n, int),
            "admission_day": np.zeros(n, int),
            "discharge_day": np.full(n, 180),
            "level_of_care": np.where(rng.random(n) < 0.2, "2.1", "1"),
        }
    ).write_csv(folder / "episode.csv")
    session = pl.int_range(n_sessions, eager=True)
    attended = rng.random(n_sessions) < 0.7
    pl.DataFrame(
        {
            "session_id": "s" + session.cast(pl.String),
            "episode_id": "e" + (session % n).cast(pl.String),
            "day": pl.Series(rng.integers(0, 180, n_sessions)) - 200 * (session % 100 == 0).cast(pl.Int64),
            "status": np.where(attended, "attended", "no_show"),
            "minutes_scheduled": np.full(n_sessions, 60),
            "minutes_attended": np.where(attended, 60, 0),
        }
    ).write_csv(folder / "session.csv")


def peak_memory() -> float:
    """Return the largest resident size of this process so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


if __name__ == "__main__":
    main()
