"""p-value adjustment equal to R's ``p.adjust``."""

import pytest

from iop_outcomes.stats.multiplicity import METHODS, adjust_p_values
from reference import oracle

FAMILY = "Multiplicity"


@pytest.mark.oracle
@pytest.mark.parametrize("method", METHODS)
def test_p_adjust(agree, method):
    found = oracle("multiplicity_a.json")
    expected = found["cases"]["p_adjust"]["result"][method]
    adjusted = adjust_p_values(found["inputs"]["p"], method)
    agree.statistic("p.adjust", adjusted, expected, rel=1e-12, data="multiplicity_a")
