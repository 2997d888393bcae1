"""Speed and memory of the simulator: a study as observed, a potential world, and the latent course alone.

    python benchmarks/simulate.py [--people 100000] [--times 3]

Beside the latent course stands its use process written as a loop over people and days, timed on 500 people and scaled.
It does less (nobody leaves, goes to jail or takes part), so the ratio understates what the whole would cost one by one.
"""

import argparse
import math
import random
import resource
import statistics
import time
from collections.abc import Callable

from iop_outcomes.simulate import Settings, simulate


def median_seconds(call: Callable[[], object], times: int) -> float:
    """Return the median time of some calls."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def use_one_by_one(n_people: int, weeks: int = 26) -> int:
    """Draw days of use one person and day at a time; return how many there were."""
    rng = random.Random(1)
    used = 0
    for _ in range(n_people):
        level, swing, share = rng.gauss(-2.3, 2.1), 0.0, 0.3
        for _ in range(weeks):
            swing = 0.75 * swing + rng.gauss(0, 0.8)
            chance = 1 / (1 + math.exp(-(level + swing + 1.6 * share)))
            days = sum(rng.random() < chance for _ in range(7))
            share = days / 7
            used += days
    return used


def peak_gigabytes() -> float:
    """Return the most memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    settings = Settings(true_effect="benefit", n_people=options.people)
    rows = {name: len(table) for name, table in simulate(settings, 1).tables().items()}
    observed = median_seconds(lambda: simulate(settings, 1).tables(), options.times)
    potential = median_seconds(lambda: simulate(settings, 1).tables("iop"), options.times)
    course = median_seconds(simulate(settings, 1).course, options.times)
    small = median_seconds(lambda: simulate(Settings(true_effect="benefit", n_people=400), 1).tables(), 5)
    loop = median_seconds(lambda: use_one_by_one(500), options.times) * options.people / 500
    print(f"{options.people:,} people, {sum(rows.values()):,} rows; median of {options.times}")
    print(f"  study as observed          {observed:>8.1f} s {options.people / observed:>12,.0f} people/s")
    print(f"  world in which all had IOP {potential:>8.1f} s {options.people / potential:>12,.0f} people/s")
    print(f"  latent course alone        {course:>8.1f} s")
    print(f"  its use, one by one        {loop:>8.1f} s, {loop / course:.1f} times the latent course")
    print(f"  400 people                 {small:>8.3f} s")
    print(f"  peak memory                {peak_gigabytes():>8.2f} GB")
    print("  rows: " + ", ".join(f"{name} {n:,}" for name, n in rows.items()))
