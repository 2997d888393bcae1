"""The models of ``stats`` against statsmodels, beside R: a second program, written by others, with its own searches."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import stats
from reference import reference_data

sm = pytest.importorskip("statsmodels.api")
pytestmark = pytest.mark.oracle
FAMILY = "Models of a second program"
COLUMNS = ["iop", "psych", "prior_tx", "substance"]
FAMILIES = {
    "binomial": ("completed", sm.families.Binomial()),
    "poisson": ("completed", sm.families.Poisson()),
    "gaussian": ("days_abst1", sm.families.Gaussian()),
}
#: statsmodels stops when an estimate no longer moves by a rounder number than ours.
CLOSE = {"rel": 1e-6, "scale": 1e-3}


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return pd.read_csv(reference_data("oracles", "data", "synth_a.csv")).sort_values(["site", "id"], ignore_index=True)


@pytest.fixture(scope="module")
def columns(people) -> tuple[stats.model_matrix, np.ndarray]:
    """Return our matrix, and the same numbers as statsmodels takes them."""
    matrix = stats.model_matrix(people[COLUMNS])
    return matrix, matrix.dense()


@pytest.mark.parametrize("family", FAMILIES)
def test_generalised_linear_models_with_robust_errors(agree, people, columns, family):
    agree.data = "synth_a"
    name, theirs = FAMILIES[family]
    ours = stats.fit_robust_glm(people[name], columns[0], family=family)
    model = sm.GLM(people[name], columns[1], family=theirs).fit(tol=1e-12, cov_type="HC0")
    agree(f"statsmodels, GLM, {family}, HC0", ours.coefficients, model.params, **CLOSE)
    agree.se(f"statsmodels, GLM, {family}, HC0", ours.se, model.bse, **CLOSE)


@pytest.mark.parametrize("correlation", ["independence", "exchangeable"])
@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_estimating_equations(agree, people, columns, family, correlation):
    """The correlation is ours, geepack's: statsmodels divides by another number to find it."""
    agree.data = "synth_a"
    ours = stats.fit_gee(people["completed"], columns[0], people["site"], family=family, correlation=correlation)
    working = {"independence": sm.cov_struct.Independence, "exchangeable": sm.cov_struct.Exchangeable}[correlation]()
    working.dep_params = ours.parameter
    model = sm.GEE(
        people["completed"],
        columns[1],
        people["site"],
        family=FAMILIES[family][1],
        cov_struct=working,
        update_dep=False,
    ).fit(maxiter=500, ctol=1e-12)
    agree(f"statsmodels, GEE, {family}, {correlation}", ours.coefficients, model.params, **CLOSE)
    agree.se(f"statsmodels, GEE, {family}, {correlation}", ours.standard_errors, model.bse, **CLOSE)


@pytest.mark.parametrize("restricted", [True, False])
def test_linear_mixed_models(agree, people, restricted):
    """Of standard errors there is no comparison: statsmodels takes them from another information matrix."""
    agree.data, method = "synth_a", f"statsmodels, MixedLM, {'REML' if restricted else 'ML'}"
    matrix = stats.model_matrix(people[[*COLUMNS, "days_abst0"]])
    ours = stats.fit_linear_mixed(people["days_abst1"], matrix, people["site"], restricted=restricted)
    model = sm.MixedLM(people["days_abst1"], matrix.dense(), people["site"]).fit(reml=restricted, method="powell")
    note = "statsmodels searches without derivatives"
    agree(method, ours.coefficients, model.fe_params, rel=1e-4, note=note)
    agree.statistic(method, ours.standard_deviation, np.sqrt(np.asarray(model.cov_re)[0, 0]), rel=1e-3, note=note)
    agree.statistic(method, ours.log_likelihood, model.llf, rel=1e-8)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox_models(agree, ties):
    agree.data = "lung"
    told = ["age", "sex"]
    data = pd.read_csv(reference_data("oracles", "data", "lung.csv"))[["time", "status", *told]].dropna()
    died = (data["status"] == data["status"].max()).to_numpy()
    ours = stats.fit_cox(stats.model_matrix(data[told]), data["time"], died, ties=ties)
    model = sm.PHReg(data["time"], data[told].astype(float), status=died, ties=ties).fit(disp=0)
    agree(f"statsmodels, PHReg, {ties}", ours.coefficients, model.params, **CLOSE)
    agree.se(f"statsmodels, PHReg, {ties}", np.sqrt(np.diag(ours.covariance)), model.bse, **CLOSE)
