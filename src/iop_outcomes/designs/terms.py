"""Terms of a design made columns: curves, products and slopes by site, as the models of score and outcome take them.

Terms are settled once, on everybody the design looks at (where the knots lie, what a product is centred at), so that
the columns of a person are the same in every model and every part of the people.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import DesignError, counted, did_you_mean
from iop_outcomes.stats.linear.splines import harrell_knots, natural_spline, quantile_knots, restricted_cubic_spline
from iop_outcomes.study.terms import DEFAULT_DF, BySite, Product, Spline, Term

#: Between the two names of a product.
TIMES = " × "
#: The method that leaves everybody as they are, and needs no model.
AS_THEY_ARE = "unweighted"


@dataclass(frozen=True)
class Curve:
    """A spline whose knots are known."""

    name: str
    knots: tuple[float, ...]
    natural: bool

    def columns(self, covariates: pd.DataFrame, cluster: pd.Series | None) -> pd.DataFrame:
        """Return its columns."""
        basis = natural_spline if self.natural else restricted_cubic_spline
        values = basis(covariates[self.name].to_numpy(float), np.array(self.knots))
        names = [f"{self.name} (curve {k})" for k in range(1, values.shape[1] + 1)]
        return pd.DataFrame(values, index=covariates.index, columns=names)


@dataclass(frozen=True)
class Crossed:
    """A product of two covariates whose numbers are centred: a column for each pair of their columns."""

    names: tuple[str, str]
    centres: tuple[float, float]

    def columns(self, covariates: pd.DataFrame, cluster: pd.Series | None = None) -> pd.DataFrame:
        """Return its columns."""
        first, second = (_parts(covariates[n], c) for n, c in zip(self.names, self.centres, strict=True))
        found = {f"{a}{TIMES}{b}": x * y for a, x in first.items() for b, y in second.items()}
        return pd.DataFrame(found, index=covariates.index)


@dataclass(frozen=True)
class SlopeBySite:
    """What the slope of a covariate at each site adds to that of the first; sites have numbers and no names."""

    name: str
    centre: float
    sites: tuple[str, ...]

    def columns(self, covariates: pd.DataFrame, cluster: pd.Series | None) -> pd.DataFrame:
        """Return its columns."""
        label = np.asarray(cluster).astype(str)
        found = {
            f"{part} at site {number}": values * (label == site)
            for part, values in _parts(covariates[self.name], self.centre).items()
            for number, site in enumerate(self.sites[1:], start=2)
        }
        return pd.DataFrame(found, index=covariates.index)


Settled = Curve | Crossed | SlopeBySite


def settle(
    terms: Sequence[Term], covariates: pd.DataFrame, arm: np.ndarray, cluster: pd.Series | None
) -> tuple[Settled, ...]:
    """Return terms with their knots, centres and sites.

    Parameters
    ----------
    terms : sequence of Term
    covariates : DataFrame of n rows
        Complete; of everybody the design looks at.
    arm : array_like of shape (n,)
    cluster : Series of n rows or None
        Sites. Those that lack an arm get no slope.

    Raises
    ------
    DesignError
        A column does not exist, a spline is asked of what is no number or of too few values, or there are no sites.
    """
    return tuple(_settled(term, covariates, arm, cluster) for term in terms)


def model_frame(covariates: pd.DataFrame, settled: Sequence[Settled], cluster: pd.Series | None) -> pd.DataFrame:
    """Return the columns that models take: covariates, curves in place of their numbers, and products behind them.

    Parameters
    ----------
    covariates : DataFrame of n rows
    settled : sequence
        From :func:`settle`.
    cluster : Series of n rows or None

    Returns
    -------
    DataFrame
        The covariates themselves where there are no terms.
    """
    if not settled or covariates.shape[1] == 0:
        return covariates
    curved = {term.name for term in settled if isinstance(term, Curve)}
    plain = covariates[[name for name in covariates if name not in curved]]
    return pd.concat([plain, *(term.columns(covariates, cluster) for term in settled)], axis=1)


def refuse_without_sites(terms: Sequence[Term], by_site: object, method: str) -> None:
    """Raise if a slope by site is asked of a design that does not adjust for sites."""
    asked = next((term.by_site for term in terms if isinstance(term, BySite)), None)
    if asked is not None and method != AS_THEY_ARE and by_site not in ("intercepts", "separately"):
        raise DesignError(
            f"covariates: '{asked}' is to have a slope of its own at every site, and this design does not adjust for "
            "sites; set by_site: intercepts, or leave that term out."
        )


def is_number(values: pd.Series) -> bool:
    """Say whether a covariate is a number, and not a category or a flag."""
    return pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype)


def _settled(term: Term, covariates: pd.DataFrame, arm: np.ndarray, cluster: pd.Series | None) -> Settled:
    for name in term.names:
        if name not in covariates:
            raise DesignError(f"covariates: there is no column '{name}'; {did_you_mean(name, map(str, covariates))}")
    if isinstance(term, Spline):
        return _curve(term, covariates[term.spline])
    if isinstance(term, Product):
        first, second = (_centre(covariates[name]) for name in term.product)
        return Crossed(term.product, (first, second))
    if cluster is None:
        raise DesignError(
            f"covariates: '{term.by_site}' by site needs sites, and this study names none as its cluster."
        )
    arms = pd.Series(np.asarray(arm)).groupby(np.asarray(cluster).astype(str)).nunique()
    shared = tuple(arms.index[arms == arms.max()])
    return SlopeBySite(term.by_site, _centre(covariates[term.by_site]), shared)


def _curve(term: Spline, values: pd.Series) -> Curve:
    if not is_number(values):
        raise DesignError(
            f"covariates: '{term.spline}' is a category and has no curve; a spline needs a number, so name it alone."
        )
    numbers = values.to_numpy(float)
    if isinstance(term.knots, list):
        return Curve(term.spline, _inside(term, numbers), natural=False)
    try:
        if term.knots is not None:
            return Curve(term.spline, tuple(harrell_knots(numbers, term.knots)), natural=False)
        return Curve(term.spline, tuple(quantile_knots(numbers, term.df or DEFAULT_DF)), natural=True)
    except DesignError as error:
        raise DesignError(f"covariates: the spline of '{term.spline}' cannot be made: {error}") from None


def _inside(term: Spline, values: np.ndarray) -> tuple[float, ...]:
    """Return the knots that were listed, or refuse them where nobody lies between two of them."""
    knots = [float(knot) for knot in term.knots] if isinstance(term.knots, list) else []
    between = np.histogram(values, knots)[0]
    if not between.all():
        raise DesignError(
            f"covariates: the spline of '{term.spline}' cannot be made: nobody lies between "
            f"{counted(int((between == 0).sum()), 'pair')} of the knots listed; list knots among the values."
        )
    return tuple(knots)


def _centre(values: pd.Series) -> float:
    return float(values.mean()) if is_number(values) else 0.0


def _parts(values: pd.Series, centre: float) -> dict[str, np.ndarray]:
    """Return a covariate as numbers: itself, centred, or a column for each level but the first."""
    if is_number(values):
        return {str(values.name): values.to_numpy(float) - centre}
    label = values.astype("category")
    return {f"{values.name} ({level})": (label == level).to_numpy(float) for level in label.cat.categories[1:]}
