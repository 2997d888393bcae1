"""Speed and memory of the urine endpoints: all 62 columns, beside CTNote's published time.

CTNote 0.1.3 needs 15.4 s for 3,560 people and 62 columns in its lean form (the same functions in plain loops, R 4.2.2,
one core, median of 3; 29.3 s as published); the time is quoted, since R is no part of this project. Run:

    python benchmarks/endpoints.py [--people 1000000] [--weeks 26]
"""

import argparse
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from iop_outcomes.endpoints import score, to_words

CTNOTE_SECONDS, CTNOTE_PEOPLE = 15.4, 3560
CTN_WORDS = Path(__file__).resolve().parents[2] / "shared" / "data" / "ctn0094" / "derived_weeklyOpioidPattern.csv.gz"
# Shares of - * + o among the weeks of the trials' words, and the lengths the words have.
SYMBOL_SHARES = (0.25, 0.01, 0.12, 0.62)


def synthetic_words(n_people: int, shortest: int, longest: int, seed: int) -> np.ndarray:
    """Return a people x weeks matrix of codes with the trials' mix of symbols."""
    rng = np.random.default_rng(seed)
    codes = rng.choice(np.arange(1, 5, dtype=np.int8), size=(n_people, longest), p=SYMBOL_SHARES)
    length = rng.integers(shortest, longest + 1, size=n_people)
    codes[np.arange(longest) >= length[:, None]] = 0
    return codes


def trial_words() -> tuple[pd.Series, str]:
    """Return the CTN-0094 words if they lie beside the project, otherwise synthetic ones of like shape."""
    if CTN_WORDS.exists():
        table = pd.read_csv(CTN_WORDS, dtype=str, keep_default_na=False)
        return table["Phase_1"] + table["Phase_2"], "CTN-0094 words"
    return pd.Series(to_words(synthetic_words(CTNOTE_PEOPLE, 14, 39, seed=1))), "synthetic words (14-39 weeks)"


def median_seconds(call: Callable[[], object], times: int) -> float:
    """Return the median time of some calls, after one that is not counted."""
    call()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def compare_with_ctnote() -> None:
    """Print people per second for one study, and the ratio to CTNote's time."""
    words, kind = trial_words()
    ctnote = CTNOTE_PEOPLE / CTNOTE_SECONDS
    print(f"{len(words):,} people, 62 columns, {kind}; median of 11")
    print(f"  {'CTNote 0.1.3, lean (quoted)':<28}{CTNOTE_SECONDS:>9.3f} s {ctnote:>12,.0f} people/s")
    for mode in ("ctnote", "corrected"):
        seconds = median_seconds(lambda mode=mode: score(words, mode=mode), times=11)
        speed = len(words) / seconds
        print(f"  {'ours, mode ' + mode:<28}{seconds:>9.3f} s {speed:>12,.0f} people/s  {speed / ctnote:>7,.0f} times")


def score_many(n_people: int, n_weeks: int) -> None:
    """Print time and peak memory for a large study, from text to table."""
    words = pd.Series(to_words(synthetic_words(n_people, n_weeks, n_weeks, seed=2)))
    before = peak_gigabytes()
    start = time.perf_counter()
    values = score(words)
    seconds = time.perf_counter() - start
    print(f"{n_people:,} people x {n_weeks} weeks, {values.shape[1]} columns, mode corrected, once")
    print(f"  {seconds:.1f} s, {n_people / seconds:,.0f} people/s; peak memory {peak_gigabytes():.2f} GB")
    print(f"  (of which {before:.2f} GB was reached while the words were made)")


def peak_gigabytes() -> float:
    """Return the most memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--weeks", type=int, default=26)
    settings = parser.parse_args()
    compare_with_ctnote()
    score_many(settings.people, settings.weeks)
