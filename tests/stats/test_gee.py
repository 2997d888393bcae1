"""Generalised estimating equations against their definition, cluster by cluster with dense matrices."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.repeated.gee import fit_gee
from iop_outcomes.stats.repeated.working_correlation import working_correlation


def people(seed, n_people=40, occasions=4, keep=0.8):
    """Repeated yes/no answers of some people, some occasions missing, rows shuffled."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"person": np.repeat(np.arange(n_people), occasions)})
    frame["wave"] = np.tile(np.arange(occasions), n_people)
    frame["x"] = random.normal(size=len(frame))
    frame["z"] = random.normal(size=n_people)[frame["person"]]
    tendency = random.normal(size=n_people)[frame["person"]]
    frame["y"] = (random.random(len(frame)) < 1 / (1 + np.exp(-0.3 - 0.5 * frame["x"] - tendency))).astype(float)
    return frame[random.random(len(frame)) < keep].sample(frac=1, random_state=seed).reset_index(drop=True)


def correlation_matrix(name, parameter, wave):
    lag = np.abs(np.subtract.outer(wave, wave))
    if name == "ar1":
        return np.where(lag == 0, 1, parameter ** lag.astype(float))
    return np.where(lag == 0, 1, parameter if name == "exchangeable" else 0.0)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    correlation=st.sampled_from(["independence", "exchangeable", "ar1"]),
    correction=st.sampled_from(["none", "mancl-derouen", "kauermann-carroll"]),
)
def test_coefficients_and_covariance_are_the_definition(seed, correlation, correction):
    frame = people(seed)
    matrix = model_matrix(frame[["x", "z"]])
    fit = fit_gee(
        frame["y"], matrix, frame["person"], correlation=correlation, wave=frame["wave"], correction=correction
    )
    x, mean = matrix.dense(), fit.fitted
    deviation = np.sqrt(mean * (1 - mean))
    residuals = (frame["y"].to_numpy() - mean) / deviation
    assert fit.scale == pytest.approx(np.mean(residuals**2))

    clusters = [np.flatnonzero(frame["person"] == person) for person in frame["person"].unique()]
    products, fading = [], []
    information, parts = np.zeros((3, 3)), []
    for rows in clusters:
        wave = frame["wave"].to_numpy()[rows]
        first, second = np.triu_indices(len(rows), 1)
        products.extend(residuals[rows][first] * residuals[rows][second] / fit.scale)
        fading.extend(np.abs(wave[first] - wave[second]))
        inverse = np.linalg.inv(correlation_matrix(correlation, fit.parameter, wave))
        d = x[rows] * deviation[rows, None]
        information += d.T @ inverse @ d
        parts.append((d, inverse, residuals[rows]))
    products, fading = np.array(products), np.array(fading, dtype=float)
    if correlation == "exchangeable":
        assert fit.parameter == pytest.approx(products.mean())
    if correlation == "ar1":
        equation = fading * fit.parameter ** (fading - 1) * (products - fit.parameter**fading)
        assert equation.sum() == pytest.approx(0, abs=1e-8)
    assert sum(d.T @ inverse @ e for d, inverse, e in parts) == pytest.approx(np.zeros(3), abs=1e-8)

    bread = np.linalg.inv(information)
    meat = np.zeros((3, 3))
    for d, inverse, e in parts:
        own = np.eye(len(e)) - d @ bread @ d.T @ inverse
        if correction == "mancl-derouen":
            e = np.linalg.solve(own, e)
        elif correction == "kauermann-carroll":
            values, vectors = np.linalg.eig(own)
            e = (vectors @ np.diag(values**-0.5) @ np.linalg.inv(vectors)).real @ e
        score = d.T @ inverse @ e
        meat += np.outer(score, score)
    assert fit.covariance.values == pytest.approx(bread @ meat @ bread, rel=1e-7, abs=1e-12)
    assert fit.model_covariance == pytest.approx(bread * fit.scale)


def test_one_occasion_per_person_is_a_plain_regression():
    frame = people(1, n_people=300, occasions=1, keep=1.0)
    matrix = model_matrix(frame[["x", "z"]])
    fits = [
        fit_gee(frame["y"], matrix, frame["person"], correlation=c) for c in ("independence", "exchangeable", "ar1")
    ]
    for fit in fits[1:]:
        assert fit.coefficients == pytest.approx(fits[0].coefficients)
        assert fit.standard_errors == pytest.approx(fits[0].standard_errors)


def test_missing_waves_count_as_time_that_passed():
    # Observations at waves 0, 1 and 3: the second pair is two waves apart, so its correlation is the square.
    structure = working_correlation("ar1", np.zeros(3, dtype=int), 1, wave=[0, 1, 3])
    dense = np.linalg.inv(correlation_matrix("ar1", 0.5, np.array([0, 1, 3])))
    assert structure.apply_inverse(np.eye(3), 0.5) == pytest.approx(dense)


def test_rows_of_weight_zero_are_not_there():
    frame = people(3)
    weights = np.where(np.arange(len(frame)) % 7 == 0, 0.0, 1.0)
    kept = frame[weights > 0]
    whole = fit_gee(frame["y"], model_matrix(frame[["x"]]), frame["person"], weights=weights)
    part = fit_gee(kept["y"], model_matrix(kept[["x"]]), kept["person"])
    assert whole.coefficients == pytest.approx(part.coefficients)
    assert whole.covariance.values == pytest.approx(part.covariance.values)


def test_renaming_people_and_shuffling_rows_changes_nothing():
    frame = people(4)
    moved = frame.sample(frac=1, random_state=9)
    fits = [
        fit_gee(f["y"], model_matrix(f[["x"]]), f["person"].map("p{}".format), correlation="ar1", wave=f["wave"])
        for f in (frame, moved)
    ]
    assert fits[0].coefficients == pytest.approx(fits[1].coefficients)
    assert fits[0].standard_errors == pytest.approx(fits[1].standard_errors)


def test_corrections_are_ordered_and_use_t_quantiles():
    frame = people(5, n_people=12)
    matrix = model_matrix(frame[["x", "z"]])
    plain, half, whole = (
        fit_gee(frame["y"], matrix, frame["person"], correction=c)
        for c in ("none", "kauermann-carroll", "mancl-derouen")
    )
    assert (plain.standard_errors < half.standard_errors).all() and (half.standard_errors < whole.standard_errors).all()
    assert np.isinf(plain.covariance.degrees_of_freedom) and whole.covariance.degrees_of_freedom == 11


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"correlation": "unstructured"}, "no correlation 'unstructured'"),
        ({"correction": "mancl-de-rouen"}, "no correction 'mancl-de-rouen'; did you mean 'mancl-derouen'"),
        ({"cluster": 1}, "all rows are in one"),
        ({"correlation": "ar1", "wave": 0}, "rows repeat a wave of their cluster"),
        ({"correlation": "ar1", "wave": 0.5}, "waves must be whole numbers"),
    ],
)
def test_impossible_requests_are_answered_by_name(change, message):
    frame = people(6)
    request = {"correlation": "exchangeable", "cluster": frame["person"]} | change
    for name in ("cluster", "wave"):
        if np.isscalar(request.get(name)):
            request[name] = np.full(len(frame), request[name])
    with pytest.raises(EstimationError, match=message):
        fit_gee(frame["y"], model_matrix(frame[["x"]]), **request)


@pytest.mark.parametrize("correlation", ["exchangeable", "ar1"])
def test_clusters_whose_members_are_all_the_same_are_answered_by_name(correlation):
    outcome, person = np.repeat([0.0, 1, 1, 0, 1, 0], 4), np.repeat(np.arange(6), 4)
    x = np.tile([0.0, 1, 2, 3], 6)
    with pytest.raises(EstimationError, match="'independence'"):
        fit_gee(outcome, model_matrix(pd.DataFrame({"x": x})), person, correlation=correlation)
