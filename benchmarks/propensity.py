"""Propensity score, overlap weights and balance on mostly categorical covariates, beside glum + tabmat and statsmodels.

    python benchmarks/propensity.py [rows] [repeats]

Prints the median seconds of each step, the ratio to the alternative, and the step's distance to its limit: the time of
one pass of X'diag(w)X for every Newton step.
"""

import resource
import sys
import time
from statistics import median

import numpy as np
import pandas as pd

from iop_outcomes.designs.judge.balance import balance
from iop_outcomes.designs.scores.balancing_weights import balancing_weights
from iop_outcomes.stats.linear.glm import fit_glm
from iop_outcomes.stats.linear.matrix import model_matrix

#: State with 50 levels and 24 smaller covariates: 162 columns with the intercept.
LEVELS = [50, *[2] * 5, *[3] * 4, *[5] * 6, *[7] * 4, *[12] * 3, *[10] * 2]
#: The dense matrix of statsmodels would not fit in memory beyond this.
STATSMODELS_ROWS = 200_000


def people(n: int, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    """Return covariates and an arm that depends on them."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            f"factor_{i}": pd.Categorical.from_codes(rng.integers(0, k, n), [f"level_{j}" for j in range(k)])
            for i, k in enumerate(LEVELS)
        }
    )
    matrix = model_matrix(frame)
    effects = rng.normal(0, 0.3, matrix.shape[1])
    effects[0] = -1.5
    return frame, rng.random(n) < 1 / (1 + np.exp(-matrix.matvec(effects)))


def seconds(function, repeats: int):
    """Return the median time of a call and its last result."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - start)
    return median(times), result


def with_glum(frame, treated):
    from glum import GeneralizedLinearRegressor

    model = GeneralizedLinearRegressor(family="binomial", alpha=0, drop_first=True, gradient_tol=1e-9, max_iter=100)
    model.fit(frame, treated.astype(float))
    return np.r_[model.intercept_, model.coef_]


def with_statsmodels(frame, treated):
    import statsmodels.api as sm

    columns = pd.get_dummies(frame, drop_first=True, dtype=float)
    return (
        sm.GLM(treated.astype(float), sm.add_constant(columns.to_numpy()), family=sm.families.Binomial()).fit().params
    )


def main(n: int, repeats: int) -> None:
    frame, treated = people(n)
    made, matrix = seconds(lambda: model_matrix(frame), repeats)
    fitted, fit = seconds(lambda: fit_glm(treated, matrix), repeats)
    weighted, weights = seconds(lambda: balancing_weights(fit.fitted, treated, "ATO"), repeats)
    balanced, _ = seconds(lambda: balance(frame, treated, weights, estimand="ATO"), repeats)
    one_pass, _ = seconds(lambda: matrix.sandwich(fit.working_weights), repeats)
    print(f"{n:,} rows x {matrix.shape[1]} columns, median of {repeats}")
    for name, took in {"matrix": made, "propensity": fitted, "weights": weighted, "balance": balanced}.items():
        print(f"{name:<28}{took:8.3f} s")
    print(f"{'one pass of the information':<28}{one_pass:8.3f} s; {fit.iterations} Newton steps on all rows")
    print(f"propensity takes {fitted / (fit.iterations * one_pass):.1f} times its passes")
    print(f"peak memory so far {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB, data included")
    others = {"glum + tabmat": with_glum}
    if n <= STATSMODELS_ROWS:
        others["statsmodels"] = with_statsmodels
    for name, function in others.items():
        took, coefficients = seconds(lambda function=function: function(frame, treated), 1 if n > 100_000 else repeats)
        difference = np.abs(coefficients - fit.coefficients).max()
        print(f"{name:<28}{took:8.3f} s  {took / (made + fitted):6.1f} x ours  largest difference {difference:.1e}")
    print(f"peak memory at the end {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    arguments = [int(argument.replace("_", "")) for argument in sys.argv[1:]]
    main(*(arguments + [200_000, 3][len(arguments) :]))
