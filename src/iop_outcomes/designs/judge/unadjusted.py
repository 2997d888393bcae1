"""What the design did not adjust for: other facts on record, sites, calendar time; and designs that adjust for nothing.

Arms that are alike in the covariates chosen are alike in those. What else is on record from before time zero was there
to be held against each other, and is.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from iop_outcomes.designs.calendar import PERIOD
from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.judge.balance import balance
from iop_outcomes.designs.judge.diagnostics import NOT_CHANCE, by_chance
from iop_outcomes.designs.judge.gate import (
    FAIL,
    NAMED_AT_MOST,
    NOT_EVALUATED,
    PASS,
    WARN,
    named_level,
    share_of_people,
    stepped,
)
from iop_outcomes.designs.scores.balancing_weights import effective_sample_size
from iop_outcomes.designs.terms import AS_THEY_ARE
from iop_outcomes.kernel.errors import counted

Row = tuple[str, float, float, str, str]

#: Fact of a member that only studies have which take no account of sites.
SITE = "site_id"
#: Of the overlap of the calendar that is asked for, so much is needed for an answer.
FAR_APART = 0.75


def judge_unadjusted(comparison: Comparison, facts: pd.DataFrame, thresholds) -> Iterator[Row]:
    """Yield the checks ``crude``, ``unadjusted_imbalance``, ``site_balance`` and ``calendar_overlap``.

    Parameters
    ----------
    comparison : Comparison
    facts : DataFrame
        Table of that contract.
    thresholds : GateThresholds

    Yields
    ------
    (check, value, threshold, status, reason)
    """
    own = facts.set_index("member_id").reindex(comparison.members.index)
    yield from _crude(comparison)
    yield _imbalance(comparison, own.drop(columns=[PERIOD, SITE], errors="ignore"), thresholds)
    yield _sites(comparison, own.get(SITE), thresholds.max_site_association)
    yield _calendar(comparison, own.get(PERIOD), thresholds.min_calendar_overlap)


def _crude(comparison: Comparison) -> Iterator[Row]:
    if comparison.covariates.empty:
        reason = "the study names no covariates, so that the arms are compared as they are: crude, not adjusted."
    elif comparison.method == AS_THEY_ARE:
        reason = "the design leaves the arms as they are: crude, not adjusted."
    else:
        return
    yield "crude", np.nan, np.nan, WARN, reason


def _imbalance(comparison: Comparison, facts: pd.DataFrame, thresholds) -> Row:
    check, limit = "unadjusted_imbalance", thresholds.max_unadjusted_smd
    facts = facts.loc[:, [len(facts[c].unique()) > 1 for c in facts]]
    if facts.empty:
        return check, np.nan, limit, NOT_EVALUATED, "nothing else is on record of people from before time zero."
    levels = balance(facts, comparison.treated, comparison.weight, estimand=comparison.estimand)
    after = levels[levels["stage"] == "after"].set_index("covariate", drop=False)
    size = after["smd"].abs()
    by_fact = size.groupby(level=0).max().sort_values(ascending=False, kind="stable")
    value, unlike = float(by_fact.iloc[0]), by_fact.index[by_fact > thresholds.max_smd]
    if not len(unlike):
        reason = f"in what else is on record the arms differ by at most {value:.2f} standard deviations."
        return check, value, limit, PASS, reason
    worst = after.iloc[int(np.argmax(size.to_numpy()))]
    others = ", ".join(_in_words(str(name)) for name in unlike[1 : NAMED_AT_MOST + 1])
    left = len(unlike) - 1 - NAMED_AT_MOST
    named = f"; also unlike: {others}" + (f" and {left} more" if left > 0 else "") if others else ""
    how_far = f"{value:.2f}" if np.isfinite(value) else "infinitely many"
    fails = value > limit and value > NOT_CHANCE * by_chance(comparison.treated, comparison.weight)
    reason = (
        f"the design does not adjust for {_in_words(named_level(worst))}, in which the arms differ by {how_far} "
        f"standard deviations{named}. Add it to the covariates; leave it out of the source if it only restates the arm."
    )
    return check, value, limit, FAIL if fails else WARN, reason


def _in_words(fact: str) -> str:
    """Return a column of the source without its underscores: no study names it, so that no later stage would."""
    name, bracket, level = fact.partition(" (")
    return name.replace("_", " ") + bracket + level


def _sites(comparison: Comparison, left_out: pd.Series | None, threshold: float) -> Row:
    check = "site_balance"
    if comparison.cluster is None:
        return _sites_left_out(comparison, left_out, threshold)
    value = association(comparison.cluster, comparison.treated, comparison.weight)
    if value <= threshold:
        return check, value, threshold, PASS, "the sites send people to the arms alike, as far as that matters."
    reason = (
        f"after weighting the site still tells the arm (association {value:.2f} of 1, more than the {threshold:g} "
        "allowed): what differs between sites differs between the arms. Adjust for the site."
    )
    return check, value, threshold, WARN, reason


def _sites_left_out(comparison: Comparison, site: pd.Series | None, threshold: float) -> Row:
    """Return what follows from a study that takes no account of the sites on record."""
    check = "site_balance"
    if site is None:
        return check, np.nan, threshold, NOT_EVALUATED, "there are no sites, or only one."
    value = association(site, comparison.treated, comparison.weight)
    said = "the study takes no account of the sites on record (cluster: null)"
    if value <= threshold:
        reason = f"{said}: if people of one site are alike, the intervals are not wide enough. Leave cluster out."
        return check, value, threshold, WARN, reason
    reason = (
        f"{said}, and after weighting the site tells the arm (association {value:.2f} of 1, more than the "
        f"{threshold:g} allowed): what differs between sites differs between the arms. Leave cluster out."
    )
    return check, value, threshold, FAIL, reason


def association(label: pd.Series, treated: np.ndarray, weight: np.ndarray) -> float:
    """Return how closely a label and the arm go together, 0 to 1: Cramér's V without the part that chance makes.

    Parameters
    ----------
    label : Series of shape (n,)
    treated, weight : array_like of shape (n,)

    References
    ----------
    Bergsma 2013, Journal of the Korean Statistical Society 42:323.
    """
    code, names = pd.factorize(label)
    # In the order of the names, in which the sums below are made.
    place = np.append(np.argsort(np.argsort(names.astype("str"), kind="stable")), -1)[code]
    known = code >= 0
    table = pd.crosstab(place[known], treated[known], values=weight[known], aggfunc="sum").fillna(0).to_numpy()
    table = table[table.sum(axis=1) > 0]
    k = len(table)
    # Each arm counts as one half, however many people it has: the question is where they are.
    shares = table / table.sum(axis=0) / 2
    expected = shares.sum(axis=1, keepdims=True) * shares.sum(axis=0)
    n = 4 / sum(1 / effective_sample_size(weight[arm]) for arm in (treated, ~treated))
    if k < 2 or n <= k:
        return 0.0
    phi2 = max(float(((shares - expected) ** 2 / expected).sum()) - (k - 1) / (n - 1), 0.0)
    rows = k - (k - 1) ** 2 / (n - 1)
    return float(np.sqrt(phi2 / min(rows - 1, 1 - 1 / (n - 1))))


def _calendar(comparison: Comparison, period: pd.Series | None, threshold: float) -> Row:
    check = "calendar_overlap"
    if period is None or period.isna().all():
        return check, np.nan, threshold, NOT_EVALUATED, "the source keeps no calendar time."
    shares = pd.crosstab(period.astype("str").to_numpy(), comparison.treated, comparison.weight, aggfunc="sum")
    shares = shares.fillna(0) / shares.sum()
    overlap, n = float(shares.min(axis=1).sum()), len(comparison.treated)
    value = stepped(overlap, n)
    said = f"after weighting the arms share {share_of_people(overlap, n)} of the calendar"
    said += f" ({counted(len(shares), 'period')})"
    if overlap >= threshold:
        return check, value, threshold, PASS, f"{said}, at least the {threshold:.0%} asked for."
    reason = (
        f"{said}, less than the {threshold:.0%} asked for: what changed with time looks like the arm. Adjust for it."
    )
    return check, value, threshold, FAIL if overlap < FAR_APART * threshold else WARN, reason
