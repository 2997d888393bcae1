"""Propensity scores that keep sites apart: an intercept for each, or a model for each."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.designs.arms import two_arms
from iop_outcomes.designs.scores.propensity import Propensity, logistic_score
from iop_outcomes.kernel.errors import DesignError, counted

SITE = "site of treatment"
#: Sites get intercepts by themselves if at least this share of people are at sites with all arms, if these have on
#: average so many people of the smallest arm, and if there are not more of them.
LEAST_SHARED = 0.9
LEAST_OF_AN_ARM = 5
MOST_SITES = 500


def by_site_of(by_site: str, arm, site, model: str = "logistic") -> tuple[str, tuple[float, str] | None]:
    """Return what ``auto`` comes to, ``intercepts`` or ``no``; any other setting is what it is.

    It depends on nothing but arms and sites, so that what a design did can be told from them.

    Parameters
    ----------
    by_site : str
    arm : array_like of shape (n,)
        Of two arms or more.
    site : array_like of shape (n,) or None
    model : str
        Of the score.

    Returns
    -------
    by_site : str
    note : (float, str) or None
        For ``auto`` the number of sites with an intercept and a sentence on it; None where there are no sites.
    """
    if by_site != "auto":
        return by_site, None
    if site is None:
        return "no", None
    table = _people(site, arm)
    shared = table[(table > 0).all(axis=1)]
    why = _why_not(table, shared, model)
    if why:
        reason = f"sites were not adjusted for, since {why}; what differs between sites may differ between the arms."
        return "no", (0.0, reason)
    return "intercepts", (float(len(shared)), f"the design adjusts for sites: {len(shared):,} have an intercept each.")


def _people(site, arm) -> pd.DataFrame:
    """Return the number of people by site and arm; those whose site is not known are at one of their own."""
    place, sites = pd.factorize(_plain(site), use_na_sentinel=False)
    group, arms = pd.factorize(_plain(arm))
    counts = np.bincount(place * len(arms) + group, minlength=len(sites) * len(arms)).reshape(len(sites), len(arms))
    names = pd.Series(np.asarray(sites, dtype=object)).fillna("(none)").astype(str)
    return pd.DataFrame(counts, index=names.to_numpy(object), columns=np.asarray(arms)).groupby(level=0).sum()


def _plain(values):
    """Return values without their index, and categories as they are, so that no text is made of a million codes."""
    return values.array if isinstance(values, pd.Series) else np.asarray(values)


def _why_not(table: pd.DataFrame, shared: pd.DataFrame, model: str) -> str:
    if model not in ("logistic", "firth"):
        return f"only the models logistic and firth take an intercept for each, and not {model}"
    if len(shared) < 2:
        return f"{'only one' if len(shared) else 'none'} of {counted(len(table), 'site')} has all arms"
    share = shared.to_numpy().sum() / table.to_numpy().sum()
    if share < LEAST_SHARED:
        return f"less than {LEAST_SHARED:.0%} of people are at sites that have all arms"
    if shared.sum().min() < LEAST_OF_AN_ARM * len(shared):
        return f"a site has on average fewer than {LEAST_OF_AN_ARM} people of the smallest arm"
    return f"there are more than {MOST_SITES} of them" if len(shared) > MOST_SITES else ""


def settled(settings: Mapping[str, object], arm, site) -> dict[str, object]:
    """Return the settings of a design method with what ``by_site: auto`` comes to."""
    if settings.get("by_site") != "auto":
        return dict(settings)
    by_site, _ = by_site_of("auto", arm, site, str(settings.get("model", "logistic")))
    return {**settings, "by_site": by_site}


def adjusts_for_site(settings: Mapping[str, object] | None) -> bool:
    """Say whether a design with these settings adjusts for sites."""
    return (settings or {}).get("by_site") in ("intercepts", "separately")


def with_sites(covariates: pd.DataFrame, site) -> pd.DataFrame:
    """Return covariates with the site as one more."""
    return covariates.assign(**{SITE: pd.Categorical(np.asarray(site))})


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
    usable, notes = sites_with_both_arms(first, site)
    inside = with_sites(covariates.loc[usable], np.asarray(site)[usable])
    fitted = logistic_score(inside, first[usable], penalty=penalty)
    score = np.full(len(first), np.nan)
    score[usable] = fitted.score
    return Propensity(score, "logistic regression with an intercept for every site", notes=notes + fitted.notes)


def settled_site_score(covariates: pd.DataFrame, treated, site, *, penalty: str | float | None = None) -> Propensity:
    """Return scores with an intercept for every site that nobody asked for by name.

    Where such a score has no maximum and one without sites has, Firth's penalty carries the intercepts; what separates
    the arms without sites is refused as ever.

    Parameters
    ----------
    covariates, treated, site, penalty
        As in :func:`site_fixed_score`.
    """
    try:
        return site_fixed_score(covariates, treated, site, penalty=penalty)
    except DesignError:
        if penalty is not None:
            raise
        logistic_score(covariates, treated)
        return site_fixed_score(covariates, treated, site, penalty="firth")


def site_stratified_score(covariates: pd.DataFrame, treated, site, *, penalty: str | float | None = None) -> Propensity:
    """Return scores of one logistic regression per site.

    Members of sites that have one arm only, or whose model cannot be fitted, get no score; the sites are counted.

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
    usable, notes = sites_with_both_arms(first, site)
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
        notes = (*notes, f"{sites} left out; a penalised model can carry more.")
    return Propensity(score, "logistic regression within each site", notes=notes)


def sites_with_both_arms(first, site) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return who is at a site that has both arms, and how many sites have one arm only.

    The sites are not named, because notes are printed and a site may be known by having one arm.
    """
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
    return usable, (f"{counted(len(lonely), 'site')} with one arm only left out.",)
