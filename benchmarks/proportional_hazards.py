"""How often the test of proportional hazards rejects a true null, with the weights of designs and with clusters.

    python benchmarks/proportional_hazards.py --studies 1000 --people 400

Arms differ in covariates that decide the hazard, and not in the hazard itself, so that after weighting their hazards
are proportional. Prints the share of p-values below 0.05 with its Monte-Carlo error.
"""

import argparse

import numpy as np
import pandas as pd

from iop_outcomes.estimates.nuisance.weights import propensity_weights
from iop_outcomes.stats.linear.glm import fit_glm
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.survival.cox import fit_cox
from iop_outcomes.stats.survival.cox_proportional import proportional_hazards_test

ESTIMANDS = ("ATE", "ATT", "ATO", "none")
MEMBERS = 20


def p_value(estimand: str, n_people: int, clustered: bool, rng: np.random.Generator) -> float:
    """Return the p-value of the arm in one simulated study.

    Parameters
    ----------
    estimand : str
        Whose balancing weights; ``none`` compares unweighted arms that do not differ.
    n_people : int
    clustered : bool
        Whether people come in sites that share part of the hazard and of the way to the arm.
    rng : Generator
    """
    site = np.arange(n_people) // MEMBERS
    shared = rng.normal(0, 0.5, site[-1] + 1)[site] if clustered else 0.0
    x = rng.normal(size=(n_people, 2))
    slope = 0.0 if estimand == "none" else 1.0
    treated = rng.random(n_people) < 1 / (1 + np.exp(-slope * (0.6 * x[:, 0] + 0.4 * x[:, 1] + 0.3 * shared)))
    event = rng.exponential(60 * np.exp(0.7 * x[:, 0] + shared))
    end = np.minimum(rng.exponential(150, n_people), 180)
    weights = np.ones(n_people)
    if estimand != "none":
        covariates = model_matrix(pd.DataFrame(x, columns=["severity", "age"]))
        weights = propensity_weights(fit_glm(treated, covariates).fitted, treated, estimand).values
    matrix = model_matrix(pd.DataFrame({"treated": treated.astype(float)}))
    fit = fit_cox(matrix, np.ceil(np.minimum(event, end)), event <= end, weights=weights)
    return proportional_hazards_test(fit, cluster=site if clustered else None)["p_value"].iloc[0]


def rejected(estimand: str, n_people: int, n_studies: int, seed: int, *, clustered: bool = False) -> float:
    """Return the share of simulated studies whose p-value is below 0.05."""
    rng = np.random.default_rng(seed)
    return float(np.mean([p_value(estimand, n_people, clustered, rng) < 0.05 for _ in range(n_studies)]))


def main() -> None:
    """Print a line for each kind of weights, with and without clusters."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--studies", type=int, default=1000)
    asked.add_argument("--people", type=int, default=400)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    for clustered in (False, True):
        for estimand in ESTIMANDS:
            share = rejected(estimand, given.people, given.studies, given.seed, clustered=clustered)
            error = np.sqrt(share * (1 - share) / given.studies)
            sites = f"{given.people // MEMBERS} sites" if clustered else "independent"
            print(
                f"{estimand:5s} {sites:12s} {100 * share:5.1f} % rejected (Monte-Carlo error {100 * error:.1f})",
                flush=True,
            )


if __name__ == "__main__":
    main()
