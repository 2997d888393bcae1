"""One call for analysts: the difference of two arms in the people of each level of some modifiers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.designs.by_frame import Design, compare_frame
from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.frame import Given, listed, listed_terms, refuse_as_covariates, refuse_unknown
from iop_outcomes.designs.judge.balance import balance
from iop_outcomes.designs.scores.balancing_weights import effective_sample_size
from iop_outcomes.estimates.answer import Answer
from iop_outcomes.estimates.question import Question, asks_of_risk
from iop_outcomes.estimates.several_arms import data_for
from iop_outcomes.estimates.subgroups import (
    Level,
    answers_by_level,
    interaction,
    levels_of,
    rows_by_level,
    without_correction,
)
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.kernel.registry import ESTIMATORS
from iop_outcomes.stats.multiplicity import adjust_p_values
from iop_outcomes.tables.estimate import ADJUSTED, MAIN


@dataclass(frozen=True)
class Subgroups:
    """Answers by level, whether they differ, and whether each level could carry one.

    Attributes
    ----------
    rows : DataFrame
        Rows of the ``estimate`` contract with ``population`` "modifier = level". A level that gives no estimate has one
        row of status refused, with its ``reason``.
    interactions : DataFrame
        By ``modifier`` and ``measure``: ``wald``, ``df``, ``p_value`` that the contrast is the same in all ``levels``;
        ``p_holm`` and ``p_bh`` over the modifiers of one measure; ``reason`` where there is no test.
    sizes : DataFrame
        By ``population``: ``n`` and ``ess`` of both arms, and ``max_smd``, the largest standardised difference of a
        covariate that is left inside the level under the weights.
    """

    rows: pd.DataFrame
    interactions: pd.DataFrame
    sizes: pd.DataFrame


def subgroups(
    data: pd.DataFrame,
    *,
    outcome: str,
    arm: str,
    covariates: Sequence[Given],
    modifiers: Sequence[str],
    design: Design = None,
    estimator: str = "weighted",
    estimand: str | None = None,
    measure: str | Sequence[str] | None = None,
    cluster: str | None = None,
    contrast: tuple[object, object] | None = None,
    arms: Sequence[object] | None = None,
    seed: int = 0,
    design_settings: Mapping[str, object] | None = None,
    small_sample: bool = True,
    **settings: Any,
) -> Subgroups:
    """Compare two arms within each level of some modifiers, under one design, and test whether the levels differ.

    That a difference is significant in one level and not in another says nothing of whether the levels differ: only the
    interaction does, and the more modifiers are looked at the less a single one of them says.

    Parameters
    ----------
    data, outcome, arm, covariates, design, estimator, estimand, measure, cluster, contrast, arms, seed, design_settings
        As in ``iop_outcomes.estimate``.
    modifiers : sequence of str
        Columns known before the arm was given, with 2 to 20 levels and nobody missing.
    small_sample : bool
        Multiply covariances by n/(n - 1), or with clusters by G/(G - 1) and use t and F.
    **settings
        Settings of the estimator. ``count_estimation=False`` with ``small_sample=False`` is the sandwich HC0 with
        weights taken as fixed.

    Returns
    -------
    Subgroups

    Raises
    ------
    StudyError
        A column cannot be used, or the estimator gives nothing that could be tested.

    References
    ----------
    Wald 1943, Trans Am Math Soc 54:426; Wang et al. 2007, N Engl J Med 357:2189 (reporting); Holm 1979, Scand J Stat
    6:65; Benjamini & Hochberg 1995, JRSS-B 57:289.
    """
    names, asked_of = listed_terms(covariates), listed(modifiers)
    refuse_unknown(data, [outcome, *asked_of])
    refuse_as_covariates(names, outcome, "the outcome")
    if not asked_of:
        raise EstimationError("modifiers: there is none; name one column or more")
    for name in (outcome, arm):
        if name in asked_of:
            raise EstimationError(f"modifiers: '{name}' is the {'outcome' if name == outcome else 'arm'} itself")
    comparison, kept = compare_frame(
        data,
        arm=arm,
        covariates=names,
        cluster=cluster,
        contrast=contrast,
        arms=arms,
        seed=seed,
        design=design,
        estimand=estimand,
        settings=design_settings,
    )
    chosen = data.iloc[kept].set_axis(comparison.population.members.index)
    plugin = ESTIMATORS[estimator]
    checked = plugin.check(settings, f"estimator '{estimator}'")
    if comparison.estimand not in plugin.estimands:
        raise EstimationError(f"the estimator '{estimator}' cannot estimate the {comparison.estimand}")
    measures = [measure or ""] if measure is None or isinstance(measure, str) else list(measure)

    def ask(restricted: Comparison) -> Answer:
        own = Question(data_for(plugin, chosen, restricted), outcome, of_risk=asks_of_risk(measures), seed=seed)
        answer: Answer = plugin(own, restricted, **checked)
        return answer if small_sample else without_correction(answer)

    rows, tests, sizes = [], [], []
    for name in asked_of:
        answers = answers_by_level(levels_of(comparison, chosen[name]), ask)
        rows.append(rows_by_level(answers, measures))
        every = comparison.population.cluster
        tests += [interaction(answers, one, cluster=every, small_sample=small_sample) for one in measures]
        sizes += [size_of(level) for level, _ in answers]
    told = pd.concat(rows, ignore_index=True).assign(
        analysis=outcome,
        outcome=outcome,
        kind=ADJUSTED,
        design=comparison.design,
        estimator=estimator,
        estimand=comparison.estimand,
        scenario=MAIN,
    )
    return Subgroups(told, _adjusted(pd.DataFrame(tests)), pd.DataFrame(sizes))


def size_of(level: Level) -> dict[str, object]:
    """Return how many people a level has in both arms, their effective sizes, and its largest difference left."""
    comparison = level.comparison
    used, treated, weight = comparison.weight > 0, comparison.treated, comparison.weight
    first, second = used & treated, used & ~treated
    row: dict[str, object] = {
        "modifier": level.modifier,
        "population": level.population,
        "n_first": int(first.sum()),
        "n_second": int(second.sum()),
        "ess_first": effective_sample_size(weight[first]) if first.any() else 0.0,
        "ess_second": effective_sample_size(weight[second]) if second.any() else 0.0,
        "max_smd": np.nan,
    }
    if not (first.any() and second.any()) or not comparison.covariates.shape[1]:
        return row
    covariates = comparison.covariates[used]
    table = balance(covariates, treated[used], weight[used], estimand=comparison.estimand)
    after = table.loc[table["stage"] == "after", "smd"].abs()
    return row | {"max_smd": float(after.max())}


def _adjusted(tests: pd.DataFrame) -> pd.DataFrame:
    """Return tests with p-values adjusted for the number of modifiers, measure by measure."""
    made = tests.assign(levels=tests["levels"].str.join(", "), p_holm=np.nan, p_bh=np.nan)
    for rows in made.groupby("measure", sort=False).groups.values():
        p_values = made.loc[rows, "p_value"].to_numpy(float)
        made.loc[rows, "p_holm"] = adjust_p_values(p_values, "holm")
        made.loc[rows, "p_bh"] = adjust_p_values(p_values, "BH")
    return made
