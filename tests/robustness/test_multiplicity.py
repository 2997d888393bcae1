"""p-values adjusted for their number, by hand."""

import numpy as np
import pytest
from pytest import approx

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.multiplicity import METHODS, adjust_p_values


def test_holm_steps_down():
    # 3 × 0.01; 2 × 0.02 = 0.04; 1 × 0.03 but not below the one before: 0.04
    assert adjust_p_values([0.01, 0.03, 0.02], "holm") == approx([0.03, 0.04, 0.04])


def test_benjamini_hochberg_steps_up():
    # 0.03 × 3/3; 0.02 × 3/2 = 0.03; 0.01 × 3/1 = 0.03
    assert adjust_p_values([0.01, 0.03, 0.02], "BH") == approx([0.03, 0.03, 0.03])


def test_a_test_that_could_not_be_made_does_not_count():
    assert adjust_p_values([0.01, np.nan, 0.02], "bonferroni") == approx([0.02, np.nan, 0.04], nan_ok=True)
    assert np.isnan(adjust_p_values([np.nan])).all()


@pytest.mark.parametrize("method", METHODS)
def test_adjusting_never_makes_a_value_smaller(method):
    p = np.random.default_rng(1).random(20)
    assert (adjust_p_values(p, method) >= p - 1e-15).all()


def test_what_is_no_p_value_is_answered_by_name():
    with pytest.raises(EstimationError, match="1 of 2 p-values"):
        adjust_p_values([0.5, 1.5])
    with pytest.raises(EstimationError, match="did you mean 'hommel'"):
        adjust_p_values([0.5], "homel")


def test_holm_is_that_of_statsmodels():
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(3).random(40).round(2) ** 3
    assert (adjust_p_values(p, "holm") == multipletests(p, method="holm")[1]).all()
