"""A comparison from one data frame: its arms under a design, without a study file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.designs.comparison import Comparison, Population, unmatched
from iop_outcomes.designs.frame import Framed, Given, contrast_of, take_frame
from iop_outcomes.designs.judge.diagnostics import preference_score
from iop_outcomes.designs.judge.second_moments import balance_of_population
from iop_outcomes.designs.scores.site_propensity import settled
from iop_outcomes.designs.terms import refuse_without_sites
from iop_outcomes.designs.together import (
    pair_of,
    population_share,
    refuse_other_target,
    score_column,
    target_of,
    weigh_together,
)
from iop_outcomes.kernel.errors import DesignError, counted, did_you_mean
from iop_outcomes.kernel.registry import DESIGN_METHODS, TARGET

#: Design method that answers for an estimand when only the estimand is named.
DESIGN_OF = {
    "ATO": "overlap_weights",
    "ATE": "ate_weights",
    "ATT": "att_weights",
    "ATC": "atc_weights",
    "ATM": "matching_weights",
}

Design = str | pd.DataFrame | None


def compare_frame(
    data: pd.DataFrame,
    *,
    arm: str,
    covariates: Sequence[Given],
    cluster: str | None = None,
    contrast: tuple[object, object] | None = None,
    arms: Sequence[object] | None = None,
    seed: int = 0,
    design: Design = None,
    estimand: str | None = None,
    settings: Mapping[str, object] | None = None,
) -> tuple[Comparison, NDArray[np.intp]]:
    """Return the comparison of two arms of a frame, and the positions in the frame of everybody in its design.

    Where there are more than two arms, one design makes all of them comparable, unless it is one that compares two arms
    by themselves (matching).

    Parameters
    ----------
    data, arm, covariates, cluster, arms
        As in :func:`take_frame`.
    contrast : (first, second), optional
        Needed unless the arms are those of ``KNOWN_ARMS``.
    seed : int
    design : str or DataFrame, optional
        Name of a design method, or a table with the frame's index and a column ``weight``.
    estimand : str, optional
        A key of ``DESIGN_OF``.
    settings : mapping, optional
        Settings of the design method.

    Raises
    ------
    StudyError
        A column, an arm, the design or the estimand does not exist or does not fit.
    """
    framed = take_frame(data, arm=arm, covariates=covariates, cluster=cluster, arms=arms)
    pair = contrast_of(framed.arms, arm, contrast)
    return compare_framed(framed, data.index, pair, seed=seed, design=design, estimand=estimand, settings=settings)


def compare_framed(
    framed: Framed,
    index: pd.Index,
    pair: tuple[object, object],
    *,
    seed: int,
    design: Design,
    estimand: str | None,
    settings: Mapping[str, object] | None,
) -> tuple[Comparison, NDArray[np.intp]]:
    """Return the comparison of two arms of members that are at hand, as :func:`compare_frame`.

    Parameters
    ----------
    framed : Framed
    index : Index
        Of the data frame.
    pair : (first, second)
        From ``contrast_of``.
    seed, design, estimand, settings
        As in :func:`compare_frame`.
    """
    first, second = (str(one) for one in pair)
    settings = dict(settings or {})
    together = weigh_frame(framed, index, design, estimand, settings, pair)
    if together is not None:
        return together.comparison(first, second), framed.rows
    name, estimand = _named(design, estimand)
    framed = framed.of(pair)
    treated = framed.arm == 0
    if isinstance(design, pd.DataFrame):
        members = _given(design, index[framed.rows], framed.covariates.index)
    else:
        method = DESIGN_METHODS[name]
        checked = method.check(settings, f"design '{name}'")
        refuse_other_target(method, checked, (first, second))
        cluster = None if framed.cluster is None else framed.cluster.to_numpy()
        refuse_without_sites(framed.terms, settled(checked, treated, framed.cluster).get("by_site"), method.name)
        members = method(framed.model_frame, treated, cluster, seed, **checked)
    members = members.assign(treated=treated)
    members["preference_score"] = (
        preference_score(members["score"].to_numpy(float), treated) if members["score"].notna().any() else np.nan
    )
    settings = settled(settings, treated, framed.cluster)
    facts = (framed.covariates, framed.cluster, settings, None, framed.settled)
    made = Comparison(name, name, estimand, (first, second), members, *facts)
    return made, framed.rows


@dataclass(frozen=True)
class Together:
    """One design that makes more than two arms of a frame comparable at once.

    Attributes
    ----------
    framed : Framed
    everybody : DataFrame
        As ``designs.together.weigh_together`` gives it.
    target : int or None
        Position of the arm whose people an ATT or ATC speaks for.
    design, estimand : str
    settings : dict
    """

    framed: Framed
    everybody: pd.DataFrame
    target: int | None
    design: str
    estimand: str
    settings: dict

    def comparison(self, first: str, second: str) -> Comparison:
        """Return the contrast of two of the arms, in the population of all."""
        framed, everybody = self.framed, self.everybody
        members = pair_of(everybody, framed.names, first, second)
        column = score_column(framed.names[0])
        scored = everybody[column].notna() if column in everybody else False
        own = everybody[["arm", "weight"]].assign(scored=scored)
        return Comparison(
            self.design,
            self.design,
            self.estimand,
            (first, second),
            members,
            framed.covariates.loc[members.index],
            None if framed.cluster is None else framed.cluster.loc[members.index],
            self.settings,
            Population(framed.names, own, framed.covariates, framed.cluster, self.target, framed.settled),
            framed.settled,
        )

    def table(self, index: pd.Index, pair: tuple[str, str] | None) -> pd.DataFrame:
        """Return the weights by the frame's index, to be handed on as a design."""
        places = dict(enumerate(self.framed.arms))
        made = self.everybody.assign(arm=self.everybody["arm"].map(places))
        scores = [score_column(name) for name in self.framed.names]
        made["score"] = np.nan
        if scores[0] in made:
            made["score"] = made[scores].to_numpy()[np.arange(len(made)), self.framed.arm]
        if pair is not None:
            own = pair_of(self.everybody, self.framed.names, *pair)
            made["treated"] = own["treated"].astype("boolean").reindex(made.index)
            made["preference_score"] = own["preference_score"].reindex(made.index)
        made["matched_set"] = unmatched(made.index)
        made = made.set_axis(index[self.framed.rows])
        target = None if self.target is None else self.framed.names[self.target]
        made.attrs.update(self.everybody.attrs, design=self.design, estimand=self.estimand, target=target)
        return made

    def balance(self, pair: tuple[str, str] | None) -> pd.DataFrame:
        """Return balance of one pair; or of all, and of each arm against the population, with ``contrast`` first."""
        population = population_share(self.everybody, self.framed.names, self.estimand, self.target)
        own = self.everybody[["weight"]].assign(arm=self.framed.arm, scored=False)
        everybody = Population(
            self.framed.names, own, self.framed.covariates, self.framed.cluster, self.target, self.framed.settled
        )
        found = balance_of_population(
            everybody, self.estimand, population=None if pair else population, pairs=[pair] if pair else None
        )
        if not pair:
            found.insert(0, "contrast", found["arm"] + " v " + found["against"])
        return found.drop(columns=["arm", "against"])


def weigh_frame(
    framed: Framed,
    index: pd.Index,
    design: Design,
    estimand: str | None,
    settings: Mapping[str, object],
    pair: tuple | None,
) -> Together | None:
    """Make more than two arms of a frame comparable at once.

    Parameters
    ----------
    framed : Framed
    index : Index
        Of the data frame.
    design, estimand, settings
        As in :func:`compare_frame`.
    pair : tuple or None
        The contrast, whose first or second arm an ATT or ATC speaks for unless the settings name a target.

    Returns
    -------
    Together, or None where two arms are compared by themselves: there are no others, the design matches, or it is a
    table that leaves the others out
    """
    if len(framed.arms) == 2:
        return None
    contrast = None if pair is None else tuple(str(one) for one in pair)
    name, estimand = _named(design, estimand)
    if isinstance(design, pd.DataFrame):
        others = ~np.isin(framed.arm, [] if pair is None else [framed.arms.index(one) for one in pair])
        if not index[framed.rows[others]].isin(design.index).any():
            return None
        everybody, target = _given_together(design, index[framed.rows], framed, estimand, contrast)
    else:
        method = DESIGN_METHODS[name]
        if method.several_arms == "by pairs":
            return None
        checked = method.check(settings, f"design '{name}'")
        target = target_of(method, checked, framed.names, contrast)
        cluster = None if framed.cluster is None else framed.cluster.to_numpy()
        refuse_without_sites(framed.terms, settled(checked, framed.arm, framed.cluster).get("by_site"), method.name)
        everybody = weigh_together(framed.model_frame, framed.arm, framed.names, cluster, method, checked, target)
    return Together(framed, everybody, target, name, estimand, settled(settings, framed.arm, framed.cluster))


def _named(design: Design, estimand: str | None) -> tuple[str, str]:
    """Return the design's name and its estimand."""
    return (
        ("given", _estimand_of(design, estimand)) if isinstance(design, pd.DataFrame) else _method_of(design, estimand)
    )


def _method_of(design: str | None, estimand: str | None) -> tuple[str, str]:
    if design is None:
        if estimand is not None and estimand not in DESIGN_OF:
            raise DesignError(f"there is no estimand '{estimand}'; {did_you_mean(estimand, DESIGN_OF)}")
        design = DESIGN_OF[estimand or "ATO"]
    answers_for = DESIGN_METHODS[design].estimand
    if estimand not in (None, answers_for):
        raise DesignError(
            f"the design '{design}' answers for the {answers_for}, not the {estimand}; "
            "change the estimand or the design"
        )
    return design, answers_for


def _estimand_of(design: pd.DataFrame, estimand: str | None) -> str:
    known = design.attrs.get("estimand", estimand)
    if known is None:
        raise DesignError("this design table does not say for whom it answers; name the estimand")
    if estimand not in (None, known):
        raise DesignError(f"this design table answers for the {known}, not the {estimand}; leave the estimand out")
    return known


def _given(design: pd.DataFrame, wanted: pd.Index, index: pd.Index) -> pd.DataFrame:
    if list(design.columns).count("weight") != 1:
        raise DesignError("a design table needs one column 'weight'; make it with weigh or match")
    if not design.index.is_unique or not wanted.isin(design.index).all():
        raise DesignError(
            f"the design table has {counted(len(design), 'row')} and does not hold each of the {len(wanted):,} members "
            "once by its index; make it from the same data"
        )
    own = design.reindex(wanted).set_axis(index)
    bad = int((~(own["weight"] >= 0) | np.isinf(own["weight"])).sum())
    if bad:
        raise DesignError(
            f"the design table: {counted(bad, 'weight is', 'weights are')} missing, infinite or below zero; "
            "0 is for members who are not used"
        )
    return own.assign(**{name: np.nan for name in ("score", "matched_set") if name not in own.columns})


def _given_together(design, wanted, framed, estimand, contrast) -> tuple[pd.DataFrame, int | None]:
    own = _given(design, wanted, framed.covariates.index)
    scores = [score_column(name) for name in framed.names if score_column(name) in own.columns]
    everybody = own[["weight", *scores]].assign(arm=framed.arm)
    if estimand not in ("ATT", "ATC"):
        return everybody, None
    named = design.attrs.get(TARGET)
    if named is None and contrast is not None:
        named = contrast[0 if estimand == "ATT" else 1]
    if named not in framed.names:
        raise DesignError(
            f"this design table answers for the {estimand} of one arm, which must be one of these and is not; "
            "make it with weigh from the same data"
        )
    return everybody, framed.names.index(named)
