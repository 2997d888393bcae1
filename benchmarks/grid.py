"""A hundred analyses of a hundred thousand people in one study: how long each stage takes, and the peak memory.

    python benchmarks/grid.py --people 100000

Five designs, twenty outcomes and estimators each. A design is fitted once and shared by all analyses that name it.
"""

import argparse
import itertools
import resource
import time
from collections import Counter

from iop_outcomes import study
from iop_outcomes.in_memory import run_study
from iop_outcomes.tables.estimate import ADJUSTED, is_contrast

DESIGNS = {
    "overlap": {"method": "overlap_weights"},
    "everybody": {"method": "ate_weights", "truncate": 0.99},
    "treated": {"method": "att_weights"},
    "matching_weights": {"method": "matching_weights"},
    "entropy": {"method": "entropy_balance"},
}
METRICS = {
    "completion": {},
    "dropout": {},
    "retention_30": {"metric": "retention", "day": 30},
    "retention_90": {"metric": "retention", "day": 90},
    "attendance_rate": {},
    "negative_tests": {"metric": "proportion_negative"},
    "longest_abstinence": {},
    "abstinence_at_end": {"window_days": 84},
    "continuous_abstinence": {"window_days": 84},
    "weekly_hours": {},
}
COVARIATES = [
    "age_band",
    "sex",
    "primary_substance",
    "use_days_at_baseline",
    "prior_episodes",
    "employment",
    "housing",
    "referral",
    "psychiatric_comorbidity",
]


def content(n_people: int) -> dict:
    """Return the study: every design with every outcome by weighting and by AIPW."""
    analyses = {
        f"{design}_{outcome}_{estimator}": {"outcome": outcome, "design": design, "estimator": estimator}
        for design, outcome, estimator in itertools.product(DESIGNS, METRICS, ("weighted", "aipw"))
    }
    return {
        "study": "grid",
        "source": {"kind": "simulated", "n_people": n_people, "n_sites": 100, "true_effect": "benefit"},
        "cohort": {"arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}},
        "covariates": COVARIATES,
        "metrics": METRICS,
        "designs": DESIGNS,
        "analyses": analyses,
        "gate": {"on_failure": "flag"},
    }


def main() -> None:
    """Print seconds and what came of the analyses."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--people", type=int, default=100_000)
    chosen = parser.parse_args()
    grid = study.parse(content(chosen.people))
    start = last = time.perf_counter()
    spent: Counter[str] = Counter()

    def tell(line: str) -> None:
        nonlocal last
        now = time.perf_counter()
        stage = "analyses" if line.partition(":")[0] in grid.analyses else "ingest, cohort, metrics and designs"
        spent[stage] += now - last
        last = now

    made = run_study(grid, tell=tell)
    estimate = made["estimate"]
    contrasts = estimate[is_contrast(estimate, ADJUSTED)]
    print(f"{len(grid.analyses)} analyses of {len(made['cohort']):,} people: {time.perf_counter() - start:.0f} s")
    print(*(f"  {stage}: {seconds:.0f} s" for stage, seconds in spent.items()), sep="\n")
    print(f"  with an estimate: {int(contrasts['value'].notna().sum())} of {len(contrasts)}")
    print(f"  peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
