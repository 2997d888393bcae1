"""Random numbers by name."""

import numpy as np
import pytest

from iop_outcomes.simulate.draws import Draws, choose


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_more_people_leave_the_first_ones_as_they_were(kind):
    few, many = getattr(Draws(3, 10), kind)("use", 4), getattr(Draws(3, 1000), kind)("use", 4)
    assert np.array_equal(few, many[:10])


def test_names_and_seeds_have_streams_of_their_own():
    use, leaving, other_seed = (
        Draws(3, 2000).uniform("use"),
        Draws(3, 2000).uniform("leaving"),
        Draws(4, 2000).uniform("use"),
    )
    assert abs(np.corrcoef([use, leaving, other_seed])[np.triu_indices(3, 1)]).max() < 0.1


def test_choose_lays_weights_end_to_end():
    # Weights 1, 1, 2 end at 0.25, 0.5 and 1.
    assert choose(np.array([0.0, 0.24, 0.25, 0.49, 0.5, 0.99]), np.array([1, 1, 2])).tolist() == [0, 0, 1, 1, 2, 2]
    assert choose(np.array([0.4, 0.4]), np.array([[1, 1], [1, 3]])).tolist() == [0, 1]


def test_a_choice_of_weight_zero_is_never_picked():
    assert set(choose(np.linspace(0, 0.999, 50), np.array([0, 1, 0]))) == {1}


def test_poisson_has_its_mean_and_variance():
    draws = Draws(5, 40_000).poisson("episodes", np.full(40_000, 1.3))
    assert draws.mean() == pytest.approx(1.3, abs=0.03)
    assert draws.var() == pytest.approx(1.3, abs=0.06)
    assert (draws == 0).mean() == pytest.approx(np.exp(-1.3), abs=0.01)
