"""Balance of covariates between the arms, before and after weighting, under stated denominators."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.designs.arms import two_arms
from iop_outcomes.kernel.errors import DesignError, counted, did_you_mean
from iop_outcomes.stats.linear.columns import read_terms

DENOMINATORS = {
    "pooled": "root of the mean of the two unweighted variances",
    "treated": "standard deviation in the first arm, unweighted",
    "reference": "standard deviation in the second arm, unweighted",
    "weighted": "standard deviation of everybody under the weights",
}

#: What each estimand's differences are divided by, as in cobalt.
DENOMINATOR_OF = {"ATE": "pooled", "ATT": "treated", "ATC": "reference", "ATO": "weighted", "ATM": "weighted"}


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
    arms = _Arms.of(first, weights)
    terms, _ = read_terms(covariates, covariates.columns, unusable="drop")
    rows = [row for term in terms for row in _term_rows(term, arms, chosen)]
    columns = ["stage", "covariate", "level", "mean_treated", "mean_reference", "sd_treated", "sd_reference", "smd"]
    columns += ["variance_ratio", "ks", "ecdf_mean", "n_treated", "n_reference"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("stage", key=lambda s: s != "before", kind="stable", ignore_index=True)


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
    """Arm of everybody and one set of weights per stage; everything below is sums over people with the same value."""

    first: np.ndarray
    stages: dict[str, np.ndarray | None]

    @classmethod
    def of(cls, first, weights):
        stages = {"before": None}
        if weights is not None:
            weights = np.asarray(weights, dtype=float)
            if weights.shape != first.shape or not (np.isfinite(weights) & (weights >= 0)).all():
                raise DesignError("balance: weights must be one finite number of zero or more per member.")
            stages["after"] = weights
        return cls(first, stages)

    def masses(self, codes, n_levels):
        """Return by stage the weight of each level in the first and the second arm, 2 x n_levels."""
        cells = codes.astype(np.intp) * 2 + ~self.first
        return {
            stage: np.bincount(cells, weights=weights, minlength=2 * n_levels).reshape(n_levels, 2).T.astype(float)
            for stage, weights in self.stages.items()
        }

    def square_shares(self):
        """Return by stage sum w^2 for each arm and for everybody, with w summing to 1."""
        shares = {}
        for stage, weights in self.stages.items():
            w = np.ones(len(self.first)) if weights is None else weights
            parts = (w[self.first], w[~self.first], w)
            shares[stage] = [float(part @ part / part.sum() ** 2) for part in parts]
        return shares


def _term_rows(term, arms, denominator):
    if term.levels is None:
        values, codes = np.unique(term.values, return_inverse=True)
        if len(values) > 2:
            return _number_rows(term.name, values, codes, arms, denominator)
        # A number with two values is a share of the higher one; 0/1 is a share already and needs no level.
        levels = ("",) if set(values) == {0.0, 1.0} else (f"{values[1]:g}",)
        return _share_rows(term.name, levels, [1], codes, 2, arms, denominator)
    shown = [1] if len(term.levels) == 2 else list(range(len(term.levels)))
    labels = [str(term.levels[i]) for i in shown]
    return _share_rows(term.name, labels, shown, term.codes, len(term.levels), arms, denominator)


def _share_rows(name, labels, shown, codes, n_levels, arms, denominator):
    masses = arms.masses(codes, n_levels)
    shares = {stage: mass / mass.sum(axis=1, keepdims=True) for stage, mass in masses.items()}
    last = list(masses)[-1]
    variances = {stage: share * (1 - share) for stage, share in shares.items()}
    everybody = masses[last].sum(axis=0) / masses[last].sum()
    scale = _scale(denominator, variances["before"], everybody * (1 - everybody))
    rows = []
    for stage, (p, q) in shares.items():
        smd, (sd_p, sd_q) = _divided(p - q, scale), np.sqrt(variances[stage])
        for label, i in zip(labels, shown, strict=True):
            distance = abs(p[i] - q[i])
            numbers = (p[i], q[i], sd_p[i], sd_q[i], smd[i], np.nan, distance, distance)
            rows.append((stage, name, label, *numbers, *masses["before"][:, i].astype(int)))
    return rows


def _number_rows(name, values, codes, arms, denominator):
    masses, squares = arms.masses(codes, len(values)), arms.square_shares()
    moments = {}
    for stage, mass in masses.items():
        shares = np.vstack([mass / mass.sum(axis=1, keepdims=True), mass.sum(axis=0) / mass.sum()])
        means = shares @ values
        spread = (shares * (values - means[:, None]) ** 2).sum(axis=1)
        left = 1 - np.array(squares[stage])
        variance = np.divide(spread, left, out=np.full(3, np.nan), where=left > 0)
        distances = np.abs(np.cumsum(shares[0] - shares[1]))
        moments[stage] = means, variance, distances
    last = list(masses)[-1]
    scale = _scale(denominator, moments["before"][1][:2], moments[last][1][2])
    counts = masses["before"].sum(axis=1).astype(int)
    rows = []
    for stage, (means, variance, distances) in moments.items():
        smd = float(_divided(means[0] - means[1], scale))
        ratio = variance[0] / variance[1] if variance[1] > 0 else np.nan
        spread = (np.sqrt(variance[0]), np.sqrt(variance[1]))
        rows.append((stage, name, "", *means[:2], *spread, smd, ratio, distances.max(), distances.mean(), *counts))
    return rows


def _scale(denominator, by_arm, weighted):
    first, second = by_arm
    variance = {"pooled": (first + second) / 2, "treated": first, "reference": second, "weighted": weighted}
    return np.sqrt(variance[denominator])


def _divided(difference, scale):
    """Return the difference in standard deviations: 0 where the arms are equal, infinite where only the scale is 0."""
    difference = np.where(np.abs(difference) < 1e-14, 0.0, difference)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(difference == 0, 0.0, difference / scale)
