"""Entropy balance: exact means, by hand where a hand can do it."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.designs.scores.entropy import entropy_weights
from iop_outcomes.kernel.errors import DesignError
from iop_outcomes.stats.linear.matrix import model_matrix


def weighted_means(matrix, weights, arm):
    return matrix.dense()[arm].T @ weights[arm] / weights[arm].sum()


def people(n=400, seed=5):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"age": rng.normal(40, 10, n), "site": rng.choice(list("abc"), n)})
    treated = rng.random(n) < 1 / (1 + np.exp(-(frame["age"] - 40) / 20 - (frame["site"] == "b")))
    return frame, treated.to_numpy()


def test_one_share_by_hand():
    # Half of the first arm is employed and a quarter of the second: there the employed count 2 (0.5/0.25) and the
    # others 2/3 (0.5/0.75), so that half of the weight is on employed people.
    employed = np.repeat([1, 0, 1, 0], [2, 2, 1, 3])
    treated = np.repeat([1, 0], [4, 4])
    weights = entropy_weights(model_matrix(pd.DataFrame({"employed": employed})), treated, "ATT")
    np.testing.assert_allclose(weights, [1, 1, 1, 1, 2, 2 / 3, 2 / 3, 2 / 3], rtol=1e-9)


def test_every_estimand_reaches_its_target():
    frame, treated = people()
    matrix = model_matrix(frame)
    targets = {"ATE": np.ones(len(frame), dtype=bool), "ATT": treated, "ATC": ~treated}
    for estimand, who in targets.items():
        weights = entropy_weights(matrix, treated, estimand)
        target = matrix.dense()[who].mean(axis=0)
        for arm in (treated, ~treated):
            np.testing.assert_allclose(weighted_means(matrix, weights, arm), target, rtol=1e-9)
            assert weights[arm].mean() == pytest.approx(1)
        assert (weights > 0).all()


def test_swapping_the_arms_swaps_att_and_atc():
    frame, treated = people()
    matrix = model_matrix(frame)
    np.testing.assert_allclose(
        entropy_weights(matrix, treated, "ATT"), entropy_weights(matrix, ~treated, "ATC"), rtol=1e-9
    )


def test_base_weights_count_in_target_and_start():
    frame, treated = people()
    base = np.random.default_rng(1).integers(1, 4, len(frame))
    copies = np.repeat(np.arange(len(frame)), base)
    weighted = entropy_weights(model_matrix(frame), treated, "ATE", base_weights=base)
    copied = entropy_weights(model_matrix(frame.iloc[copies]), treated[copies], "ATE")
    for arm in (treated, ~treated):
        share = weighted[arm] / weighted[arm].sum()
        per_person = np.bincount(copies, weights=copied, minlength=len(frame))[arm]
        np.testing.assert_allclose(share, per_person / per_person.sum(), rtol=1e-8)


def test_a_level_only_one_arm_has_is_named():
    frame, treated = people()
    frame["insurance"] = np.where(treated & (np.arange(len(frame)) % 2 == 0), "private", "medicaid")
    with pytest.raises(DesignError, match=r"second arm .*insurance\[private\]"):
        entropy_weights(model_matrix(frame), treated, "ATT")


def test_means_out_of_reach_are_named():
    frame, treated = people()
    frame["severity"] = np.where(treated, 10.0, 1.0) + frame["age"] / 100
    with pytest.raises(DesignError, match="means wanted of .*severity"):
        entropy_weights(model_matrix(frame), treated, "ATT")


def test_an_estimand_it_does_not_have_is_refused():
    frame, treated = people()
    with pytest.raises(DesignError, match="it can be ATE, ATT or ATC"):
        entropy_weights(model_matrix(frame), treated, "ATO")
