"""How often the 95% interval holds the truth: many simulated studies, each through the whole road.

    python benchmarks/coverage.py --studies 200 --people 2000

Prints, for each effect, the mean bias, the standard deviation of the estimates beside the mean standard error, and the
share of intervals that hold the truth of their own study, with its Monte-Carlo error.
"""

import argparse
import copy
import time

import numpy as np
import pandas as pd

from iop_outcomes import study
from iop_outcomes.conclude.truth import study_truth
from iop_outcomes.stages import run_study
from iop_outcomes.tables.estimate import ADJUSTED, is_contrast

CONTENT = {
    "study": "coverage",
    "source": {"kind": "simulated", "n_sites": 40},
    "cohort": {"arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}, "follow_up_days": 120},
    "covariates": [
        "age_band",
        "sex",
        "primary_substance",
        "use_days_at_baseline",
        "prior_episodes",
        "employment",
        "housing",
        "referral",
        "psychiatric_comorbidity",
    ],
    "metrics": {"completion": {}, "negative_tests": {"metric": "proportion_negative", "window_days": 84}},
    "designs": {"overlap": {"method": "overlap_weights"}},
    "analyses": {
        "completion": {"outcome": "completion", "design": "overlap", "estimator": "aipw", "measure": "risk_difference"},
        "negative_tests": {
            "outcome": "negative_tests",
            "design": "overlap",
            "estimator": "aipw",
            "measure": "mean_difference",
        },
        "time_in_care": {
            "outcome": "time_in_care",
            "design": "overlap",
            "estimator": "rmst",
            "measure": "rmst_difference",
            "settings": {"until_day": 119},
        },
    },
    "gate": {"min_ess": 0, "on_failure": "flag"},
}


def one_study(effect: str, n_people: int, seed: int) -> pd.DataFrame:
    """Return estimate, interval and truth of each analysis of one simulated study."""
    content = copy.deepcopy(CONTENT)
    content["seed"] = seed
    content["source"] |= {"true_effect": effect, "n_people": n_people}
    own = study.parse(content)
    estimate = run_study(own)["estimate"]
    contrasts = is_contrast(estimate, ADJUSTED)
    truth = study_truth(own).query("estimand == 'ATO'").set_index("outcome")["difference"]
    rows = estimate.loc[contrasts, ["analysis", "outcome", "value", "se", "ci_low", "ci_high"]]
    return rows.assign(truth=rows["outcome"].astype("str").map(truth))


def summary(rows: pd.DataFrame) -> pd.Series:
    """Return bias, spread against standard error, and coverage."""
    error = rows["value"] - rows["truth"]
    held = ((rows["ci_low"] <= rows["truth"]) & (rows["truth"] <= rows["ci_high"])).mean()
    return pd.Series(
        {
            "studies": len(rows),
            "truth": rows["truth"].mean(),
            "bias": error.mean(),
            "bias_mc_error": error.std() / np.sqrt(len(rows)),
            "sd_of_errors": error.std(),
            "mean_se": rows["se"].mean(),
            "coverage": held,
            "coverage_mc_error": np.sqrt(held * (1 - held) / len(rows)),
        }
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--people", type=int, default=2000)
    chosen = parser.parse_args()
    start = time.perf_counter()
    for effect in ("benefit", "none", "harm"):
        rows = pd.concat([one_study(effect, chosen.people, seed) for seed in range(1, chosen.studies + 1)])
        table = rows.groupby("analysis").apply(summary)
        print(f"\ntrue effect: {effect}, {chosen.people} people a study\n{table.round(4).to_string()}", flush=True)
    print(f"\n{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
