"""Generalised linear models: answers by hand, statsmodels as a second opinion, and named refusals."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from iop_outcomes.kernel.errors import DesignError, EstimationError
from iop_outcomes.stats.linear import glm
from iop_outcomes.stats.linear.glm import fit_glm
from iop_outcomes.stats.linear.matrix import model_matrix


def cohort(n=800, seed=3):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"age": rng.normal(40, 10, n), "site": rng.choice(["a", "b", "c"], n), "employed": rng.integers(0, 2, n)}
    )
    signal = -0.5 + 0.03 * (frame["age"] - 40) + 0.6 * (frame["site"] == "b") - 0.4 * frame["employed"]
    return frame, signal.to_numpy(), rng


def test_one_binary_covariate_by_hand():
    # 8 of 10 exposed and 5 of 20 others respond: intercept log(5/15), slope log(8/2) - log(5/15) = log 12,
    # variance of the slope 1/8 + 1/2 + 1/5 + 1/15.
    exposed = np.repeat([1, 0], [10, 20])
    response = np.concatenate([np.repeat([1, 0], [8, 2]), np.repeat([1, 0], [5, 15])])
    fit = fit_glm(response, model_matrix(pd.DataFrame({"exposed": exposed})))
    np.testing.assert_allclose(fit.coefficients, [np.log(5 / 15), np.log(12)], rtol=1e-10)
    np.testing.assert_allclose(fit.standard_errors[1] ** 2, 1 / 8 + 1 / 2 + 1 / 5 + 1 / 15, rtol=1e-9)


@pytest.mark.parametrize(
    ("family", "link"),
    [
        ("binomial", "logit"),
        ("binomial", "cloglog"),
        ("binomial", "probit"),
        ("binomial", "log"),
        ("poisson", "log"),
        ("gaussian", "identity"),
    ],
)
def test_equals_statsmodels_with_weights_and_offset(family, link):
    frame, signal, rng = cohort()
    weights, offset = rng.uniform(0.5, 2, len(frame)), rng.normal(0, 0.1, len(frame))
    response = {
        "binomial": (rng.random(len(frame)) < (np.exp(signal - 2.2) if link == "log" else 1 / (1 + np.exp(-signal)))),
        "poisson": rng.poisson(np.exp(signal)),
        "gaussian": signal + rng.normal(size=len(frame)),
    }[family].astype(float)
    matrix = model_matrix(frame)
    ours = fit_glm(response, matrix, family=family, link=link, weights=weights, offset=offset)
    classes = {"logit": "Logit", "cloglog": "CLogLog", "probit": "Probit", "log": "Log", "identity": "Identity"}
    made = getattr(sm.families, family.title())(getattr(sm.families.links, classes[link])())
    # The reference has no step halving and overshoots into impossible means unless it starts at the maximum.
    start = ours.coefficients if (family, link) == ("binomial", "log") else None
    theirs = sm.GLM(response, matrix.dense(), family=made, var_weights=weights, offset=offset)
    theirs = theirs.fit(tol=1e-13, maxiter=200, start_params=start)
    np.testing.assert_allclose(ours.coefficients, theirs.params, rtol=1e-7, atol=1e-9)
    # The reference divides the Gaussian residual variance by the sum of weights less p, R and this project by n - p.
    scale = np.sqrt(theirs.scale / ours.dispersion)
    np.testing.assert_allclose(ours.standard_errors * scale, theirs.bse, rtol=1e-6)
    np.testing.assert_allclose(ours.deviance, theirs.deviance, rtol=1e-9)


def test_shares_are_a_response_too():
    # The logistic mean of a share with an intercept alone is the mean share: (0.2 + 0.4 + 0.9) / 3 = 0.5.
    fit = fit_glm([0.2, 0.4, 0.9], model_matrix(pd.DataFrame(index=range(3)), []))
    np.testing.assert_allclose(fit.coefficients, [0.0], atol=1e-12)


def test_the_score_is_zero_and_the_bread_inverts_the_information():
    frame, signal, rng = cohort()
    matrix = model_matrix(frame)
    fit = fit_glm(rng.random(len(frame)) < 1 / (1 + np.exp(-signal)), matrix)
    np.testing.assert_allclose(matrix.transpose_matvec(fit.score_residuals), 0, atol=1e-8)
    np.testing.assert_allclose(fit.bread @ matrix.sandwich(fit.working_weights), np.eye(5), atol=1e-7)


def test_a_start_on_part_of_the_rows_ends_at_the_same_place(monkeypatch):
    frame, signal, rng = cohort(20_000)
    matrix = model_matrix(frame, dense_cells=0)
    response = rng.random(len(frame)) < 1 / (1 + np.exp(-signal))
    whole = fit_glm(response, matrix)
    monkeypatch.setattr(glm, "SUBSAMPLE", 5_000)
    helped = fit_glm(response, matrix)
    np.testing.assert_allclose(helped.coefficients, whole.coefficients, rtol=1e-9)
    assert helped.iterations <= whole.iterations


def test_rows_of_weight_zero_do_not_count():
    frame, signal, rng = cohort()
    response = rng.random(len(frame)) < 1 / (1 + np.exp(-signal))
    keep = np.arange(len(frame)) % 3 > 0
    matrix = model_matrix(frame)
    weighted, subset = fit_glm(response, matrix, weights=keep), fit_glm(response[keep], matrix.rows(keep))
    np.testing.assert_allclose(weighted.coefficients, subset.coefficients, rtol=1e-9)
    np.testing.assert_allclose(weighted.standard_errors, subset.standard_errors, rtol=1e-9)


def test_rows_of_weight_zero_do_not_count_where_they_are_surely_wrong():
    """All on dose 1 respond, which a slight ridge makes nearly sure; one on dose 3 does not, but has no weight."""
    frame = pd.DataFrame({"dose": np.tile([0.0, 0.0, 1.0, 1.0], 100)})
    response, weights = np.tile([0.0, 1.0, 1.0, 1.0], 100), np.ones(400)
    frame.loc[3, "dose"], response[3], weights[3] = 3.0, 0.0, 0.0
    matrix, kept = model_matrix(frame), weights > 0
    settings = {"penalty": 4e-8, "tolerance": 1e-9}
    weighted = fit_glm(response, matrix, weights=weights, **settings)
    subset = fit_glm(response[kept], matrix.rows(kept), **settings)
    assert weighted.linear_predictor[3] > 40
    np.testing.assert_allclose(weighted.coefficients, subset.coefficients, rtol=1e-6)
    assert weighted.deviance == pytest.approx(subset.deviance)


def test_firth_adds_half_an_event_to_each_cell_of_a_saturated_table():
    # 0 of 10 exposed respond: the logistic slope is minus infinity. Firth's estimate for a 2 x 2 table adds 1/2 to each
    # cell: log(0.5/10.5) - log(5.5/15.5).
    exposed = np.repeat([1, 0], [10, 20])
    response = np.concatenate([np.zeros(10), np.repeat([1, 0], [5, 15])])
    fit = fit_glm(response, model_matrix(pd.DataFrame({"exposed": exposed})), penalty="firth")
    np.testing.assert_allclose(fit.coefficients[1], np.log(0.5 / 10.5) - np.log(5.5 / 15.5), rtol=1e-8)


def test_ridge_equals_scikit_learn_on_standardised_columns():
    from sklearn.linear_model import LogisticRegression

    frame, signal, rng = cohort()
    response = rng.random(len(frame)) < 1 / (1 + np.exp(-signal))
    matrix = model_matrix(frame)
    plain = matrix.dense()[:, 1:]
    scaled = (plain - plain.mean(axis=0)) / plain.std(axis=0)
    theirs = LogisticRegression(C=1 / 5.0, tol=1e-12, max_iter=1_000).fit(scaled, response)
    ours = fit_glm(response, matrix, penalty=5.0)
    np.testing.assert_allclose(ours.fitted, theirs.predict_proba(scaled)[:, 1], rtol=1e-5)


class TestRefusals:
    def test_collinear_columns_are_named_with_what_they_repeat(self):
        frame, signal, _ = cohort()
        frame["age_in_months"] = frame["age"] * 12 + 1
        frame["site_is_c"] = (frame["site"] == "c").astype(float)
        with pytest.raises(DesignError, match=r"age_in_months follows exactly from .*age; site_is_c follows .*site"):
            fit_glm(signal, model_matrix(frame), family="gaussian")

    def test_a_number_that_does_not_vary_among_those_who_count_is_named(self):
        frame, signal, _ = cohort()
        weights = (frame["age"] == frame["age"].iloc[0]).to_numpy(float)
        with pytest.raises(DesignError, match="age is the same for all who count"):
            fit_glm(signal, model_matrix(frame[["age"]]), family="gaussian", weights=weights)

    def test_collinear_columns_can_be_left_out_as_r_does(self):
        frame, signal, rng = cohort()
        response = signal + rng.normal(size=len(signal))
        without = fit_glm(response, model_matrix(frame), family="gaussian")
        frame["age_in_months"] = frame["age"] * 12 + 1
        fit = fit_glm(response, model_matrix(frame), family="gaussian", aliased="drop")
        assert fit.aliased == ("age_in_months",)
        np.testing.assert_allclose(fit.fitted, without.fitted, rtol=1e-9)
        assert fit.standard_errors[-1] == 0

    @pytest.mark.parametrize(("family", "value"), [("binomial", 0), ("binomial", 1), ("poisson", 0)])
    def test_a_response_that_everybody_has(self, family, value):
        frame, signal, _ = cohort()
        with pytest.raises(DesignError, match=f"everybody has response {value}"):
            fit_glm(np.full(len(signal), float(value)), model_matrix(frame), family=family)

    def test_a_level_that_decides_the_response_is_named(self):
        frame, signal, _ = cohort()
        response = (signal > -0.5) | (frame["site"] == "b")
        with pytest.raises(DesignError, match=r"everybody with level 'b' of site has response 1"):
            fit_glm(response, model_matrix(frame))

    def test_so_is_a_first_level_which_has_no_column(self):
        frame, _, rng = cohort()
        response = (rng.random(len(frame)) < 0.5) & (frame["site"] != "a")
        with pytest.raises(DesignError, match="with the first level of site has response 0"):
            fit_glm(response, model_matrix(frame))

    def test_a_number_that_decides_the_response_is_named(self):
        frame, _, _ = cohort()
        with pytest.raises(DesignError, match="age alone divides the responses"):
            fit_glm(frame["age"] > 40, model_matrix(frame))

    def test_separation_by_two_covariates_together_is_named(self):
        frame, _, _ = cohort()
        frame["other"] = np.random.default_rng(9).normal(40, 10, len(frame))
        with pytest.raises(DesignError, match=r"separation: .*age"):
            fit_glm(frame["age"] + frame["other"] > 80, model_matrix(frame))

    def test_a_level_without_events_stops_a_poisson_model(self):
        frame, _, _ = cohort()
        with pytest.raises(DesignError, match="level 'c' of site has response 0"):
            fit_glm(frame["site"] != "c", model_matrix(frame), family="poisson")

    @pytest.mark.parametrize(
        ("response", "options", "sentence"),
        [
            ([0, 1, 2], {}, "1 value outside 0 to 1"),
            ([0, 1, np.nan], {}, "response: 1 value missing"),
            ([0, 1], {}, "give one per row"),
            ([0, 1, 1], {"weights": [1, -1, 1]}, "weights: negative"),
            ([0, 1, 1], {"family": "binominal"}, "did you mean 'binomial'"),
            ([0, 1, 1], {"link": "logistic"}, "'logistic' is not known"),
        ],
    )
    def test_bad_input_is_one_sentence(self, response, options, sentence):
        with pytest.raises(EstimationError, match=sentence):
            fit_glm(response, model_matrix(pd.DataFrame({"age": [1.0, 3.0, 2.0]})), **options)
