"""The bootstrap agrees with formulas where they are right."""

import numpy as np
import pytest
from pytest import approx

from iop_outcomes.estimates.bootstrap import bootstrap
from iop_outcomes.estimates.estimators.weighting import weighted_means
from iop_outcomes.estimates.measures import contrast
from iop_outcomes.kernel.errors import EstimationError


def test_by_cluster_it_agrees_with_the_cluster_robust_error():
    generator = np.random.default_rng(9)
    cluster = np.repeat(np.arange(60), 12)
    first = generator.random(720) < 0.5
    y = 0.5 * first + np.repeat(generator.normal(size=60), 12) * (1 + first) + generator.normal(size=720)

    def difference(rows):
        return contrast(weighted_means(y[rows], first[rows]), "mean_difference").value

    found = bootstrap(difference, 720, cluster=cluster, n_replicates=400, seed=1)
    formula = contrast(weighted_means(y, first, cluster=cluster), "mean_difference")
    assert found.se == approx(formula.se, rel=0.1)
    assert (found.ci_low, found.ci_high) == approx((formula.ci_low, formula.ci_high), abs=0.25 * formula.se)
    naive = contrast(weighted_means(y, first), "mean_difference")
    assert found.se > 1.3 * naive.se


def test_the_same_seed_gives_the_same_interval():
    values = np.arange(20.0)
    one, other = (bootstrap(lambda rows: values[rows].mean(), 20, n_replicates=50, seed=4) for _ in range(2))
    assert one == other


def test_replicates_that_fail_are_counted_and_too_many_are_refused():
    def fails_often(rows):
        if 0 in rows:
            raise EstimationError("no")
        return float(rows.mean())

    with pytest.raises(EstimationError, match="replicates gave no estimate"):
        bootstrap(fails_often, 20, n_replicates=100)


def test_replicates_that_are_all_the_same_show_no_variance():
    found = bootstrap(lambda rows: 0.1 + 0.2, 50, n_replicates=20)
    assert np.isnan([found.se, found.ci_low, found.ci_high]).all()
    assert found.n_replicates == 20
