"""Who has no counterpart: sites, levels and ranges of a covariate that only one arm has."""

import numpy as np
import pandas as pd

from iop_outcomes.designs.arms import two_arms
from iop_outcomes.stats.linear.columns import read_terms

CLUSTER = "site"


def positivity_failures(
    covariates: pd.DataFrame,
    treated,
    cluster=None,
    *,
    arms: tuple[str, str] = ("the first arm", "the second arm"),
    fewest: int = 1,
) -> pd.DataFrame:
    """Return every site, covariate level and range of values in which one arm has too few people.

    Parameters
    ----------
    covariates : DataFrame of n rows
        Complete.
    treated : array_like of shape (n,)
    cluster : array_like of shape (n,), optional
        Site of each member.
    arms : (str, str)
        Names of the arms, for the sentences.
    fewest : int
        Each arm must have at least this many people in every site and level.

    Returns
    -------
    DataFrame
        One row per failure, most members first: ``covariate``, ``level`` (a level, or ``below ...``/``above ...`` for
        numbers), ``n_treated``, ``n_reference``, ``reason`` (a sentence without counts, so that it can be
        printed). Empty when there is none.
    """
    first = two_arms(treated, "positivity")
    frame = covariates if cluster is None else covariates.assign(**{CLUSTER: np.asarray(cluster)})
    if cluster is not None:
        frame[CLUSTER] = frame[CLUSTER].astype("str").astype("category")
    terms, _ = read_terms(frame, frame.columns, unusable="drop")
    rows = []
    for term in terms:
        rows += _range_rows(term, first, arms) if term.levels is None else _level_rows(term, first, arms, fewest)
    table = pd.DataFrame(rows, columns=["covariate", "level", "n_treated", "n_reference", "reason"])
    order = (table["n_treated"] + table["n_reference"]).sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def one_arm_share(treated, cluster) -> float:
    """Return the share of people in a site that has only one arm.

    Parameters
    ----------
    treated, cluster : array_like of shape (n,)
    """
    first = two_arms(treated, "positivity")
    site, _ = pd.factorize(cluster if isinstance(cluster, pd.Series) else np.asarray(cluster))
    known = site >= 0
    people = np.bincount(site[known], first[known])
    alone = (people == 0) | (people == np.bincount(site[known]))
    return float(np.append(alone, False)[site].mean())


def _level_rows(term, first, arms, fewest):
    cells = np.bincount(term.codes.astype(np.intp) * 2 + ~first, minlength=2 * len(term.levels))
    rows = []
    for level, (n_treated, n_reference) in zip(term.levels, cells.reshape(-1, 2).tolist(), strict=True):
        if min(n_treated, n_reference) >= fewest:
            continue
        lacking = arms[0] if n_treated < n_reference else arms[1]
        who = "nobody" if min(n_treated, n_reference) == 0 else f"fewer than {fewest} people"
        reason = f"{who} with {term.name} '{level}' in {lacking}"
        rows.append((term.name, str(level), n_treated, n_reference, reason))
    return rows


def _range_rows(term, first, arms):
    rows = []
    for arm, name, other in ((first, arms[0], arms[1]), (~first, arms[1], arms[0])):
        low, high = term.values[~arm].min(), term.values[~arm].max()
        for side, outside in (("below", term.values < low), ("above", term.values > high)):
            n = int((arm & outside).sum())
            if n:
                numbers = (n, 0) if name == arms[0] else (0, n)
                reason = f"some of {name} have {term.name} {side} anybody in {other}"
                rows.append((term.name, f"{side} the range of {other}", *numbers, reason))
    return rows
