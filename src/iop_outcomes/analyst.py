"""One call each for analysts: a data frame with one row per person in, rows of a contract out.

The same design methods and estimators as in a study file, under the same names and with the same settings.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.designs.by_frame import Design, Together, compare_frame, weigh_frame
from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.frame import (
    Given,
    contrast_of,
    listed_terms,
    of_rows,
    refuse_as_covariates,
    refuse_unknown,
    take_frame,
)
from iop_outcomes.designs.judge.second_moments import FIRST, balance_of
from iop_outcomes.estimates.answer import Answer
from iop_outcomes.estimates.bootstrap_of_frame import Drawn, with_bootstrap
from iop_outcomes.estimates.question import Question, asks_of_risk
from iop_outcomes.estimates.several_arms import data_for
from iop_outcomes.estimates.time_to_event import COMPETING, KINDS, causes_of, columns_of
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.kernel.registry import ESTIMATORS
from iop_outcomes.kernel.values import known_causes, known_events, known_times
from iop_outcomes.stats.linear.matrix import matrices_kept
from iop_outcomes.tables.estimate import ADJUSTED, EVERYBODY, MAIN, SHOWN
from iop_outcomes.tables.records import check_records


@matrices_kept()
def estimate(
    data: pd.DataFrame,
    *,
    outcome: str,
    arm: str,
    covariates: Sequence[Given],
    design: Design = None,
    estimator: str = "aipw",
    estimand: str | None = None,
    measure: str | Sequence[str] | None = None,
    cluster: str | None = None,
    contrast: tuple[object, object] | None = None,
    arms: Sequence[object] | None = None,
    seed: int = 0,
    design_settings: Mapping[str, object] | None = None,
    bootstrap: int = 0,
    **settings,
) -> pd.DataFrame:
    """Estimate the difference that the first arm makes to an outcome.

    Parameters
    ----------
    data : DataFrame
        One row per person.
    outcome : str
        Column of numbers: 0/1, a share, a count or a measurement; may be missing.
    arm : str
        Column of arms.
    covariates : sequence of str or mapping
        Baseline columns without missing values; and terms made of them, for the models of arm and outcome alike:
        ``{"spline": "age", "df": 4}``, ``{"spline": "age", "knots": 4}``, ``{"product": ["age", "use_days"]}``,
        ``{"by_site": "use_days"}``.
    design : str or DataFrame, optional
        Name of a design method, or the result of ``weigh`` or ``match``. Without it the balancing weights of the
        estimand.
    estimator : str
        ``unadjusted``, ``weighted``, ``outcome_regression``, ``aipw``, ``tmle``, ``matched``, ...
    estimand : {"ATE", "ATT", "ATC", "ATO", "ATM"}, optional
        For whom; the one the design answers for, ATO if neither is named.
    measure : str or sequence of str
        ``risk_difference``, ``risk_ratio``, ``odds_ratio`` for 0/1, else ``mean_difference``, ``mean_ratio``; the
        difference unless told.
    cluster : str, optional
        Column of units whose members are alike, usually the site.
    contrast : (first, second), optional
        The two arms; needed unless they are iop and outpatient, or 1 and 0. Where the data hold more, one design makes
        all of them comparable, so that every contrast speaks of the same people; an ATT speaks for the first arm of the
        contrast (ATC: the second) unless ``design_settings`` name a ``target``. Matching compares the two arms by
        themselves.
    arms : sequence, optional
        Arms that the design makes comparable, all in the data unless named. ``arms=(first, second)`` leaves the others
        out and compares the two by themselves.
    seed : int
        For cross-fitting, boosting and the bootstrap.
    design_settings : mapping, optional
        Settings of the design method.
    bootstrap : int
        Replicates of a bootstrap (by cluster, where there is one) that repeats design and estimate; adds the columns
        ``boot_se``, ``boot_ci_low`` and ``boot_ci_high`` to the row of the contrast, as a check.
    **settings
        Settings of the estimator.

    Returns
    -------
    DataFrame
        Rows of the ``estimate`` contract: the contrast by each measure, and each arm's own mean.

    Raises
    ------
    StudyError
        What the data, the design or the estimator cannot give, by name.
    """
    covariates = listed_terms(covariates)
    asked = {"arm": arm, "covariates": covariates, "cluster": cluster, "contrast": contrast, "arms": arms, "seed": seed}
    refuse_unknown(data, [outcome])
    _refuse_same(outcome=outcome, arm=arm)
    refuse_as_covariates(covariates, outcome, "the outcome")
    comparison, rows = compare_frame(data, design=design, estimand=estimand, settings=design_settings, **asked)
    chosen = of_rows(data, rows).set_axis(comparison.population.members.index)
    measures = [measure or ""] if measure is None or isinstance(measure, str) else list(measure)
    found = _estimated(chosen, comparison, estimator, outcome, measures, seed, settings)
    if bootstrap:
        if isinstance(design, pd.DataFrame):
            raise EstimationError("bootstrap: it repeats the design, which must be given by name and not as a table")
        draw = Drawn(chosen, outcome, estimand, design, design_settings, **asked)

        @matrices_kept()
        def again(rows: NDArray[np.intp], one: str) -> float:
            own, made = draw(rows)
            answer = _answer(own, made, estimator, outcome, [one], seed, settings, only_value=True)
            return answer.estimates(one)[0].value

        found = with_bootstrap(found, again, len(chosen), comparison.population.cluster, bootstrap, seed)
    return found


@matrices_kept()
def survival(
    data: pd.DataFrame,
    *,
    time: str,
    event: str,
    arm: str,
    covariates: Sequence[Given],
    design: Design = None,
    estimator: str = "rmst",
    estimand: str | None = None,
    measure: str | Sequence[str] | None = None,
    cluster: str | None = None,
    contrast: tuple[object, object] | None = None,
    arms: Sequence[object] | None = None,
    seed: int = 0,
    unit: str = "days",
    design_settings: Mapping[str, object] | None = None,
    **settings,
) -> pd.DataFrame:
    """Estimate the difference that the first arm makes to the time to an event.

    Parameters
    ----------
    time : str
        Column of times followed: numbers in ``unit``, or durations, which are converted to it.
    event : str
        Column that says whether they ended in the event (1) or were cut off (0); for estimators of competing events
        also whether they ended in another (2, 3, ...).
    estimator : str
        ``rmst`` (with ``until_day``, to which both arms must be followed), ``weighted_kaplan_meier``, ``cox``,
        ``standardised_cox``, ...; while others compete ``aalen_johansen``, ``time_lost``, ``fine_gray``.
    unit : {"days", "weeks", "months", "years"}
        Unit of the times, of ``day`` and ``until_day`` among the settings, and of restricted means and ``day`` in the
        result. A year has 365.25 days and twelve months.
    data, arm, covariates, design, estimand, measure, cluster, contrast, arms, seed, design_settings, **settings
        As in :func:`estimate`.

    Returns
    -------
    DataFrame
        Rows of the ``estimate`` contract, and the column ``time_unit``.

    Raises
    ------
    StudyError
        What the data, the design or the estimator cannot give, by name.

    Notes
    -----
    Times that differ only by rounding are one time, as in R (``models.tied_times``).
    """
    covariates = listed_terms(covariates)
    refuse_unknown(data, [time, event])
    _refuse_same(time=time, event=event, arm=arm)
    for name in (time, event):
        refuse_as_covariates(covariates, name, "part of the outcome")
    plugin = ESTIMATORS[estimator]
    if not set((*KINDS, *COMPETING)) & set(plugin.kinds):
        raise EstimationError(
            f"the estimator '{estimator}' does not estimate times to an event; those that do are "
            f"{', '.join(each.name for each in ESTIMATORS if set((*KINDS, *COMPETING)) & set(each.kinds))}"
        )
    if unit != "days" and "day" in plugin.settings_model.model_fields and "day" not in settings:
        raise EstimationError(f"the estimator '{estimator}' needs the time it speaks of, in {unit}; set day")
    days, ended = columns_of(time)
    known = {days: known_times(data, time, unit)}
    # An estimator that takes a plain event too asks for 0 and 1: 1 and 2 may be censoring and event, as R has them.
    if not set(KINDS) & set(plugin.kinds):
        known[causes_of(time)] = known_causes(data, event)
    else:
        known[ended] = known_events(data, event)
    asked = {"arm": arm, "covariates": covariates, "cluster": cluster, "contrast": contrast, "arms": arms, "seed": seed}
    comparison, rows = compare_frame(data, design=design, estimand=estimand, settings=design_settings, **asked)
    chosen = pd.DataFrame(known).iloc[rows].set_axis(comparison.population.members.index)
    measures = [measure or ""] if measure is None or isinstance(measure, str) else list(measure)
    return _estimated(chosen, comparison, estimator, time, measures, seed, settings).assign(time_unit=unit)


def weigh(
    data: pd.DataFrame,
    *,
    arm: str,
    covariates: Sequence[Given],
    design: str | None = None,
    estimand: str | None = None,
    cluster: str | None = None,
    contrast: tuple[object, object] | None = None,
    arms: Sequence[object] | None = None,
    seed: int = 0,
    **settings,
) -> pd.DataFrame:
    """Weight the arms to be comparable, from covariates alone.

    Parameters
    ----------
    data, arm, covariates, design, estimand, cluster, contrast, arms, seed
        As in :func:`estimate`.
    **settings
        Settings of the design method.

    Returns
    -------
    DataFrame
        For the rows of the two arms, with their index: ``treated``, ``score``, ``preference_score``, ``weight`` (0 =
        not used), ``matched_set``. To be handed to ``estimate``, ``survival`` and ``balance`` as ``design``.

        For more than two arms the rows of all: ``arm``, ``weight``, ``score`` (probability of the own arm),
        ``score[<arm>]`` for each, ``matched_set``; with a contrast ``treated`` and ``preference_score`` of its members.
        It serves every contrast.
    """
    asked = {"arm": arm, "covariates": covariates, "cluster": cluster, "contrast": contrast, "arms": arms}
    together, pair = _together(data, design=design, estimand=estimand, settings=settings, **asked)
    if together is not None:
        return together.table(data.index, pair)
    comparison, rows = compare_frame(data, seed=seed, design=design, estimand=estimand, settings=settings, **asked)
    made = comparison.members.set_axis(data.index[rows])
    made.attrs.update(design=comparison.design, estimand=comparison.estimand)
    return made


def match(data: pd.DataFrame, *, arm: str, covariates: Sequence[Given], **settings) -> pd.DataFrame:
    """Match two arms by ``nearest_match``; like :func:`weigh` with that design, and with its settings.

    Matching compares two arms by themselves: where the data hold more, name the two by ``contrast``; the others are
    left out.
    """
    return weigh(data, arm=arm, covariates=covariates, **{"design": "nearest_match", **settings})


def balance(
    data: pd.DataFrame,
    *,
    arm: str,
    covariates: Sequence[Given],
    design: Design = None,
    estimand: str | None = None,
    cluster: str | None = None,
    contrast: tuple[object, object] | None = None,
    arms: Sequence[object] | None = None,
    seed: int = 0,
    squares: bool = False,
    **settings,
) -> pd.DataFrame:
    """Compare the covariates of the arms before and after a design.

    Parameters
    ----------
    data, arm, covariates, design, estimand, cluster, contrast, arms, seed
        As in :func:`estimate`.
    squares : bool
        With squares of numbers and the products named among the covariates; ``moment`` says which rows are theirs.
    **settings
        Settings of the design method.

    Returns
    -------
    DataFrame
        As ``designs.judge.balance.balance`` gives it: one row per stage, covariate and level. For more than two arms
        and no contrast as ``balance_together`` does: with ``contrast`` first, all pairs, and each arm against the
        population. All have the same denominators, also if a contrast is named.
    """
    asked = {"arm": arm, "covariates": covariates, "cluster": cluster, "contrast": contrast, "arms": arms}
    together, pair = _together(data, design=design, estimand=estimand, settings=settings, **asked)
    if together is not None:
        return _as_asked(together.balance(pair), squares)
    comparison, _ = compare_frame(data, seed=seed, design=design, estimand=estimand, settings=settings, **asked)
    return _as_asked(balance_of(comparison), squares)


def _as_asked(levels: pd.DataFrame, squares: bool) -> pd.DataFrame:
    """Return a balance table as it is, or that of the covariates alone."""
    return levels if squares else levels[levels["moment"] == FIRST].drop(columns="moment")


def _together(
    data, *, arm, covariates, cluster, contrast, arms, design, estimand, settings
) -> tuple[Together | None, tuple[str, str] | None]:
    """Return the design of more than two arms at once, if it is one, and the contrast in words, if one is named."""
    framed = take_frame(data, arm=arm, covariates=covariates, cluster=cluster, arms=arms)
    pair = None if contrast is None else contrast_of(framed.arms, arm, contrast)
    together = weigh_frame(framed, data.index, design, estimand, settings, pair)
    return together, None if pair is None else tuple(str(one) for one in pair)


def _refuse_same(**roles: str) -> None:
    """Raise if one column is given for two roles."""
    for (role, name), (other, again) in combinations(roles.items(), 2):
        if name == again:
            raise EstimationError(f"'{name}': it is given as {role} and as {other}; each needs a column of its own")


def _answer(
    data, comparison: Comparison, estimator, outcome, measures, seed, settings, only_value: bool = False
) -> Answer:
    """Return what an estimator answers, before rows of a contract are made of it."""
    plugin = ESTIMATORS[estimator]
    if comparison.estimand not in plugin.estimands:
        raise EstimationError(
            f"the estimator '{estimator}' cannot estimate the {comparison.estimand}; "
            f"it can {', '.join(plugin.estimands)}"
        )
    place = f"estimator '{estimator}'"
    own = data_for(plugin, data, comparison)
    question = Question(own, outcome, of_risk=asks_of_risk(measures), seed=seed, only_value=only_value)
    return plugin(question, comparison, **plugin.check(settings, place))


def _estimated(data, comparison: Comparison, estimator, outcome, measures, seed, settings) -> pd.DataFrame:
    records = _answer(data, comparison, estimator, outcome, measures, seed, settings).records(measures)
    told = dict(
        analysis=outcome,
        outcome=outcome,
        kind=ADJUSTED,
        design=comparison.design,
        estimator=estimator,
        estimand=comparison.speaks_for,
        population=EVERYBODY,
        scenario=MAIN,
        status=SHOWN,
    )
    return check_records([record | told for record in records], "estimate")
