"""Does adjusting for the recorded covariates recover the truth? A check of the simulator, not of the estimators.

So it uses none of the project's estimators: a logistic propensity by Newton's method, overlap weights, and a linear
outcome model per arm for the augmented (doubly robust) estimate.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.special import expit

from iop_outcomes.simulate.calibration import outcomes
from iop_outcomes.simulate.people import People
from iop_outcomes.simulate.settings import Settings
from iop_outcomes.simulate.truth import tilt
from iop_outcomes.simulate.world import World, simulate

COVARIATES = (
    "age_band",
    "sex",
    "primary_substance",
    "use_days_at_baseline",
    "prior_episodes",
    "employment",
    "housing",
    "referral",
    "psychiatric_comorbidity",
)


def estimation_errors(settings: Settings, seeds: Iterable[int]) -> pd.DataFrame:
    """Return, per seed and outcome, how far three estimates are from the truth.

    Returns
    -------
    pandas.DataFrame
        ``seed``, ``outcome``, ``truth`` (overlap population, true propensity), and the errors ``unadjusted``,
        ``weighted`` (overlap weights) and ``augmented``, in percentage points.
    """
    return pd.concat([_errors(simulate(settings, seed)) for seed in seeds], ignore_index=True)


def summarised(errors: pd.DataFrame) -> pd.DataFrame:
    """Return by outcome the mean truth, and mean and Monte-Carlo standard error of each kind of error."""
    by_outcome = errors.drop(columns="seed").groupby("outcome", sort=False)
    mean, standard_error = by_outcome.mean(), by_outcome.sem()
    return mean.join(standard_error.drop(columns="truth"), rsuffix="_se")


def design_matrix(people: People) -> np.ndarray:
    """Return intercept, indicator columns of the recorded levels, and numbers with their missing indicator."""
    columns = [np.ones(len(people.age))]
    for name in COVARIATES:
        values = people.recorded[name]
        if isinstance(values.dtype, pd.CategoricalDtype):
            codes = values.cat.codes.to_numpy()
            columns += [codes == code for code in np.unique(codes)[1:]]
        else:
            columns += [values.fillna(values.median()), values.isna()]
    return np.column_stack(columns).astype(float)


def fit_logistic(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return fitted probabilities of a logistic regression, by ten Newton steps."""
    beta = np.zeros(x.shape[1])
    for _ in range(10):
        fitted = expit(x @ beta)
        beta += np.linalg.solve((x.T * (fitted * (1 - fitted))) @ x, x.T @ (y - fitted))
    return expit(x @ beta)


def _errors(world: World) -> pd.DataFrame:
    iop, x = world.people.iop, design_matrix(world.people)
    score = fit_logistic(x, iop)
    overlap = score * (1 - score)
    seen = outcomes(world.tables())
    truth = outcomes(world.tables("iop")) - outcomes(world.tables("outpatient"))
    population = tilt(world.propensity)["ATO"].to_numpy()
    rows = []
    for name in seen:
        y = seen[name].to_numpy()
        true = np.average(truth[name], weights=population)
        weighted = np.average(y[iop], weights=1 - score[iop]) - np.average(y[~iop], weights=score[~iop])
        first, second = (x @ _least_squares(x[arm], y[arm]) for arm in (iop, ~iop))
        residual = np.where(iop, (y - first) / score, -(y - second) / (1 - score))
        augmented = np.average(first - second + residual, weights=overlap)
        estimates = np.array([y[iop].mean() - y[~iop].mean(), weighted, augmented])
        rows.append((world.seed, name, 100 * true, *(100 * (estimates - true))))
    return pd.DataFrame(rows, columns=["seed", "outcome", "truth", "unadjusted", "weighted", "augmented"])


def _least_squares(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    # The minimum-norm solution, since a rare level may be absent from one arm.
    return np.linalg.lstsq(x.T @ x, x.T @ y, rcond=None)[0]
