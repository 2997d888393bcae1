"""Clone, censor, weight: everybody on every strategy, followed as long as they keep it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.participation.clones import Clones, truncated
from iop_outcomes.participation.naive import beside
from iop_outcomes.participation.person_weeks import PersonWeeks, read_person_weeks
from iop_outcomes.participation.strategies import read_strategies
from iop_outcomes.stats.linear.glm import GlmFit
from iop_outcomes.stats.replicates import Replicates, replicate
from iop_outcomes.study.participation import Strategy

#: Ways to weight, in the order of the tables.
WEIGHTED, TRUNCATED, UNWEIGHTED = "weighted", "truncated", "unweighted"
Risks = dict[str, dict[str, NDArray[np.float64]]]


@dataclass(frozen=True)
class CloneCensorWeight:
    """What each strategy would have brought, week by week.

    Attributes
    ----------
    risks : DataFrame
        ``weights`` (weighted, truncated, unweighted), ``strategy``, ``week``, ``risk`` by the end of that week, and
        with a bootstrap ``se``, ``ci_low``, ``ci_high``.
    differences : DataFrame
        ``weights``, ``strategy``, ``against``, ``week``, ``risk_difference``, and with a bootstrap the same three.
    weights : DataFrame
        By ``strategy`` and ``week`` the clones that remain (``n_uncensored``), leave (``n_deviating``) and have the
        event (``n_events``), the weights' ``mean_weight``, ``mean_stabilised`` (what those who stay weigh over
        what those who began the week weighed, multiplied up to each week: near 1 where the model of staying is right),
        ``max_weight``, and the effective sample size ``ess``. Before truncation.
    models : DataFrame
        ``strategy``, ``name``, ``coefficient`` of the logistic model of staying on it.
    naive : DataFrame
        What comparing people by their mean hours would have said, as ``by_attendance`` gives it, with ``gap``: how far
        it lies from the weighted difference of the last week. Empty unless the first two strategies part the hours at
        one number.
    n_replicates, n_failed : int
        Of the bootstrap.
    """

    risks: pd.DataFrame
    differences: pd.DataFrame
    weights: pd.DataFrame
    models: pd.DataFrame
    naive: pd.DataFrame
    n_replicates: int = 0
    n_failed: int = 0


def clone_censor_weight(
    person_weeks: pd.DataFrame,
    *,
    strategies: Mapping[str, Strategy | Mapping[str, object]],
    person: str = "person_id",
    week: str = "week",
    hours: str = "hours",
    event: str = "event",
    covariates: Sequence[str],
    excused: str | None = None,
    stepped_up: str | None = None,
    week_powers: int = 2,
    unusable: Literal["refuse", "drop"] = "refuse",
    ridge: float = 0.0,
    truncate: float = 99.0,
    bootstrap: int = 0,
    cluster: str | None = None,
    seed: int = 0,
    level: float = 0.95,
) -> CloneCensorWeight:
    """Estimate the risk of an event by week had everybody followed each of some strategies of participation.

    Everybody is a clone on every strategy from the start. A clone is censored at the start of the week in which its
    strategy is left; those who remain are weighted by the inverse probability of having stayed, from a logistic
    regression on week and covariates for each strategy. It speaks of the strategies if the covariates hold all that
    makes people both stay and have the event: that cannot be tested.

    Parameters
    ----------
    person_weeks : DataFrame
        One row per person and week observed, from the same first week on and without gaps, ending in the week of the
        event or the last one observed.
    strategies : mapping of str to mapping
        By name the settings of a rule: ``least_hours``, ``below_hours``, ``grace_weeks``, ``last_week``,
        ``lapses_allowed``, ``step_up_allowed`` (see ``participation.strategies.Strategy``). Differences are the earlier
        strategy minus the later.
    person, week, hours, event : str
        Columns of the person, whole weeks, hours attended in the week, and 1 in the week of the event, else 0.
    covariates : sequence of str
        Columns of what was known before the week's hours, at baseline or since: use in the week before, employment.
        What follows from the hours of the same week must not be among them. Whether the rule was kept in the week
        before should be, where it tells who keeps it again: with lapses allowed nothing else tells whoever has just
        lapsed from the others.
    excused : str, optional
        Column of 1 for weeks that break no rule: illness, jail, hospital. Their hours may be missing.
    stepped_up : str, optional
        Column of 1 in the week of a documented step-up to more care.
    week_powers : int
        Powers of the week in the models of staying; 0 leaves it out.
    unusable : {"refuse", "drop"}
        What to do with a covariate that is alike in all weeks in which a strategy might be left.
    ridge : float
        Strength of a ridge on the models of staying, on columns of standard deviation 1; 0 for none. With some a kind
        of person who never leaves, or always does, stops nothing.
    truncate : float
        Percentile of a strategy's weights at which the rows called truncated cut them (type 7).
    bootstrap : int
        Replicates, drawn by person or cluster; every one fits the models of staying anew.
    cluster : str, optional
        Column of the site, one for each person.
    seed : int
    level : float
        Coverage of the percentile intervals.

    Returns
    -------
    CloneCensorWeight

    Raises
    ------
    StudyError
        Data or strategies cannot be used, nobody follows a strategy, or staying on it is foretold with certainty.

    Notes
    -----
    Leaving observation, and other events that end it, are taken to happen by chance. Strategies share their weeks of
    grace and may share excused weeks and lapses: a person counts for both as long as both are kept. Weights do not
    repair a strategy that some kind of person never follows.

    References
    ----------
    Hernán 2018, BMJ 360:k182; Cain et al. 2010, Int J Biostat 6(2):18; Maringe et al. 2020, Int J Epidemiol 49:1719.
    """
    rules = read_strategies(strategies)
    _refuse_settings(week_powers, truncate, level)
    weeks = read_person_weeks(
        person_weeks,
        person=person,
        week=week,
        hours=hours,
        event=event,
        covariates=covariates,
        excused=excused,
        stepped_up=stepped_up,
        cluster=cluster,
    )
    every = [Clones.of(name, weeks, rule, week_powers, unusable, ridge) for name, rule in rules.items()]
    for clones in every:
        if not clones.at_risk.any():
            raise EstimationError(
                f"strategy '{clones.name}': no week of anybody could break it, since all are grace, excused or after "
                "its last, so that following it says nothing; choose weeks that bind"
            )
    fits = [clones.staying() for clones in every]
    found = _risks(every, fits, truncate, None)
    repeated = _repeated(every, found, truncate, bootstrap, seed) if bootstrap else None
    differences = _differences(every, found, repeated, level)
    return CloneCensorWeight(
        risks=_risk_rows(every, found, repeated, level),
        differences=differences,
        weights=pd.concat(
            [clones.diagnostics(clones.weights(fit)) for clones, fit in zip(every, fits, strict=True)],
            ignore_index=True,
        ),
        models=pd.DataFrame(
            [
                (clones.name, name, value)
                for clones, fit in zip(every, fits, strict=True)
                if fit is not None
                for name, value in zip(fit.names, fit.coefficients, strict=True)
            ],
            columns=["strategy", "name", "coefficient"],
        ),
        naive=beside(weeks, rules, differences[differences["weights"] == WEIGHTED], level),
        n_replicates=0 if repeated is None else len(repeated.values),
        n_failed=0 if repeated is None else repeated.n_failed,
    )


def _refuse_settings(week_powers: int, truncate: float, level: float) -> None:
    if week_powers < 0:
        raise EstimationError(f"week_powers: {week_powers} given; 0 leaves the week out of the models of staying")
    if not 50 <= truncate <= 100:
        raise EstimationError(f"truncate: {truncate:g} given; it is a percentile from 50 to 100, 100 for none")
    if not 0 < level < 1:
        raise EstimationError(f"level: {level:g} given; coverage lies between 0 and 1, such as 0.95")


def _risks(
    every: Sequence[Clones], fits: Sequence[GlmFit | None], percentile: float, drawn: NDArray[np.float64] | None
) -> Risks:
    """Return the risk by week for every way to weight and strategy, with rows counted as often as drawn."""
    found: Risks = {WEIGHTED: {}, TRUNCATED: {}, UNWEIGHTED: {}}
    for clones, fit in zip(every, fits, strict=True):
        times = np.ones(len(clones.kept)) if drawn is None else drawn
        weights = clones.weights(fit)
        found[WEIGHTED][clones.name] = clones.risk(weights * times)
        found[TRUNCATED][clones.name] = clones.risk(truncated(weights, drawn, percentile) * times)
        found[UNWEIGHTED][clones.name] = clones.risk(clones.kept * times)
    return found


def _pairs(every: Sequence[Clones]) -> list[tuple[str, str]]:
    return list(combinations([clones.name for clones in every], 2))


def _stacked(every: Sequence[Clones], found: Risks) -> NDArray[np.float64]:
    """Return all risks, then all differences, as one row of numbers."""
    risks = [found[way][clones.name] for way in found for clones in every]
    differences = [found[way][one] - found[way][other] for way in found for one, other in _pairs(every)]
    return np.concatenate([*risks, *differences])


def _repeated(every: Sequence[Clones], found: Risks, percentile: float, n_replicates: int, seed: int) -> Replicates:
    weeks = every[0].weeks
    of_row = weeks.cluster[weeks.person]
    reached = np.isfinite(_stacked(every, found))

    def again(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
        times = drawn[of_row]
        fits = [clones.staying(times) for clones in every]
        # A week that no clone reaches has no risk to repeat.
        return np.where(reached, _stacked(every, _risks(every, fits, percentile, times)), 0.0)

    return replicate(again, int(weeks.cluster.max()) + 1, n_replicates, seed)


def _numbered(weeks: PersonWeeks) -> NDArray[np.int64]:
    return np.arange(weeks.week[0], weeks.week.max() + 1)


def _with_interval(
    rows: pd.DataFrame, repeated: Replicates | None, level: float, part: slice, value: str
) -> pd.DataFrame:
    if repeated is None:
        return rows
    low, high = repeated.interval(level)
    none = rows[value].isna().to_numpy()
    errors = {"se": repeated.se[part], "ci_low": low[part], "ci_high": high[part]}
    return rows.assign(**{name: np.where(none, np.nan, numbers) for name, numbers in errors.items()})


def _risk_rows(every: Sequence[Clones], found: Risks, repeated: Replicates | None, level: float) -> pd.DataFrame:
    numbered = _numbered(every[0].weeks)
    rows = pd.concat(
        [
            pd.DataFrame({"weights": way, "strategy": name, "week": numbered, "risk": risk})
            for way, by_strategy in found.items()
            for name, risk in by_strategy.items()
        ],
        ignore_index=True,
    )
    return _with_interval(rows, repeated, level, slice(0, len(rows)), "risk")


def _differences(every: Sequence[Clones], found: Risks, repeated: Replicates | None, level: float) -> pd.DataFrame:
    numbered = _numbered(every[0].weeks)
    rows = pd.concat(
        [
            pd.DataFrame(
                {
                    "weights": way,
                    "strategy": one,
                    "against": other,
                    "week": numbered,
                    "risk_difference": by_strategy[one] - by_strategy[other],
                }
            )
            for way, by_strategy in found.items()
            for one, other in _pairs(every)
        ],
        ignore_index=True,
    )
    n_risks = len(found) * len(every) * len(numbered)
    return _with_interval(rows, repeated, level, slice(n_risks, n_risks + len(rows)), "risk_difference")
