"""Small worlds of known effect, each hard in one way: sites, few sites, poor overlap, effects that vary.

A world is a function of a random generator. It returns one row a person: the arm ``a`` (1 is the first arm), covariates
``x1`` to ``x3``, perhaps a ``site``, and an outcome ``y`` (0/1) or ``time`` and ``event``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

COVARIATES = ["x1", "x2", "x3"]
#: People of whom a truth that has no formula is counted.
MANY = 400_000
#: Day at which survival is compared.
DAY = 90.0


@dataclass(frozen=True)
class World:
    """One world.

    Attributes
    ----------
    draw : callable
        ``draw(rng)`` returns a study of it.
    truth : dict
        The true difference by estimand.
    says : str
        What is hard about it.
    """

    draw: Callable[[np.random.Generator], pd.DataFrame]
    says: str
    truth: dict[str, float] = field(default_factory=dict)


def expit(values):
    return 1 / (1 + np.exp(-values))


def people(rng, n):
    """Return covariates: two numbers and a 0/1."""
    return pd.DataFrame({"x1": rng.normal(size=n), "x2": rng.normal(size=n), "x3": rng.integers(0, 2, n).astype(float)})


def unequal_sizes(n_sites: int, n: int) -> np.ndarray:
    """Return sizes of sites of which the largest is some twelve times the smallest."""
    shares = np.geomspace(1, 12, n_sites)
    return np.maximum(np.round(n * shares / shares.sum()), 4).astype(int)


def at_sites(
    n_sites: int, n: int, *, effect=0.08, preference=0.8, outcome=0.0, tied=0.0, varying=0.0, equal=False
) -> Callable:
    """Return a world of sites that differ in their preference for the first arm, their outcomes, and the effect.

    Parameters
    ----------
    n_sites, n : int
    effect : float
        True difference in shares, the same for everybody unless ``varying``.
    preference : float
        Standard deviation of the sites' log odds of the first arm.
    outcome : float
        Standard deviation of the sites' shares that has nothing to do with their preference.
    tied : float
        How much the share rises with one standard deviation of the preference.
    varying : float
        Standard deviation of the effect between sites.
    equal : bool
        Sites of one size.
    """

    def draw(rng):
        sizes = np.full(n_sites, n // n_sites) if equal else unequal_sizes(n_sites, n)
        site = np.repeat(np.arange(n_sites), sizes)
        data, wish = people(rng, len(site)), rng.normal(size=n_sites)
        own = rng.normal(size=n_sites) * outcome + tied * wish
        effects = effect + varying * rng.normal(size=n_sites)
        score = expit(-0.3 + 0.5 * data["x1"] - 0.3 * data["x2"] + 0.3 * data["x3"] + preference * wish[site])
        a = rng.random(len(site)) < score
        share = 0.4 + 0.06 * data["x1"].clip(-2.5, 2.5) + 0.05 * data["x3"] + own[site] + a * effects[site]
        y = rng.random(len(site)) < share.clip(0.01, 0.99)
        return data.assign(a=a.astype(int), y=y.astype(float), site=[f"s{k:02}" for k in site])

    return draw


def poor_overlap(n: int, strength: float = 1.6, events: bool = False) -> Callable:
    """Return a world whose scores lie near 0 and 1; the effect is larger for people more like the first arm."""

    def draw(rng, n=n):
        data = people(rng, n)
        score = expit(-0.7 + strength * data["x1"] + 0.5 * data["x2"])
        a = rng.random(n) < score
        if events:
            return _in_time(rng, data.assign(a=a.astype(int), score=score), -0.3)
        low, high = (
            expit(-0.6 + 0.5 * data["x1"] + 0.3 * data["x2"] + arm * (0.4 + 0.2 * data["x1"])) for arm in (0, 1)
        )
        y = rng.random(n) < np.where(a, high, low)
        return data.assign(a=a.astype(int), y=y.astype(float), score=score, gain=high - low)

    return draw


def varying_effect(n: int, *, events: bool = False) -> Callable:
    """Return a world in which those who need the first arm more, and get it more, gain more by it."""

    def draw(rng, n=n):
        data = people(rng, n)
        score = expit(-0.9 + 0.9 * data["x1"] + 0.4 * data["x3"])
        a = rng.random(n) < score
        if events:
            return _in_time(rng, data.assign(a=a.astype(int), score=score), -0.2, by_x1=-0.7)
        low, high = (
            expit(-0.4 - 0.4 * data["x1"] + 0.3 * data["x2"] + arm * (0.3 + 0.7 * data["x1"])) for arm in (0, 1)
        )
        y = rng.random(n) < np.where(a, high, low)
        return data.assign(a=a.astype(int), y=y.astype(float), score=score, gain=high - low)

    return draw


def _in_time(rng, data, log_ratio, by_x1=0.0):
    """Add the days to an event, or to censoring after 40 days or more, and what the first arm changes at ``DAY``."""
    n = len(data)
    scale = 90 * np.exp(-0.4 * data["x1"] - 0.2 * data["x2"])
    effects = log_ratio + by_x1 * data["x1"]
    own = scale * np.exp(-data["a"] * effects)
    days, end = np.ceil(rng.exponential(own)), np.ceil(rng.uniform(40, 240, n))
    gain = np.exp(-DAY / (scale * np.exp(-effects))) - np.exp(-DAY / scale)
    return data.assign(time=np.minimum(days, end), event=(days <= end).astype(int), gain=gain)


def truths(draw) -> dict[str, float]:
    """Return the average gain of many people by estimand."""
    many = draw(np.random.default_rng(0), MANY)
    e = many["score"]
    shares = {"ATE": 1 + 0 * e, "ATT": e, "ATO": e * (1 - e)}
    return {name: float((many["gain"] * share).sum() / share.sum()) for name, share in shares.items()}


def the_same(value: float) -> dict[str, float]:
    """Return one truth for every estimand."""
    return dict.fromkeys(("ATE", "ATT", "ATC", "ATO", "ATM"), value)


def worlds() -> dict[str, World]:
    """Return all worlds by name."""
    made = {
        "site preference": World(
            at_sites(20, 1000, tied=0.1, outcome=0.03),
            "20 sites; those that prefer IOP have better outcomes",
            the_same(0.08),
        ),
        "many small sites": World(
            at_sites(40, 800, tied=0.1, outcome=0.03, equal=True), "40 sites of 20 people; as before", the_same(0.08)
        ),
        "8 sites": World(at_sites(8, 1000, outcome=0.1), "8 unequal sites", the_same(0.08)),
        "12 sites": World(at_sites(12, 1000, outcome=0.1), "12 unequal sites", the_same(0.08)),
        "8 sites, effects differ": World(
            at_sites(8, 1000, outcome=0.1, varying=0.08),
            "8 unequal sites between which the effect varies",
            the_same(0.08),
        ),
        "12 sites, effects differ": World(
            at_sites(12, 1000, outcome=0.1, varying=0.08),
            "12 unequal sites between which the effect varies",
            the_same(0.08),
        ),
        "alike": World(at_sites(30, 1000, preference=0.0), "no difference between sites", the_same(0.08)),
    }
    for name, draw, says in (
        ("poor overlap", poor_overlap(1000), "scores near 0 and 1"),
        ("poor overlap, time", poor_overlap(1000, events=True), "scores near 0 and 1; time to an event"),
        ("effect varies", varying_effect(1000), "who gets the first arm gains more by it"),
        ("effect varies, time", varying_effect(1000, events=True), "as before; time to an event"),
    ):
        made[name] = World(draw, says, truths(draw))
    return made
