"""One call for analysts: do people differ in what the first arm does for them? Exploratory."""

from collections.abc import Sequence

import pandas as pd

from iop_outcomes.designs.by_frame import compare_frame
from iop_outcomes.designs.frame import Given, listed_terms, refuse_as_covariates, refuse_unknown
from iop_outcomes.estimates.effects_by_person import effects_by_person
from iop_outcomes.estimates.heterogeneity import Heterogeneity, heterogeneity
from iop_outcomes.estimates.nuisance.cross_fitting import Learner
from iop_outcomes.estimates.question import Question
from iop_outcomes.estimates.sample import take_sample


def explore_heterogeneity(
    data: pd.DataFrame,
    *,
    outcome: str,
    arm: str,
    covariates: Sequence[Given],
    cluster: str | None = None,
    contrast: tuple[object, object] | None = None,
    arms: Sequence[object] | None = None,
    folds: int = 5,
    learner: Learner = "regression",
    groups: int = 3,
    seed: int = 0,
) -> Heterogeneity:
    """Learn from covariates for whom the first arm does more, and hold that against people it was not learned from.

    Exploratory: it may say where to look next and confirms nothing, and no verdict rests on it. Effects are of those
    who might have been in either arm (overlap weights).

    Parameters
    ----------
    data, outcome, arm, covariates, cluster, contrast, arms, seed
        As in ``iop_outcomes.estimate``.
    folds : int
        Three or more.
    learner : {"regression", "boosting"}
    groups : int
        Into which people are ranked by their predicted effect.

    Returns
    -------
    Heterogeneity

    Raises
    ------
    StudyError
        A column cannot be used, or there are too few people or clusters for the folds.

    References
    ----------
    As in ``effects_by_person`` and ``heterogeneity``.
    """
    names = listed_terms(covariates)
    refuse_unknown(data, [outcome])
    refuse_as_covariates(names, outcome, "the outcome")
    comparison, kept = compare_frame(
        data,
        arm=arm,
        covariates=names,
        cluster=cluster,
        contrast=contrast,
        arms=arms,
        seed=seed,
        design="overlap_weights",
        estimand=None,
        settings=None,
    )
    rows = data.iloc[kept].set_axis(comparison.population.members.index)
    sample = take_sample(Question(rows, outcome, seed=seed), comparison)
    effects = effects_by_person(sample, folds=folds, learner=learner, seed=seed)
    return heterogeneity(effects, groups=groups, cluster=sample.comparison.cluster)
