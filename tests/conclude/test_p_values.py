"""The p-value of an interval agrees with it, and remembers how few clusters it rests on."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.conclude.p_values import p_value


def row(value, low, high, se=np.nan, measure="risk_difference"):
    """Return a contrast."""
    return pd.Series({"measure": measure, "value": value, "ci_low": low, "ci_high": high, "se": se})


def test_an_interval_that_ends_at_no_difference_has_a_p_value_of_a_twentieth():
    assert p_value(row(1.0, 0.0, 2.0)) == pytest.approx(0.05)
    assert p_value(row(2.0, 1.0, 4.0, measure="risk_ratio")) == pytest.approx(0.05)


def test_a_normal_interval():
    # 2 standard errors from 0: 4.55%.
    assert p_value(row(2.0, 2 - 1.959964, 2 + 1.959964, se=1.0)) == pytest.approx(0.0455, abs=1e-4)


def test_few_clusters_have_a_larger_p_value():
    # t with 4 degrees of freedom reaches 2.776 standard errors; 5 of them from 0: 2 x 0.003745.
    assert p_value(row(5.0, 5 - 2.776445, 5 + 2.776445, se=1.0)) == pytest.approx(0.00749, abs=1e-5)


def test_an_interval_with_unequal_arms_is_held_to_the_end_that_is_nearer_to_no_difference():
    assert p_value(row(0.1, 0.0, 0.5)) == pytest.approx(0.05)
    assert p_value(row(-0.1, -0.5, 0.0)) == pytest.approx(0.05)


def test_without_an_interval_there_is_no_p_value_and_no_difference_at_all_has_one_of_1():
    assert np.isnan(p_value(row(0.1, 0.05, np.nan)))
    assert p_value(row(0.0, -0.1, 0.1)) == 1.0
