"""Influences of every estimator: a row a member, whose sums within clusters are the variance, and which add up."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from estimates.test_plugins import comparison
from iop_outcomes.estimates.question import Question
from iop_outcomes.kernel.registry import ESTIMATORS

MEANS = [
    ("unadjusted", {}),
    ("weighted", {}),
    ("outcome_regression", {}),
    ("aipw", {}),
    ("aipw", {"folds": 2}),
    ("tmle", {}),
    ("matched", {}),
    ("matched", {"adjust": True}),
    ("gee", {"correction": "none"}),
]
IN_TIME = [
    ("weighted_kaplan_meier", {"day": 40}),
    ("rmst", {"until_day": 60}),
    ("standardised_cox", {"day": 40}),
]


def answer(name, data, made, outcome, **settings):
    plugin = ESTIMATORS[name]
    return plugin(Question(data, outcome, seed=3), made, **plugin.check(settings))


def in_time(made) -> pd.DataFrame:
    """Exponential times in care, cut off on day 90."""
    time = np.random.default_rng(1).exponential(60, len(made.members)).round() + 1
    frame = {"retention_days": np.minimum(time, 90), "retention_ended": (time <= 90).astype(float)}
    return pd.DataFrame(frame, index=made.members.index)


def within_clusters(answer) -> np.ndarray:
    """Return the sum over clusters of the squared influences, 2 by 2."""
    cluster = answer.comparison.cluster.to_numpy()
    sums = pd.DataFrame(answer.arms.influence).groupby(cluster).sum().to_numpy()
    return sums.T @ sums


@pytest.mark.parametrize(("name", "settings"), [*MEANS, *IN_TIME])
def test_a_row_a_member_and_their_sums_within_clusters_are_the_variance(name, settings):
    data, made = comparison()
    of_time = "time_to_event" in ESTIMATORS[name].kinds
    given = in_time(made) if of_time else data
    found = answer(name, given, made, "time_in_care" if of_time else "abstinent", **settings)
    assert len(found.arms.influence) == len(found.comparison.members) == len(data)
    factor = found.arms.covariance.values / within_clusters(found)
    # One factor for the small sample, and no more than that.
    np.testing.assert_allclose(factor, factor[0, 0], rtol=1e-8)
    assert 1 <= factor[0, 0] < 1.11


@pytest.mark.parametrize("name", ["unadjusted", "weighted", "matched"])
def test_influences_of_two_outcomes_add_up_to_that_of_their_sum(name):
    data, made = comparison()
    data["both"] = data["days"] + 3 * data["share"]
    days, share, both = (answer(name, data, made, outcome).arms for outcome in ("days", "share", "both"))
    np.testing.assert_allclose(days.influence + 3 * share.influence, both.influence, atol=1e-12)


def test_parts_of_a_population_add_up_to_the_whole_but_for_what_lies_between_them():
    """Sites 0 to 5 and 6 to 11 apart, each mean counted by its part's share of the arm."""
    data, made = comparison()
    made = replace(made, members=made.members.assign(weight=1.0))
    part = (made.cluster.astype(str) < "s06").to_numpy()
    whole, joined = answer("unadjusted", data, made, "days").arms, np.zeros((len(data), 2))
    means = np.zeros(2)
    for rows in (part, ~part):
        own = answer("unadjusted", data[rows], made.only(rows), "days").arms
        share = np.array(
            [(made.treated & rows).sum() / made.treated.sum(), (~made.treated & rows).sum() / (~made.treated).sum()]
        )
        means += share * own.means
        joined[rows] += share * own.influence
    np.testing.assert_allclose(means, whole.means)
    # Within a part people are measured from the part's mean, so that only what is between the parts is left.
    between = whole.influence - joined
    assert pd.DataFrame(between).groupby([part, made.treated]).std().max().max() < 1e-12
