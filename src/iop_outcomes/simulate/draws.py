"""Random numbers by name, so that both worlds of a person, and studies of different sizes, share them.

Every quantity has a stream of its own, read person by person. That gives what the simulator rests on: the same numbers
decide a person's history under either arm, a new quantity does not disturb the old ones, and the first thousand people
of a study are the same however many follow.
"""

from dataclasses import dataclass

import numpy as np

from iop_outcomes.kernel.seeds import seed_of


@dataclass(frozen=True)
class Draws:
    """Named random numbers for a number of units (people, sites).

    Attributes
    ----------
    seed : int
        Seed of the study.
    n : int
        Units, the first dimension of everything drawn.
    """

    seed: int
    n: int

    def uniform(self, name: str, *shape: int) -> np.ndarray:
        """Return numbers in [0, 1), float32, of shape ``(n, *shape)``."""
        return self._stream(name).random((self.n, *shape), dtype=np.float32)

    def normal(self, name: str, *shape: int) -> np.ndarray:
        """Return standard normal numbers, float32, of shape ``(n, *shape)``."""
        return self._stream(name).standard_normal((self.n, *shape), dtype=np.float32)

    def poisson(self, name: str, mean: np.ndarray) -> np.ndarray:
        """Return one count per unit with the given means (by inversion: one number each, whatever the mean)."""
        from scipy.special import pdtrik

        return np.maximum(np.ceil(pdtrik(self.uniform(name).astype(float), mean)), 0).astype(int)

    def pick(self, name: str, weights: np.ndarray) -> np.ndarray:
        """Return one position per unit, chosen with probabilities proportional to ``weights``.

        Parameters
        ----------
        weights : ndarray, shape (k,) or (n, k)
            Non-negative weights of the k choices.
        """
        return choose(self.uniform(name), weights)

    def _stream(self, name: str) -> np.random.Generator:
        return np.random.default_rng(seed_of(self.seed, f"simulate {name}"))


def choose(uniform: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return for each uniform number the position it falls on when the weights are laid end to end."""
    weights = np.atleast_2d(np.asarray(weights, dtype=float))
    ends = np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)
    return (np.asarray(uniform)[:, None] >= ends[:, :-1]).sum(axis=1).astype(np.int8)
