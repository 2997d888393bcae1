"""Rubin's rules on completed data sets against R's mice 3.15."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.estimators.measures import contrast
from iop_outcomes.estimators.tilting import balancing_weights
from iop_outcomes.estimators.weighting import weighted_means
from iop_outcomes.models.glm import fit_glm
from iop_outcomes.models.matrix import model_matrix
from iop_outcomes.synthesis import pool_imputations
from reference import oracle, reference_data

pytestmark = pytest.mark.oracle

COLUMNS = {
    "value": "estimate",
    "se": "se",
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
    ("name", "case", "response", "columns", "family", "tolerance"),
    [
        ("nhanes2", "pool_lm", "chl", ["age", "bmi", "hyp"], "gaussian", 1e-10),
        # R's glm takes its covariance from the step before the last, so that standard errors differ in the 7th digit.
        ("synth_a", "pool_logistic", "completed", ["iop", *SYNTHETIC], "binomial", 1e-5),
    ],
)
def test_pooled_regressions(name, case, response, columns, family, tolerance):
    expected = oracle(f"{name}.mi.json")["cases"][case]["result"]
    fits = [fit_glm(rows[response], model_matrix(rows[columns]), family=family) for rows in completed(name)]
    found = pool_imputations(
        [fit.coefficients for fit in fits],
        [fit.standard_errors**2 for fit in fits],
        complete_degrees_of_freedom=expected["dfcom"][0],
    )
    for ours, theirs in COLUMNS.items():
        assert found[ours].to_numpy() == pytest.approx(expected[theirs], rel=tolerance), ours
    assert found["value"].to_numpy() == pytest.approx(expected["estimate"], rel=1e-9)
    assert found["se"].to_numpy() == pytest.approx(expected["se"], rel=1e-6)


@pytest.mark.parametrize("estimand", ["ATE", "ATO"])
def test_weighting_within_every_imputation(estimand):
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
        assert values == pytest.approx(expected[effect]["Q"], rel=1e-8)
        assert variances == pytest.approx(expected[effect]["U"], rel=1e-8)
        pooled = pool_imputations(values, variances, complete_degrees_of_freedom=2498).iloc[0]
        large = pool_imputations(values, variances).iloc[0]
        for ours, theirs in {"value": "qbar", "within": "ubar", "between": "b", "total": "t", "fmi": "fmi"}.items():
            assert pooled[ours] == pytest.approx(expected[effect][theirs], rel=1e-6)
        assert pooled["degrees_of_freedom"] == pytest.approx(expected[effect]["df"], rel=1e-6)
        assert large["degrees_of_freedom"] == pytest.approx(expected[effect]["df_inf"], rel=1e-5)
