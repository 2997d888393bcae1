"""CR2 of influences: equal to the CR2 of a regression where there is one, and unbiased where there is none."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.stats.linear.cluster_robust import cluster_covariance
from iop_outcomes.stats.linear.few_clusters import ClusterShares, unbiased_covariance
from iop_outcomes.stats.linear.glm import fit_glm
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.linear.robust_glm import fit_equation
from iop_outcomes.stats.linear.sandwich import satterthwaite
from iop_outcomes.stats.repeated.gee import fit_gee


def arms_at_sites(seed=3, sizes=(4, 9, 15, 40, 6, 11)):
    """Return outcome, arm and site of people at unequal sites."""
    random = np.random.default_rng(seed)
    site = np.repeat(np.arange(len(sizes)), sizes)
    first = random.random(len(site)) < 0.4
    outcome = first + random.normal(size=len(site)) + random.normal(size=len(sizes))[site]
    return outcome, first, site


def influences(outcome, pair, weights):
    """Return what each row adds to the weighted mean of each arm."""
    counts = weights[:, None] * pair
    means = (counts * outcome[:, None]).sum(axis=0) / counts.sum(axis=0)
    return counts / counts.sum(axis=0) * (outcome[:, None] - means), counts


def test_means_of_two_arms_have_the_cr2_of_the_regression_on_the_arm():
    outcome, first, site = arms_at_sites()
    pair = np.column_stack([first, ~first])
    influence, counts = influences(outcome, pair, np.ones(len(site)))
    found = unbiased_covariance(influence, counts, cluster=site)
    matrix = model_matrix(pd.DataFrame({"arm": first.astype(float)}))
    equation = fit_equation(outcome, matrix, family="gaussian").equation
    # Bell & McCaffrey 2002, as in clubSandwich: the difference is the coefficient of the arm.
    expected = cluster_covariance(equation, site, "CR2", contrasts=[[0.0, 1.0]])
    difference = np.array([1.0, -1.0])
    assert difference @ found.values @ difference == pytest.approx(expected.values[1, 1], rel=1e-10)
    assert found.freedom_of(difference) == pytest.approx(expected.degrees_of_freedom[0], rel=1e-10)


def test_four_equal_clusters_by_hand():
    # Two people of one arm in each: the factor is 1 / sqrt(1 - 1/4), and three degrees of freedom are left.
    shares = ClusterShares.of(np.ones((8, 1)), np.repeat(range(4), 2))
    assert shares.factors[:, 0] == pytest.approx([np.sqrt(4 / 3)] * 4)
    assert satterthwaite(shares.working, [1.0]) == pytest.approx(3.0)


def test_a_cluster_that_outweighs_all_others_leaves_hardly_more_than_one_degree_of_freedom():
    shares = ClusterShares.of(np.ones((1_003, 1)), np.repeat(range(4), (1_000, 1, 1, 1)))
    assert 1.0 <= satterthwaite(shares.working, [1.0]) < 1.1


@pytest.mark.slow
def test_the_variance_is_unbiased_under_weights_too():
    _, first, site = arms_at_sites()
    random = np.random.default_rng(1)
    pair, weights = np.column_stack([first, ~first]), random.uniform(0.2, 5, len(site))
    truth = np.sum(np.square(weights[:, None] * pair / (weights[:, None] * pair).sum(axis=0)))
    made = []
    for _ in range(4_000):
        influence, counts = influences(random.normal(size=len(site)), pair, weights)
        made.append(unbiased_covariance(influence, counts, cluster=site).along((1.0, -1.0)).values[0, 0])
    error = np.std(made) / np.sqrt(len(made))
    assert np.mean(made) == pytest.approx(truth, abs=4 * error)


def test_people_without_a_cluster_who_do_not_count_are_passed_over():
    outcome, first, site = arms_at_sites()
    pair = np.column_stack([first, ~first])
    influence, counts = influences(outcome, pair, np.ones(len(site)))
    alone = unbiased_covariance(influence, counts, cluster=site)
    more = [np.vstack([one, np.zeros((2, 2))]) for one in (influence, counts)]
    with_others = unbiased_covariance(
        *more, cluster=[*site, None, None], used=np.r_[np.ones(len(site), bool), False, False]
    )
    assert with_others.values == pytest.approx(alone.values)
    assert with_others.freedom_of([1, -1]) == pytest.approx(alone.freedom_of([1, -1]))


def test_gee_without_correlation_has_the_cr2_of_the_model():
    outcome, first, site = arms_at_sites()
    random = np.random.default_rng(2)
    frame = pd.DataFrame({"arm": first.astype(float), "age": 40 + 10 * random.normal(size=len(site))})
    matrix, binary = model_matrix(frame), (outcome > 0.5).astype(float)
    fit = fit_gee(binary, matrix, site, correlation="independence", correction="cr2")
    glm = fit_glm(binary, matrix, tolerance=1e-12)
    equation = fit_equation(binary, matrix, family="binomial", tolerance=1e-12).equation
    assert fit.coefficients == pytest.approx(glm.coefficients, rel=1e-6)
    # Pearson residuals on their own scale: the root is that of the standardised model, whatever the link's slope.
    expected = cluster_covariance(equation, site, "CR2", slope=np.sqrt(equation.working_weights))
    assert fit.covariance.values == pytest.approx(expected.values, rel=1e-6)
    working = fit.working(np.eye(3))
    found = [satterthwaite(working, one) for one in np.eye(3)]
    assert found == pytest.approx(expected.degrees_of_freedom, rel=1e-6)
