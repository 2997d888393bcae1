"""How often the 95% interval holds the truth in small worlds that are each hard in one way, before and after.

    python benchmarks/operating_characteristics.py --replicates 500 --world "8 sites"

A line for each world, design and estimator, with the settings of a study file and with those of a call: bias, standard
error over standard deviation, coverage and rejection, each with its Monte-Carlo error (``characteristics``).
"""

import argparse
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from small_worlds import COVARIATES, DAY, World, worlds

import iop_outcomes as iop
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.registry import DESIGN_METHODS, ESTIMATORS
from iop_outcomes.operating import characteristics
from iop_outcomes.tables.operating import VERDICT

SEED = 1
NUMBERS = ("value", "se", "ci_low", "ci_high")

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


def replicate(world: World, name: str, cell: tuple, number: int, way: str) -> dict:
    """Return what one cell says of one study: a row of the ``replicate`` table."""
    design, estimator, settings = cell
    estimand = DESIGN_METHODS[design].estimand
    label = " ".join([design, estimator, *(f"{k}={v}" for k, v in settings.items() if k != "day")])
    own = {"world": name, "replicate": number, "kind": VERDICT, "name": f"{label} ({way})", "estimand": estimand}
    own |= {"analysis": own["name"], "truth": world.truth[estimand], "decision": "not asked"}
    try:
        one = row(world.draw(np.random.default_rng([SEED, number])), design, estimator, settings, way == "study")
    except StudyError as error:
        return own | {"status": "refused", "reasons": str(error), "measure": "risk_difference"}
    return own | {"status": "shown", "measure": str(one["measure"])} | {k: float(one[k]) for k in NUMBERS}


def main() -> None:
    """Print a line for each cell, and write them if asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--replicates", type=int, default=200)
    parser.add_argument("--world", action="append")
    parser.add_argument("--settings", action="append", choices=["call", "study"])
    parser.add_argument("--estimator", default="")
    parser.add_argument("--write", type=Path, help="CSV file; rows of worlds that are not asked for stay")
    chosen = parser.parse_args()
    made, found = worlds(), []
    for name in chosen.world or made:
        print(f"\n{name}: {made[name].says}", flush=True)
        for cell, way in product(CELLS[name], chosen.settings or ("call", "study")):
            if chosen.estimator in cell[1]:
                rows = [replicate(made[name], name, cell, k, way) for k in range(chosen.replicates)]
                line = characteristics(pd.DataFrame(rows))
                print(line.drop(columns="world").round(3).to_string(index=False), flush=True)
                found.append(line)
    if chosen.write:
        _write(pd.concat(found).astype({"world": "str"}), chosen.write)


def _write(found: pd.DataFrame, path: Path) -> None:
    kept = pd.read_csv(path) if path.exists() else found[:0]
    kept = kept[~kept["world"].isin(found["world"])]
    pd.concat([kept, found]).round(5).to_csv(path, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
