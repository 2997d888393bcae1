"""p-value adjustment equal to R's ``p.adjust``."""

import pytest
from pytest import approx

from iop_outcomes.sensitivity.multiplicity import METHODS, adjust_p_values
from reference import oracle


@pytest.mark.oracle
@pytest.mark.parametrize("method", METHODS)
def test_p_adjust(method):
    found = oracle("multiplicity_a.json")
    expected = found["cases"]["p_adjust"]["result"][method]
    assert adjust_p_values(found["inputs"]["p"], method) == approx(expected, rel=1e-12)
