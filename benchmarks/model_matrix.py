"""One pass of X' diag(w) X, ours beside tabmat: the step that every regression here spends its time in.

25 covariates, 23 of them categories (one with 50 levels) and two numbers. Run:

    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python benchmarks/model_matrix.py [--rows 200000]
"""

import argparse
import statistics
import time

import numpy as np
import pandas as pd
import tabmat

from iop_outcomes.stats.linear.matrix import model_matrix

LEVELS = (50, 13, 12, 11, 9, 8, 8, 7, 7, 7, 6, 6, 5, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2)
TIMES = 7


def people(n: int) -> pd.DataFrame:
    """Return covariates drawn at random."""
    random = np.random.default_rng(1)
    frame = {
        f"category_{i}": pd.Categorical.from_codes(random.integers(0, k, n), [str(level) for level in range(k)])
        for i, k in enumerate(LEVELS)
    }
    return pd.DataFrame(frame | {"first": random.normal(size=n), "second": random.normal(size=n)})


def median_seconds(matrix, weights: np.ndarray) -> float:
    """Return the median time of a pass."""
    taken = []
    for _ in range(TIMES):
        start = time.perf_counter()
        matrix.sandwich(weights)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    """Print both times, their ratio, and how far the results are apart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    n = parser.parse_args().rows
    frame, weights = people(n), np.random.default_rng(2).random(n)
    ours = model_matrix(frame)
    theirs = tabmat.from_df(frame.assign(intercept=1.0)[["intercept", *frame.columns]], drop_first=True)
    theirs.sandwich(weights)
    slow, fast = median_seconds(theirs, weights), median_seconds(ours, weights)
    apart = np.abs(np.sort(np.diag(ours.sandwich(weights))) / np.sort(np.diag(theirs.sandwich(weights))) - 1).max()
    print(f"{n:,} rows x {ours.shape[1]} columns")
    print(f"  tabmat {slow:7.3f} s\n  ours   {fast:7.3f} s   {slow / fast:.1f} times faster, apart by {apart:.0e}")


if __name__ == "__main__":
    main()
