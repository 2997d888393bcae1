"""Balance against R: cobalt 4.6.2 and tableone 0.13.2."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.design.balance import balance
from iop_outcomes.design.entropy import entropy_weights
from iop_outcomes.design.table_one import table_one_smd
from iop_outcomes.models.matrix import model_matrix
from oracles.prepared import prepared
from reference import oracle, reference_data

pytestmark = pytest.mark.oracle

DATA = ("lalonde", "aod", "sud", "synth_a")
COLUMNS = {
    "M.0": "mean_reference",
    "M.1": "mean_treated",
    "SD.0": "sd_reference",
    "SD.1": "sd_treated",
    "Diff": "smd",
    "V.Ratio": "variance_ratio",
    "KS": "ks",
}


class Case:
    """One data set with R's results for it."""

    def __init__(self, name):
        self.cases = oracle(f"{name}.weights.json")["cases"]
        self.rows = pd.read_csv(reference_data("oracles", f"{name}.rows.csv"))
        data = prepared(name)
        self.covariates = data[oracle(f"{name}.weights.json")["inputs"]["covariates"]]
        self.treated = data["a"].to_numpy()


@pytest.fixture(params=DATA, scope="module")
def case(request):
    return Case(request.param)


def compare(found, expected, tolerance):
    for suffix, stage in (("Un", "before"), ("Adj", "after")):
        ours = found[found["stage"] == stage].reset_index(drop=True)
        labels = [f"{c}_{x}" if x else c for c, x in zip(ours["covariate"], ours["level"], strict=True)]
        assert labels == expected["_row"]
        for theirs, column in COLUMNS.items():
            numbers = np.array(expected[f"{theirs}.{suffix}"], dtype=float)
            np.testing.assert_allclose(
                ours[column].astype(float), numbers, rtol=tolerance, atol=tolerance, err_msg=column
            )


@pytest.mark.parametrize("estimand", ["ATE", "ATT", "ATO", "ATM"])
def test_every_statistic_of_cobalt(case, estimand):
    covariates = pd.concat([case.rows["ps"].rename("prop.score"), case.covariates], axis=1)
    found = balance(covariates, case.treated, case.rows[f"w_{estimand.lower()}"], estimand=estimand)
    compare(found, case.cases[f"balance_{estimand}"]["result"]["table"], 1e-9)


def test_entropy_balance_through_cobalt(case):
    weights = entropy_weights(model_matrix(case.covariates), case.treated, "ATT")
    found = balance(case.covariates, case.treated, weights, estimand="ATT")
    # R's weights balance to its optimiser's tolerance, ours to rounding.
    compare(found, case.cases["balance_ebal_ATT"]["result"]["table"], 1e-5)


def test_raw_differences_of_shares(case):
    expected = pd.DataFrame(case.cases["balance_ATE_raw_binary"]["result"])
    found = balance(case.covariates, case.treated, case.rows["w_ate"]).query("stage == 'after'")
    shares = expected["Type"] == "Binary"
    raw = (found["mean_treated"] - found["mean_reference"])[found["variance_ratio"].isna()]
    np.testing.assert_allclose(raw, expected.loc[shares, "Diff.Adj"], atol=1e-10)


def test_one_number_per_covariate_as_tableone(case):
    for name, weights in (("tableone_smd", None), ("tableone_smd_weighted_ATE", case.rows["w_ate"])):
        expected = pd.Series(case.cases[name]["result"])
        found = table_one_smd(case.covariates, case.treated, weights)
        np.testing.assert_allclose(found[expected.index], expected, atol=1e-10)
