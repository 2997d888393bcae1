"""What an estimator works on: the members of a comparison with one outcome, checked."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.scores.site_propensity import adjusts_for_site
from iop_outcomes.estimates.checks import checked_arms
from iop_outcomes.estimates.few_clusters import FewClusters, for_few_clusters
from iop_outcomes.estimates.measures import ArmMeans
from iop_outcomes.estimates.nuisance.design_weights import (
    SharedWeights,
    counting,
    design_weights,
    shared_weights,
    span_of,
)
from iop_outcomes.estimates.nuisance.observation import Observation, fit_observation
from iop_outcomes.estimates.nuisance.tilting import tilting_function
from iop_outcomes.estimates.nuisance.weights import Weights
from iop_outcomes.estimates.question import Question
from iop_outcomes.kernel.errors import EstimationError, did_you_mean
from iop_outcomes.kernel.plugin import InStudy
from iop_outcomes.kernel.registry import Estimand, OutcomeKind, ValueKind
from iop_outcomes.kernel.values import known_numbers
from iop_outcomes.stats.linear.matrix import ModelMatrix
from iop_outcomes.tables.measure import MEAN, MEASURES, names_of

#: Kinds of outcome that have a mean.
KINDS: tuple[OutcomeKind, ...] = ("binary", "proportion", "count", "continuous", "duration")
#: What to do with missing outcomes.
Missing = Literal["weight", "leave_out"]
MISSING_WORDS: dict[Missing, str] = {
    "weight": "weighted for by the inverse probability of observation",
    "leave_out": "left out",
}
#: Whether models of the outcome, and of who is observed, have an intercept for every site where the design does.
Sites = Annotated[Literal["no", "as_design"], InStudy("as_design")]
ESTIMANDS: tuple[Estimand, ...] = ("ATE", "ATT", "ATC", "ATO", "ATM")


@dataclass(frozen=True)
class Sample:
    """Everybody of a comparison's design with one outcome.

    Attributes
    ----------
    comparison : Comparison
        Of the members that count, which are not all of those it was taken from.
    outcome : ndarray, shape (n,)
        Of everybody whom the design makes comparable; NaN where missing.
    name : str
        Of the outcome.
    kind : str
        binary, proportion, count or continuous, from the values.
    is_share : bool
        Is the mean of an arm known to be the share of people with an event?
    of_all : tuple of (float or None)
        The one outcome that all of the first arm, and all of the second, are known to have; None where they differ.
    sites : bool
        Do models of the outcome, and of who is observed, have an intercept for every site?
    only_value : bool
        Is nothing asked but the value? Weights then come without the models they were estimated by.
    """

    comparison: Comparison
    outcome: NDArray[np.float64]
    name: str
    kind: ValueKind
    is_share: bool = False
    of_all: tuple[float | None, float | None] = (None, None)
    sites: bool = False
    only_value: bool = False

    @cached_property
    def first(self) -> NDArray[np.bool_]:
        """Whether each member is in the first arm."""
        return self.comparison.population.of(self.comparison.arms[0])

    @cached_property
    def second(self) -> NDArray[np.bool_]:
        """Whether each member is in the second arm."""
        return self.comparison.population.of(self.comparison.arms[1])

    @property
    def pair(self) -> NDArray[np.bool_]:
        """Membership of the two arms, shape (n, 2)."""
        return np.column_stack([self.first, self.second])

    @cached_property
    def others(self) -> NDArray[np.bool_]:
        """Membership of each arm of the design that is neither, shape (n, m)."""
        everybody = self.comparison.population
        names = [name for name in everybody.arms if name not in self.comparison.arms]
        return (
            np.column_stack([everybody.of(name) for name in names]) if names else np.zeros((len(self.first), 0), bool)
        )

    @property
    def weight(self) -> NDArray[np.float64]:
        """Weight of each member."""
        return self.comparison.population.weight

    @property
    def cluster(self) -> pd.Series | None:
        """Label of each member's cluster."""
        return self.comparison.population.cluster

    @cached_property
    def used(self) -> NDArray[np.bool_]:
        """Whether the design uses the member."""
        return self.weight > 0

    @cached_property
    def observed(self) -> NDArray[np.bool_]:
        """Whether the member is used and the outcome known."""
        return self.used & np.isfinite(self.outcome)

    @property
    def n_missing(self) -> int:
        """Members of the two arms whose outcome is not known."""
        return int((self.used & ~self.observed & (self.first | self.second)).sum())

    def checked(self, measure: str) -> str:
        """Return a measure that the outcome has, the difference for an empty one.

        Raises
        ------
        EstimationError
            There is no such measure of means, or not of such an outcome.
        """
        difference = "risk_difference" if self.kind == "binary" else "mean_difference"
        known = names_of(MEAN)
        if measure and measure not in known:
            raise EstimationError(f"{self.name}: there is no measure '{measure}'; {did_you_mean(measure, known)}")
        if measure and MEASURES[measure].only_binary and self.kind != "binary":
            raise EstimationError(
                f"{self.name}: {measure} is for outcomes of 0 and 1 and this is a {self.kind}; use {difference}"
            )
        return measure or difference

    def for_few_clusters(self, arms: ArmMeans, few_clusters: FewClusters, weights: NDArray[np.float64]) -> ArmMeans:
        """Return means with the standard errors that few clusters ask for; ``weights`` say how much each row counts."""
        return for_few_clusters(arms, few_clusters, weights=weights, pair=self.pair, cluster=self.cluster)

    @cached_property
    def matrix(self) -> ModelMatrix:
        """Covariates of the design with an intercept, or one for every site."""
        return span_of(self.comparison.population, sites=self.sites)

    @cached_property
    def shared(self) -> SharedWeights | None:
        """Weights and population of a design for more than two arms."""
        together = self.comparison.together
        return None if together is None else shared_weights(together, self.comparison.estimand, self.matrix)

    @cached_property
    def weights(self) -> Weights:
        """Weights of the design, with the propensity model behind them where there is one."""
        if self.comparison.together is None and self.only_value:
            return Weights(self.weight)
        return design_weights(self.comparison, self.matrix) if self.shared is None else self.shared.weights

    @cached_property
    def observation(self) -> Observation | None:
        """Model of who is observed; None if everybody in the two arms is."""
        if not self.n_missing:
            return None
        try:
            return fit_observation(self.observed, self.first, self.matrix, self.used, self.others)
        except EstimationError:
            # A site of which hardly anything is known has nobody to stand for it but people of other sites.
            if not self.sites:
                raise
        plain = span_of(self.comparison.population)
        found = fit_observation(self.observed, self.first, plain, self.used, self.others)
        return replace(found, knows_sites=False)

    def missing_in_words(self, missing: Missing) -> str:
        """Return what was done with missing outcomes."""
        said = MISSING_WORDS[missing]
        if missing == "weight" and self.sites and self.observation is not None and not self.observation.knows_sites:
            return f"{said} at any site, since at some hardly any is known"
        return said

    @cached_property
    def population(self) -> Weights:
        """How much each member counts in the population that the estimand speaks for."""
        estimand, used = self.comparison.estimand, self.used.astype(float)
        everybody = self.comparison.population
        if estimand in ("ATE", "ATT", "ATC"):
            return Weights(used if estimand == "ATE" else used * (everybody.arm == everybody.target))
        if self.shared is not None:
            if self.shared.population is None:
                raise EstimationError(_NO_SCORE.format(design=self.comparison.design, estimand=estimand))
            return self.shared.population
        score = np.where(self.used, self.comparison.score, 0.5)
        if not np.all((score > 0) & (score < 1)):
            raise EstimationError(_NO_SCORE.format(design=self.comparison.design, estimand=estimand))
        values, slope = tilting_function(score, estimand)
        along = slope * score * (1 - score) * used
        return Weights(values * used, tuple((along, equation) for _, equation in self.weights.parts))


_NO_SCORE = (
    "{design}: the {estimand} is defined by a propensity score, and this design has none; use the estimator "
    "'weighted', or a design with a score"
)


def take_sample(
    question: Question,
    comparison: Comparison,
    *,
    by_site: Sites = "no",
    occasions: tuple[NDArray[np.float64], NDArray[np.bool_]] | None = None,
) -> Sample:
    """Return the sample of an analysis, or refuse it by name.

    Parameters
    ----------
    question : Question
        Its data are indexed like the members of ``comparison.population``.
    comparison : Comparison
    by_site : {"no", "as_design"}
        Whether models of the outcome, and of who is observed, have an intercept for every site where the design does.
    occasions : tuple of ndarray, optional
        All outcomes, and whether each is of the first arm, where members have more than the one in ``data``.

    Raises
    ------
    EstimationError
        There is no such outcome, an arm is empty, the outcome is no number, or nobody in an arm has a known
        one.
    """
    data, outcome = question.data, question.outcome
    if outcome not in data.columns:
        raise EstimationError(f"there is no outcome '{outcome}' in the data; {did_you_mean(outcome, data.columns)}")
    checked_arms(comparison.treated, comparison.arms)
    data, comparison = counting(data, comparison)
    values = known_numbers(data, outcome)
    everybody = comparison.population
    known = np.isfinite(values) & (everybody.weight > 0)
    for name in comparison.arms:
        if not (known & everybody.of(name)).any():
            raise EstimationError(f"{outcome}: nobody in arm '{name}' whom the design uses has a known value")
    if occasions is None:
        seen, (first, second) = values[known], (everybody.of(name)[known] for name in comparison.arms)
    else:
        seen, first, second = occasions[0], occasions[1], ~occasions[1]
    kind = kind_of(seen)
    # Zeros alone may be a share without events, or no days of use.
    is_share = kind == "binary" and (question.of_risk or seen.min() < seen.max())
    of_all = (_same(seen[first]), _same(seen[second]))
    sites = by_site == "as_design" and comparison.cluster is not None and adjusts_for_site(comparison.settings)
    return Sample(comparison, values, outcome, kind, is_share, of_all, sites, question.only_value)


def kind_of(values: NDArray[np.float64]) -> ValueKind:
    """Return the kind of an outcome from its values: binary, proportion, count or continuous."""
    low, high = values.min(), values.max()
    whole = np.all(values == np.round(values))
    if low >= 0 and high <= 1:
        return "binary" if whole else "proportion"
    return "count" if whole and low >= 0 else "continuous"


def _same(values: NDArray[np.float64]) -> float | None:
    return float(values[0]) if values.min() == values.max() else None
