"""How far counts can go, by hand, and as each would be found alone."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from iop_outcomes.release.disclosure import Part, ReleaseRules, Roles, levels, parts, protect
from iop_outcomes.release.disclosure.bounding import Ranges
from iop_outcomes.release.disclosure.system import blocks

EXACT = ReleaseRules(11, 1)


def ranges(counts, unknown, *sums) -> Ranges:
    """Return the ranges of counts of which each sum has its total first."""
    return Ranges(np.array(counts, dtype=float), csr_array(np.array(sums, dtype=float)), np.array(unknown, dtype=bool))


def test_three_parts_of_fifteen_are_at_least_one_each_and_leave_one_another_the_rest():
    found = ranges([15, 10, 3, 2], [0, 1, 1, 1], [1, -1, -1, -1])
    assert [(found.low(cell), found.high(cell)) for cell in range(4)] == [(15, 15), (1, 13), (1, 13), (1, 13)]


def test_what_is_in_no_sum_with_unknowns_has_no_end():
    found = ranges([15, 10, 5, 4], [0, 0, 0, 1], [1, -1, -1, 0])
    assert (found.low(3), found.high(3)) == (1, np.inf)


def test_one_table_shows_of_several_at_once_that_they_can_be_small_or_large():
    found = ranges([60, 4, 6, 50], [0, 1, 1, 1], [1, -1, -1, -1])
    found.spread([1, 2], np.full(4, 10.0))
    assert found.least_found[[1, 2]].tolist() == [1, 1]
    assert (found.most_found[[1, 2]] >= 10).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_range_is_the_same_whatever_was_sought_before(seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"arm": np.repeat(["a", "b"], 6), "n": rng.integers(1, 30, 12).astype(float)})
    frame["n_with"] = (frame["n"] * rng.random(12)).round()
    frame["n_without"] = frame["n"] - frame["n_with"]
    frame["n_all"] = frame.groupby("arm")["n"].transform("sum")
    sums = (parts("n", "n_with", "n_without"), levels("n", "n_all", ("arm",)))
    roles = Roles(labels=("arm",), counts=("n", "n_with", "n_without", "n_all"), sums=sums)
    released = protect(frame, roles, EXACT)
    for block in blocks([Part("", frame, roles, EXACT)]):
        unknown = np.array([released.suppressed[c].iloc[row] for ((_, row, c), *_) in block.places])
        together = block.ranges(unknown)
        for cell in np.flatnonzero(block.small):
            alone = Ranges(block.counts, block.equations, unknown)
            assert together.low(cell) == pytest.approx(alone.low(cell))
            assert together.high(cell) == pytest.approx(alone.high(cell))
            assert alone.low(cell) <= block.widest(cell)[0] + 1e-6
            assert alone.high(cell) >= block.widest(cell)[1] - 1e-6


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_difference_below_zero_of_tables_that_do_not_agree_counts_nobody():
    # 30 of an arm of 20: the tables are of different people, and 10 fewer than nobody cannot be hidden.
    frame = pd.DataFrame({"n_arm": [20.0, 40.0], "n": [30.0, 36.0]}).assign(n_left_out=lambda f: f["n_arm"] - f["n"])
    roles = Roles(counts=("n_arm", "n"), hidden_counts=("n_left_out",), sums=(parts("n_arm", "n", "n_left_out"),))
    assert protect(frame, roles, EXACT).suppressed["n"].tolist() == [False, True]
