"""Rubin's rules on completed data sets against R's mice 3.15."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.estimates.estimators.weighting import weighted_means
from iop_outcomes.estimates.measures import contrast
from iop_outcomes.estimates.nuisance.tilting import balancing_weights
from iop_outcomes.stats.imputations import pool_imputations
from iop_outcomes.stats.linear.glm import fit_glm
from iop_outcomes.stats.linear.matrix import model_matrix
from reference import oracle, reference_data

pytestmark = pytest.mark.oracle
FAMILY = "Imputation"

COLUMNS = {
    "degrees_of_freedom": "df",
    "p_value": "p",
    "ci_low": "lo",
    "ci_high": "hi",
    "within": "ubar",
    "between": "b",
    "total": "t",
    "riv": "riv",
    "lambda": "lambda",
    "fmi": "fmi",
}
SYNTHETIC = ["age_band", "female", "race", "employ", "substance", "prior_tx", "psych", "insurance", "days_abst0"]


def completed(name):
    table = pd.read_csv(reference_data("oracles", "data", f"{name}.imputed.csv"), keep_default_na=False)
    return [rows.reset_index(drop=True) for _, rows in table.groupby("imp")]


@pytest.mark.parametrize(
    ("name", "result", "response", "columns", "family", "tolerance"),
    [
        ("nhanes2", "pool_lm", "chl", ["age", "bmi", "hyp"], "gaussian", 1e-10),
        ("synth_a", "pool_logistic", "completed", ["iop", *SYNTHETIC], "binomial", 1e-5),
    ],
)
def test_pooled_regressions(agree, name, result, response, columns, family, tolerance):
    expected, method = oracle(f"{name}.mi.json")["cases"][result]["result"], "mice, pool"
    fits = [fit_glm(rows[response], model_matrix(rows[columns]), family=family) for rows in completed(name)]
    found = pool_imputations(
        [fit.coefficients for fit in fits],
        [fit.standard_errors**2 for fit in fits],
        complete_degrees_of_freedom=expected["dfcom"][0],
    )
    note = "R's glm takes its covariance from the step before the last" if family == "binomial" else ""
    agree(method, found["value"], expected["estimate"], rel=1e-9)
    agree.se(method, found["se"], expected["se"], rel=1e-6 if family == "binomial" else tolerance, note=note)
    for ours, theirs in COLUMNS.items():
        agree.statistic(method, found[ours], expected[theirs], rel=tolerance, note=note)


@pytest.mark.parametrize("estimand", ["ATE", "ATO"])
def test_weighting_within_every_imputation(agree, estimand):
    expected = oracle("synth_a.mi.json")["cases"][f"iptw_within_{estimand}"]["result"]["effects"]
    estimates = {"rd": [], "log_or": [], "md": []}
    for rows in completed("synth_a"):
        first = rows["iop"].to_numpy(bool)
        score = fit_glm(first.astype(float), model_matrix(rows[SYNTHETIC])).fitted
        weights = balancing_weights(score, first, estimand)[0]
        binary = weighted_means(rows["completed"], first, weights)
        estimates["rd"].append(contrast(binary, "risk_difference"))
        estimates["log_or"].append(contrast(binary, "odds_ratio"))
        estimates["md"].append(contrast(weighted_means(rows["days_abst1"], first, weights), "mean_difference"))
    for effect, found in estimates.items():
        values = [np.log(e.value) if e.se_scale == "log" else e.value for e in found]
        variances = [e.se**2 for e in found]
        method, theirs = "survey and mice", expected[effect]
        known = {"data": "synth_a", "rel": 1e-8}
        agree(method, values, theirs["Q"], **known)
        agree.se(method, np.sqrt(variances), np.sqrt(theirs["U"]), **known)
        pooled = pool_imputations(values, variances, complete_degrees_of_freedom=2498).iloc[0]
        large = pool_imputations(values, variances).iloc[0]
        agree(method, pooled["value"], theirs["qbar"], **known)
        agree.se(method, pooled["se"], np.sqrt(theirs["t"]), **known)
        known["rel"] = 1e-6
        for ours, key in {"within": "ubar", "between": "b", "riv": "riv", "fmi": "fmi"}.items():
            agree.statistic(method, pooled[ours], theirs[key], **known)
        agree.statistic(method, pooled["degrees_of_freedom"], theirs["df"], **known)
        agree.statistic(method, large["degrees_of_freedom"], theirs["df_inf"], **known)
