"""Overlap and precision at their borders: each example would come out otherwise were a sign or a border another."""

import numpy as np
import pytest

from iop_outcomes.designs.judge.diagnostics import minimum_detectable_difference, overlap_coefficient, overlap_table
from iop_outcomes.designs.judge.gate import LARGEST_WEIGHT_SHARE, VARIANCE_RATIO
from iop_outcomes.kernel.errors import DesignError

#: Two-sided 5 %, power 80 %.
REACH = 1.959964 + 0.841621


def test_bins_are_twentieths_of_the_score_unless_told():
    table = overlap_table([0.0499, 0.05, 0.9999], [1, 0, 0])
    assert len(table) == 20
    assert (table["low"].iloc[[0, 1, 19]].tolist(), table["high"].iloc[[0, 19]].tolist()) == (
        pytest.approx([0, 0.05, 0.95]),
        pytest.approx([0.05, 1]),
    )
    assert np.flatnonzero(table["n_treated"]).tolist() == [0]
    assert np.flatnonzero(table["n_reference"]).tolist() == [1, 19]  # a bin holds its lower end
    # In one bin of tenths, and in neighbouring bins of twentieths.
    assert overlap_coefficient([0.01, 0.06], [1, 0]) == 0
    assert overlap_coefficient([0.01, 0.06], [1, 0], n_bins=10) == 1


def test_the_smaller_arm_decides_what_can_be_detected():
    # 100 in one arm and 25 in the other: sqrt(1/100 + 1/25) = sqrt(0.05), whichever arm is the first.
    for arms in ([1, 0], [0, 1]):
        treated = np.repeat(arms, [100, 25])
        assert minimum_detectable_difference(treated) == pytest.approx(REACH * 0.5 * np.sqrt(0.05), rel=1e-6)


def test_an_arm_of_one_is_poor_and_an_arm_of_weight_zero_is_refused():
    assert minimum_detectable_difference([1, 0]) == pytest.approx(REACH * 0.5 * np.sqrt(2), rel=1e-6)
    with pytest.raises(DesignError, match="all weights of an arm are zero"):
        minimum_detectable_difference([1, 1, 0, 0], [1, 1, 0, 0])


def test_the_gates_own_thresholds():
    # Variances at most twice as large either way (Rubin 2001), and nobody a tenth of an arm.
    assert VARIANCE_RATIO == (0.5, 2.0)
    assert LARGEST_WEIGHT_SHARE == 0.1
