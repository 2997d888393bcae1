"""How often the 95% interval holds the truth in small worlds that are each hard in one way, before and after.

    python benchmarks/operating_characteristics.py --replicates 500 --world "8 sites"

A line for each world, design and estimator: bias, standard error over standard deviation, share of intervals that hold
the truth with its Monte-Carlo error, share that excludes zero, with the settings of a study file and with those of a
call, which were those of a study file before.
"""

import argparse
import time

import numpy as np
import pandas as pd
from small_worlds import COVARIATES, DAY, worlds

import iop_outcomes as iop
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.registry import DESIGN_METHODS, ESTIMATORS

ESTIMAND = {"ate_weights": "ATE", "entropy_balance": "ATE", "cbps": "ATE", "overlap_weights": "ATO"}
OF_SITES = [
    ("overlap_weights", "aipw", {}),
    ("overlap_weights", "weighted", {}),
    ("overlap_weights", "outcome_regression", {}),
    ("ate_weights", "aipw", {}),
    ("ate_weights", "tmle", {}),
]
CELLS = {
    "site preference": OF_SITES,
    "many small sites": OF_SITES,
    "8 sites": OF_SITES,
    "12 sites": OF_SITES,
    "8 sites, effects differ": OF_SITES,
    "12 sites, effects differ": OF_SITES,
    "alike": [(design, "weighted", {}) for design in ("entropy_balance", "entropy_balance_att", "cbps", "cbps_att")],
    "poor overlap": [
        ("ate_weights", "weighted", {}),
        ("ate_weights", "aipw", {}),
        ("ate_weights", "tmle", {}),
        ("att_weights", "tmle", {}),
        ("ate_weights", "tmle", {"folds": 5, "learner": "boosting"}),
        ("overlap_weights", "aipw", {}),
        ("entropy_balance", "weighted", {}),
        ("cbps", "weighted", {}),
    ],
    "poor overlap, time": [
        ("ate_weights", "weighted_kaplan_meier", {"day": DAY}),
        ("att_weights", "weighted_kaplan_meier", {"day": DAY}),
        ("overlap_weights", "weighted_kaplan_meier", {"day": DAY}),
    ],
    "effect varies": [
        ("nearest_match", "matched", {}),
        ("att_weights", "weighted", {}),
        ("overlap_weights", "aipw", {}),
    ],
    "effect varies, time": [
        ("ate_weights", "standardised_cox", {"day": DAY}),
        ("att_weights", "standardised_cox", {"day": DAY}),
        ("overlap_weights", "standardised_cox", {"day": DAY}),
    ],
}


def row(data, design, estimator, settings, in_study):
    """Return the contrast of one study."""
    method, plugin = DESIGN_METHODS[design], ESTIMATORS[estimator]
    own = {"design": design, "estimator": estimator, "arm": "a", "covariates": COVARIATES, **settings}
    if in_study:
        own |= {"design_settings": method.study_defaults} | {**plugin.study_defaults, **settings}
    if "site" in data:
        own["cluster"] = "site"
    if "time" in data:
        return iop.survival(data, time="time", event="event", **own).iloc[0]
    return iop.estimate(data, outcome="y", **own).iloc[0]


def characteristics(world, cell, replicates, in_study, seed=1) -> dict:
    """Return what one cell does over many studies."""
    design, estimator, settings = cell
    estimand, found, refused, seconds = DESIGN_METHODS[design].estimand, [], 0, []
    truth = world.truth[estimand]
    for replicate in range(replicates):
        data = world.draw(np.random.default_rng([seed, replicate]))
        start = time.perf_counter()
        try:
            one = row(data, design, estimator, settings, in_study)
        except StudyError as error:
            refused += 1
            if refused == 1:
                print(error)
            continue
        seconds.append(time.perf_counter() - start)
        found.append((one["value"], one["se"], one["ci_low"], one["ci_high"]))
    values = pd.DataFrame(found, columns=["value", "se", "low", "high"])
    held = ((values["low"] <= truth) & (truth <= values["high"])).mean()
    return {
        "design": design,
        "estimator": " ".join([estimator, *(f"{k}={v}" for k, v in settings.items() if k != "day")]),
        "settings": "study" if in_study else "call",
        "truth": truth,
        "bias": values["value"].mean() - truth,
        "sd": values["value"].std(),
        "se/sd": values["se"].mean() / values["value"].std(),
        "coverage": 100 * held,
        "mc": 100 * np.sqrt(held * (1 - held) / len(values)),
        "excludes 0": 100 * ((values["low"] > 0) | (values["high"] < 0)).mean(),
        "width": (values["high"] - values["low"]).mean(),
        "refused": refused,
        "ms": 1000 * np.median(seconds),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--replicates", type=int, default=200)
    parser.add_argument("--world", action="append")
    parser.add_argument("--settings", action="append", choices=["call", "study"])
    parser.add_argument("--estimator", default="")
    chosen = parser.parse_args()
    made = worlds()
    for name in chosen.world or made:
        print(f"\n{name}: {made[name].says}", flush=True)
        cells = [cell for cell in CELLS[name] if chosen.estimator in cell[1]]
        ways = [way == "study" for way in chosen.settings or ("call", "study")]
        rows = [characteristics(made[name], cell, chosen.replicates, way) for cell in cells for way in ways]
        print(pd.DataFrame(rows).round(3).to_string(index=False), flush=True)


if __name__ == "__main__":
    main()
