"""Speed and memory of matching, GEE and linear mixed models, beside the plain definition, statsmodels, and R's time.

R's geepack 1.3.9 needs 61 s for an exchangeable GEE at 200,000 rows x 161 columns (one core, the same class of
machine); the time is quoted, since R is no part of this project. Run:

    OPENBLAS_NUM_THREADS=1 python benchmarks/matching_and_repeated.py [--rows 200000]
"""

import argparse
import resource
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

from iop_outcomes.designs.pairs.matching import nearest_match
from iop_outcomes.estimates.estimators.abadie_imbens import match_with_ties
from iop_outcomes.stats.linear.matrix import ModelMatrix, model_matrix
from iop_outcomes.stats.repeated.gee import fit_gee
from iop_outcomes.stats.repeated.linear_mixed import fit_linear_mixed

GEEGLM_SECONDS = 61.0
SMALL = 20_000
LEVELS = (50, 14, 13, 12, 10, 9, 8, 8, 7, 7, 6, 6, 5, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2)


def median_seconds(call: Callable[[], object], times: int) -> float:
    """Return the median time of some calls."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def beside(name: str, theirs: float, ours: float) -> None:
    """Print two times and their ratio."""
    print(f"  {name:<21}{theirs:8.3f} s\n  {'ours':<21}{ours:8.3f} s   {theirs / ours:,.0f} times faster")


def arms_and_scores(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return arms and logits of a score, four in ten in the first arm."""
    random = np.random.default_rng(1)
    logit = random.normal(size=n)
    return random.random(n) < 1 / (1 + np.exp(0.5 - 0.8 * logit)), logit


def one_by_one(arm: np.ndarray, logit: np.ndarray, width: float) -> int:
    """Match greedily by looking at every free control for every treated person, and return the number of pairs."""
    free = np.flatnonzero(~arm)
    n_pairs = 0
    for person in np.flatnonzero(arm)[np.argsort(-logit[arm], kind="stable")]:
        apart = np.abs(logit[free] - logit[person])
        nearest = int(apart.argmin())
        if apart[nearest] <= width:
            free = np.delete(free, nearest)
            n_pairs += 1
    return n_pairs


def repeated(n: int) -> tuple[np.ndarray, ModelMatrix, np.ndarray]:
    """Return weekly outcomes of n / 10 people with 23 categorical covariates and two numbers."""
    random = np.random.default_rng(2)
    columns = {f"c{k}": pd.Categorical(random.integers(0, size, n)) for k, size in enumerate(LEVELS)}
    frame = pd.DataFrame(columns).assign(x=random.normal(size=n), z=random.normal(size=n))
    person = np.repeat(np.arange(n // 10), 10)
    tendency = 0.3 * frame["x"].to_numpy() - 0.5 + 0.7 * random.normal(size=n // 10)[person]
    return (random.random(n) < 1 / (1 + np.exp(-tendency))).astype(float), model_matrix(frame), person


def matching(n: int) -> None:
    """Print times of matching."""
    arm, logit = arms_and_scores(SMALL)
    width = 0.2 * logit.std(ddof=1)
    ours = median_seconds(lambda: nearest_match(arm, logit, caliper=0.2), 5)
    plain = median_seconds(lambda: one_by_one(arm, logit, width), 3)
    assert one_by_one(arm, logit, width) == len(nearest_match(arm, logit, caliper=0.2).pairs)
    print(f"matching without replacement, {SMALL:,} people (medians)")
    beside("looking at everybody", plain, ours)
    arm, logit = arms_and_scores(n)
    outcome = np.random.default_rng(3).normal(size=n)
    calls = {
        "without replacement": lambda: nearest_match(arm, logit, caliper=0.2),
        "within 50 sites": lambda: nearest_match(arm, logit, caliper=0.2, exact=np.arange(n) % 50),
        "1:3 without replacement": lambda: nearest_match(arm, logit, caliper=0.2, ratio=3),
        "1:2 with replacement": lambda: nearest_match(arm, logit, ratio=2, replace=True),
        "Abadie-Imbens, ATE": lambda: match_with_ties(outcome, arm, logit, estimand="ATE"),
    }
    print(f"{n:,} people (median of 3)")
    for name, call in calls.items():
        print(f"  {name:<24}{median_seconds(call, 3):8.2f} s")


def gee(n: int) -> None:
    """Print times of GEE."""
    import statsmodels.api as sm

    y, matrix, person = repeated(SMALL)
    ours = median_seconds(lambda: fit_gee(y, matrix, person), 3)
    structure = sm.cov_struct.Exchangeable()
    model = sm.GEE(y, matrix.dense(), groups=person, family=sm.families.Binomial(), cov_struct=structure)
    theirs = median_seconds(model.fit, 1)
    print(f"exchangeable GEE, {SMALL:,} rows x {matrix.shape[1]} columns")
    beside("statsmodels", theirs, ours)
    y, matrix, person = repeated(n)
    print(f"{n:,} rows x {matrix.shape[1]} columns, {n // 10:,} people (median of 3)")
    for correlation in ("exchangeable", "ar1", "independence"):
        seconds = median_seconds(lambda c=correlation: fit_gee(y, matrix, person, correlation=c), 3)
        ratio = f"   geeglm (quoted) / ours = {GEEGLM_SECONDS / seconds:.0f}" if correlation == "exchangeable" else ""
        print(f"  {correlation:<21}{seconds:8.2f} s{ratio}")


def grouped(seed: int, n_clusters: int, n: int, n_covariates: int) -> tuple[np.ndarray, ModelMatrix, np.ndarray]:
    """Return numbers of people in clusters, with a deviation between clusters of half that within."""
    random = np.random.default_rng(seed)
    cluster = random.integers(0, n_clusters, n)
    columns = pd.DataFrame({f"x{k}": random.normal(size=n) for k in range(n_covariates)})
    own = 0.5 * random.normal(size=n_clusters)[cluster] + random.normal(size=n)
    return columns.sum(axis=1).to_numpy() / 10 + own, model_matrix(columns), cluster


def linear_mixed(n: int) -> None:
    """Print times of random-intercept models, and how often statsmodels stops before the maximum."""
    import statsmodels.api as sm

    def theirs(y, matrix, cluster):
        return sm.MixedLM(y, matrix.dense(), groups=cluster).fit()

    y, matrix, cluster = grouped(0, n // 10, n, 40)
    print(f"linear mixed model, {n:,} rows x {matrix.shape[1]} columns, {n // 10:,} clusters")
    slow = median_seconds(lambda: theirs(y, matrix, cluster), 1)
    beside("statsmodels", slow, median_seconds(lambda: fit_linear_mixed(y, matrix, cluster), 3))
    unconverged, between, errors, higher = 0, 0, 0, 0
    for seed in range(200):
        y, matrix, cluster = grouped(seed, 8, 64, 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = theirs(y, matrix, cluster)
        fit = fit_linear_mixed(y, matrix, cluster)
        unconverged += not found.converged
        between += abs(np.sqrt(found.cov_re[0, 0]) - fit.standard_deviation) > 0.01
        errors += not np.allclose(found.bse_fe, fit.standard_errors, rtol=0.01)
        higher += found.llf > fit.log_likelihood + 1e-7
    print(f"  200 data sets of 8 clusters of 8: not converged in {unconverged}, deviation between clusters off by 0.01")
    print(f"  in {between}, a standard error off by 1 % in {errors}; a higher likelihood than ours in {higher}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    rows = parser.parse_args().rows
    matching(rows)
    gee(rows)
    linear_mixed(rows)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
