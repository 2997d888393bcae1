"""Who is in nested trials: by week, as different people, how alike, and as a naive comparison would have it."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.designs.judge.balance import balance
from iop_outcomes.participation.nested_trials import NestedTrials
from iop_outcomes.stats.linear.sandwich import influence_covariance

CHANGED, STAYED = "changed", "stayed"
LABEL = "biased: who changed had to be followed long enough to do so, and was sicker or better when they did"


def by_trial(trials: NestedTrials, at_start: NDArray[np.float64]) -> pd.DataFrame:
    """Return who is in the trial of each week."""
    trial, _, row = trials.followed
    had = np.bincount(trial, trials.weeks.event[row], len(trials.begun)) > 0
    number = trials.weeks.week[trials.begun] - trials.first
    size = trials.last - trials.first + 1

    def counted(rows: NDArray[np.bool_]) -> NDArray[np.intp]:
        return np.bincount(number[rows], minlength=size)

    stayed = ~trials.starts
    first, second = (np.bincount(number[stayed], at_start[stayed] ** power, size) for power in (1, 2))
    largest = np.zeros(size)
    np.maximum.at(largest, number[stayed], at_start[stayed])
    return pd.DataFrame(
        {
            "week": trials.first + np.arange(size),
            "n_changed": counted(trials.starts),
            "n_stayed": counted(stayed),
            "events_changed": counted(trials.starts & had),
            "events_stayed": counted(stayed & had),
            "max_weight": largest,
            "ess_stayed": np.divide(first**2, second, out=np.zeros(size), where=second > 0),
        }
    )


def different_people(trials: NestedTrials, at_start: NDArray[np.float64]) -> pd.DataFrame:
    """Return how many different people were in each arm."""
    weeks, (trial, _, row) = trials.weeks, trials.followed
    had = np.bincount(trial, weeks.event[row], len(trials.begun)) > 0
    person, rows = weeks.person[trials.begun], []
    for arm, own in ((CHANGED, trials.starts), (STAYED, ~trials.starts)):
        weight = np.bincount(person[own], at_start[own], weeks.n_people)
        n_events = len(np.unique(person[own & had]))
        ess = float(weight.sum() ** 2 / (weight**2).sum())
        rows.append({"arm": arm, "n": len(np.unique(person[own])), "n_events": n_events, "ess": ess})
    return pd.DataFrame(rows)


def balance_of(trials: NestedTrials, at_start: NDArray[np.float64], estimand: str) -> pd.DataFrame:
    """Return how alike who changed and who stayed are, before and after weighting."""
    covariates = trials.weeks.covariates.iloc[trials.begun].reset_index(drop=True)
    if not len(covariates.columns):
        return pd.DataFrame()
    return balance(covariates, trials.starts, at_start, estimand=estimand)


def ever_against_never(trials: NestedTrials, level: float) -> pd.DataFrame:
    """Return what people who ever changed would be said to differ by from those who never did."""
    from scipy.special import stdtrit

    weeks = trials.weeks
    ever, had = (np.bincount(weeks.person, values, weeks.n_people) > 0 for values in (trials.changed, weeks.event))
    risks = [had[group].mean() for group in (ever, ~ever)]
    influence = ever * (had - risks[0]) / ever.sum() - ~ever * (had - risks[1]) / (~ever).sum()
    covariance = influence_covariance(influence, cluster=weeks.cluster)
    se = float(covariance.se[0])
    half = stdtrit(covariance.degrees_of_freedom, (1 + level) / 2) * se
    difference = risks[0] - risks[1]
    row = {"label": LABEL, "n_changed": int(ever.sum()), "n_stayed": int((~ever).sum())}
    row |= {"risk_changed": risks[0], "risk_stayed": risks[1], "risk_difference": difference}
    return pd.DataFrame([row | {"se": se, "ci_low": difference - half, "ci_high": difference + half}])
