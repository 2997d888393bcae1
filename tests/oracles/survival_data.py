"""The survival data sets behind the oracles, prepared as their JSON files say."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from iop_outcomes.stats.linear.matrix import ModelMatrix, model_matrix
from oracles.prepared import prepared
from reference import oracle, reference_data

SURVIVAL = ("veteran", "lung", "uis", "synth_a")
COMPETING = ("synth_a", "mgus2")


@dataclass(frozen=True)
class SurvivalCase:
    """One data set: columns a (arm), t, s, w (ATE weights), wo (overlap weights) and R's results."""

    name: str
    data: pd.DataFrame
    inputs: dict
    cases: dict

    @property
    def arms(self) -> list[pd.DataFrame]:
        return [self.data[self.data["a"] == arm] for arm in (0, 1)]

    def matrix(self, *without: str) -> ModelMatrix:
        """Arm and covariates."""
        return model_matrix(self.data, ["a", *(c for c in self.inputs["covariates"] if c not in without)])

    @property
    def arm_only(self) -> ModelMatrix:
        return model_matrix(self.data, ["a"])

    def result(self, case: str) -> dict:
        return self.cases[case]["result"]


@cache
def survival_case(name: str) -> SurvivalCase:
    found = oracle(f"{name}.survival.json")
    data = _survival(name)
    weights = pd.read_csv(reference_data("oracles", f"{name}.survw.csv"))
    return SurvivalCase(name, data.assign(w=weights["w"], wo=weights["wo"]), found["inputs"], found["cases"])


@cache
def competing_case(name: str) -> SurvivalCase:
    found = oracle(f"{name}.competing.json")
    if name == "synth_a":
        data = prepared("synth_a")
        data = data.assign(t=data["time"], s=data["event"], w=survival_case("synth_a").data["w"])
    else:
        data = pd.read_csv(reference_data("oracles", "data", "mgus2.csv"))
        data = data.dropna(subset=["age", "sex", "hgb", "creat", "mspike"]).reset_index(drop=True)
        progressed = data["pstat"] != 0
        data["t"] = np.where(progressed, data["ptime"], data["futime"])
        data["s"] = np.where(progressed, 1, 2 * data["death"])
        data["a"] = (data["sex"] == "M").astype(int)
        data["w"] = _inverse_probability(data, found["inputs"]["covariates"])
    return SurvivalCase(name, data, found["inputs"], found["cases"])


def _survival(name):
    if name == "synth_a":
        data = prepared("synth_a")
        return data.assign(t=data["time"], s=(data["event"] == 1).astype(int))
    data = pd.read_csv(reference_data("oracles", "data", f"{name}.csv"))
    if name == "veteran":
        return data.assign(a=data["trt"] - 1, t=data["time"], s=data["status"])
    if name == "uis":
        data[["IV", "HC"]] = data[["IV", "HC"]].astype("category")
        return data.assign(a=data["TREAT"], t=data["TIME"], s=data["CENSOR"])
    data = data.dropna(subset=["ph.ecog", "ph.karno", "wt.loss", "inst"]).reset_index(drop=True)
    return data.assign(a=(data["sex"] == 2).astype(int), t=data["time"], s=(data["status"] == 2).astype(int))


def _inverse_probability(data, covariates):
    """Return ATE weights from a logistic regression solved to the last digit."""
    x, a = model_matrix(data, covariates).dense(), data["a"].to_numpy()
    coefficients = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-(x @ coefficients)))
        coefficients += np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x, x.T @ (a - p))
    return np.where(a == 1, 1 / p, 1 / (1 - p))


def numbers(values) -> np.ndarray:
    """Return R's numbers, whose NA is None in JSON and whose matrices are dictionaries."""
    values = values["values"] if isinstance(values, dict) and "values" in values else values
    return np.array(values, dtype=float)
