"""From covariates to effects in one chain, beside statsmodels + lifelines and beside R.

    python benchmarks/estimation.py [rows] [repeats] [alone]

The chain: logistic propensity score, overlap weights, balance, weighted risk difference with errors clustered by site,
weighted Kaplan-Meier and weighted Cox with robust errors clustered by site; 25 mostly categorical covariates, one of
them with 50 levels. Every side reads the same binary columns in a process of its own, whose peak memory is measured,
on one thread. The Python sides run each step as often as each other, and their medians are compared; R runs each step
once, which is held against our first run. Printed are seconds by step, the ratios, whether the answers agree, and how
far each of our steps is from its limit. With ``alone`` the others are left out; R is used where ``Rscript`` is found.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

#: State, 21 smaller factors and three numbers: 141 columns with the intercept.
LEVELS = [50, *[2] * 5, *[3] * 4, *[5] * 5, *[7] * 4, *[12] * 2, 10]
NUMBERS = 3
SITES = 60
#: The dense matrices of statsmodels fit into the memory of a laptop up to here.
DENSE_ROWS = 400_000
STEPS = ("propensity", "weights", "balance", "risk difference", "kaplan-meier", "cox")
#: Steps that only we are timed on.
EXTRA = ("risk difference, score counted",)


def write_people(folder: Path, n: int, seed: int = 1) -> None:
    """Write covariates, arm, site, outcome and follow-up as binary columns."""
    generator = np.random.default_rng(seed)
    linear = np.full(n, -0.7)
    for i, k in enumerate(LEVELS):
        codes = generator.integers(0, k, n, dtype=np.int32)
        linear += generator.normal(0, 0.25, k)[codes]
        codes.tofile(folder / f"factor_{i}.i32")
    for i in range(NUMBERS):
        values = generator.integers(0, 30, n).astype(float) if i else generator.normal(size=n)
        linear += 0.2 * (values - values.mean()) / values.std()
        values.tofile(folder / f"number_{i}.f64")
    site = generator.integers(0, SITES, n, dtype=np.int32)
    arm = generator.random(n) < 1 / (1 + np.exp(-linear))
    outcome = generator.random(n) < np.clip(
        0.4 + 0.08 * arm - 0.05 * linear + generator.normal(0, 0.05, SITES)[site], 0, 1
    )
    days = np.ceil(generator.exponential(120 * np.exp(0.2 * arm - 0.1 * linear)))
    for name, values in (("site", site), ("arm", arm), ("outcome", outcome), ("event", days <= 365)):
        values.astype(np.int32).tofile(folder / f"{name}.i32")
    np.minimum(days, 365).tofile(folder / "days.f64")
    (folder / "shape.json").write_text(json.dumps({"levels": LEVELS, "numbers": NUMBERS, "rows": n}))


def read_people(folder: Path):
    """Return covariates as a frame, and arm, site, outcome, days and event as arrays."""
    frame = pd.DataFrame(
        {
            f"factor_{i}": pd.Categorical.from_codes(
                np.fromfile(folder / f"factor_{i}.i32", np.int32), [f"l{j:02d}" for j in range(k)]
            )
            for i, k in enumerate(LEVELS)
        }
    )
    for i in range(NUMBERS):
        frame[f"number_{i}"] = np.fromfile(folder / f"number_{i}.f64")
    rest = [np.fromfile(folder / f"{name}.i32", np.int32) for name in ("arm", "site", "outcome", "event")]
    arm, site, outcome, event = rest
    return frame, arm.astype(bool), site, outcome.astype(float), np.fromfile(folder / "days.f64"), event


class Stopwatch:
    """Seconds of each step: the median of some repeats, and the first of them, before anything is warm."""

    def __init__(self, repeats: int):
        self.repeats, self.seconds, self.first = repeats, {}, {}

    def __call__(self, name, function):
        times = []
        for _ in range(self.repeats):
            start = time.perf_counter()
            result = function()
            times.append(time.perf_counter() - start)
        self.seconds[name], self.first[name] = median(times), times[0]
        return result


def ours(folder: Path, repeats: int) -> dict:
    from iop_outcomes.designs.judge.balance import balance
    from iop_outcomes.designs.scores.balancing_weights import balancing_weights
    from iop_outcomes.estimates.estimators.weighting import weighted_means
    from iop_outcomes.estimates.measures import contrast
    from iop_outcomes.estimates.nuisance.weights import propensity_weights
    from iop_outcomes.stats.linear.glm import fit_glm
    from iop_outcomes.stats.linear.matrix import model_matrix
    from iop_outcomes.stats.survival.cox import fit_cox
    from iop_outcomes.stats.survival.cox_robust import cox_covariance
    from iop_outcomes.stats.survival.kaplan_meier import kaplan_meier

    clock, limit = Stopwatch(repeats), Stopwatch(repeats)
    frame, arm, site, outcome, days, event = Stopwatch(1)("read", lambda: read_people(folder))

    def propensity():
        matrix = model_matrix(frame)
        return matrix, fit_glm(arm, matrix)

    matrix, fit = clock("propensity", propensity)
    weights = clock("weights", lambda: balancing_weights(fit.fitted, arm, "ATO"))
    table = clock("balance", lambda: balance(frame, arm, weights, estimand="ATO"))
    effect = clock(
        "risk difference", lambda: contrast(weighted_means(outcome, arm, weights, cluster=site), "risk_difference")
    )

    def counted():
        estimated = propensity_weights(fit.fitted, arm, "ATO", matrix)
        return contrast(weighted_means(outcome, arm, estimated, cluster=site), "risk_difference")

    full = clock("risk difference, score counted", counted)

    def curves():
        arms = (arm, ~arm)
        made = [kaplan_meier(days[a], event[a], weights[a], cluster=site[a], variance="robust") for a in arms]
        return [curve.at([90])[["survival", "se"]].iloc[0].tolist() for curve in made]

    survival = clock("kaplan-meier", curves)
    arm_matrix = model_matrix(pd.DataFrame({"arm": arm.astype(float)}))

    def cox():
        made = fit_cox(arm_matrix, days, event, weights=weights)
        return made, np.sqrt(cox_covariance(made, site)[0, 0])

    hazard, hazard_se = clock("cox", cox)
    after = table[table["stage"] == "after"]
    limit("pass", lambda: matrix.sandwich(fit.working_weights))
    limit("count", lambda: np.bincount(site, weights, SITES))
    newton, one_count = fit.iterations * limit.seconds["pass"], limit.seconds["count"]
    return {
        "seconds": clock.seconds,
        "first": clock.first,
        "limits": {
            "propensity": (newton, f"{fit.iterations} Newton steps, each one pass of the information"),
            "balance": (4 * len(frame.columns) * one_count, "four counts per covariate"),
            "risk difference": (4 * one_count, "two means and two cluster sums"),
            "kaplan-meier": (4 * one_count, "events and numbers at risk by day, and their cluster sums"),
            "cox": (hazard.iterations * 3 * one_count, f"{hazard.iterations} Newton steps, each three sums by day"),
        },
        "values": {
            "largest smd after": after["smd"].abs().max(),
            "risk difference": effect.value,
            "its se": effect.se,
            "its se, score counted": full.se,
            "survival at 90": survival[0][0],
            "log hazard ratio": hazard.coefficients[0],
            "its se, robust": hazard_se,
        },
    }


def python_libraries(folder: Path, repeats: int) -> dict:
    import statsmodels.api as sm
    from lifelines import CoxPHFitter, KaplanMeierFitter

    clock = Stopwatch(repeats)
    frame, arm, site, outcome, days, event = read_people(folder)

    def propensity():
        columns = pd.get_dummies(frame, drop_first=True, dtype=float).to_numpy()
        model = sm.GLM(arm.astype(float), sm.add_constant(columns), family=sm.families.Binomial())
        return model.fit().fittedvalues

    score = clock("propensity", propensity)
    weights = clock("weights", lambda: np.where(arm, 1 - score, score))

    def balance():
        columns = pd.get_dummies(frame, dtype=float).to_numpy()
        means = [np.average(columns[a], axis=0, weights=weights[a]) for a in (arm, ~arm)]
        centre = np.average(columns, axis=0, weights=weights)
        variance = np.average((columns - centre) ** 2, axis=0, weights=weights)
        return np.abs((means[0] - means[1]) / np.sqrt(variance)).max()

    worst = clock("balance", balance)

    def difference():
        columns = sm.add_constant(arm.astype(float))
        return sm.WLS(outcome, columns, weights=weights).fit(cov_type="cluster", cov_kwds={"groups": site})

    effect = clock("risk difference", difference)

    def curves():
        return [
            KaplanMeierFitter().fit(days[a], event[a], weights=weights[a]).survival_function_at_times(90).iloc[0]
            for a in (arm, ~arm)
        ]

    survival = clock("kaplan-meier", curves)
    table = pd.DataFrame({"days": days, "event": event, "arm": arm.astype(float), "weight": weights, "site": site})

    def cox():
        return CoxPHFitter().fit(table, "days", "event", weights_col="weight", cluster_col="site", robust=True)

    hazard = clock("cox", cox)
    return {
        "seconds": clock.seconds,
        "first": clock.first,
        "values": {
            "largest smd after": worst,
            "risk difference": effect.params[1],
            "its se": effect.bse[1],
            "survival at 90": survival[0],
            "log hazard ratio": hazard.params_["arm"],
            "its se, robust": hazard.standard_errors_["arm"],
        },
    }


def run(command: list[str]) -> dict:
    """Run one side in a process of its own; its result with its peak memory in MB."""
    settings = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    with tempfile.TemporaryFile() as answer:
        process = subprocess.Popen(command, stdout=answer, env={**os.environ, **settings})
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command[0]} ended with exit code {process.returncode}")
        answer.seek(0)
        result = json.loads(answer.read().decode().splitlines()[-1])
    return {**result, "megabytes": usage.ru_maxrss / 1024}


def main(n: int, repeats: int, alone: bool) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_people(folder, n)
        this = [sys.executable, __file__, "--side"]
        sides = {"ours": run([*this, "ours", place, str(repeats)])}
        if not alone:
            if n <= DENSE_ROWS:
                sides["statsmodels + lifelines"] = run([*this, "python_libraries", place, str(repeats)])
            else:
                print(f"statsmodels + lifelines are left out above {DENSE_ROWS:,} rows: they would need 20 GB")
            rscript = shutil.which("Rscript")
            if rscript:
                script = str(Path(__file__).with_suffix(".R"))
                sides["R"] = run([rscript, "--vanilla", script, place, "cox" if n <= DENSE_ROWS else "no cox"])
                if n > DENSE_ROWS:
                    print(
                        f"R's robust Cox model is left out above {DENSE_ROWS:,} rows: its time grows with their square"
                    )
            else:
                print("Rscript is not found: R is left out")
    show(n, sides)


def show(n: int, sides: dict) -> None:
    mine = sides["ours"]
    print(f"{n:,} rows, {1 + sum(k - 1 for k in LEVELS) + NUMBERS} columns, one thread; seconds")
    print(f"{'':<34}" + "".join(f"{name:>26}" for name in sides))
    for step in (*STEPS, *EXTRA):
        cells = [side["seconds"].get(step) for side in sides.values()]
        print(f"{step:<34}" + "".join(f"{'' if cell is None else format(cell, '.3f'):>26}" for cell in cells))
    totals = {name: sum(side["seconds"].get(step, 0.0) for step in STEPS) for name, side in sides.items()}
    print(f"{'the chain':<34}" + "".join(f"{total:>26.2f}" for total in totals.values()))
    print(
        f"{'peak memory, MB (data included)':<34}" + "".join(f"{side['megabytes']:>26,.0f}" for side in sides.values())
    )
    for name in list(sides)[1:]:
        alike = "seconds" if "first" in sides[name] else "first"
        both = sum(mine[alike][step] for step in STEPS if step in sides[name]["seconds"])
        ratio, memory = totals[name] / both, mine["megabytes"] / sides[name]["megabytes"]
        runs = "medians" if alike == "seconds" else "once each"
        print(
            f"{name}: the steps it has ({runs}) take {ratio:.0f} times as long as ours; ours needs {memory:.2f} of its "
            "memory"
        )
    print("answers, and how far apart the others are (relative)")
    for name, value in mine["values"].items():
        others = [side["values"].get(name) for side in list(sides.values())[1:]]
        apart = [f"{abs(other - value) / max(abs(value), 1e-3):.1e}" if other is not None else "" for other in others]
        print(f"  {name:<32}{value:>26.9g}" + "".join(f"{cell:>26}" for cell in apart))
    print("distance to the limit of our steps")
    for step, (limit, words) in mine["limits"].items():
        print(f"  {step:<32}{mine['seconds'][step] / limit:>8.1f} x {limit:.3f} s ({words})")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--side"]:
        side = {"ours": ours, "python_libraries": python_libraries}[sys.argv[2]]
        found = side(Path(sys.argv[3]), int(sys.argv[4]))
        print(json.dumps(found, default=float))
    else:
        numbers = [int(a.replace("_", "")) for a in sys.argv[1:] if a != "alone"]
        main(*(numbers + [200_000, 3][len(numbers) :]), alone="alone" in sys.argv)
