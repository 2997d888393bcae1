"""Cox models by hand, against plain formulas, and what they refuse."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.survival.concordance import concordance
from iop_outcomes.stats.survival.cox import fit_cox
from iop_outcomes.stats.survival.cox_curves import baseline_hazard, standardised_survival
from iop_outcomes.stats.survival.cox_exact import fit_cox_exact
from iop_outcomes.stats.survival.cox_likelihood import moments
from iop_outcomes.stats.survival.cox_proportional import proportional_hazards_test
from iop_outcomes.stats.survival.cox_robust import cox_covariance, cox_score_test, influence
from iop_outcomes.stats.survival.kaplan_meier import kaplan_meier
from iop_outcomes.stats.survival.logrank import logrank_test


def people(seed=0, n=60, days=12):
    """Return covariates, days with ties, events, weights, strata and clusters."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"treated": rng.integers(0, 2, n).astype(float), "age": rng.normal(40, 10, n)})
    frame["site"] = pd.Categorical(rng.choice(["a", "b", "c"], n))
    time = np.minimum(np.ceil(rng.exponential(6, n) * np.exp(0.5 * frame["treated"].to_numpy())), days)
    return frame, time, (rng.random(n) < 0.7).astype(int), rng.uniform(0.5, 2, n), rng.integers(0, 2, n)


def plain_log_likelihood(x, time, event, weights, ties, coefficients, entry=None, strata=None):
    """Return the log partial likelihood, event time by event time, as it is written in textbooks."""
    total = 0.0
    entry = np.full(len(time), -1.0) if entry is None else entry
    strata = np.zeros(len(time)) if strata is None else strata
    risk = weights * np.exp(x @ coefficients)
    for stratum in np.unique(strata):
        for t in np.unique(time[(event == 1) & (strata == stratum)]):
            dead = (time == t) & (event == 1) & (strata == stratum)
            at_risk = (time >= t) & (entry < t) & (strata == stratum)
            total += weights[dead] @ (x @ coefficients)[dead]
            for k in range(dead.sum()):
                share = k / dead.sum() if ties == "efron" else 0.0
                total -= weights[dead].mean() * np.log(risk[at_risk].sum() - share * risk[dead].sum())
    return total


def test_three_people_by_hand():
    """The treated person leaves second of three: e^b / (e^b + 1) after 1 / (e^b + 2). Its maximum is at e^b = √2."""
    fit = fit_cox(model_matrix(pd.DataFrame({"treated": [0.0, 1, 0]})), [1, 2, 3], [1, 1, 1])
    assert_allclose(fit.coefficients, [np.log(2) / 2])
    u = np.sqrt(2)
    assert_allclose(fit.log_likelihood, np.log(1 / (u + 2)) + np.log(u / (u + 1)))
    assert_allclose(1 / fit.covariance[0, 0], 2 * u / (u + 2) ** 2 + u / (u + 1) ** 2)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("shape", ["plain", "strata", "entry", "both"])
def test_likelihood_score_and_information(ties, shape):
    frame, time, event, weights, stratum = people()
    strata = stratum if shape in ("strata", "both") else None
    entry = np.floor(time / 3) - 1 if shape in ("entry", "both") else None
    matrix = model_matrix(frame)
    fit = fit_cox(matrix, time, event, weights=weights, ties=ties, strata=strata, entry=entry)
    x = matrix.dense()[:, 1:]
    b = np.array([0.3, -0.02, 0.1, -0.2])
    at = moments(fit.at.data, b)

    def plain(coefficients):
        return plain_log_likelihood(x, time, event, weights, ties, coefficients, entry, strata)

    assert_allclose(at.log_likelihood, plain(b), rtol=1e-10)
    steps = np.diag([1e-4, 1e-5, 1e-4, 1e-4])
    slopes = [(plain(b + h) - plain(b - h)) / (2 * h.sum()) for h in steps]
    assert_allclose(at.score(), slopes, rtol=1e-5, atol=1e-5)
    bends = [(moments(fit.at.data, b + h).score() - moments(fit.at.data, b - h).score()) / (2 * h.sum()) for h in steps]
    assert_allclose(at.information(), -np.array(bends), rtol=1e-5, atol=1e-5)
    # The maximum is one: the score is zero, and swapping the arms only turns the sign.
    assert_allclose(fit.at.score(), 0, atol=1e-6)
    swapped = fit_cox(
        model_matrix(frame.assign(treated=1 - frame["treated"])),
        time,
        event,
        weights=weights,
        ties=ties,
        strata=strata,
        entry=entry,
    )
    assert_allclose(swapped.coefficients[0], -fit.coefficients[0], rtol=1e-8)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("shape", ["plain", "both"])
def test_influence_is_the_derivative_by_the_weight(ties, shape):
    """Efron's rule holds the mean weight of tied events, as R's residuals do: so it is shown without ties."""
    frame, time, event, weights, stratum = people(n=40)
    settings = {"ties": ties}
    if shape == "both":
        settings |= {"strata": stratum, "entry": np.floor(time / 3) - 1}
    if ties == "efron":
        time = time + np.linspace(0, 0.5, len(time))
    matrix = model_matrix(frame[["treated", "age"]])
    fit = fit_cox(matrix, time, event, weights=weights, **settings)
    found = influence(fit)
    assert_allclose(found.sum(axis=0), 0, atol=1e-7)
    for i in (0, 7, 21):
        ends = []
        for step in (1e-4, -1e-4):
            moved = weights.copy()
            moved[i] *= 1 + step
            ends.append(fit_cox(matrix, time, event, weights=moved, **settings).coefficients)
        assert_allclose(found[i], (ends[0] - ends[1]) / 2e-4, rtol=1e-4, atol=1e-8)


def test_covariances_never_form_the_influences():
    frame, time, event, weights, cluster = people()
    fit = fit_cox(model_matrix(frame), time, event, weights=weights, entry=np.floor(time / 3) - 1)
    rows = influence(fit)
    assert_allclose(cox_covariance(fit), rows.T @ rows, rtol=1e-9, atol=1e-14)
    sums = np.array([rows[cluster == c].sum(axis=0) for c in (0, 1)])
    assert_allclose(cox_covariance(fit, cluster), sums.T @ sums, rtol=1e-9, atol=1e-14)
    assert_allclose(cox_covariance(fit, cluster, small_sample=True), 2 * sums.T @ sums, rtol=1e-9, atol=1e-14)
    # One direction at a time is the same as all of them.
    assert_allclose(influence(fit, np.eye(4)[:, [2]])[:, 0], rows[:, 2])


def test_packed_and_plain_matrices_agree():
    """A matrix held as codes, as a million rows are, against the same numbers held plainly."""
    frame, time, event, weights, _ = people(n=400)
    fits = [fit_cox(model_matrix(frame, dense_cells=cells), time, event, weights=weights) for cells in (0, 10**6)]
    assert_allclose(fits[0].coefficients, fits[1].coefficients, rtol=1e-9)
    assert_allclose(cox_covariance(fits[0]), cox_covariance(fits[1]), rtol=1e-8, atol=1e-14)


@given(st.integers(0, 1000))
def test_whole_weights_are_repeated_people_with_breslow(seed):
    frame, time, event, _, _ = people(seed, n=30)
    times = np.random.default_rng(seed).integers(0, 4, 30)
    frame = frame[["treated"]]
    event[:4], time[:4], times[:4] = 1, [2, 2, 5, 5], [1, 2, 1, 2]
    frame.loc[:3, "treated"] = [0, 1, 0, 1]
    weighted = fit_cox(model_matrix(frame), time, event, weights=times, ties="breslow")
    repeated = frame.loc[np.repeat(frame.index, times)].reset_index(drop=True)
    again = fit_cox(model_matrix(repeated), np.repeat(time, times), np.repeat(event, times), ties="breslow")
    assert_allclose(weighted.coefficients, again.coefficients, rtol=1e-7, atol=1e-9)
    assert_allclose(weighted.covariance, again.covariance, rtol=1e-6)


def test_score_test_without_ties_is_the_log_rank_test():
    frame, time, event, _, _ = people()
    time = time + np.linspace(0, 0.5, len(time))
    fit = fit_cox(model_matrix(frame[["treated"]]), time, event)
    assert_allclose(fit.tests.score, logrank_test(time, event, frame["treated"]).chi_square, rtol=1e-10)
    swapped = fit_cox(model_matrix(1 - frame[["treated"]]), time, event)
    assert_allclose(cox_score_test(swapped), cox_score_test(fit), rtol=1e-9)


def test_exact_rule_is_conditional_logistic_by_hand():
    """Day 1: two of four leave, one treated; the six pairs weigh e^2b, 4 e^b, 1. Day 2: one of two, untreated."""
    frame = pd.DataFrame({"treated": [1.0, 0, 1, 0]})
    fit = fit_cox_exact(model_matrix(frame), [1, 1, 3, 2], [1, 1, 0, 1])
    u = np.exp(fit.coefficients[0])
    likelihood = np.log(u / (u**2 + 4 * u + 1)) + np.log(1 / (u + 1))
    assert_allclose(fit.log_likelihood, likelihood)
    # d/du: 1/u - (2u + 4)/(u² + 4u + 1) - 1/(u + 1) = 0
    assert_allclose(1 / u - (2 * u + 4) / (u**2 + 4 * u + 1) - 1 / (u + 1), 0, atol=1e-6)
    without_ties = np.array([1.0, 2, 4, 3])
    efron = fit_cox(model_matrix(frame), without_ties, [1, 1, 1, 1])
    assert_allclose(fit_cox_exact(model_matrix(frame), without_ties, [1, 1, 1, 1]).coefficients, efron.coefficients)


def test_curves_of_a_model_without_effect_are_nelson_aalen():
    """At coefficient 0 the baseline of Breslow's rule is Σ d/n; a covariate without any relation has about that."""
    frame = pd.DataFrame({"treated": [0.0, 1, 0, 1]})
    fit = fit_cox(model_matrix(frame), [1, 1, 2, 2], [1, 1, 1, 1], ties="breslow")
    assert_allclose(fit.coefficients, 0, atol=1e-12)
    assert_allclose(baseline_hazard(fit, [0.5, 1, 3]), [0, 0.5, 1.5])
    assert_allclose(standardised_survival(fit, {"treated": 1}, [1]).survival, np.exp(-0.5))


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_influence_on_standardised_survival(ties):
    """Held against the derivative by each person's weight in the fit, and against a bootstrap of both."""
    frame, time, event, _, _ = people(n=150)
    matrix = model_matrix(frame[["treated", "age"]])
    fit = fit_cox(matrix, time, event, ties=ties)
    curve = standardised_survival(fit, {"treated": 1.0}, [3, 8])
    assert_allclose(curve.influence.sum(axis=0), 0, atol=1e-9)
    rng = np.random.default_rng(1)
    drawn = []
    for _ in range(150):
        rows = rng.integers(0, 150, 150)
        again = fit_cox(matrix.rows(rows), time[rows], event[rows], ties=ties)
        drawn.append(standardised_survival(again, {"treated": 1.0}, [3, 8]).survival)
    assert_allclose(curve.se, np.std(drawn, axis=0), rtol=0.25)


def test_proportional_hazards_are_found_and_refuted():
    rng = np.random.default_rng(3)
    treated = np.repeat([0.0, 1.0], 1000)
    frame = model_matrix(pd.DataFrame({"treated": treated}))
    alike = np.ceil(rng.exponential(20 * np.exp(0.4 * treated)))
    crossing = np.ceil(20 * rng.weibull(np.where(treated == 1, 0.6, 1.6)))
    assert proportional_hazards_test(fit_cox(frame, alike, np.ones(2000)))["p_value"].iloc[0] > 0.01
    for transform in ("km", "identity", "log", "rank"):
        assert proportional_hazards_test(fit_cox(frame, crossing, np.ones(2000)), transform)["p_value"].iloc[0] < 1e-6


@pytest.mark.parametrize(
    ("times", "transform", "said"),
    [([2.0] * 6, "km", "the same for all"), ([0.0, 0, 1, 2, 3, 4], "log", "infinite for events at time 0")],
)
def test_times_that_show_no_change_are_answered_by_name(times, transform, said):
    fit = fit_cox(model_matrix(pd.DataFrame({"a": [0.0, 1, 1, 0, 1, 0]})), times, np.ones(6))
    with pytest.raises(EstimationError, match=said):
        proportional_hazards_test(fit, transform)


def test_concordance_by_hand():
    """Pairs that can be compared: (1, 2), (1, 3), (1, 4), (3, 4). Right, tied, right, wrong: (2 + 1/2) / 4."""
    found = concordance([1, 2, 3, 4], [1, 0, 1, 0], [3, 1, 3, 5])
    assert_allclose(found.value, 1.5 / 4)


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans(), st.integers(0, 4)), min_size=3, max_size=25))
def test_concordance_counts_every_pair_once(rows):
    time, event, score = (np.array(column) for column in zip(*rows, strict=True))
    agreeing, comparable = 0.0, 0
    for i in range(len(time)):
        for j in range(len(time)):
            if event[i] and (time[i] < time[j] or (time[i] == time[j] and not event[j])):
                comparable += 1
                agreeing += 1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0
    if comparable:
        assert_allclose(concordance(time, event, score).value, agreeing / comparable)
    else:
        with pytest.raises(EstimationError, match="no two people can be compared"):
            concordance(time, event, score)


def test_what_a_cox_model_refuses_by_name():
    frame, time, event, _, stratum = people()
    with pytest.raises(EstimationError, match="nobody has the event"):
        fit_cox(model_matrix(frame), time, np.zeros(60))
    with pytest.raises(EstimationError, match=r"'site\[c\]' is not finite"):
        fit_cox(model_matrix(frame), time, np.where(frame["site"] == "c", 0, event))
    with pytest.raises(EstimationError, match="'months' cannot be told apart"):
        fit_cox(model_matrix(frame.assign(months=12 * frame["age"])), time, event)
    with pytest.raises(EstimationError, match="'stratum' cannot be told apart"):
        fit_cox(model_matrix(frame.assign(stratum=stratum * 1.0)), time, event, strata=stratum)
    with pytest.raises(EstimationError, match="'first' has no finite value"):
        fit_cox(model_matrix(pd.DataFrame({"first": -time + 0.0})), time, np.ones(60))
    with pytest.raises(EstimationError, match="60 rows begin at or after the end"):
        fit_cox(model_matrix(frame), time, event, entry=time)
    with pytest.raises(EstimationError, match="did you mean 'efron'"):
        fit_cox(model_matrix(frame), time, event, ties="effron")
    fit = fit_cox(model_matrix(frame), time, event, strata=stratum)
    with pytest.raises(EstimationError, match="fit without strata"):
        baseline_hazard(fit, [1])
    with pytest.raises(EstimationError, match="did you mean 'treated'"):
        standardised_survival(fit_cox(model_matrix(frame), time, event), {"treatd": 1}, [1])


def test_people_without_weight_have_no_say():
    frame, time, event, weights, _ = people()
    weights[::3] = 0
    kept = weights > 0
    with_them = fit_cox(model_matrix(frame), time, event, weights=weights)
    without = fit_cox(model_matrix(frame[kept]), time[kept], event[kept], weights=weights[kept])
    assert_allclose(with_them.coefficients, without.coefficients, rtol=1e-9)
    assert_allclose(cox_covariance(with_them), cox_covariance(without), rtol=1e-8, atol=1e-14)
    curves = [
        kaplan_meier(time, event, weights).at([3, 6]),
        kaplan_meier(time[kept], event[kept], weights[kept]).at([3, 6]),
    ]
    assert_allclose(curves[0]["survival"], curves[1]["survival"])
