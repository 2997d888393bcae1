"""Nearest-neighbour matching: every treated person gets the controls most like them.

The treated choose one after another (greedily) and the result is about people like them (ATT); swap the arms for the
other estimand. Everything that cannot be matched is counted and named in ``shortfall``.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.designs.arms import two_arms
from iop_outcomes.designs.pairs.nearest import nearest_on_line, pair_on_line
from iop_outcomes.designs.pairs.nearest_in_space import nearest_in_space
from iop_outcomes.designs.pairs.ties import RELATIVE, snapped, tie_width
from iop_outcomes.kernel.errors import DesignError, counted

ORDERS = ("largest", "smallest", "data")
NO_CONTROL = "no control in the stratum"
OUT_OF_REACH = "no control within the caliper"
USED_UP = "every control in reach was taken by others"
TOO_FEW = "fewer controls than the ratio"


@dataclass(frozen=True)
class Matches:
    """Who was matched with whom.

    Attributes
    ----------
    pairs : DataFrame
        One row per treated person and control, as positions in the data: ``treated``, ``control``, and ``rank``, 1 for
        the nearest. Sorted by treated person.
    weights : (n,) array
        Match weights: 1 for a matched treated person; a control shares 1 among the controls of each treated person it
        serves, and controls are scaled to sum to their number. 0 for everybody unmatched.
    matched_set : (n,) array or None
        Set of each person, 1, 2, ... along the treated in the data, 0 for nobody's; None with replacement, where a
        control can be in several.
    caliper_width : float or None
        Greatest difference allowed within a pair, in units of the distance.
    shortfall : DataFrame
        One row per stratum and reason: ``stratum``, ``reason``, ``n_people`` treated who got fewer controls than asked
        for, ``n_controls_missing`` in all.
    """

    pairs: pd.DataFrame
    weights: np.ndarray
    matched_set: np.ndarray | None
    caliper_width: float | None
    shortfall: pd.DataFrame


def nearest_match(
    treated,
    distance,
    *,
    caliper: float | None = None,
    caliper_in_sd: bool = True,
    caliper_score=None,
    ratio: int = 1,
    replace: bool = False,
    exact=None,
    order: str | None = None,
    rounding: float = 0.0,
) -> Matches:
    """Match every treated person with the nearest controls.

    Parameters
    ----------
    treated : (n,) bool or 0/1 array
    distance : (n,) or (n, p) array
        A propensity score or its logit, or coordinates (see :func:`mahalanobis_coordinates`).
    caliper : float, optional
        Greatest distance within a pair, on one number per person: ``distance`` itself, or ``caliper_score``.
    caliper_in_sd : bool
        Whether the caliper is in standard deviations of that number over all people (divisor n - 1).
    caliper_score : (n,) array, optional
        The number the caliper is laid on when ``distance`` has coordinates.
    ratio : int
        Controls per treated person. Without replacement everybody gets a first one before anybody gets a second.
    replace : bool
        Whether a control may be taken by several treated people.
    exact : (n,) labels or DataFrame of n rows, optional
        Pairs must agree on all of it.
    order : {'largest', 'smallest', 'data'}, optional
        Who chooses first: the greatest score, the least, or the first in the data. By default the greatest score, or
        the data's order where there is none.
    rounding : float
        Share of a standard deviation that the covariates behind coordinates were rounded to; distances that differ by
        no more than that are equal, and so are those that differ by less than 1e-9 standard deviations.

    Returns
    -------
    Matches

    Raises
    ------
    DesignError
        An arm is empty, a distance or an exact label is missing, a setting is impossible, or nobody can be matched.

    References
    ----------
    Ho DE, Imai K, King G, Stuart EA. MatchIt. J Stat Softw 2011;42(8). Orders, ties, weights and caliper follow its
    version 4.7; Austin (2011, Pharm Stat 10:150) takes the standard deviation within arms instead.
    """
    treated = two_arms(treated, "matching")
    distance = finite(distance, "distance")
    score = distance if distance.ndim == 1 else caliper_score
    score = None if score is None else finite(score, "caliper score")
    _check_settings(ratio, order, caliper, score)
    stratum, labels = _strata(exact, len(treated))
    width = np.inf if caliper is None else float(caliper * (score.std(ddof=1) if caliper_in_sd else 1))
    reach = width
    if score is not None:
        tie = tie_width(score)
        score, reach = snapped(score, tie), width + tie
    choosers = _in_order(np.flatnonzero(treated), score, order)
    if distance.ndim == 1:
        search = nearest_on_line if replace else pair_on_line
        found = search(~treated, score, stratum, choosers, ratio=ratio, width=reach, tie=tie)
    else:
        tie = max(RELATIVE, rounding) * float(distance.std(axis=0).max())
        setting = {"ratio": ratio, "replace": replace, "score": score, "width": reach, "tie": tie}
        found = nearest_in_space(~treated, distance, stratum, choosers, **setting)
    pairs = pd.DataFrame({"treated": choosers[found.chooser], "control": found.control, "rank": found.rank})
    pairs = pairs.sort_values(["treated", "rank"], ignore_index=True)
    shortfall = _shortfall(pairs, treated, stratum, labels, score, reach, ratio)
    if pairs.empty:
        reasons = ", ".join(f"{reason} ({n:,})" for reason, n in shortfall.groupby("reason").n_people.sum().items())
        people = counted(int(treated.sum()), "treated person", "treated people")
        raise DesignError(
            f"matching: none of {people} found a control: {reasons}; widen the caliper or match exactly on less"
        )
    return Matches(
        pairs=pairs,
        weights=match_weights(pairs, len(treated)),
        matched_set=None if replace else _sets(pairs, len(treated)),
        caliper_width=None if caliper is None else width,
        shortfall=shortfall,
    )


def match_weights(pairs: pd.DataFrame, n: int) -> np.ndarray:
    """Return the weights that make matched controls stand for the matched treated.

    Parameters
    ----------
    pairs : DataFrame
        ``treated`` and ``control`` positions.
    n : int
        Number of people in the data.

    Returns
    -------
    (n,) array
        See :class:`Matches`.
    """
    weights = np.zeros(n)
    served = pairs.groupby("treated")["control"].transform("size").to_numpy()
    np.add.at(weights, pairs["control"].to_numpy(), 1 / served)
    weights *= np.count_nonzero(weights) / weights.sum()
    weights[pairs["treated"].to_numpy()] = 1
    return weights


def _sets(pairs: pd.DataFrame, n: int) -> np.ndarray:
    sets = np.zeros(n, dtype=np.int64)
    codes = pd.factorize(pairs["treated"])[0] + 1
    sets[pairs["treated"]] = codes
    sets[pairs["control"]] = codes
    return sets


def _in_order(choosers: np.ndarray, score: np.ndarray | None, order: str | None) -> np.ndarray:
    order = order or ("data" if score is None else "largest")
    if order == "data":
        return choosers
    sign = -1 if order == "largest" else 1
    return choosers[np.argsort(sign * score[choosers], kind="stable")]


def _shortfall(pairs, treated, stratum, labels, score, width, ratio) -> pd.DataFrame:
    """Count the treated who got fewer controls than asked for, by stratum and reason."""
    people = np.flatnonzero(treated)
    got = np.bincount(pairs["treated"], minlength=len(treated))[people]
    in_stratum = np.bincount(stratum[~treated], minlength=len(labels))[stratum[people]]
    in_reach = in_stratum if np.isinf(width) else _n_within(score, width, treated, stratum)
    reason = np.select([in_stratum == 0, in_reach == 0, got == 0], [NO_CONTROL, OUT_OF_REACH, USED_UP], default=TOO_FEW)
    table = pd.DataFrame(
        {"stratum": labels[stratum[people]], "reason": reason, "n_people": 1, "n_controls_missing": ratio - got}
    )
    return table[got < ratio].groupby(["stratum", "reason"], as_index=False, sort=True).sum()


def _n_within(score, width, treated, stratum) -> np.ndarray:
    """Count, for every treated person, the controls of the stratum whose score is within the caliper."""
    counts = np.empty(len(score), dtype=np.int64)
    for code in np.unique(stratum[treated]):
        controls = np.sort(score[~treated & (stratum == code)])
        people = np.flatnonzero(treated & (stratum == code))
        above = np.searchsorted(controls, score[people] + width, side="right")
        counts[people] = above - np.searchsorted(controls, score[people] - width, side="left")
    return counts[treated]


def finite(values, what: str) -> np.ndarray:
    """Return the values as floats, or refuse them when some are missing or infinite."""
    values = np.asarray(values, dtype=float)
    rows = np.isfinite(values) if values.ndim == 1 else np.isfinite(values).all(axis=1)
    if not rows.all():
        raise DesignError(
            f"matching: the {what} of {counted(int((~rows).sum()), 'person', 'people')} is missing or infinite; "
            "a propensity score of 0 or 1 has no logit: look for covariates that separate the arms"
        )
    return values


def _check_settings(ratio, order, caliper, score) -> None:
    if int(ratio) != ratio or ratio < 1:
        raise DesignError(f"matching: ratio is {ratio}; it must be a whole number of 1 or more")
    if order is not None and order not in ORDERS:
        raise DesignError(f"matching: order is '{order}'; allowed are {', '.join(ORDERS)}")
    if caliper is not None and not caliper > 0:
        raise DesignError(f"matching: caliper is {caliper}; it must be greater than 0, or absent")
    if score is None and (caliper is not None or order in ("largest", "smallest")):
        raise DesignError("matching: a caliper and an order by score need a score; pass it as caliper_score")


def _strata(exact, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return one code per person and the labels of the codes."""
    if exact is None:
        return np.zeros(n, dtype=np.int64), np.array(["all"])
    exact = exact if isinstance(exact, pd.DataFrame) else pd.DataFrame({"exact": np.asarray(exact)})
    missing = int(exact.isna().any(axis=1).sum())
    if missing:
        raise DesignError(
            f"matching: the label to match exactly on is missing for {counted(missing, 'person', 'people')}; "
            "give missing a level of its own"
        )
    joined = exact.iloc[:, 0].astype(str)
    for name in exact.columns[1:]:
        joined = joined + ", " + exact[name].astype(str)
    codes, labels = pd.factorize(joined.to_numpy(), sort=True)
    return codes, np.asarray(labels)
