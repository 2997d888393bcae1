"""Propensity scores that keep sites apart: an intercept for each, or a model for each."""

import numpy as np
import pandas as pd

from iop_outcomes.designs.arms import two_arms
from iop_outcomes.designs.scores.propensity import Propensity, logistic_score
from iop_outcomes.kernel.errors import DesignError, counted

SITE = "site of treatment"


def site_fixed_score(covariates: pd.DataFrame, treated, site, *, penalty: str | float | None = None) -> Propensity:
    """Return scores of a logistic regression with an intercept for every site.

    Members of sites that have one arm only have no counterpart there: they get no score, and the sites are named.

    Parameters
    ----------
    covariates : DataFrame of n rows
    treated, site : array_like of shape (n,)
    penalty : "firth" or float, optional
        Where a site's intercept would be infinite for want of variety.

    Returns
    -------
    Propensity
    """
    first = two_arms(treated, "propensity score")
    usable, notes = _sites_with_both_arms(first, site)
    inside = covariates.loc[usable].copy()
    inside[SITE] = pd.Categorical(np.asarray(site)[usable])
    fitted = logistic_score(inside, first[usable], penalty=penalty)
    score = np.full(len(first), np.nan)
    score[usable] = fitted.score
    return Propensity(score, "logistic regression with an intercept for every site", notes=notes + fitted.notes)


def site_stratified_score(covariates: pd.DataFrame, treated, site, *, penalty: str | float | None = None) -> Propensity:
    """Return scores of one logistic regression per site.

    Members of sites that have one arm only, or whose model cannot be fitted, get no score; the sites are named.

    Parameters
    ----------
    covariates : DataFrame of n rows
    treated, site : array_like of shape (n,)
    penalty : "firth" or float, optional
        Small sites often need one.

    Returns
    -------
    Propensity

    Raises
    ------
    DesignError
        No site can be used.
    """
    first = two_arms(treated, "propensity score")
    usable, notes = _sites_with_both_arms(first, site)
    labels = pd.Series(np.asarray(site))
    score, without = np.full(len(first), np.nan), {}
    for name, rows in labels[usable].groupby(labels[usable], sort=True, observed=True).groups.items():
        try:
            score[rows] = logistic_score(covariates.iloc[rows], first[rows], penalty=penalty).score
        except DesignError as error:
            without[str(name)] = str(error)
    if np.isnan(score).all():
        raise DesignError(
            f"propensity score: none of {counted(len(without), 'site')} can carry a model of its own; the first says: "
            f"{next(iter(without.values()))}"
        )
    if without:
        sites = f"{counted(len(without), 'site')} that cannot carry a model of their own"
        notes = (*notes, f"{sites} left out ({_listed(without)}); a penalised model can carry more.")
    return Propensity(score, "logistic regression within each site", notes=notes)


def _sites_with_both_arms(first, site) -> tuple[np.ndarray, tuple[str, ...]]:
    labels = pd.Series(np.asarray(site))
    if labels.isna().any():
        raise DesignError(f"site: missing for {counted(int(labels.isna().sum()), 'member')}; give them a site.")
    share = pd.Series(first).groupby(labels, observed=True).mean()
    lonely = share.index[(share == 0) | (share == 1)]
    usable = ~labels.isin(lonely).to_numpy()
    if not usable.any():
        raise DesignError(f"site: none of {counted(len(share), 'site')} has both arms; compare across sites instead.")
    if usable.all():
        return usable, ()
    return usable, (f"{counted(len(lonely), 'site')} with one arm only left out ({_listed(lonely)}).",)


def _listed(names, at_most: int = 5) -> str:
    names = list(map(str, names))
    return ", ".join(names[:at_most]) + (", ..." if len(names) > at_most else "")
