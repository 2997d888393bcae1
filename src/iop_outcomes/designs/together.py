"""One design for more than two arms, so that every contrast between them speaks of the same people."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.designs.comparison import unmatched
from iop_outcomes.designs.judge.diagnostics import preference_score
from iop_outcomes.designs.scores.balancing_weights import bound_of, truncate_within
from iop_outcomes.designs.scores.generalised import generalised_tilt, generalised_weights, multinomial_score
from iop_outcomes.designs.scores.site_propensity import by_site_of, with_sites
from iop_outcomes.designs.weighting import BY_SITE, NOTES
from iop_outcomes.kernel.errors import DesignError, counted, did_you_mean
from iop_outcomes.kernel.registry import TARGET, DesignMethod


def target_of(method: DesignMethod, settings: Mapping[str, object], arms: Sequence[str], contrast=None) -> int | None:
    """Return the position of the arm whose people the design speaks for, or None where it speaks for all arms alike.

    The arm the settings name; otherwise the first arm of the contrast for the ATT, the second for the ATC.

    Parameters
    ----------
    method : DesignMethod
    settings : mapping
    arms : sequence of str
    contrast : (str, str), optional

    Raises
    ------
    DesignError
        The arm named is none of these, or an arm must be named.
    """
    if method.estimand not in ("ATT", "ATC"):
        return None
    named = settings.get(TARGET)
    if named is None:
        if contrast is None:
            raise DesignError(
                f"design '{method.name}': it speaks for the people of one arm; name it by {TARGET}, or by the contrast"
            )
        named = contrast[0 if method.estimand == "ATT" else 1]
    if str(named) not in arms:
        raise DesignError(f"{TARGET}: there is no arm '{named}'; {did_you_mean(str(named), arms)}")
    return list(arms).index(str(named))


def refuse_other_target(method: DesignMethod, settings: Mapping[str, object], contrast: tuple[str, str]) -> None:
    """Raise if two arms compared by themselves are to speak for the people of another arm than they do."""
    named = settings.get(TARGET)
    if named is None:
        return
    speaks_for = contrast[0 if method.estimand == "ATT" else 1]
    if str(named) != speaks_for:
        raise DesignError(
            f"{TARGET}: '{contrast[0]}' and '{contrast[1]}' by themselves speak for the people of '{speaks_for}' under "
            f"the design '{method.name}', not for those of '{named}'; leave the target out, or compare all arms at once"
        )


def weigh_together(
    covariates: pd.DataFrame,
    arm: NDArray[np.intp],
    arms: Sequence[str],
    cluster,
    method: DesignMethod,
    settings: Mapping[str, object],
    target: int | None = None,
) -> pd.DataFrame:
    """Weight all arms to one population, by a multinomial logistic score.

    Parameters
    ----------
    covariates : DataFrame of n rows
    arm : ndarray of int, shape (n,)
        Position in ``arms``.
    arms : sequence of str
    cluster : array_like of shape (n,) or None
    method : DesignMethod
        A design method that can make several arms comparable together.
    settings : mapping
        Its checked settings.
    target : int, optional
        From :func:`target_of`.

    Returns
    -------
    DataFrame
        By the index of ``covariates``: ``arm``, ``weight`` (0 = not used) and, unless the method has no score, the
        probability of each arm as ``score[<arm>]``, missing for members of sites left out.

    Raises
    ------
    DesignError
        The method or a setting is for two arms, an arm is empty, or covariates decide an arm.
    """
    _refuse_for_two_arms(method, settings, len(arms))
    frame = pd.DataFrame({"arm": arm, "weight": 1.0}, index=covariates.index)
    if "model" not in settings:
        frame.attrs[NOTES] = []
        return frame
    by_site, sites = by_site_of(str(settings["by_site"]), arm, cluster)
    inside, notes = _usable_sites(arm, len(arms), cluster, by_site)
    try:
        known = covariates.loc[inside]
        known = with_sites(known, np.asarray(cluster)[inside]) if by_site == "intercepts" else known
        score = multinomial_score(known, arm[inside], tuple(arms))
    except DesignError as error:
        if sites is None or by_site == "no":
            raise
        score, inside = multinomial_score(covariates, arm, tuple(arms)), np.ones(len(arm), dtype=bool)
        notes, sites = (), (0.0, f"the score knows no sites, since with them it has no solution: {error}")
    left_out = np.nan if inside.all() else float((~inside).mean())
    notes = [("left_out", left_out, f"{sentence.rstrip('.')}.") for sentence in (*notes, *score.notes)]
    notes += [] if sites is None else [(BY_SITE, *sites)]
    weights, cuts = _cut_weights(score.values, arm[inside], arms, method.estimand, target, settings)
    frame["weight"] = np.zeros(len(frame))
    frame.loc[inside, "weight"] = weights
    for position, name in enumerate(arms):
        frame[score_column(name)] = np.nan
        frame.loc[inside, score_column(name)] = score.values[:, position]
    frame.attrs[NOTES] = notes + cuts
    return frame


def score_column(arm: str) -> str:
    """Return the name of the column that holds the probability of an arm."""
    return f"score[{arm}]"


def pair_of(everybody: pd.DataFrame, arms: Sequence[str], first: str, second: str) -> pd.DataFrame:
    """Return the members of two arms with their weights of the whole design.

    Parameters
    ----------
    everybody : DataFrame
        From :func:`weigh_together`.
    arms : sequence of str
        All arms of the design.
    first, second : str

    Returns
    -------
    DataFrame
        ``treated``, ``score`` (probability of the first arm for someone in one of the two), ``preference_score``,
        ``weight``, ``matched_set`` (missing).
    """
    places = [list(arms).index(first), list(arms).index(second)]
    own = everybody[everybody["arm"].isin(places)]
    treated = (own["arm"] == places[0]).to_numpy()
    members = pd.DataFrame({"score": np.nan, "weight": own["weight"], "treated": treated}, index=own.index)
    members["preference_score"] = np.nan
    if score_column(first) in own:
        one, other = own[score_column(first)], own[score_column(second)]
        members["score"] = one / (one + other)
        members["preference_score"] = preference_score(members["score"].to_numpy(float), treated)
    members["matched_set"] = unmatched(own.index)
    members.attrs[NOTES] = everybody.attrs.get(NOTES, [])
    return members


def population_share(
    everybody: pd.DataFrame, arms: Sequence[str], estimand: str, target: int | None
) -> NDArray[np.float64] | None:
    """Return how much each member counts in the population that all contrasts speak of.

    Parameters
    ----------
    everybody : DataFrame
        From :func:`weigh_together`.
    arms : sequence of str
    estimand : str
    target : int or None

    Returns
    -------
    ndarray of shape (n,), or None where a score defines the population and there is none
    """
    used = (everybody["weight"] > 0).to_numpy(float)
    if estimand == "ATE":
        return used
    if estimand in ("ATT", "ATC"):
        return used * (everybody["arm"] == target).to_numpy()
    columns = [score_column(name) for name in arms]
    if not set(columns) <= set(everybody.columns):
        return None
    scores = everybody[columns].to_numpy(float)
    h, _ = generalised_tilt(np.where(np.isnan(scores), 1 / len(columns), scores), estimand, target)
    return h * used


def _refuse_for_two_arms(method: DesignMethod, settings: Mapping[str, object], n_arms: int) -> None:
    place = f"design '{method.name}'"
    if method.several_arms != "together":
        raise DesignError(f"{place}: it makes two arms comparable and there are {n_arms}; restrict it to two by arms")
    if settings.get("model", "logistic") != "logistic":
        raise DesignError(
            f"{place}: with {n_arms} arms the score is a multinomial logistic regression and not "
            f"'{settings['model']}'; leave the model out, or restrict the design to two by arms"
        )
    if settings.get("by_site") == "separately":
        raise DesignError(
            f"{place}: with {n_arms} arms sites cannot have models of their own; use by_site: intercepts, or "
            "restrict the design to two by arms"
        )
    if settings.get("trim") == "crump":
        raise DesignError(
            f"{place}: Crump's bounds are for two arms; give trim a number, or restrict the design to two by arms"
        )


def _usable_sites(arm, n_arms, cluster, by_site) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    everybody = np.ones(len(arm), dtype=bool)
    if by_site == "no":
        return everybody, ()
    if cluster is None:
        raise DesignError(f"by_site: '{by_site}' needs sites, and this study names none as its cluster.")
    site = pd.Series(np.asarray(cluster))
    if site.isna().any():
        raise DesignError(f"site: missing for {counted(int(site.isna().sum()), 'member')}; give them a site.")
    found = pd.Series(arm).groupby(site, observed=True).nunique()
    lacking = found.index[found < n_arms]
    inside = ~site.isin(lacking).to_numpy()
    if not inside.any():
        raise DesignError(f"site: none of {counted(len(found), 'site')} has all {n_arms} arms; compare across sites.")
    return inside, (f"{counted(len(lacking), 'site')} that lack an arm left out",) if len(lacking) else ()


def _cut_weights(scores, arm, arms, estimand, target, settings):
    """Weight, and cut as asked; with what was cut, in sentences."""
    weights, _ = generalised_weights(scores, arm, estimand, target)
    bound, own, notes = bound_of(settings.get("bound"), len(arm)), scores[np.arange(len(arm)), arm], []
    beyond = (own < bound) & (estimand == "ATE" or arm != target)
    if beyond.any():
        weights = np.where(beyond, weights * own / bound, weights)
        sentence = (
            f"some people had a score of their own arm below {bound:.2g}, and their weights are made with {bound:.2g}: "
            "the answer speaks less of people like them."
        )
        notes.append(("extreme_scores", float(beyond.mean()), sentence))
    if settings.get("stabilise"):
        weights = weights * np.bincount(arm, minlength=len(arms))[arm] / len(arm)
    trim, truncate = settings.get("trim"), settings.get("truncate")
    if trim is not None:
        outside = scores.min(axis=1) < trim
        for position, name in enumerate(arms):
            if outside[arm == position].all():
                raise DesignError(
                    f"weights: nobody of '{name}' has scores of at least {trim:g} for all {len(arms)} arms; the arms "
                    "do not overlap there."
                )
        weights = np.where(outside, 0.0, weights)
        sentence = f"people with a score below {trim:.3g} for some arm were left out."
        notes.append(("trimmed", float(outside.mean()), sentence))
    if truncate is not None:
        kept = weights > 0
        within = {name: arm[kept] == position for position, name in enumerate(arms)}
        cut = truncate_within(weights[kept], within, quantile=truncate, both_ends=settings["truncate_both_ends"])
        weights[kept] = cut.weights
        share = float(cut.counts[["n_below", "n_above"]].to_numpy().sum() / cut.counts["n"].sum())
        ends = f"below {cut.low:.3g} or above {cut.high:.3g}" if np.isfinite(cut.low) else f"above {cut.high:.3g}"
        notes.append(("truncated", share, f"weights {ends} were set to that limit."))
    return weights, notes
