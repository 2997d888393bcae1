"""Balance against R: cobalt 4.6.2 and tableone 0.13.2."""

import pandas as pd
import pytest

from iop_outcomes.designs.judge.balance import balance
from iop_outcomes.designs.judge.table_one import table_one_smd
from iop_outcomes.designs.scores.entropy import entropy_weights
from oracles.weights_data import DATA_SETS, weights_case

pytestmark = pytest.mark.oracle
FAMILY = "Balance"

COLUMNS = {
    "M.0": "mean_reference",
    "M.1": "mean_treated",
    "SD.0": "sd_reference",
    "SD.1": "sd_treated",
    "Diff": "smd",
    "V.Ratio": "variance_ratio",
    "KS": "ks",
}


@pytest.fixture(params=DATA_SETS, scope="module")
def case(request):
    return weights_case(request.param)


def compare(agree, method, found, expected, rel, note=""):
    for suffix, stage in (("Un", "before"), ("Adj", "after")):
        ours = found[found["stage"] == stage].reset_index(drop=True)
        labels = [f"{c}_{x}" if x else c for c, x in zip(ours["covariate"], ours["level"], strict=True)]
        assert labels == expected["_row"]
        for theirs, column in COLUMNS.items():
            agree(method, ours[column], expected[f"{theirs}.{suffix}"], rel=rel, scale=1, note=note)


@pytest.mark.parametrize("estimand", ["ATE", "ATT", "ATO", "ATM"])
def test_every_statistic_of_cobalt(case, agree, estimand):
    covariates = pd.concat([case.rows["ps"].rename("prop.score"), case.covariates], axis=1)
    found = balance(covariates, case.treated, case.rows[f"w_{estimand.lower()}"], estimand=estimand)
    compare(agree, "cobalt", found, case.result(f"balance_{estimand}")["table"], 1e-9)


def test_entropy_balance_through_cobalt(case, agree):
    weights = entropy_weights(case.matrix, case.treated, "ATT")
    found = balance(case.covariates, case.treated, weights, estimand="ATT")
    note = "R's weights balance to its optimiser's tolerance, ours to rounding"
    compare(agree, "cobalt after entropy balance", found, case.result("balance_ebal_ATT")["table"], 1e-5, note)


def test_raw_differences_of_shares(case, agree):
    expected = pd.DataFrame(case.result("balance_ATE_raw_binary"))
    shares = expected["Type"] == "Binary"
    table = balance(case.covariates, case.treated, case.rows["w_ate"])
    for stage, theirs in (("before", "Diff.Un"), ("after", "Diff.Adj")):
        found = table[table["stage"] == stage]
        raw = (found["mean_treated"] - found["mean_reference"])[found["variance_ratio"].isna()]
        agree("cobalt", raw, expected.loc[shares, theirs], rel=1e-10, scale=1)


def test_one_number_per_covariate_as_tableone(case, agree):
    for name, weights in (("tableone_smd", None), ("tableone_smd_weighted_ATE", case.rows["w_ate"])):
        expected = pd.Series(case.result(name))
        found = table_one_smd(case.covariates, case.treated, weights)
        method = "tableone" if weights is None else "tableone, weighted"
        agree(method, found[expected.index], expected, rel=1e-10, scale=1)
