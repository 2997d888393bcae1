"""Subclassification: people in bands of the propensity score are compared within their band."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.designs.arms import two_arms
from iop_outcomes.designs.pairs.matching import finite
from iop_outcomes.designs.pairs.ties import snapped, tie_width
from iop_outcomes.kernel.errors import DesignError, counted


@dataclass(frozen=True)
class Subclasses:
    """Bands of the score and the weights that balance the arms within them.

    Attributes
    ----------
    subclass : (n,) int array
        Band of each person, 1 the lowest score.
    weights : (n,) array
        For the ATT 1 for the treated and the odds of treatment in the band for controls; for the ATE the inverse share
        of the own arm in the band. Scaled to sum to the number of people in each arm.
    cut_points : array
        Borders of the bands asked for.
    n_moved : int
        People put into the next band because it had nobody of their arm.
    table : DataFrame
        One row per band: ``subclass``, ``n_treated``, ``n_control``.
    """

    subclass: np.ndarray
    weights: np.ndarray
    cut_points: np.ndarray
    n_moved: int
    table: pd.DataFrame


def subclassify(treated, score, *, n_subclasses: int = 5, estimand: str = "ATT") -> Subclasses:
    """Cut the propensity score into bands and weight people within them.

    Parameters
    ----------
    treated : (n,) bool or 0/1 array
    score : (n,) array
        Propensity score.
    n_subclasses : int
        Bands, at quantiles (linear interpolation) of the score of the treated for the ATT, of everybody for the ATE.
        A score with few values gives fewer bands than asked for: see ``table``.
    estimand : {'ATT', 'ATE'}

    Returns
    -------
    Subclasses

    Raises
    ------
    DesignError
        An arm is empty or smaller than the number of bands, a score is missing, or a setting is impossible.

    References
    ----------
    Rosenbaum PR, Rubin DB. J Am Stat Assoc 1984;79:516-524. Quantiles, weights and the filling of bands that lack an
    arm follow MatchIt 4.7.
    """
    treated, score = two_arms(treated, "subclasses"), finite(score, "propensity score")
    if estimand not in ("ATT", "ATE"):
        raise DesignError(f"subclasses: estimand is '{estimand}'; allowed are ATT and ATE")
    if int(n_subclasses) != n_subclasses or n_subclasses < 2:
        raise DesignError(f"subclasses: {n_subclasses} were asked for; it must be a whole number of 2 or more")
    tie = tie_width(score)
    score = snapped(score, tie)
    cut_points = np.quantile(score[treated] if estimand == "ATT" else score, np.linspace(0, 1, n_subclasses + 1))
    # A quantile that falls on a person is that person's score only up to rounding.
    band = np.clip(np.searchsorted(cut_points - tie, score, side="right"), 1, n_subclasses)
    band = np.unique(band, return_inverse=True)[1]
    filled = band.copy()
    for arm, name in ((treated, "treated"), (~treated, "control")):
        filled[arm] = _fill(band[arm], score[arm], band.max() + 1, name)
    n_treated, n_control = np.bincount(filled[treated]), np.bincount(filled[~treated])
    return Subclasses(
        subclass=filled + 1,
        weights=_weights(treated, filled, n_treated, n_control, estimand),
        cut_points=cut_points,
        n_moved=int((filled != band).sum()),
        table=pd.DataFrame(
            {"subclass": np.arange(1, len(n_treated) + 1), "n_treated": n_treated, "n_control": n_control}
        ),
    )


def _weights(treated, band, n_treated, n_control, estimand) -> np.ndarray:
    if estimand == "ATT":
        weights = np.where(treated, 1.0, (n_treated / n_control)[band])
    else:
        both = n_treated + n_control
        weights = np.where(treated, (both / n_treated)[band], (both / n_control)[band])
    for arm in (treated, ~treated):
        weights[arm] *= arm.sum() / weights[arm].sum()
    return weights


def _fill(band: np.ndarray, score: np.ndarray, n_bands: int, arm: str) -> np.ndarray:
    """Move people of one arm into neighbouring bands until each has at least one.

    The lowest empty band takes the nearest person from the side that has more to give: people beyond the first of a
    band count in proportion to its nearness.
    """
    if len(band) < n_bands:
        raise DesignError(
            f"subclasses: {counted(len(band), f'{arm} person', f'{arm} people')} for {n_bands} subclasses; "
            "ask for fewer subclasses"
        )
    band = band.copy()
    counts = np.bincount(band, minlength=n_bands)
    while not counts.all():
        empty = int(np.argmin(counts > 0))
        apart = np.arange(n_bands) - empty
        spare = np.where(counts > 1, counts - 1, 0)[apart != 0] / apart[apart != 0]
        from_below = empty == n_bands - 1 or (empty > 0 and spare.sum() <= 0)
        filled = np.flatnonzero(counts)
        giver = filled[filled < empty].max() if from_below else filled[filled > empty].min()
        givers = np.flatnonzero(band == giver)
        edge = score[givers].max() if from_below else score[givers].min()
        mover = givers[score[givers] == edge][-1]
        band[mover] = empty
        counts[empty] += 1
        counts[giver] -= 1
    return band
