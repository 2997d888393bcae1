"""Scores of clusters freed from their own influence on a fit of generalised estimating equations.

With D the standardised derivatives of a cluster, R its working correlation and B the bread,
D'R^-1 f(I - D B D'R^-1) = f(I - D'R^-1 D B) D'R^-1 for a power f, so that only p by p matrices are taken apart, however
large the cluster.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: What residuals of a cluster are multiplied by: a power of I - H of the cluster.
POWERS = {"mancl-derouen": -1.0, "kauermann-carroll": -0.5, "cr2": -0.5}


@dataclass(frozen=True)
class Freed:
    """What a cluster adds to the equations.

    Attributes
    ----------
    score : ndarray, shape (p,)
    information : ndarray, shape (p, p)
        D'R^-1 D of the cluster.
    adjustment : ndarray, shape (p, p)
        Times the score it is the score freed.
    """

    score: NDArray[np.float64]
    information: NDArray[np.float64]
    adjustment: NDArray[np.float64]

    @property
    def freed(self) -> NDArray[np.float64]:
        """The score freed, shape (p,)."""
        return self.adjustment @ self.score


def freed(
    score: NDArray[np.float64], information: NDArray[np.float64], half: NDArray[np.float64], correction: str
) -> Freed:
    """Return a cluster with what frees its score.

    Parameters
    ----------
    score : ndarray, shape (p,)
    information : ndarray, shape (p, p)
    half : ndarray, shape (p, p)
        Cholesky factor of the bread.
    correction : {"mancl-derouen", "kauermann-carroll", "cr2"}

    References
    ----------
    Mancl & DeRouen 2001, Biometrics 57:126; Kauermann & Carroll 2001, JASA 96:1387.
    """
    values, vectors = np.linalg.eigh(half.T @ information @ half)
    factor = np.clip(1 - values, 1e-12, None) ** POWERS[correction]
    adjustment = np.linalg.solve(half.T, (vectors * factor) @ vectors.T @ half.T)
    return Freed(score, information, adjustment)


def working_covariance(
    clusters: Sequence[Freed], bread: NDArray[np.float64], combinations: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the covariance, were the working model true, of what the clusters add to combinations of coefficients.

    The score of a cluster around the fit is its own less the part of everybody's that falls to it, so that two of them
    have the covariance U_g [g = h] - U_g B U_h, with U the information; each is then adjusted.

    Parameters
    ----------
    clusters : sequence of Freed
    bread : ndarray, shape (p, p)
    combinations : ndarray, shape (p, k)

    Returns
    -------
    ndarray, shape (k, k, G, G)

    References
    ----------
    Bell & McCaffrey 2002, Survey Methodology 28:169; Pustejovsky & Tipton 2018, J Bus Econ Stat 36:672.
    """
    along = [combinations.T @ bread @ each.adjustment for each in clusters]
    moved = np.array([one @ each.information for one, each in zip(along, clusters, strict=True)])
    working: NDArray[np.float64] = -np.einsum("gap,pq,hbq->abgh", moved, bread, moved)
    for place, (one, each) in enumerate(zip(along, clusters, strict=True)):
        working[:, :, place, place] += one @ each.information @ one.T
    return working
