"""Discrete-time hazards: by hand, and against the person-period table they do without."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.survival import discrete_time
from iop_outcomes.stats.survival.discrete_time import fit_discrete_time


def people(n=300):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"treated": rng.integers(0, 2, n).astype(float), "age": rng.normal(0, 1, n)})
    week = rng.geometric(1 / (1 + np.exp(1.5 + 0.6 * frame["treated"].to_numpy())), n) - 1
    censored = rng.integers(2, 9, n)
    return frame, np.minimum(week, censored), (week <= censored).astype(int), rng.uniform(0.5, 2, n)


def test_two_arms_in_one_week_are_an_odds_ratio():
    """1 of 4 untreated and 2 of 4 treated leave in the first week: odds 1/3 and 1."""
    frame = pd.DataFrame({"treated": [0.0] * 4 + [1.0] * 4})
    fit = fit_discrete_time(model_matrix(frame), np.zeros(8), [1, 0, 0, 0, 1, 1, 0, 0])
    assert_allclose(fit.values, [np.log(1 / 3), np.log(3)])
    assert_allclose(fit.se**2, 1 / 1 + 1 / 3 + 1 / 2 + 1 / 2)
    cloglog = fit_discrete_time(model_matrix(frame), np.zeros(8), [1, 0, 0, 0, 1, 1, 0, 0], link="cloglog")
    assert_allclose(np.exp(cloglog.coefficients), np.log(1 / 2) / np.log(3 / 4))
    assert_allclose(fit.standardised_survival({"treated": 1})["survival"], 0.5)


@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_same_as_a_regression_on_person_weeks(link):
    import statsmodels.api as sm

    frame, week, event, weights = people()
    rows = [(i, k, float(event[i] and k == week[i])) for i in range(len(week)) for k in range(week[i] + 1)]
    long = pd.DataFrame(rows, columns=["person", "week", "event"])
    long = long[long.groupby("week")["event"].transform("sum") > 0]
    dummies = pd.get_dummies(long["week"]).astype(float).to_numpy()
    x = np.hstack([dummies, frame.to_numpy()[long["person"]]])
    links = {"logit": sm.families.links.Logit(), "cloglog": sm.families.links.CLogLog()}
    family = sm.families.Binomial(links[link])
    model = sm.GLM(long["event"], x, family=family, freq_weights=weights[long["person"]])
    expected = model.fit(tol=1e-14, maxiter=200, method="newton")
    fit = fit_discrete_time(model_matrix(frame), week, event, weights, link=link)
    assert_allclose(fit.values, expected.params, atol=1e-7)
    assert_allclose(np.diag(fit.covariance) ** 0.5, expected.bse, rtol=1e-6)
    assert_allclose(fit.log_likelihood, expected.llf, rtol=1e-10)
    plain = sm.GLM(long["event"], x, family=family).fit(
        tol=1e-14,
        maxiter=200,
        method="newton",
        cov_type="cluster",
        cov_kwds={"groups": long["person"].to_numpy(), "use_correction": False},
    )
    unweighted = fit_discrete_time(model_matrix(frame), week, event, link=link)
    assert_allclose(np.diag(unweighted.robust_covariance()) ** 0.5, plain.bse, rtol=1e-6)


def test_rows_in_blocks_and_clusters_of_one(monkeypatch):
    frame, week, event, weights = people()
    whole = fit_discrete_time(model_matrix(frame), week, event, weights)
    monkeypatch.setattr(discrete_time, "ROWS_AT_ONCE", 70)
    parts = fit_discrete_time(model_matrix(frame), week, event, weights)
    assert_allclose(parts.values, whole.values, rtol=1e-9)
    assert_allclose(parts.robust_covariance(np.arange(300)), whole.robust_covariance(), rtol=1e-8, atol=1e-12)


def test_the_mean_survival_is_that_of_everybody():
    frame, week, event, _ = people(40)
    fit = fit_discrete_time(model_matrix(frame), week, event)
    table = fit.standardised_survival({"treated": 0.0})
    hazard = 1 / (1 + np.exp(-(fit.values[: len(table)] + frame["age"].to_numpy()[:, None] * fit.coefficients[1])))
    assert_allclose(table["survival"], np.cumprod(1 - hazard, axis=1).mean(axis=0))


def test_what_is_refused():
    frame, week, event, _ = people()
    with pytest.raises(EstimationError, match="whole numbers"):
        fit_discrete_time(model_matrix(frame), week + 0.5, event)
    with pytest.raises(EstimationError, match="nobody has the event"):
        fit_discrete_time(model_matrix(frame), week, np.zeros(300))
    with pytest.raises(EstimationError, match="did you mean 'cloglog'"):
        fit_discrete_time(model_matrix(frame), week, event, link="clog-log")
