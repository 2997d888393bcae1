"""Who they are and which arm they choose: sites, people, baseline covariates, the propensity and the choice."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from iop_outcomes.simulate.covariates import CATEGORIES, NUMBERS, SOMETIMES_MISSING
from iop_outcomes.simulate.draws import Draws
from iop_outcomes.simulate.settings import Settings

#: Log-odds of IOP for somebody at the reference of everything.
CHOICE_INTERCEPT = -2.42
#: Spread between sites, in log-odds of IOP and in severity. They are independent, so that sites alone do not confound.
SITE_CHOICE_SD, SITE_SEVERITY_SD = 0.4, 0.15
#: Severity of the average person before centring.
SEVERITY_CENTRE = 0.95
#: Spread of severity between people that no covariate explains and that plays no part in the choice.
FRAILTY_SD = 0.6

OPIOIDS = ("heroin", "other opioids")
PREVALENCE = {
    "sex": (0.358, 0.642),
    "primary_substance": (0.328, 0.118, 0.062, 0.130, 0.246, 0.082, 0.034),
    "education": (0.30, 0.45, 0.25),
    "payer": (0.35, 0.20, 0.25, 0.20),
    "stepped_down_from": (0.86, 0.08, 0.03, 0.02, 0.01),
}
RACE_ETHNICITY = {"White": 0.60, "Black": 0.20, "Hispanic": 0.15, "other": 0.05}


@dataclass(frozen=True)
class People:
    """One element per person; a person's number is also their episode's.

    Attributes
    ----------
    site : ndarray of int
    age : ndarray of int
        Years.
    true : pandas.DataFrame
        Baseline covariates as they are; ``recorded`` as the programme has them, with missing values.
    propensity : ndarray of float
        True probability of assignment to IOP, given all that decides it.
    iop : ndarray of bool
        The arm chosen.
    severity : ndarray of float
        What covariates, site and person add up to; drives use, dropout and missing tests.
    """

    site: np.ndarray
    age: np.ndarray
    true: pd.DataFrame
    recorded: pd.DataFrame
    propensity: np.ndarray
    iop: np.ndarray
    severity: np.ndarray


def make_people(settings: Settings, seed: int) -> People:
    """Draw people and let them choose their arm.

    Parameters
    ----------
    settings : Settings
    seed : int
    """
    draws = Draws(seed, settings.n_people)
    sites = Draws(seed, settings.n_sites)
    site = (draws.uniform("site") * settings.n_sites).astype(int)
    age = _age(draws)
    true = _covariates(draws, age)
    recorded = _with_missing(true, draws, settings.missing_covariates)
    unmeasured = settings.unmeasured_confounding * draws.normal("unmeasured trait")
    preference = (
        CHOICE_INTERCEPT
        + settings.confounding * _total(recorded, "choice")
        + SITE_CHOICE_SD * sites.normal("site choice")[site]
        + unmeasured
    )
    propensity = expit(preference)
    severity = (
        _total(true, "severity")
        - SEVERITY_CENTRE
        + SITE_SEVERITY_SD * sites.normal("site severity")[site]
        + FRAILTY_SD * draws.normal("frailty")
        + unmeasured
    )
    return People(site, age, true, recorded, propensity, draws.uniform("choice") < propensity, severity)


def _age(draws: Draws) -> np.ndarray:
    adult = 18 + np.clip(18 + 12 * draws.normal("age"), 0, 60)
    minor = 14 + 4 * draws.uniform("age of a minor")
    return np.where(draws.uniform("minor") < 0.015, minor, adult).astype(int)


def _covariates(draws: Draws, age: np.ndarray) -> pd.DataFrame:
    """Draw covariates that hang together through a trait: those who use more have had more care and fewer means."""
    trait = draws.normal("trait")
    weight = np.exp(0.5 * trait)[:, None]
    code = {name: draws.pick(name, np.array(shares)) for name, shares in PREVALENCE.items()}
    code["age_band"] = np.searchsorted([18, 25, 35, 45, 55], age, side="right")
    ones = np.ones_like(weight)
    code["employment"] = draws.pick("employment", np.hstack([0.185 * ones, 0.075 * ones, 0.40 * weight, 0.34 * ones]))
    code["housing"] = draws.pick("housing", np.hstack([0.66 * ones, 0.165 * weight, 0.155 * weight]))
    code["referral"] = draws.pick("referral", np.hstack([0.46 * ones, 0.235 / weight, 0.155 * weight, 0.12 * ones]))
    code["psychiatric_comorbidity"] = draws.pick("psychiatric_comorbidity", np.hstack([0.55 * ones, 0.43 * weight]))
    frame = pd.DataFrame(
        {name: pd.Categorical.from_codes(code[name], levels.names) for name, levels in CATEGORIES.items()}
    )
    frame["use_days_at_baseline"] = _use_days(trait, draws.normal("use days"))
    frame["earlier_use_days"] = _use_days(0.8 * trait + 0.2, draws.normal("earlier use days"))
    frame["prior_episodes"] = np.minimum(draws.poisson("prior episodes", 0.90 * np.exp(0.4 * trait)), 5).astype(float)
    opioid = frame["primary_substance"].isin(OPIOIDS).to_numpy()
    medicated = opioid & (draws.uniform("opioid medication") < 0.35)
    frame["opioid_medication"] = pd.Categorical.from_codes(medicated.astype(int), ["no", "yes"])
    frame["substance_use_diagnosis"] = draws.uniform("diagnosis") < 0.975
    return frame


def _use_days(trait: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Return days of use out of 30; nearly a quarter have none, as in TEDS."""
    tendency = trait + noise
    days = np.round(30 * expit(-0.4 + 1.1 * tendency))
    return np.where(tendency < -0.9, 0.0, np.clip(days, 1, 30))


def _with_missing(true: pd.DataFrame, draws: Draws, share: float) -> pd.DataFrame:
    missing = draws.uniform("missing covariates", len(SOMETIMES_MISSING)) < share
    masks = dict(zip(SOMETIMES_MISSING, missing.T, strict=True))
    return true.assign(**{name: true[name].mask(mask) for name, mask in masks.items()})


def _total(frame: pd.DataFrame, part: str) -> np.ndarray:
    """Return the sum of what all covariates add to the choice or to severity."""
    categories = sum(levels.effect(part, frame[name].cat.codes) for name, levels in CATEGORIES.items())
    return categories + sum(slope.effect(part, frame[name].to_numpy()) for name, slope in NUMBERS.items())
