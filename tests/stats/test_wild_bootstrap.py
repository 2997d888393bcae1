"""The wild cluster bootstrap on influences: by hand, and with the error it promises."""

from itertools import product

import numpy as np
import pytest

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.wild_bootstrap import wild_cluster_bootstrap

SITES = np.arange(6)


def of_one_mean(outcome):
    """Return the p-value that the mean of one number a site is zero."""
    outcome = np.asarray(outcome, dtype=float)
    influence = (outcome - outcome.mean())[:, None] / len(outcome)
    sites = np.arange(len(outcome))
    return wild_cluster_bootstrap(outcome.mean(), [1.0], influence, np.ones((len(outcome), 1)), cluster=sites)


def test_six_numbers_by_hand():
    # A mean whose null is zero: the numbers themselves change sign, and only all alike reach the t of the data.
    found = of_one_mean([1.0, 1.2, 0.9, 1.1, 1.3, 0.8])
    assert (found.p_value, found.n_patterns, found.every_pattern) == (2 / 64, 64, True)


def test_every_pattern_is_that_of_the_one_sample_t_test_with_signs_changed():
    outcome = np.array([1.0, -0.3, 0.8, 0.1, -0.9, 1.4, 0.7])

    def t(values):
        return abs(values.mean()) / np.sqrt(np.sum((values - values.mean()) ** 2))

    every = [t(np.array(signs) * outcome) for signs in product((-1, 1), repeat=7)]
    expected = np.mean(np.array(every) >= t(outcome) * (1 - 1e-9))
    assert of_one_mean(outcome).p_value == pytest.approx(expected)


def test_five_clusters_are_refused_because_no_pattern_could_reach_a_twentieth():
    with pytest.raises(EstimationError, match="5 clusters have 32 patterns of signs"):
        of_one_mean([1.0, 2.0, 3.0, 4.0, 5.0])


def test_more_than_twelve_are_drawn_the_same_way_each_time():
    outcome = np.random.default_rng(1).normal(0.3, 1, 20)
    first, again = of_one_mean(outcome), of_one_mean(outcome)
    assert first == again
    assert (first.every_pattern, first.n_patterns) == (False, 9_999)


def test_no_difference_is_rejected_about_as_often_as_is_said():
    random, below = np.random.default_rng(5), 0
    site = np.repeat(np.arange(8), (5, 8, 10, 12, 15, 20, 30, 60))
    for _ in range(400):
        first = random.random(len(site)) < 0.5
        outcome = random.normal(size=len(site)) + random.normal(size=8)[site]
        counts = np.column_stack([first, ~first]).astype(float)
        means = counts.T @ outcome / counts.sum(axis=0)
        influence = counts / counts.sum(axis=0) * (outcome[:, None] - means)
        found = wild_cluster_bootstrap(means[0] - means[1], [1, -1], influence, counts, cluster=site)
        below += found.p_value < 0.05
    # Three standard errors of 400 draws.
    assert below / 400 == pytest.approx(0.05, abs=0.033)
