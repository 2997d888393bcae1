"""What care was made of: each component by arm, with an interval, and how it goes with an outcome."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes import tables
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.linear.robust_glm import fit_robust_glm
from iop_outcomes.study.components import Components
from iop_outcomes.study.view import StudyView
from iop_outcomes.tables.attending import ASSOCIATION, EVERYBODY, MEAN
from iop_outcomes.tables.estimate import REFUSED, SHOWN, WITHHELD

#: Fewer people than this give no interval that one could trust.
FEWEST = 20
#: A level of fewer people than this says nothing in a regression.
FEWEST_OF_A_LEVEL = 20
EXPLORATORY = "exploratory: people and staff decide on it together with what leads to the outcome"
_COMPONENT, _ARM = "component", "arm"
Row = dict[str, Any]


def run(
    study: StudyView, made: dict[str, pd.DataFrame], *, tell: Callable[[str], None], folder: Path
) -> dict[str, pd.DataFrame]:
    """Measure what care was made of: the stage ``components``."""
    asked: Components = study.components
    covariates = made["covariates"].set_index("member_id")
    outcomes = made["outcomes"].set_index("member_id").reindex(covariates.index)
    rows = [row for one in asked.metrics for row in _of_metric(*one, asked, study, outcomes, covariates)]
    tell(f"{len(asked.metrics)} measures of {len(asked.of)} components")
    return {"component": pd.DataFrame(rows).reindex(columns=tables.empty("component").columns)}


def _of_metric(
    component: str, metric: str, asked: Components, study: StudyView, outcomes: pd.DataFrame, covariates: pd.DataFrame
) -> Iterator[Row]:
    own = {"component": component, "metric": metric}
    if metric not in outcomes:
        yield own | _row(MEAN, "", status=REFUSED, reason="this source cannot give it")
        return
    value = outcomes[metric].astype(float)
    arm = covariates["arm"].astype("str")
    site = covariates["cluster"].astype("str") if "cluster" in covariates else None
    groups = {EVERYBODY: pd.Series("", index=value.index)}
    groups |= {name: covariates[name].astype("str") for name in asked.by if name in covariates}
    for group, level in groups.items():
        for (one, of), rows in value.groupby([level, arm], sort=True).groups.items():
            found = _mean(value.loc[rows], None if site is None else site.loc[rows])
            yield own | _row(MEAN, str(of), group=group, level=str(one)) | found
    if asked.outcome is not None:
        yield own | _association(value, asked.outcome, study, outcomes, covariates, site)


def _row(role: str, arm: str, **told: object) -> Row:
    return {"role": role, "arm": arm, "group": EVERYBODY, "level": "", "status": SHOWN, "reason": None, **told}


def _mean(values: pd.Series, site: pd.Series | None) -> Row:
    """Return a mean with its interval, clustered by site where there are several."""
    known = values.dropna()
    found: Row = {"n_people": len(values), "n": len(known)}
    if len(known) < FEWEST:
        return found | {"status": WITHHELD, "reason": f"known of fewer than {FEWEST} people"}
    matrix = model_matrix(pd.DataFrame(index=range(len(known))))
    return found | _fitted(known, matrix, _several(site, known.index), 0)


def _several(site: pd.Series | None, people: pd.Index) -> pd.Series | None:
    """Return the sites of some people, or None where they are all of one."""
    own = None if site is None else site.loc[people]
    return own if own is not None and len(own.unique()) > 1 else None


def _association(
    value: pd.Series,
    outcome: str,
    study: StudyView,
    outcomes: pd.DataFrame,
    covariates: pd.DataFrame,
    site: pd.Series | None,
) -> Row:
    """Return how much an outcome differs, within arms, with one standard deviation more of a component."""
    row = _row(ASSOCIATION, "", outcome=outcome, reason=EXPLORATORY)
    if outcome not in outcomes:
        return row | {"status": REFUSED, "reason": f"this source cannot give the outcome {outcome}"}
    both = value.notna() & outcomes[outcome].notna()
    spread = float(value[both].std())
    row |= {"n_people": len(value), "n": int(both.sum())}
    if both.sum() < FEWEST or not spread > 0:
        return row | {
            "status": WITHHELD,
            "reason": f"both are known of fewer than {FEWEST} people, or it never differs",
        }
    told = _adjusted_for(covariates[both])
    frame = pd.DataFrame({_COMPONENT: (value[both] - value[both].mean()) / spread}).join(told)
    try:
        matrix = model_matrix(frame.reset_index(drop=True), unusable="drop")
        found = _fitted(outcomes.loc[both, outcome], matrix, _several(site, value.index[both]), 1)
    except StudyError as error:
        return row | {"status": REFUSED, "reason": str(error)}
    return row | found


def _adjusted_for(covariates: pd.DataFrame) -> pd.DataFrame:
    """Return arm and covariates, rare levels put together and what is missing as a level of its own."""
    told = {_ARM: covariates["arm"].astype("str")}
    for name in covariates.columns.difference(["arm", "cluster"], sort=False):
        values = covariates[name]
        if pd.api.types.is_numeric_dtype(values):
            told[str(name)] = values.astype(float).fillna(float(values.astype(float).mean()))
            continue
        text = values.astype("str").fillna("missing")
        counts = text.value_counts()
        told[str(name)] = text.where(text.map(counts) >= FEWEST_OF_A_LEVEL, counts.index[0])
    return pd.DataFrame(told, index=covariates.index)


def _fitted(response: pd.Series, matrix: Any, site: pd.Series | None, place: int) -> Row:
    """Return a coefficient of a linear regression with its robust interval."""
    from scipy.special import ndtri, stdtrit

    kind = {"covariance": "HC1"} if site is None else {"covariance": "CR1", "cluster": site.to_numpy()}
    fit = fit_robust_glm(response.to_numpy(float), matrix, family="gaussian", **kind)
    freedom = float(fit.degrees_of_freedom[place])
    half = float(ndtri(0.975) if np.isinf(freedom) else stdtrit(freedom, 0.975)) * float(fit.se[place])
    value = float(fit.coefficients[place])
    return {"value": value, "se": float(fit.se[place]), "ci_low": value - half, "ci_high": value + half}
