"""Fine and Gray's model: against the Cox model it becomes, and against its definition written out."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.survival.cox import fit_cox
from iop_outcomes.stats.survival.cox_robust import cox_covariance
from iop_outcomes.stats.survival.fine_gray import fit_fine_gray


def people(seed=0, n=120):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"treated": rng.integers(0, 2, n).astype(float), "age": rng.normal(0, 1, n)})
    time = np.ceil(rng.exponential(8, n))
    return frame, time, rng.choice([0, 1, 2], n, p=[0.3, 0.4, 0.3])


def test_without_other_events_it_is_a_cox_model():
    frame, time, event = people()
    event = np.where(event == 2, 0, event)
    matrix = model_matrix(frame)
    ours, cox = fit_fine_gray(matrix, time, event), fit_cox(matrix, time, event, ties="breslow")
    assert_allclose(ours.cox.coefficients, cox.coefficients, rtol=1e-10)
    assert_allclose(ours.covariance(), cox_covariance(cox), rtol=1e-8, atol=1e-14)


def test_without_censoring_people_with_another_event_stay_for_good():
    """Then it is a Cox model in which they are followed to the end."""
    frame, time, event = people()
    event = np.where(event == 0, 1, event)
    matrix = model_matrix(frame)
    stay = np.where(event == 2, 1000, time)
    cox = fit_cox(matrix, stay, event == 1, ties="breslow")
    ours = fit_fine_gray(matrix, time, event)
    assert_allclose(ours.cox.coefficients, cox.coefficients, rtol=1e-10)
    assert_allclose(ours.covariance(), cox_covariance(cox), rtol=1e-8, atol=1e-14)


@pytest.mark.parametrize("censoring", ["after_events", "with_events"])
def test_likelihood_from_the_definition(censoring):
    """Σ over events of x'b - log Σ w exp(x'b), w = 1 at risk, G(t-)/G(s-) after another event at s."""
    frame, time, event = people()
    groups = (frame["age"] > 0).to_numpy()
    fit = fit_fine_gray(model_matrix(frame), time, event, censoring=censoring, censoring_groups=groups)
    x = frame.to_numpy() @ fit.cox.coefficients

    def uncensored_before(moment, inside):
        share = 1.0
        for day in np.unique(time[inside & (event == 0) & (time < moment)]):
            leaving = np.sum(inside & (time == day) & (event == 0))
            others = np.sum(inside & (time == day) & (event > 0)) if censoring == "after_events" else 0
            share *= 1 - leaving / (np.sum(inside & (time >= day)) - others)
        return share

    total = 0.0
    for t in np.unique(time[event == 1]):
        weight = (time >= t).astype(float)
        for i in np.flatnonzero((event == 2) & (time < t)):
            inside = groups == groups[i]
            weight[i] = uncensored_before(t, inside) / uncensored_before(time[i], inside)
        dead = (time == t) & (event == 1)
        total += x[dead].sum() - dead.sum() * np.log(weight @ np.exp(x))
    assert_allclose(fit.cox.log_likelihood, total, rtol=1e-10)


def test_counted_censoring_by_bootstrap():
    frame, time, event = people(n=300)
    fit = fit_fine_gray(model_matrix(frame), time, event)
    rng = np.random.default_rng(5)
    drawn = []
    for _ in range(150):
        rows = rng.integers(0, 300, 300)
        again = fit_fine_gray(model_matrix(frame.iloc[rows].reset_index(drop=True)), time[rows], event[rows])
        drawn.append(again.cox.coefficients)
    assert_allclose(np.sqrt(np.diag(fit.covariance())), np.std(drawn, axis=0), rtol=0.25)


def test_single_people_as_clusters_change_nothing():
    frame, time, event = people()
    fit = fit_fine_gray(model_matrix(frame), time, event)
    assert_allclose(fit.covariance(np.arange(120)), fit.covariance(), rtol=1e-10, atol=1e-14)


def test_what_is_refused():
    frame, time, event = people()
    with pytest.raises(EstimationError, match="did you mean 'with_events'"):
        fit_fine_gray(model_matrix(frame), time, event, censoring="with_event")
    with pytest.raises(EstimationError, match="nobody has the event"):
        fit_fine_gray(model_matrix(frame), time, event, cause=7)
