"""Design methods that solve for balance itself: entropy balance and covariate-balancing scores."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal

import numpy as np
import pandas as pd

from iop_outcomes.designs.arms import two_arms
from iop_outcomes.designs.scores.balancing_weights import balancing_weights
from iop_outcomes.designs.scores.cbps import balancing_score
from iop_outcomes.designs.scores.cbps_gmm import overidentified_score
from iop_outcomes.designs.scores.entropy import entropy_weights
from iop_outcomes.designs.scores.propensity import covariate_matrix
from iop_outcomes.designs.scores.site_propensity import by_site_of, sites_with_both_arms, with_sites
from iop_outcomes.designs.weighting import BY_SITE, NOTES, frame_of
from iop_outcomes.kernel.errors import DesignError
from iop_outcomes.kernel.plugin import InStudy
from iop_outcomes.kernel.registry import design_method

SiteIntercepts = Annotated[Literal["auto", "no", "intercepts"], InStudy("auto")]
#: Weights the people of a frame whose second argument says who is in the first arm.
Weigh = Callable[[pd.DataFrame, np.ndarray], pd.DataFrame]


@design_method(estimand="ATE", description="entropy balance: both arms given the covariate means of everybody")
def entropy_balance(
    covariates: pd.DataFrame, treated, cluster, seed: int, *, by_site: SiteIntercepts = "no"
) -> pd.DataFrame:
    """Weight both arms, as evenly as can be, to the means of everybody (Hainmueller 2012)."""
    return _balanced(covariates, treated, cluster, by_site, partial(_entropy, estimand="ATE"))


@design_method(estimand="ATT", description="entropy balance: the second arm given the covariate means of the first")
def entropy_balance_att(
    covariates: pd.DataFrame, treated, cluster, seed: int, *, by_site: SiteIntercepts = "no"
) -> pd.DataFrame:
    """Weight the second arm, as evenly as can be, to the means of the first (Hainmueller 2012)."""
    return _balanced(covariates, treated, cluster, by_site, partial(_entropy, estimand="ATT"))


@design_method(estimand="ATE", description="inverse-probability weights from a score made to balance")
def cbps(
    covariates: pd.DataFrame,
    treated,
    cluster,
    seed: int,
    *,
    by_site: SiteIntercepts = "no",
    over_identified: bool = False,
) -> pd.DataFrame:
    """Weight by a covariate-balancing propensity score for everybody (Imai & Ratkovic 2014)."""
    made = partial(_balancing, estimand="ATE", over_identified=over_identified)
    return _balanced(covariates, treated, cluster, by_site, made)


@design_method(estimand="ATT", description="weights of the odds from a score made to balance")
def cbps_att(
    covariates: pd.DataFrame,
    treated,
    cluster,
    seed: int,
    *,
    by_site: SiteIntercepts = "no",
    over_identified: bool = False,
) -> pd.DataFrame:
    """Weight by a covariate-balancing propensity score for people like the first arm (Imai & Ratkovic 2014)."""
    made = partial(_balancing, estimand="ATT", over_identified=over_identified)
    return _balanced(covariates, treated, cluster, by_site, made)


def _balanced(covariates: pd.DataFrame, treated, cluster, by_site: str, make: Weigh) -> pd.DataFrame:
    """Weight by moments, those of sites among them if they are to be balanced and can be."""
    asked, (by_site, sites) = by_site, by_site_of(by_site, two_arms(treated), cluster)
    if by_site == "no":
        frame = make(covariates, treated)
    elif cluster is None:
        raise DesignError(f"by_site: '{by_site}' needs sites, and this study names none as its cluster.")
    else:
        try:
            frame = _among_shared_sites(covariates, treated, cluster, make)
        except DesignError as error:
            if asked != "auto":
                raise
            frame = make(covariates, treated)
            sites = (0.0, f"the sites could not be balanced: {error}")
    if sites is not None:
        frame.attrs[NOTES] = [*frame.attrs[NOTES], (BY_SITE, *sites)]
    return frame


def _among_shared_sites(covariates: pd.DataFrame, treated, cluster, make: Weigh) -> pd.DataFrame:
    usable, left = sites_with_both_arms(two_arms(treated), cluster)
    inside = with_sites(covariates.loc[usable], np.asarray(cluster)[usable])
    made = make(inside, np.asarray(treated)[usable])
    notes = [("left_out", float((~usable).mean()), sentence) for sentence in left] + made.attrs[NOTES]
    score, weights = np.full(len(usable), np.nan), np.zeros(len(usable))
    score[usable], weights[usable] = made["score"], made["weight"]
    return frame_of(covariates, score, weights, notes)


def _entropy(covariates, treated, *, estimand) -> pd.DataFrame:
    matrix, notes = covariate_matrix(covariates)
    weights = entropy_weights(matrix, treated, estimand)
    return frame_of(covariates, np.full(len(covariates), np.nan), weights, _dropped(notes))


def _balancing(covariates, treated, *, estimand, over_identified) -> pd.DataFrame:
    matrix, notes = covariate_matrix(covariates)
    found = (overidentified_score if over_identified else balancing_score)(matrix, treated, estimand)
    weights = balancing_weights(found.score, treated, estimand)
    return frame_of(covariates, found.score, weights, _dropped(notes))


def _dropped(sentences) -> list:
    return [("left_out", np.nan, f"{sentence}.") for sentence in sentences]
