"""Balance of covariates between the arms, before and after weighting, under stated denominators."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from iop_outcomes.designs.arms import two_arms
from iop_outcomes.kernel.errors import DesignError, counted, did_you_mean
from iop_outcomes.stats.linear.blocks import joined_codes
from iop_outcomes.stats.linear.columns import read_terms

DENOMINATORS = {
    "pooled": "root of the mean of the two unweighted variances",
    "treated": "standard deviation in the first arm, unweighted",
    "reference": "standard deviation in the second arm, unweighted",
    "weighted": "standard deviation of everybody under the weights",
}

#: What each estimand's differences are divided by, as in cobalt.
DENOMINATOR_OF = {"ATE": "pooled", "ATT": "treated", "ATC": "reference", "ATO": "weighted", "ATM": "weighted"}

#: What the population that all contrasts speak of is called in a contrast.
EVERYBODY = "everybody"


def balance(
    covariates: pd.DataFrame,
    treated,
    weights=None,
    *,
    estimand: str = "ATE",
    denominator: str | None = None,
) -> pd.DataFrame:
    """Return balance statistics per covariate level, before and after weighting.

    Differences before and after are divided by the same standard deviation, so that they can be compared. Numbers have
    variances with divisor n - 1 (weighted: sum w(x - m)^2 / (1 - sum w^2), w summing to 1 within the arm); shares have
    p(1 - p). A covariate with two values has one row, for the second; one with more has a row per level.

    Parameters
    ----------
    covariates : DataFrame of n rows
        Complete; numbers, categories, strings, booleans.
    treated : array_like of shape (n,)
    weights : array_like of shape (n,), optional
        0 = not used. Without them there is no stage ``after``.
    estimand : {"ATE", "ATT", "ATC", "ATO", "ATM"}
        Chooses the denominator.
    denominator : {"pooled", "treated", "reference", "weighted"}, optional
        Chosen outright.

    Returns
    -------
    DataFrame
        ``stage`` (before, after), ``covariate``, ``level`` (empty for numbers), ``mean_treated``, ``mean_reference``,
        ``sd_treated``, ``sd_reference``, ``smd`` (first minus second arm), ``variance_ratio`` (numbers only), ``ks``
        and ``ecdf_mean`` (largest and mean distance of the distribution functions), ``n_treated``, ``n_reference``
        (members, of that level). An ``smd`` is infinite where the arms differ and the denominator is zero.

    Raises
    ------
    DesignError
        One arm only, missing covariates, or an unknown denominator.

    References
    ----------
    Austin & Stuart 2015, Stat Med 34:3661; Greifer, cobalt 4.6.
    """
    first = two_arms(treated, "balance")
    chosen = _denominator(estimand, denominator)
    arms = _Arms.of(np.where(first, 0, 1), 2, weights, {"treated": 0, "reference": 1})
    return _table(covariates, arms, chosen, [(("", ""), 0, 1)]).drop(columns=["arm", "against"])


def balance_together(
    covariates: pd.DataFrame,
    arm,
    names: Sequence[str],
    weights=None,
    *,
    estimand: str = "ATE",
    target: int | None = None,
    population=None,
    pairs: Sequence[tuple[str, str]] | None = None,
) -> pd.DataFrame:
    """Return balance statistics of more than two arms: of every pair, and of each arm against the population.

    All differences of a covariate are divided by one standard deviation, whichever arms they are of: the root of the
    mean of all arms' variances, that of the target arm, or that of everybody under the weights.

    Parameters
    ----------
    covariates : DataFrame of n rows
    arm : array_like of int, shape (n,)
        Position in ``names``.
    names : sequence of str
    weights : array_like of shape (n,), optional
        As in :func:`balance`.
    estimand : {"ATE", "ATT", "ATC", "ATO", "ATM"}
    target : int, optional
        Position of the arm whose people an ATT or ATC speaks for.
    population : array_like of shape (n,), optional
        How much each member counts in the population that all contrasts speak of. Without it the arms are not compared
        with it.
    pairs : sequence of (str, str), optional
        The pairs of arms; all of them unless told.

    Returns
    -------
    DataFrame
        As :func:`balance`, with ``arm`` and ``against`` first; an arm is held against ``everybody`` of the population.

    References
    ----------
    McCaffrey et al. 2013, Stat Med 32:3388; Greifer, cobalt 4.6.
    """
    codes = np.asarray(arm, dtype=np.intp)
    for position, name in enumerate(names):
        if not (codes == position).any():
            raise DesignError(f"balance: nobody is in the arm '{name}'; leave it out.")
    chosen = _denominator(estimand, None)
    arms = _Arms.of(codes, len(names), weights, {"treated": target, "reference": target}, population)
    place = {name: position for position, name in enumerate(names)}
    wanted = combinations(names, 2) if pairs is None else pairs
    groups = [((one, other), place[one], place[other]) for one, other in wanted]
    if population is not None:
        groups += [((name, EVERYBODY), i, len(names)) for name, i in place.items()]
    return _table(covariates, arms, chosen, groups)


def _table(covariates, arms, denominator, pairs) -> pd.DataFrame:
    terms, _ = read_terms(covariates, covariates.columns, unusable="drop")
    rows = [row for term in terms for row in _term_rows(term, arms, denominator, pairs)]
    columns = ["arm", "against", "stage", "covariate", "level", "mean_treated", "mean_reference", "sd_treated"]
    columns += ["sd_reference", "smd", "variance_ratio", "ks", "ecdf_mean", "n_treated", "n_reference"]
    table = pd.DataFrame(rows, columns=columns)
    order = {pair: place for place, (pair, _, _) in enumerate(pairs)}
    place = [order[pair] for pair in zip(table["arm"], table["against"], strict=True)]
    return (
        table.assign(place=place, last=table["stage"] != "before")
        .sort_values(["place", "last"], kind="stable", ignore_index=True)
        .drop(columns=["place", "last"])
    )


def balance_within(
    covariates: pd.DataFrame, treated, weights, subgroup, *, estimand: str = "ATE", denominator: str | None = None
) -> pd.DataFrame:
    """Return balance within the levels of a subgroup, with the subgroup's own denominators.

    Parameters
    ----------
    covariates : DataFrame of n rows
    treated, weights, subgroup : array_like of shape (n,)
    estimand, denominator : str
        As in :func:`balance`.

    Returns
    -------
    DataFrame
        As :func:`balance`, with ``subgroup`` first. Levels that have only one arm have no rows: see
        :func:`iop_outcomes.designs.judge.positivity.positivity_failures`.
    """
    first, labels = two_arms(treated, "balance"), pd.Series(np.asarray(subgroup))
    parts = []
    for level, rows in labels.groupby(labels, sort=True, observed=True).indices.items():
        if first[rows].all() or not first[rows].any():
            continue
        inside = None if weights is None else np.asarray(weights, dtype=float)[rows]
        part = balance(covariates.iloc[rows], first[rows], inside, estimand=estimand, denominator=denominator)
        parts.append(part.assign(subgroup=str(level)))
    if not parts:
        raise DesignError(f"balance: none of {counted(labels.nunique(), 'subgroup')} has both arms.")
    table = pd.concat(parts, ignore_index=True)
    return table[["subgroup", *table.columns.drop("subgroup")]]


def _denominator(estimand, denominator):
    if denominator is None:
        if estimand not in DENOMINATOR_OF:
            raise DesignError(f"balance: there is no estimand '{estimand}'; {did_you_mean(estimand, DENOMINATOR_OF)}")
        return DENOMINATOR_OF[estimand]
    if denominator not in DENOMINATORS:
        hint = did_you_mean(denominator, DENOMINATORS)
        raise DesignError(f"balance: there is no denominator '{denominator}'; {hint}")
    return denominator


@dataclass(frozen=True)
class _Arms:
    """Arm of everybody and one set of weights per stage; everything below is sums over people with the same value.

    Where there is a population, it stands behind the arms as one more group, whose weights are the same at every stage.
    """

    arm: np.ndarray
    n_arms: int
    stages: dict[str, np.ndarray | None]
    alone: dict[str, int | None]
    population: np.ndarray | None

    @classmethod
    def of(cls, arm, n_arms, weights, alone, population=None):
        stages = {"before": None}
        if weights is not None:
            weights = np.asarray(weights, dtype=float)
            if weights.shape != arm.shape or not (np.isfinite(weights) & (weights >= 0)).all():
                raise DesignError("balance: weights must be one finite number of zero or more per member.")
            stages["after"] = weights
        return cls(arm, n_arms, stages, alone, None if population is None else np.asarray(population, dtype=float))

    def masses(self, codes, n_levels):
        """Return by stage the weight of each level in each group, groups x n_levels."""
        cells = joined_codes(codes, self.arm, n_levels, self.n_arms)
        shape = (n_levels, self.n_arms)
        found = {
            stage: np.bincount(cells, weights=weights, minlength=n_levels * self.n_arms).reshape(shape).T.astype(float)
            for stage, weights in self.stages.items()
        }
        if self.population is None:
            return found
        everybody = np.bincount(codes, weights=self.population, minlength=n_levels)
        return {stage: np.vstack([mass, everybody]) for stage, mass in found.items()}

    def sizes(self, codes, n_levels, masses):
        """Return how many people have each level in each group, groups x n_levels, from the weights of the same."""
        people = masses["before"].astype(int)
        if self.population is not None:
            people[-1] = np.bincount(codes[self.population > 0], minlength=n_levels)
        return people

    def square_shares(self):
        """Return by stage sum w^2 for each group and for all arms together, with w summing to 1."""
        shares = {}
        for stage, weights in self.stages.items():
            w = np.ones(len(self.arm)) if weights is None else weights
            parts = [w[self.arm == position] for position in range(self.n_arms)]
            parts += [w] if self.population is None else [self.population, w]
            shares[stage] = np.array([float(part @ part / part.sum() ** 2) for part in parts])
        return shares

    def scale(self, denominator, variances, weighted):
        """Return what differences are divided by, from the unweighted variances of all groups."""
        if denominator == "weighted":
            return np.sqrt(weighted)
        if denominator == "pooled":
            return np.sqrt(variances[: self.n_arms].mean(axis=0))
        return np.sqrt(variances[self.alone[denominator]])


def _term_rows(term, arms, denominator, pairs):
    if term.levels is None:
        values, codes = np.unique(term.values, return_inverse=True)
        if len(values) > 2:
            return _number_rows(term.name, values, codes, arms, denominator, pairs)
        # A number with two values is a share of the higher one; 0/1 is a share already and needs no level.
        levels = ("",) if set(values) == {0.0, 1.0} else (f"{values[1]:g}",)
        return _share_rows(term.name, levels, [1], codes, 2, arms, denominator, pairs)
    shown = [1] if len(term.levels) == 2 else list(range(len(term.levels)))
    labels = [str(term.levels[i]) for i in shown]
    return _share_rows(term.name, labels, shown, term.codes, len(term.levels), arms, denominator, pairs)


def _share_rows(name, labels, shown, codes, n_levels, arms, denominator, pairs):
    masses = arms.masses(codes, n_levels)
    shares = {stage: mass / mass.sum(axis=1, keepdims=True) for stage, mass in masses.items()}
    in_arms = masses[list(masses)[-1]][: arms.n_arms]
    variances = {stage: share * (1 - share) for stage, share in shares.items()}
    everybody = in_arms.sum(axis=0) / in_arms.sum()
    scale = arms.scale(denominator, variances["before"], everybody * (1 - everybody))
    sizes = arms.sizes(codes, n_levels, masses)
    rows = []
    for pair, one, other in pairs:
        for stage, share in shares.items():
            p, q, spread = share[one], share[other], np.sqrt(variances[stage])
            smd = _divided(p - q, scale)
            for label, i in zip(labels, shown, strict=True):
                distance = abs(p[i] - q[i])
                numbers = (p[i], q[i], spread[one][i], spread[other][i], smd[i], np.nan, distance, distance)
                rows.append((*pair, stage, name, label, *numbers, sizes[one][i], sizes[other][i]))
    return rows


def _number_rows(name, values, codes, arms, denominator, pairs):
    masses, squares = arms.masses(codes, len(values)), arms.square_shares()
    moments = {}
    for stage, mass in masses.items():
        in_arms = mass[: arms.n_arms]
        shares = np.vstack([mass / mass.sum(axis=1, keepdims=True), in_arms.sum(axis=0) / in_arms.sum()])
        means = shares @ values
        spread = (shares * (values - means[:, None]) ** 2).sum(axis=1)
        left = 1 - squares[stage]
        variance = np.divide(spread, left, out=np.full(len(left), np.nan), where=left > 0)
        moments[stage] = shares, means, variance
    scale = arms.scale(denominator, moments["before"][2][:-1], moments[list(masses)[-1]][2][-1])
    counts = arms.sizes(codes, len(values), masses).sum(axis=1)
    rows = []
    for pair, one, other in pairs:
        for stage, (shares, means, variance) in moments.items():
            smd = float(_divided(means[one] - means[other], scale))
            ratio = variance[one] / variance[other] if variance[other] > 0 else np.nan
            distances = np.abs(np.cumsum(shares[one] - shares[other]))
            numbers = (means[one], means[other], np.sqrt(variance[one]), np.sqrt(variance[other]), smd, ratio)
            rows.append(
                (*pair, stage, name, "", *numbers, distances.max(), distances.mean(), counts[one], counts[other])
            )
    return rows


def _divided(difference, scale):
    """Return the difference in standard deviations: 0 where the arms are equal, infinite where only the scale is 0."""
    difference = np.where(np.abs(difference) < 1e-14, 0.0, difference)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(difference == 0, 0.0, difference / scale)
