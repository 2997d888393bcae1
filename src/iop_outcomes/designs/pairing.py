"""Design methods that match or subclassify: what a study file may name under ``designs``."""

from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from iop_outcomes.designs.arms import two_arms
from iop_outcomes.designs.pairs import matching
from iop_outcomes.designs.pairs.mahalanobis import mahalanobis_coordinates
from iop_outcomes.designs.pairs.subclass import subclassify
from iop_outcomes.designs.pairs.ties import rounding_of
from iop_outcomes.designs.weighting import NOTES, BySite, Folds, Model, notes_of, score_people
from iop_outcomes.kernel.errors import DesignError, counted, did_you_mean
from iop_outcomes.kernel.registry import design_method

#: Name under ``exact`` for the cluster, which is no covariate.
SITE = "site"
STRATA_NAMED_AT_MOST = 5


@design_method(
    estimand="ATT",
    description="nearest-neighbour matching: the first arm with those most like it",
    several_arms="by pairs",
)
def nearest_match(
    covariates: pd.DataFrame,
    treated,
    cluster,
    seed: int,
    *,
    distance: Literal["logit", "propensity", "mahalanobis"] = "logit",
    caliper: Annotated[float, Field(gt=0)] | None = 0.2,
    ratio: Annotated[int, Field(ge=1)] = 1,
    replace: bool = False,
    exact: list[str] | None = None,
    order: Literal["largest", "smallest", "data"] = "largest",
    model: Model = "logistic",
    by_site: BySite = "no",
    folds: Folds = 5,
) -> pd.DataFrame:
    """Match on the propensity score, its logit, or the Mahalanobis distance of the covariates.

    The caliper is in standard deviations of the score (of its logit unless ``distance`` is ``propensity``), also when
    the distance is Mahalanobis. ``exact`` names covariates, or ``site``, on which pairs must agree. Members of the
    first arm without a match are left out and counted by reason; the contrast holds for those who have one.
    """
    propensity = score_people(covariates, treated, cluster, seed, model=model, by_site=by_site, folds=folds)
    scored = ~np.isnan(propensity.score)
    first, score = two_arms(np.asarray(treated)[scored], "matching"), propensity.score[scored]
    number = score if distance == "propensity" else _logit(score)
    matches = matching.nearest_match(
        first,
        mahalanobis_coordinates(covariates[scored], first) if distance == "mahalanobis" else number,
        caliper=caliper,
        caliper_score=number,
        ratio=ratio,
        replace=replace,
        exact=_exact_labels(covariates, cluster, exact, scored),
        order=order,
        rounding=rounding_of(covariates) if distance == "mahalanobis" else 0.0,
    )
    notes = notes_of(propensity)
    notes += _shortfall_notes(matches.shortfall, int(first.sum()))
    sets = np.zeros(len(first), dtype=int) if matches.matched_set is None else matches.matched_set
    return _frame(covariates, propensity.score, scored, matches.weights, sets, notes)


@design_method(
    estimand="ATT",
    description="subclasses of the propensity score, the second arm weighted to the first",
    several_arms="by pairs",
)
def subclass(
    covariates: pd.DataFrame,
    treated,
    cluster,
    seed: int,
    *,
    subclasses: Annotated[int, Field(ge=2)] = 5,
    model: Model = "logistic",
    by_site: BySite = "no",
    folds: Folds = 5,
) -> pd.DataFrame:
    """Compare within bands of the score at quantiles of the first arm (Rosenbaum & Rubin 1984)."""
    propensity = score_people(covariates, treated, cluster, seed, model=model, by_site=by_site, folds=folds)
    return _subclassified(covariates, treated, propensity, subclasses, "ATT")


@design_method(estimand="ATE", description="subclasses of the propensity score, both arms weighted to everybody")
def subclass_ate(
    covariates: pd.DataFrame,
    treated,
    cluster,
    seed: int,
    *,
    subclasses: Annotated[int, Field(ge=2)] = 5,
    model: Model = "logistic",
    by_site: BySite = "no",
    folds: Folds = 5,
) -> pd.DataFrame:
    """Compare within bands of the score at quantiles of everybody (Rosenbaum & Rubin 1984)."""
    propensity = score_people(covariates, treated, cluster, seed, model=model, by_site=by_site, folds=folds)
    return _subclassified(covariates, treated, propensity, subclasses, "ATE")


def _subclassified(covariates, treated, propensity, subclasses, estimand) -> pd.DataFrame:
    scored = ~np.isnan(propensity.score)
    first, score = two_arms(np.asarray(treated)[scored], "subclasses"), propensity.score[scored]
    found = subclassify(first, score, n_subclasses=subclasses, estimand=estimand)
    notes = notes_of(propensity)
    if len(found.table) < subclasses:
        sentence = f"the score has too few values for {subclasses} subclasses; there are {len(found.table)}."
        notes.append(("subclasses", float(len(found.table)), sentence))
    if found.n_moved:
        sentence = f"{counted(found.n_moved, 'person', 'people')} moved to the next subclass, which lacked their arm."
        notes.append(("moved", found.n_moved / len(covariates), sentence))
    return _frame(covariates, propensity.score, scored, found.weights, found.subclass, notes)


def _logit(score: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(score) - np.log1p(-score)


def _exact_labels(covariates, cluster, names, scored) -> pd.DataFrame | None:
    """Return the columns pairs must agree on; sites come in beside the covariates."""
    if not names:
        return None
    labels = {}
    for name in names:
        if name in covariates:
            labels[name] = covariates[name].to_numpy()[scored]
        elif name == SITE and cluster is not None:
            labels[name] = np.asarray(cluster)[scored]
        elif name == SITE:
            raise DesignError("exact: 'site' needs sites, and this study names none as its cluster.")
        else:
            raise DesignError(f"exact: there is no covariate '{name}'; {did_you_mean(name, [*covariates, SITE])}")
    return pd.DataFrame(labels)


def _shortfall_notes(shortfall: pd.DataFrame, n_first: int) -> list[tuple[str, float, str]]:
    """Say for each reason how many of the first arm got too few matches, and in which strata there was nobody."""
    notes = []
    for reason, rows in shortfall.groupby("reason"):
        n = int(rows["n_people"].sum())
        where = ""
        if reason == matching.NO_CONTROL:
            named = ", ".join(f"'{stratum}'" for stratum in rows["stratum"].head(STRATA_NAMED_AT_MOST))
            more = len(rows) - STRATA_NAMED_AT_MOST
            where = f" ({named}{f' and {more} more' if more > 0 else ''})"
        check = "short_of_matches" if reason == matching.TOO_FEW else "unmatched"
        people = counted(n, "member", "members")
        notes.append((check, n / n_first, f"{people} of {n_first:,} in the first arm: {reason}{where}."))
    return notes


def _frame(covariates, score, scored, weights, sets, notes) -> pd.DataFrame:
    weight, matched_set = np.zeros(len(covariates)), np.zeros(len(covariates), dtype=int)
    weight[scored], matched_set[scored] = weights, sets
    frame = pd.DataFrame({"score": score, "weight": weight}, index=covariates.index)
    labels = pd.Series(matched_set, index=covariates.index).astype("str")
    frame["matched_set"] = labels.where(matched_set > 0).astype("str")
    frame.attrs[NOTES] = notes
    return frame
