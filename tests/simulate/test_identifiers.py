"""Identifiers written as bytes."""

import numpy as np
import pytest

from iop_outcomes.simulate.identifiers import numbered


def test_numbers_are_padded_and_groups_joined_by_hyphens():
    ids = numbered("E", (np.array([1, 20, 300]), 4), (np.array([7, 0, 12]), 2))
    assert ids.tolist() == ["E0001-07", "E0020-00", "E0300-12"]
    assert ids.dtype == "str"


@pytest.mark.parametrize("n", [0, 1])
def test_few_rows(n):
    assert len(numbered("P", (np.arange(n), 7))) == n


def test_order_of_texts_is_order_of_numbers():
    numbers = np.random.default_rng(1).integers(0, 10**7, 500)
    assert numbered("P", (numbers, 7)).argsort().tolist() == numbers.argsort(kind="stable").tolist()
