"""Who is observed: weights for missing outcomes, and when nobody can stand for those who are missing."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.estimates.nuisance.observation import fit_observation
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.matrix import model_matrix

#: A hundred people of each of four kinds, half of each in either arm.
KIND = np.repeat(["a", "b", "c", "d"], 100)
FIRST = np.tile([True, False], 200)
EVERYBODY = np.ones(400, dtype=bool)


def fitted(observed: np.ndarray):
    return fit_observation(observed, FIRST, model_matrix(pd.DataFrame({"kind": KIND})), EVERYBODY)


def test_the_observed_stand_for_the_missing_of_their_kind():
    # Of kind a half of each arm is observed, of the others everybody: probability 1/2 there, 1 elsewhere.
    observed = EVERYBODY.copy()
    observed[:50] = False
    probability = fitted(observed).probability
    assert probability[:100] == pytest.approx(0.5, abs=1e-6)
    assert probability[100:] == pytest.approx(1, abs=1e-6)


def test_a_single_missing_member_is_no_reason_to_refuse():
    observed = EVERYBODY.copy()
    observed[0] = False
    assert fitted(observed).probability[1:].min() > 0.9


def test_a_kind_that_was_never_observed_is_refused_with_its_number():
    with pytest.raises(EstimationError, match="100 members are of a kind observed with a probability under 2%"):
        fitted(KIND != "a")
