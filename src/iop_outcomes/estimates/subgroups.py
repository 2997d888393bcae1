"""The same question asked of the people of each level of a modifier, under one design, and whether the answers differ.

Nothing is weighted anew inside a level: people keep the weights, and the score, that made the whole cohort comparable,
and whether the level is balanced under them is for the gate to see.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.answer import Answer
from iop_outcomes.estimates.means import Means
from iop_outcomes.estimates.measures import ArmMeans
from iop_outcomes.kernel.errors import EstimationError, StudyError, counted
from iop_outcomes.stats.linear.sandwich import Covariance, influence_covariance
from iop_outcomes.tables.estimate import CONTRAST, REFUSED, SHOWN
from iop_outcomes.tables.measure import MEASURES

#: A modifier with more levels than this is no subgroup but a number, or a label of people.
MOST_LEVELS = 20
NOT_TESTED = "fewer than two levels have an estimate with an interval"


@dataclass(frozen=True)
class Level:
    """One level of a modifier.

    Attributes
    ----------
    modifier, label : str
    comparison : Comparison
        Of everybody, with weight zero for all outside the level.
    inside : ndarray of bool, shape (n,)
        Whether each member of the design is of the level.
    """

    modifier: str
    label: str
    comparison: Comparison
    inside: NDArray[np.bool_]

    @property
    def population(self) -> str:
        """What rows call the people of the level."""
        return f"{self.modifier} = {self.label}"


@dataclass(frozen=True)
class Interaction:
    """Wald's test that a contrast is the same in all levels of a modifier.

    Attributes
    ----------
    modifier, measure : str
    levels : tuple of str
        Those that have an estimate.
    wald, df, p_value : float
    reason : str or None
        Why there is no test.
    """

    modifier: str
    measure: str
    levels: tuple[str, ...]
    wald: float
    df: float
    p_value: float
    reason: str | None = None


def levels_of(comparison: Comparison, modifier: pd.Series) -> list[Level]:
    """Return the levels of a modifier, in their order, as comparisons under the weights of all.

    Parameters
    ----------
    comparison : Comparison
    modifier : Series
        Known before the arm was given, with a value for everybody in the design.

    Raises
    ------
    EstimationError
        Somebody has no value, or there are fewer than two levels or more than ``MOST_LEVELS``.
    """
    values = modifier.reindex(comparison.population.members.index)
    missing, name = int(values.isna().sum()), str(modifier.name)
    if missing:
        raise EstimationError(
            f"subgroups: '{name}' is missing for {counted(missing, 'person', 'people')}; give that a level of its own"
        )
    found = list(values.cat.categories) if isinstance(values.dtype, pd.CategoricalDtype) else sorted(values.unique())
    found = [level for level in found if (values == level).any()]
    if not 2 <= len(found) <= MOST_LEVELS:
        raise EstimationError(
            f"subgroups: '{name}' has {counted(len(found), 'level')}; a modifier has 2 to {MOST_LEVELS}, so cut a "
            "number into bands"
        )
    return [Level(name, _label(level), *_restricted(comparison, (values == level).to_numpy(bool))) for level in found]


def _label(level: object) -> str:
    return f"{level:g}" if isinstance(level, float) else str(level)


def _restricted(comparison: Comparison, inside: NDArray[np.bool_]) -> tuple[Comparison, NDArray[np.bool_]]:
    everybody = comparison.population
    own = pd.Series(inside, index=everybody.members.index)
    members = comparison.members
    made = replace(comparison, members=members.assign(weight=members["weight"].where(own[members.index], 0.0)))
    if comparison.together is not None:
        weight = everybody.members["weight"].where(own, 0.0)
        made = replace(made, together=replace(everybody, members=everybody.members.assign(weight=weight)))
    return made, inside


def answers_by_level(
    levels: Sequence[Level], ask: Callable[[Comparison], Answer]
) -> list[tuple[Level, Answer | StudyError]]:
    """Return the answer of every level, or why it has none."""
    found: list[tuple[Level, Answer | StudyError]] = []
    for level in levels:
        try:
            _refuse_one_arm(level)
            found.append((level, ask(level.comparison)))
        except StudyError as error:
            found.append((level, error))
    return found


def _refuse_one_arm(level: Level) -> None:
    everybody = level.comparison.population
    for arm in level.comparison.arms:
        if not (everybody.weight[everybody.of(arm)] > 0).any():
            raise EstimationError(f"{level.population}: nobody whom the design uses is in arm '{arm}'")


def rows_by_level(answers: Sequence[tuple[Level, Answer | StudyError]], measures: Sequence[str]) -> pd.DataFrame:
    """Return the rows of ``Answer.rows`` for every level, with ``population``; a level without answer keeps a row."""
    parts = []
    for level, answer in answers:
        first, second = level.comparison.arms
        if isinstance(answer, Answer):
            rows = answer.rows(measures).assign(status=SHOWN)
        else:
            row = {"role": CONTRAST, "arm": first, "against": second, "measure": measures[0] or "none"}
            rows = pd.DataFrame([row | {"status": REFUSED, "reason": str(answer)}])
        parts.append(rows.assign(population=level.population))
    return pd.concat(parts, ignore_index=True)


def without_correction(answer: Answer) -> Answer:
    """Return an answer in means whose covariance is the plain sandwich, without a factor for small samples."""
    if not isinstance(answer, Means) or answer.fitted.influence is None:
        return answer
    covariance = influence_covariance(answer.fitted.influence, cluster=answer.sample.cluster, small_sample=False)
    return replace(answer, fitted=replace(answer.fitted, covariance=covariance))


def interaction(
    answers: Sequence[tuple[Level, Answer | StudyError]],
    measure: str,
    *,
    cluster: ArrayLike | None = None,
    small_sample: bool = True,
) -> Interaction:
    """Test whether a contrast is the same in all levels that have one.

    Levels have no people in common, but they share clusters, and a score that was estimated on all: the covariance of
    their contrasts is that of the influences of all rows. With clusters the test is F with G - 1 degrees of freedom.

    Parameters
    ----------
    answers : sequence of (Level, Answer or StudyError)
        Of one modifier.
    measure : str
        On the scale of its standard error, the logarithm for ratios.
    cluster : array_like, shape (n,), optional
        Of everybody in the design.
    small_sample : bool
        As in ``influence_covariance``.
    """
    modifier = answers[0][0].modifier
    told = [(level, *known) for level, answer in answers if (known := _contrast(level, answer, measure)) is not None]
    nothing = Interaction(modifier, measure, tuple(level.label for level, *_ in told), np.nan, np.nan, np.nan)
    if len(told) < 2:
        return replace(nothing, reason=NOT_TESTED)
    values, influence = np.array([value for _, value, _ in told]), np.column_stack([own for *_, own in told])
    used = np.any([level.inside for level, *_ in told], axis=0)
    covariance = influence_covariance(influence, cluster=cluster, small_sample=small_sample, used=used)
    apart = np.column_stack([-np.ones(len(told) - 1), np.eye(len(told) - 1)])
    spread = apart @ covariance.values @ apart.T
    if np.linalg.matrix_rank(spread, hermitian=True) < len(spread):
        return replace(nothing, reason="clusters are too few, or outcomes vary too little, to tell the levels apart")
    wald = float(apart @ values @ np.linalg.solve(spread, apart @ values))
    return replace(nothing, wald=wald, df=float(len(spread)), p_value=_p_value(wald, len(spread), covariance))


def _p_value(wald: float, df: int, covariance: Covariance) -> float:
    from scipy.special import chdtrc, fdtrc

    if np.isinf(covariance.degrees_of_freedom):
        return float(chdtrc(df, wald))
    return float(fdtrc(df, covariance.degrees_of_freedom, wald / df))


def _contrast(level: Level, answer: Answer | StudyError, measure: str) -> tuple[float, NDArray[np.float64]] | None:
    """Return a level's contrast on the scale of its standard error and what every row of the design adds to it."""
    arms = getattr(answer, "arms", None)
    if not isinstance(answer, Answer) or not isinstance(arms, ArmMeans) or arms.influence is None:
        return None
    between, _ = answer.estimates(measure)
    if not (np.isfinite(between.value) and np.isfinite(between.se)):
        return None
    value, gradient = MEASURES[between.measure].between(*(float(mean) for mean in arms.means))
    rows = answer.comparison.population.members.index
    if len(rows) != len(arms.influence):
        return None
    own = pd.Series(arms.influence @ gradient, index=rows)
    influence = own.reindex(level.comparison.population.members.index, fill_value=0.0)
    return value, np.asarray(influence, dtype=np.float64)
