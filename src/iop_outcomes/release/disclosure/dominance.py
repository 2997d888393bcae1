"""Totals that are mostly one person's, or one site's: whoever knows the total would know that one."""

import pandas as pd

from iop_outcomes.study.release_rules import Dominance

#: The count that guards such a total: of so few people that it, and what rests on it, is hidden.
ONE = 1.0


def dominating(values: pd.Series, site: pd.Series | None, limits: Dominance) -> float:
    """Return 1 where a single person or site makes up too much of a total, 0 where none does.

    Parameters
    ----------
    values : pandas.Series
        What each person adds to the total; a total with parts below zero has no shares and is not judged.
    site : pandas.Series or None
        Site of each, same index. Where there is one site only it is no secret that the total is its own.
    limits : Dominance
        Largest share of a person, and of a site.

    References
    ----------
    The (n, k) rule with n = 1: Hundepool et al. (2012), Statistical Disclosure Control, section 4.2.

    Examples
    --------
    >>> limits = Dominance(person=0.5)
    >>> dominating(pd.Series([90.0, 5, 5]), None, limits), dominating(pd.Series([40.0, 30, 30]), None, limits)
    (1.0, 0.0)
    """
    known = values.dropna()
    total = known.sum()
    if not total > 0 or known.min() < 0:
        return 0.0
    if known.max() > limits.person * total:
        return ONE
    if site is None:
        return 0.0
    by_site = known.groupby(site.reindex(known.index).astype("str")).sum()
    return ONE if len(by_site) > 1 and by_site.max() > limits.site * total else 0.0
