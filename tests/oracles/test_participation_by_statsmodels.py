"""The marginal structural model and sequential trials against statsmodels: weights, pooled models, errors by person."""

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from reference import reference_data

sm = pytest.importorskip("statsmodels.api")
pytestmark = pytest.mark.oracle
FAMILY = "Participation"
KNOWN = ["use", "x1", "x2"]
SETTINGS = {"rel": 1e-6, "scale": 1e-3, "data": "person_weeks_a"}
DOSES, HORIZON = (2, 8), 3


@pytest.fixture(scope="module")
def weeks() -> pd.DataFrame:
    data = pd.read_csv(reference_data("honest", "data", "person_weeks_a.csv"))
    return data.sort_values(["id", "week"], ignore_index=True)


def chance(happens: pd.Series, told: pd.DataFrame) -> np.ndarray:
    return sm.Logit(happens.astype(float), sm.add_constant(told.astype(float))).fit(disp=0, tol=1e-13).predict()


def pooled(rows: pd.DataFrame, columns: pd.DataFrame, weights: pd.Series, family) -> tuple[pd.Series, np.ndarray]:
    """Return coefficients and their covariance, robust by person; the divisor of the clusters is one less, as ours."""
    fit = sm.GEE(rows["relapse"], columns.astype(float), groups=rows["id"], family=family, weights=np.asarray(weights))
    found, n = fit.fit(maxiter=200, ctol=1e-10), rows["id"].nunique()
    return found.params, np.asarray(found.cov_params()) * n / (n - 1)


def stabilised(weeks: pd.DataFrame) -> np.ndarray:
    """Return the weights of coming six hours or more, given the band of the week before; excused weeks have none."""
    band = pd.Series(np.where(weeks["excused"] == 1, "excused", np.where(weeks["hours"] >= 6, "more", "less")))
    before = pd.get_dummies(band.groupby(weeks["id"]).shift(1).fillna("first")).drop(columns="less")
    history = before.assign(week=weeks["week"], squared=weeks["week"] ** 2)
    decides, comes = weeks["excused"] == 0, band == "more"
    ratio = pd.Series(1.0, index=weeks.index)
    for sign, told in ((1, history), (-1, history.join(weeks[KNOWN]))):
        fitted = chance(comes[decides], told[decides])
        ratio[decides] *= np.where(comes[decides], fitted, 1 - fitted) ** sign
    return np.exp(np.log(ratio).groupby(weeks["id"]).cumsum())


@pytest.mark.parametrize("counting", ["mean", "week", "both"])
def test_marginal_structural_model(agree, weeks, counting):
    asked = {"person": "id", "event": "relapse", "excused": "excused", "covariates": KNOWN}
    ours = iop.marginal_structural_model(weeks, **asked, doses=DOSES, borders=(6,), counting=counting)
    weights, binding = stabilised(weeks), weeks["excused"] == 0
    by_week = weights.groupby(weeks["week"])
    method = f"statsmodels, marginal structural model, {counting}"
    agree.statistic(f"{method}: mean weight", ours.weights["mean_weight"], by_week.mean(), **SETTINGS)
    agree.statistic(f"{method}: largest weight", ours.weights["max_weight"], by_week.max(), **SETTINGS)
    of_band = weeks["hours"].where(binding).groupby(weeks["hours"] >= 6).transform("mean").where(binding)
    same = of_band.groupby(weeks["id"])
    so_far = same.transform(lambda hours: hours.fillna(0).cumsum()) / binding.groupby(weeks["id"]).cumsum()
    counted = {"mean": {"m": so_far}, "week": {"h": of_band}, "both": {"h": of_band, "m": so_far}}[counting]
    columns = pd.DataFrame({"const": 1.0, "week": weeks["week"], "squared": weeks["week"] ** 2} | counted)
    happened = weeks.loc[weeks["relapse"] == 1, "week"]
    used = columns.notna().all(axis=1) & weeks["week"].between(happened.min(), happened.max())
    beta, covariance = pooled(weeks[used], columns[used], weights[used], sm.families.Binomial())
    own = ours.coefficients[ours.coefficients["weights"] == "weighted"]
    agree(f"{method}: coefficients", own["value"], beta, **SETTINGS)
    agree.se(f"{method}: coefficients", own["se"], np.sqrt(np.diag(covariance)), **SETTINGS)
    week = np.unique(weeks.loc[used, "week"]).astype(float)
    risks, gradients = [], []
    for dose in DOSES:
        rows = np.column_stack([np.ones(len(week)), week, week**2, *[np.full(len(week), dose)] * len(counted)])
        hazard = 1 / (1 + np.exp(-rows @ beta.to_numpy()))
        risks.append(1 - np.prod(1 - hazard))
        gradients.append(np.prod(1 - hazard) * hazard @ rows)
    gradient = gradients[1] - gradients[0]
    row = ours.differences[ours.differences["weights"] == "weighted"]
    agree(f"{method}: difference", row["risk_difference"], [risks[1] - risks[0]], **SETTINGS)
    agree.se(f"{method}: difference", row["se"], [np.sqrt(gradient @ covariance @ gradient)], **SETTINGS)


def test_sequential_trials(agree, weeks):
    """A trial in each week from the second on of coming six hours or more for the first time since the first week."""
    data = weeks.assign(excused=0, more=((weeks["hours"] >= 6) & (weeks["week"] > 0)).astype(int))
    data["more"] = data.groupby("id")["more"].cummax()
    ours = iop.sequential_trials(
        data, changed="more", horizon=HORIZON, person="id", event="relapse", covariates=KNOWN, excused="excused"
    )
    before = data.groupby("id")["more"].cumsum() - data["more"]
    might = data[(data["week"] > 0) & (before == 0)]
    fitted = chance(might["more"], might[KNOWN].assign(week=might["week"], squared=might["week"] ** 2))
    begun = might.assign(weight=np.where(might["more"] == 1, 1.0, fitted / (1 - fitted)), started=might["more"])
    begun = begun[begun["week"] <= data["week"].max() - HORIZON + 1].rename(columns={"week": "trial"})
    every = begun[["id", "trial", "started", "weight"]].merge(data[["id", "week", "relapse"]], on="id")
    every["since"] = every["week"] - every["trial"]
    every = every[every["since"].between(0, HORIZON - 1)].sort_values(["id", "trial", "since"], ignore_index=True)
    cell = every["since"].astype("str") + np.where(every["started"] == 1, "c", "s")
    columns = pd.get_dummies(cell)[[f"{since}{arm}" for arm in "cs" for since in range(HORIZON)]]
    hazard, covariance = pooled(every, columns, every["weight"], sm.families.Gaussian())
    values, errors = [], []
    for n_weeks in range(1, HORIZON + 1):
        counted = np.tile(np.arange(HORIZON) < n_weeks, 2)
        free = [np.prod(1 - part[:n_weeks]) for part in np.split(hazard.to_numpy(), 2)]
        gradient = np.repeat([free[0], -free[1]], HORIZON) / (1 - hazard.to_numpy()) * counted
        values.append(free[1] - free[0])
        errors.append(np.sqrt(gradient @ covariance @ gradient))
    agree("statsmodels, sequential trials: difference", ours.differences["risk_difference"], values, **SETTINGS)
    agree.se("statsmodels, sequential trials: difference", ours.differences["se"], errors, **SETTINGS)
