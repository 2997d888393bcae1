"""How far two arms can be compared at all: overlap, equipoise and the smallest difference that could be seen."""

import numpy as np
import pandas as pd

from iop_outcomes.designs.arms import proper_score, two_arms
from iop_outcomes.designs.scores.balancing_weights import effective_sample_size
from iop_outcomes.kernel.errors import DesignError

EQUIPOISE_BAND = (0.3, 0.7)
#: Standard errors beyond which a difference in one of many facts is not chance.
NOT_CHANCE = 3.0


def preference_score(score, treated) -> np.ndarray:
    """Return the propensity score with the share of the first arm taken out.

    logit F = logit e - logit p with p the share of the first arm: 0.5 where someone is as likely as anybody to be in
    it.

    Parameters
    ----------
    score : array_like of shape (n,)
        Missing stays missing.
    treated : array_like of shape (n,)

    References
    ----------
    Walker et al. 2013, Comparative Effectiveness Research 3:11.
    """
    first, e = two_arms(treated, "preference score"), np.asarray(score, dtype=float)
    odds = first.mean() / (~first).mean()
    return e / (e + (1 - e) * odds)


def by_chance(treated, weights) -> float:
    """Return the standard error of a standardised difference between arms that are alike.

    Parameters
    ----------
    treated, weights : array_like of shape (n,)
    """
    first, w = two_arms(treated, "chance"), np.asarray(weights, dtype=float)
    return float(np.sqrt(sum(1 / effective_sample_size(w[arm]) for arm in (first, ~first))))


def equipoise(score, treated, *, band: tuple[float, float] = EQUIPOISE_BAND) -> float:
    """Return the share of people whose preference score lies in a band, 0.3 to 0.7 by custom.

    People without a score are not in equipoise.

    Parameters
    ----------
    score, treated : array_like of shape (n,)
    band : (float, float)
        Both ends inside.

    References
    ----------
    Walker et al. 2013, Comparative Effectiveness Research 3:11.
    """
    preference = preference_score(score, treated)
    return float(((preference >= band[0]) & (preference <= band[1])).mean())


def overlap_table(score, treated, weights=None, *, n_bins: int = 20) -> pd.DataFrame:
    """Return the distribution of the score by arm in equal bins of 0 to 1.

    Parameters
    ----------
    score, treated : array_like of shape (n,)
    weights : array_like of shape (n,), optional
    n_bins : int

    Returns
    -------
    DataFrame
        ``low``, ``high``, ``n_treated``, ``n_reference``, ``share_treated``, ``share_reference`` (of each arm's
        weight).
    """
    e, first = proper_score(score, "overlap"), two_arms(treated, "overlap")
    w = np.ones(len(e)) if weights is None else np.asarray(weights, dtype=float)
    edges = np.linspace(0, 1, n_bins + 1)
    place = np.minimum((e * n_bins).astype(int), n_bins - 1)
    table = pd.DataFrame({"low": edges[:-1], "high": edges[1:]})
    for name, arm in (("treated", first), ("reference", ~first)):
        table[f"n_{name}"] = np.bincount(place[arm], minlength=n_bins)
        table[f"share_{name}"] = np.bincount(place[arm], weights=w[arm], minlength=n_bins) / w[arm].sum()
    return table[["low", "high", "n_treated", "n_reference", "share_treated", "share_reference"]]


def overlap_coefficient(score, treated, weights=None, *, n_bins: int = 20) -> float:
    """Return the area under both arms' distributions of the score, 1 when they are equal and 0 when apart.

    References
    ----------
    Inman & Bradley 1989, Commun Stat Theory Methods 18:3851.
    """
    table = overlap_table(score, treated, weights, n_bins=n_bins)
    return float(np.minimum(table["share_treated"], table["share_reference"]).sum())


def minimum_detectable_difference(
    treated,
    weights=None,
    *,
    outcome_sd: float = 0.5,
    alpha: float = 0.05,
    power: float = 0.8,
    design_effect: float = 1.0,
) -> float:
    """Return the smallest true difference in means that would be found with the power asked for.

    (z_{1-alpha/2} + z_power) * sd * sqrt(design_effect * (1/ESS_1 + 1/ESS_2)), with no look at an outcome: the
    default standard deviation is the largest a share can have, so that the answer is in shares and on the safe side.

    Parameters
    ----------
    treated : array_like of shape (n,)
    weights : array_like of shape (n,), optional
    outcome_sd : float
    alpha, power : float
    design_effect : float
        Factor for clustering, 1 + (m - 1) * icc.

    References
    ----------
    Kish 1965, Survey Sampling, sections 5.4 and 11.7.
    """
    from scipy.special import ndtri

    first = two_arms(treated, "detectable difference")
    w = np.ones(len(first)) if weights is None else np.asarray(weights, dtype=float)
    sizes = [effective_sample_size(w[arm]) for arm in (first, ~first)]
    if min(sizes) == 0:
        raise DesignError("detectable difference: all weights of an arm are zero; the design uses nobody of it.")
    reach = ndtri(1 - alpha / 2) + ndtri(power)
    return float(reach * outcome_sd * np.sqrt(design_effect * (1 / sizes[0] + 1 / sizes[1])))


def design_effect(cluster, icc: float) -> float:
    """Return 1 + (m - 1) * icc, with m the size of the cluster an average member is in.

    Parameters
    ----------
    cluster : array_like of shape (n,)
    icc : float
        Correlation of outcomes within a cluster, from elsewhere: this is asked before outcomes are seen.
    """
    sizes = pd.Series(np.asarray(cluster)).value_counts().to_numpy(dtype=float)
    return float(1 + ((sizes @ sizes) / sizes.sum() - 1) * icc)
