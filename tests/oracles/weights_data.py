"""What the cases of the weights oracles share."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from iop_outcomes.stats.linear.matrix import ModelMatrix, model_matrix
from oracles.prepared import prepared
from reference import oracle, reference_data

DATA_SETS = ("lalonde", "aod", "sud", "synth_a")


@dataclass(frozen=True)
class WeightsCase:
    """One data set: covariates, arm, R's row-level scores and weights, and its results by case."""

    name: str
    covariates: pd.DataFrame
    treated: np.ndarray
    matrix: ModelMatrix
    rows: pd.DataFrame
    cases: dict

    def result(self, case: str) -> dict:
        return self.cases[case]["result"]

    @property
    def r_names(self) -> list[str]:
        return [f"{term}{'' if level is None else level}" for term, level in self.matrix.terms]


@cache
def weights_case(name: str) -> WeightsCase:
    """Load one data set with its oracle, or skip."""
    found, data = oracle(f"{name}.weights.json"), prepared(name)
    covariates = data[found["inputs"]["covariates"]]
    rows = pd.read_csv(reference_data("oracles", f"{name}.rows.csv"))
    return WeightsCase(name, covariates, data["a"].to_numpy(), model_matrix(covariates), rows, found["cases"])
