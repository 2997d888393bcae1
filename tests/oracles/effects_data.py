"""What the cases of the effects oracles share."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from iop_outcomes.stats.linear.matrix import ModelMatrix, model_matrix
from oracles.prepared import prepared
from reference import oracle, reference_data

DATA_SETS = ("aod", "lalonde", "sud", "synth_a")


@dataclass(frozen=True)
class EffectsCase:
    """One data set: outcomes, arm, covariates, R's row-level weights and the results by case."""

    name: str
    binary: np.ndarray
    continuous: np.ndarray
    first: np.ndarray
    covariates: ModelMatrix
    with_arm: ModelMatrix
    rows: pd.DataFrame
    cluster: pd.Series | None
    cases: dict

    @property
    def score(self) -> np.ndarray:
        return self.rows["ps"].to_numpy()

    def outcome(self, key: str) -> tuple[np.ndarray, str]:
        return (self.binary, "binary") if key == "y" else (self.continuous, "continuous")

    def result(self, case: str) -> dict:
        return self.cases[case]["result"]


@cache
def effects(name: str) -> EffectsCase:
    """Load one data set with its oracle, or skip."""
    found = oracle(f"{name}.effects.json")
    frame = prepared(name)
    terms = found["inputs"]["covariates"]
    return EffectsCase(
        name,
        frame["y"].to_numpy(float),
        frame["yc"].to_numpy(float),
        frame["a"].to_numpy(bool),
        model_matrix(frame, terms),
        model_matrix(frame.assign(a=frame["a"].astype(float)), ["a", *terms]),
        pd.read_csv(reference_data("oracles", f"{name}.rows.csv")),
        frame["site"] if found["inputs"]["cluster"] else None,
        found["cases"],
    )
