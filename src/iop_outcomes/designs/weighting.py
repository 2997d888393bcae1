"""Design methods that weight: what a study file may name under ``designs``."""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from iop_outcomes.designs.arms import two_arms
from iop_outcomes.designs.comparison import unmatched
from iop_outcomes.designs.scores.balancing_weights import (
    balancing_weights,
    bound_of,
    bounded_score,
    crump_bounds,
    stabilised,
    trim_score,
    truncate_weights,
)
from iop_outcomes.designs.scores.propensity import (
    Propensity,
    boosted_score,
    logistic_score,
    penalised_score,
)
from iop_outcomes.designs.scores.site_propensity import (
    by_site_of,
    settled_site_score,
    site_fixed_score,
    site_stratified_score,
)
from iop_outcomes.kernel.errors import DesignError
from iop_outcomes.kernel.plugin import InStudy
from iop_outcomes.kernel.registry import design_method

Model = Literal["logistic", "firth", "ridge", "lasso", "boosted"]
#: Without sites unless told, and in a study file with them where they can carry it.
BySite = Annotated[Literal["auto", "no", "intercepts", "separately"], InStudy("auto")]
Folds = Annotated[int, Field(ge=2, le=50)]
Trim = Annotated[float, Field(gt=0, lt=0.5)] | Literal["crump"] | None
Truncate = Annotated[float, Field(gt=0.5, lt=1)] | None
#: How near to 0 and 1 a score may come before weights are made of it: as near as it does unless told, and in a study
#: file as near as the number of people allows.
Bound = Annotated[Annotated[float, Field(gt=0, lt=0.5)] | Literal["auto"] | None, InStudy("auto")]


#: Key of a design frame's ``attrs``: rows (check, value, sentence) on what the method did to people or weights.
NOTES = "notes"
#: Check of the row that says how many sites were adjusted for.
BY_SITE = "by_site"


@design_method(
    estimand="ATE",
    description="everybody counts the same: the arms as they are, for contrast",
    several_arms="together",
)
def unweighted(covariates: pd.DataFrame, treated, cluster, seed: int) -> pd.DataFrame:
    """Compare the arms as they are."""
    two_arms(treated)
    return frame_of(covariates, np.full(len(covariates), np.nan), np.ones(len(covariates)), [])


@design_method(
    estimand="ATO",
    description="overlap weights: people who might have been in either arm count most",
    several_arms="together",
)
def overlap_weights(
    covariates: pd.DataFrame,
    treated,
    cluster,
    seed: int,
    *,
    model: Model = "logistic",
    by_site: BySite = "no",
    folds: Folds = 5,
) -> pd.DataFrame:
    """Weight each person by the probability of the other arm (Li, Morgan & Zaslavsky 2018).

    With more than two arms by 1 / sum(1 / e) over the probability of the own arm (Li & Li 2019).
    """
    propensity = score_people(covariates, treated, cluster, seed, model=model, by_site=by_site, folds=folds)
    return _weighted(covariates, treated, propensity, "ATO")


@design_method(
    estimand="ATM",
    description="matching weights: like one-to-one matching, but with everybody",
    several_arms="together",
)
def matching_weights(
    covariates: pd.DataFrame,
    treated,
    cluster,
    seed: int,
    *,
    model: Model = "logistic",
    by_site: BySite = "no",
    folds: Folds = 5,
) -> pd.DataFrame:
    """Weight by the smallest of the arms' probabilities over that of the own arm (Li & Greene 2013)."""
    propensity = score_people(covariates, treated, cluster, seed, model=model, by_site=by_site, folds=folds)
    return _weighted(covariates, treated, propensity, "ATM")


@design_method(
    estimand="ATE", description="inverse-probability weights: everybody as if in either arm", several_arms="together"
)
def ate_weights(
    covariates: pd.DataFrame,
    treated,
    cluster,
    seed: int,
    *,
    model: Model = "logistic",
    by_site: BySite = "no",
    folds: Folds = 5,
    bound: Bound = None,
    stabilise: bool = False,
    trim: Trim = None,
    truncate: Truncate = None,
    truncate_both_ends: bool = False,
) -> pd.DataFrame:
    """Weight by the inverse probability of the own arm.

    ``trim`` leaves out scores below it and above one minus it (``crump``: bounds of least variance), with more than
    two arms whoever has a score below it for some arm; ``truncate`` sets weights beyond that quantile to it. With
    ``bound`` a weight is that of a score no nearer to 0 and 1 (Gruber et al. 2022 for ``auto``), so that nobody stands
    for more people than the sample can bear.
    """
    propensity = score_people(covariates, treated, cluster, seed, model=model, by_site=by_site, folds=folds)
    cuts = {"bound": bound, "trim": trim, "truncate": truncate, "both_ends": truncate_both_ends}
    return _weighted(covariates, treated, propensity, "ATE", stabilise=stabilise, **cuts)


@design_method(
    estimand="ATT", description="weights of the odds: the second arm made like the first", several_arms="together"
)
def att_weights(
    covariates: pd.DataFrame,
    treated,
    cluster,
    seed: int,
    *,
    model: Model = "logistic",
    by_site: BySite = "no",
    folds: Folds = 5,
    bound: Bound = None,
    trim: Trim = None,
    truncate: Truncate = None,
    truncate_both_ends: bool = False,
    target: str | None = None,
) -> pd.DataFrame:
    """Leave the first arm as it is and weight the second by the odds of the first. Cuts as in ``ate_weights``.

    With more than two arms all are weighted to the people of one, the ``target``: the first of the contrast, or of the
    study, unless named.
    """
    propensity = score_people(covariates, treated, cluster, seed, model=model, by_site=by_site, folds=folds)
    cuts = {"bound": bound, "trim": trim, "truncate": truncate, "both_ends": truncate_both_ends}
    return _weighted(covariates, treated, propensity, "ATT", **cuts)


@design_method(
    estimand="ATC", description="weights of the odds: the first arm made like the second", several_arms="together"
)
def atc_weights(
    covariates: pd.DataFrame,
    treated,
    cluster,
    seed: int,
    *,
    model: Model = "logistic",
    by_site: BySite = "no",
    folds: Folds = 5,
    bound: Bound = None,
    trim: Trim = None,
    truncate: Truncate = None,
    truncate_both_ends: bool = False,
    target: str | None = None,
) -> pd.DataFrame:
    """Leave the second arm as it is and weight the first by the odds of the second. Cuts as in ``ate_weights``.

    With more than two arms all are weighted to the people of one, the ``target``: the second of the contrast, or of the
    study, unless named.
    """
    propensity = score_people(covariates, treated, cluster, seed, model=model, by_site=by_site, folds=folds)
    cuts = {"bound": bound, "trim": trim, "truncate": truncate, "both_ends": truncate_both_ends}
    return _weighted(covariates, treated, propensity, "ATC", **cuts)


def score_people(
    covariates: pd.DataFrame, treated, cluster, seed: int, *, model: str = "logistic", by_site: str = "no", folds=5
) -> Propensity:
    """Return propensity scores by the model a study names.

    Parameters
    ----------
    covariates : DataFrame of n rows
    treated : array_like of shape (n,)
    cluster : array_like of shape (n,) or None
        Site; needed for ``by_site``, and keeps folds whole.
    seed : int
    model : {"logistic", "firth", "ridge", "lasso", "boosted"}
        The last three choose their penalty, or are fitted, in folds.
    by_site : {"auto", "no", "intercepts", "separately"}
        Whether sites get intercepts or models of their own; with ``logistic`` or ``firth``. For ``auto`` see
        :func:`iop_outcomes.designs.scores.site_propensity.by_site_of`.
    folds : int

    Raises
    ------
    DesignError
        Settings that do not go together, or covariates the model cannot carry.
    """
    asked, (by_site, sites) = by_site, by_site_of(by_site, two_arms(treated), cluster, model)
    if by_site != "no":
        if cluster is None:
            raise DesignError(f"by_site: '{by_site}' needs sites, and this study names none as its cluster.")
        if model not in ("logistic", "firth"):
            raise DesignError(f"by_site: '{by_site}' goes with the models logistic and firth, not with {model}.")
        site_score = site_fixed_score if by_site == "intercepts" else site_stratified_score
        site_score = settled_site_score if asked == "auto" else site_score
        made = site_score(covariates, treated, cluster, penalty="firth" if model == "firth" else None)
    elif model in ("logistic", "firth"):
        made = logistic_score(covariates, treated, penalty="firth" if model == "firth" else None)
    elif model == "boosted":
        made = boosted_score(covariates, treated, cluster=cluster, folds=folds, seed=seed)
    else:
        made = penalised_score(covariates, treated, kind=model, cluster=cluster, folds=folds, seed=seed)
    return replace(made, sites=sites)


def notes_of(propensity: Propensity) -> list[tuple[str, float, str]]:
    """Return what there is to say of how scores were made: whom they left out, and which sites they know."""
    scored = ~np.isnan(propensity.score)
    left_out = np.nan if scored.all() else float((~scored).mean())
    notes = [("left_out", left_out, f"{sentence.rstrip('.')}.") for sentence in propensity.notes]
    return notes if propensity.sites is None else [*notes, (BY_SITE, *propensity.sites)]


def _weighted(
    covariates, treated, propensity, estimand, *, bound=None, stabilise=False, trim=None, truncate=None, both_ends=False
) -> pd.DataFrame:
    """Weight whoever has a score, cut as asked, and say what was cut."""
    scored = ~np.isnan(propensity.score)
    first, score = two_arms(np.asarray(treated)[scored]), propensity.score[scored]
    notes = notes_of(propensity)
    weights = balancing_weights(bounded_score(score, estimand, bound_of(bound, len(score))), first, estimand)
    if stabilise:
        weights = stabilised(weights, first)
    if trim is not None:
        low, high = crump_bounds(score) if trim == "crump" else (trim, 1 - trim)
        cut = trim_score(weights, score, first, low=low, high=high)
        weights = cut.weights
        notes.append(("trimmed", _share(cut), f"people with scores below {low:.3g} or above {high:.3g} were left out."))
    if truncate is not None:
        kept = weights > 0
        cut = truncate_weights(weights[kept], first[kept], quantile=truncate, both_ends=both_ends)
        weights[kept] = cut.weights
        ends = f"below {cut.low:.3g} or above {cut.high:.3g}" if both_ends else f"above {cut.high:.3g}"
        notes.append(("truncated", _share(cut), f"weights {ends} were set to that limit."))
    everybody = np.zeros(len(covariates))
    everybody[scored] = weights
    return frame_of(covariates, propensity.score, everybody, notes)


def _share(cut) -> float:
    return float(cut.counts[["n_below", "n_above"]].to_numpy().sum() / cut.counts["n"].sum())


def frame_of(covariates: pd.DataFrame, score, weights, notes: list) -> pd.DataFrame:
    """Return the frame of a design method that weights, with what it has to say in its ``attrs``."""
    frame = pd.DataFrame({"score": score, "weight": weights}, index=covariates.index)
    frame["matched_set"] = unmatched(covariates.index)
    frame.attrs[NOTES] = notes
    return frame
