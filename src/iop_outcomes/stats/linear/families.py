"""Response distributions and links of generalised linear models."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy

from iop_outcomes.kernel.errors import EstimationError, did_you_mean


@dataclass(frozen=True)
class Link:
    """Mean to linear predictor (``link``), back (``mean``), and the slope of the mean, all elementwise."""

    name: str
    link: Callable
    mean: Callable
    slope: Callable


@dataclass(frozen=True)
class Family:
    """A response distribution.

    ``variance`` is of the mean; ``start`` gives the mean the first step is made from, as in R's ``glm``; ``lowest`` and
    ``highest`` bound the response.
    """

    name: str
    canonical: str
    variance: Callable
    unit_deviance: Callable
    start: Callable
    lowest: float
    highest: float


def _gamma_deviance(y, mean):
    # A zero has no likelihood under a gamma distribution, but the estimating equation of its mean stands; the logarithm
    # of the response, which no coefficient moves, is left out for it.
    return 2 * (np.log(mean) - np.log(np.where(y > 0, y, 1.0)) + y / mean - 1)


def _binomial_deviance(y, mean):
    if ((y == 0) | (y == 1)).all():
        apart = y - mean
        np.log1p(np.negative(np.abs(apart, out=apart), out=apart), out=apart)
        apart *= -2
        return apart
    return 2 * (scipy.special.xlogy(y, y / mean) + scipy.special.xlogy(1 - y, (1 - y) / (1 - mean)))


#: Functions of scipy stand in functions of their own: its parts are imported when one is first asked for, which a stage
#: that fits nothing never does.
LINKS = {
    link.name: link
    for link in (
        Link("identity", lambda mean: mean, lambda eta: eta, np.ones_like),
        Link("log", np.log, np.exp, np.exp),
        Link(
            "logit",
            lambda mean: scipy.special.logit(mean),
            lambda eta: scipy.special.expit(eta),
            lambda eta: scipy.special.expit(eta) * scipy.special.expit(-eta),
        ),
        Link(
            "cloglog",
            lambda mean: np.log(-np.log1p(-mean)),
            lambda eta: -np.expm1(-np.exp(eta)),
            lambda eta: np.exp(eta - np.exp(eta)),
        ),
        Link(
            "probit",
            lambda mean: scipy.special.ndtri(mean),
            lambda eta: scipy.special.ndtr(eta),
            lambda eta: np.exp(-(eta**2) / 2) / np.sqrt(2 * np.pi),
        ),
    )
}

FAMILIES = {
    family.name: family
    for family in (
        Family(
            "binomial",
            "logit",
            lambda mean: mean * (1 - mean),
            _binomial_deviance,
            lambda y, weights: (weights * y + 0.5) / (weights + 1),
            0.0,
            1.0,
        ),
        Family(
            "poisson",
            "log",
            lambda mean: mean,
            lambda y, mean: 2 * (scipy.special.xlogy(y, y / mean) - (y - mean)),
            lambda y, weights: y + 0.1,
            0.0,
            np.inf,
        ),
        Family(
            "gamma",
            "inverse",
            lambda mean: mean**2,
            _gamma_deviance,
            lambda y, weights: np.maximum(y, 1e-3 * np.average(y, weights=weights)),
            0.0,
            np.inf,
        ),
        Family(
            "gaussian",
            "identity",
            np.ones_like,
            lambda y, mean: (y - mean) ** 2,
            lambda y, weights: y,
            -np.inf,
            np.inf,
        ),
    )
}


#: Families whose canonical link hardly anybody wants.
LINK_UNLESS_NAMED = {"gamma": "log"}


def family_and_link(family: str, link: str | None) -> tuple[Family, Link]:
    """Return a family and a link by name; the canonical link when none is named, the logarithm for gamma.

    Raises
    ------
    EstimationError
        There is no such family or link.
    """
    if family not in FAMILIES:
        raise EstimationError(f"model family: '{family}' is not known; {did_you_mean(family, FAMILIES)}")
    chosen = FAMILIES[family]
    name = link or LINK_UNLESS_NAMED.get(family, chosen.canonical)
    if name not in LINKS:
        raise EstimationError(f"model link: '{name}' is not known; {did_you_mean(name, LINKS)}")
    return chosen, LINKS[name]
