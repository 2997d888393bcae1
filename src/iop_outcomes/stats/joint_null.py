"""Many estimates of one question: how they would look together if there were no effect."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, counted

#: Fewer independent units have too few patterns of signs.
FEWEST_UNITS = 6
#: Draws looked at together, so that many estimates take no memory to speak of.
_AT_ONCE = 500


@dataclass(frozen=True)
class JointNull:
    """What many estimates of one question amount to, and how often chance alone would amount to as much.

    Attributes
    ----------
    n : int
        Estimates.
    median : float
    share_same_sign : float
        Of the estimates, those on the side of the median.
    share_significant : float
        Of the estimates, those on that side whose interval leaves no effect out.
    p_median, p_significant : float
        How often, without an effect, a median lies as far from none, and as many are significant on one side.
    n_draws : int
    """

    n: int
    median: float
    share_same_sign: float
    share_significant: float
    p_median: float
    p_significant: float
    n_draws: int


def joint_null(
    values: ArrayLike,
    errors: ArrayLike,
    added: ArrayLike,
    *,
    reach: ArrayLike | float = 1.96,
    n_draws: int = 999,
    seed: int = 0,
) -> JointNull:
    """Hold many estimates made from the same people against what they would be without an effect.

    Without an effect, what each independent unit adds to all estimates may as well have the opposite sign. Signs are
    drawn for units, the same for every estimate, so that estimates that share people go together as they do.

    Parameters
    ----------
    values, errors : array_like, shape (k,)
        Estimates, 0 being no effect, and their standard errors.
    added : array_like, shape (k, g)
        What each unit adds to each estimate: a person, or a site whose people are alike. Only how it is shared among
        units counts, not its size.
    reach : array_like, shape (k,), or float
        Standard errors that an interval reaches to either side.
    n_draws : int
    seed : int

    Returns
    -------
    JointNull

    Raises
    ------
    EstimationError
        There are fewer than two estimates or six units, or one has no error or nothing that adds to it.

    References
    ----------
    Simonsohn, Simmons & Nelson 2020, Nat Hum Behav 4:1208 (inference on all specifications jointly); Romano 1990, J Am
    Stat Assoc 85:686 (tests by changes of sign).
    """
    value, error = np.asarray(values, dtype=float), np.asarray(errors, dtype=float)
    shares, reaches = np.asarray(added, dtype=float), np.broadcast_to(np.asarray(reach, dtype=float), value.shape)
    _refuse_unusable(value, error, shares)
    scaled = shares / np.sqrt((shares**2).sum(axis=1, keepdims=True))
    side = 1.0 if np.median(value) >= 0 else -1.0
    median, significant = np.median(value), float(np.mean(side * value > reaches * error))
    further = more = 0
    draw = np.random.default_rng(seed)
    for start in range(0, n_draws, _AT_ONCE):
        signs = draw.integers(2, size=(min(_AT_ONCE, n_draws - start), shares.shape[1])) * 2.0 - 1.0
        by_chance = scaled @ signs.T
        medians = np.median(by_chance * error[:, None], axis=0)
        beyond = np.where(medians >= 0, 1.0, -1.0) * by_chance > reaches[:, None]
        further += int((np.abs(medians) >= abs(median)).sum())
        more += int((beyond.mean(axis=0) >= significant).sum())
    return JointNull(
        n=len(value),
        median=float(median),
        share_same_sign=float(np.mean(side * value > 0)),
        share_significant=significant,
        p_median=(1 + further) / (1 + n_draws),
        p_significant=(1 + more) / (1 + n_draws),
        n_draws=n_draws,
    )


def _refuse_unusable(value: NDArray[np.float64], error: NDArray[np.float64], shares: NDArray[np.float64]) -> None:
    if len(value) < 2:
        raise EstimationError(f"estimates: {counted(len(value), 'is', 'are')} there; two are needed at least")
    if shares.shape[1] < FEWEST_UNITS:
        raise EstimationError(
            f"estimates: they rest on {counted(shares.shape[1], 'unit')}, whose signs give too few patterns; "
            f"{FEWEST_UNITS} are needed"
        )
    usable = np.isfinite(value) & (error > 0) & (np.abs(shares).sum(axis=1) > 0)
    if not usable.all():
        raise EstimationError(f"estimates: {counted(int((~usable).sum()), 'one has', 'have')} no value or no error")
