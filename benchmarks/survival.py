"""Speed and memory of survival analysis on days, beside lifelines; R is timed by ``estimation.py``, where it is found.

Data: 25 covariates, nearly all categorical (one with 50 levels), 161 columns, 365 days, 200 sites. lifelines and ours
fit the same adjusted model as often as each other, from the same frame, on ``--lifelines-rows`` rows. Run:

    OPENBLAS_NUM_THREADS=1 python benchmarks/survival.py [--rows 200000] [--lifelines-rows 20000]
"""

import argparse
import resource
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

from iop_outcomes.stats.linear.matrix import ModelMatrix, model_matrix
from iop_outcomes.stats.survival.cox import fit_cox
from iop_outcomes.stats.survival.cox_curves import standardised_survival
from iop_outcomes.stats.survival.cox_robust import cox_covariance
from iop_outcomes.stats.survival.kaplan_meier import kaplan_meier
from iop_outcomes.stats.survival.rmst import restricted_mean

ROWS = 200_000
LEVELS = (50, 12, 10, 9, 9, 8, 8, 8, 7, 7, 6, 6, 5, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2)
DAYS = 365


def median_seconds(call: Callable[[], object], times: int) -> float:
    """Return the median time of some calls."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def follow_up(n: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return arm and covariates, days, events, weights and sites of n people."""
    random = np.random.default_rng(1)
    codes = [random.integers(0, size, n) for size in LEVELS]
    frame = pd.DataFrame({"treated": (random.random(n) < 0.4).astype(float)})
    for number, (code, size) in enumerate(zip(codes, LEVELS, strict=True)):
        frame[f"c{number:02d}"] = pd.Categorical.from_codes(code, [f"level {k}" for k in range(size)])
    frame["age"] = random.normal(40, 12, n).round()
    linear = 0.05 * sum(code % 3 for code in codes) - 0.3 * frame["treated"].to_numpy()
    leaves = np.ceil(random.exponential(300 * np.exp(-linear)))
    seen = np.minimum(np.ceil(random.uniform(60, 2 * DAYS, n)), DAYS)
    return frame, np.minimum(leaves, seen), leaves <= seen, random.uniform(0.5, 2, n), random.integers(0, 200, n)


def report(name: str, seconds: float) -> None:
    """Print the time of a step."""
    print(f"  {name:<46}{seconds:8.3f} s")


def ours(n: int, times: int) -> None:
    """Time every step on n people."""
    frame, days, event, weights, site = follow_up(n)
    matrix = model_matrix(frame)
    arm = frame["treated"].to_numpy() == 1
    print(f"{n:,} people, {matrix.shape[1]} columns, {DAYS} days, {event.mean():.0%} with the event")

    def curves():
        for side in (arm, ~arm):
            _ = kaplan_meier(days[side], event[side], weights[side], cluster=site[side], variance="robust").se

    def means():
        for side in (arm, ~arm):
            restricted_mean(kaplan_meier(days[side], event[side], weights[side], variance="robust"), 180)

    only = model_matrix(frame[["treated"]])

    def marginal():
        cox_covariance(fit_cox(only, days, event, weights=weights), site)

    report("weighted Kaplan-Meier, clustered, all days", median_seconds(curves, times))
    report("restricted means with standard errors", median_seconds(means, times))
    report("weighted Cox model of the arm, clustered", median_seconds(marginal, times))
    adjusted = median_seconds(lambda: fit_cox(matrix, days, event), times)
    report(f"Cox model, {matrix.shape[1] - 1} columns, Efron", adjusted)
    fit = fit_cox(matrix, days, event)
    report("  its robust covariance", median_seconds(lambda: cox_covariance(fit), times))
    report("  survival standardised to everybody", median_seconds(lambda: standardised(fit), times))
    limit(matrix, fit.iterations, adjusted, times)
    print(f"  peak memory of the process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


def standardised(fit) -> None:
    """Standardise to both arms at two days."""
    for value in (0.0, 1.0):
        standardised_survival(fit, {"treated": value}, [90, 180])


def limit(matrix: ModelMatrix, iterations: int, seconds: float, times: int) -> None:
    """Print how far the adjusted model is from one weighted cross product of the matrix per step."""
    ones = np.ones(matrix.n_rows)
    floor = iterations * median_seconds(lambda: matrix.sandwich(ones), times)
    print(f"  limit: {iterations} steps x one X'WX {floor:.3f} s; the fit takes {seconds / floor:.1f} times that")


def beside_lifelines(n: int, times: int) -> None:
    """Fit the same adjusted model by lifelines and by ours on n people, each from the frame of covariates."""
    from lifelines import CoxPHFitter

    frame, days, event, _, _ = follow_up(n)

    def other():
        table = pd.get_dummies(frame, drop_first=True, dtype=float).assign(days=days, event=event)
        return CoxPHFitter().fit(table, "days", "event")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = median_seconds(other, times)
        found = other().params_.to_numpy()
    mine = median_seconds(lambda: fit_cox(model_matrix(frame), days, event), times)
    apart = np.abs(np.sort(found) - np.sort(fit_cox(model_matrix(frame), days, event).coefficients)).max()
    print(f"{n:,} people, adjusted Cox model, the matrix included, medians of {times}; coefficients {apart:.1e} apart")
    print(f"  lifelines {theirs:8.2f} s\n  ours      {mine:8.2f} s   {theirs / mine:,.0f} times faster")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--lifelines-rows", type=int, default=20_000)
    parser.add_argument("--times", type=int, default=3)
    chosen = parser.parse_args()
    ours(chosen.rows, chosen.times)
    if chosen.lifelines_rows:
        beside_lifelines(chosen.lifelines_rows, chosen.times)
