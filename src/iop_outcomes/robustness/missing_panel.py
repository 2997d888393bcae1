"""One outcome, one panel: the same analysis under every rule for what is missing."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from iop_outcomes.estimates.few_clusters import FewClusters
from iop_outcomes.estimates.measures import Estimate, contrast
from iop_outcomes.estimates.sample import Sample, take_sample
from iop_outcomes.kernel.errors import EstimationError, StudyError, counted
from iop_outcomes.kernel.registry import check
from iop_outcomes.robustness.imputation import impute
from iop_outcomes.robustness.incomplete import Incomplete, incomplete_of
from iop_outcomes.robustness.missing_by_rule import values_of
from iop_outcomes.robustness.missing_outcome import Scale, auxiliaries_of, outcome_seen, scale_of, with_auxiliaries
from iop_outcomes.robustness.missing_shifts import FIRST, FURTHEST, SECOND, Shifts, tipping
from iop_outcomes.robustness.refit import Refit
from iop_outcomes.stats.imputations import pool_imputations
from iop_outcomes.study.names import IN_TIME
from iop_outcomes.study.outcome import outcome_of
from iop_outcomes.tables import missing_panel as names
from iop_outcomes.tables.estimate import REFUSED
from iop_outcomes.tables.measure import measure_of

Row = dict[str, object]
#: Estimators that adjust for nothing, and so under a design that leaves the arms as they are.
PLAIN = ("unadjusted", "weighted")


@check(description="The analysis under every rule for missing outcomes, and what they would have to be", refits=True)
def missing_panel(
    refit: Refit,
    *,
    imputations: Annotated[int, Field(ge=2)] = 50,
    auxiliaries: list[str] | None = None,
    shifts: list[float] | None = None,
    plausible_shift: Annotated[float, Field(gt=0)] = names.PLAUSIBLE_SHIFT,
    plausible_shift_of_numbers: Annotated[float, Field(gt=0)] = names.PLAUSIBLE_SHIFT_OF_NUMBERS,
    bounds_decide: bool = False,
) -> list[Row]:
    """Return the contrast of an analysis with missing outcomes under each rule, and under shifts of them by arm.

    Missing outcomes are counted as failure; left out; weighted for by the inverse probability of being observed;
    imputed several times, by arm and with what else is known of the people; counted as the best and as the worst for
    the first arm. For shifts, a missing outcome is what a model of the observed of the own arm expects, moved on the
    log odds (numbers: by standard deviations), under the weights of the design. An outcome without missing values has
    no panel.

    Parameters
    ----------
    refit : Refit
    imputations : int
    auxiliaries : list of str, optional
        Outcomes that help to impute; unless told, time in care and all that is made from sessions alone.
    shifts : list of float, optional
        Tried in each arm, every pair of them a row; unless told, up to three times what is plausible either way.
    plausible_shift, plausible_shift_of_numbers : float
        Of one arm, on the log odds and in standard deviations: the verdict asks whether the answer stands up to it.
    bounds_decide : bool
        Does the verdict ask the best and the worst case too?

    Raises
    ------
    EstimationError
        Members do not have the outcome once, or the study has no version of it that says what is missing.

    References
    ----------
    National Research Council. The Prevention and Treatment of Missing Data in Clinical Trials. National Academies Press
    2010; Rubin DB, J Am Stat Assoc 1977;72:538-543 (shifts).
    """
    if refit.question.outcome in IN_TIME:
        return []
    panel = Panel(refit)
    if not panel.has_missing:
        return []
    helpers = auxiliaries_of(refit.study, refit.question.data, auxiliaries, panel.outcomes)
    rules: dict[str, Callable[[], Row]] = {
        names.FAILURE: panel.failure,
        names.OBSERVED: panel.observed_only,
        names.WEIGHTED: panel.weighted,
        names.IMPUTED: lambda: panel.imputed(imputations, helpers),
        names.BEST: lambda: panel.bound(names.BEST),
        names.WORST: lambda: panel.bound(names.WORST),
    }
    rows = [_or_reason(rule, make, panel.measure) for rule, make in rules.items()]
    try:
        is_share = outcome_of(refit.study, panel.outcomes[1]).is_share
        plausible = plausible_shift if is_share else plausible_shift_of_numbers
        rows += [*panel.shifted(names.grid(shifts, plausible)), *panel.tipping()]
    except StudyError as error:
        rows.append(_refused("shifted", str(error), panel.measure))
    return rows


@dataclass(frozen=True)
class Panel:
    """An analysis whose outcome may be missing.

    Attributes
    ----------
    refit : Refit
        As it was made.
    """

    refit: Refit

    @cached_property
    def outcomes(self) -> tuple[str, str]:
        """The outcome as it was analysed, and that which is missing where nobody saw it."""
        name = self.refit.question.outcome
        if name not in self.refit.question.data.columns:
            raise EstimationError(f"missing_panel: a person does not have '{name}' once; ask it of another outcome")
        return name, outcome_seen(self.refit.study, name)

    @cached_property
    def seen(self) -> Refit:
        """The analysis of what was seen."""
        return replace(self.refit, question=replace(self.refit.question, outcome=self.outcomes[1]))

    @cached_property
    def sample(self) -> Sample:
        """Everybody of the comparison, with what was seen."""
        comparison = self.seen.comparison
        data = self.seen.question.data.reindex(comparison.population.members.index)
        return take_sample(replace(self.seen.question, data=data), comparison)

    @cached_property
    def whole(self) -> Incomplete:
        """The same as arrays."""
        return incomplete_of(self.sample, self.few_clusters)

    @property
    def few_clusters(self) -> FewClusters:
        """What the analysis does about few clusters."""
        asked: FewClusters = self.refit.settings.get("few_clusters", "no")  # type: ignore[assignment]
        return asked

    @property
    def has_missing(self) -> bool:
        """Is there anybody whose outcome nobody saw, or something made of what nobody saw?"""
        return bool(self.whole.missing.any()) or self.outcomes[0] != self.outcomes[1]

    @cached_property
    def measure(self) -> str:
        """The measure that is judged."""
        return self.sample.checked(self.refit.measure)

    @cached_property
    def scale(self) -> Scale:
        """Worst and best value."""
        found = scale_of(outcome_of(self.refit.study, self.outcomes[1]), self.whole.outcome[self.whole.observed])
        if found is None:
            raise EstimationError(f"nobody has said which way of '{self.outcomes[1]}' is better")
        return found

    def failure(self) -> Row:
        """Count the missing as failure, test by test where the outcome as analysed does so."""
        if self.scale.seen:
            raise EstimationError(f"'{self.outcomes[0]}' has no value that is failure")
        own = self.refit.question.data[self.outcomes[0]].astype(float)
        estimate = _completed(self.refit, own.fillna(self.scale.worst)).contrast()
        return _row(names.FAILURE, estimate, self._said("counted as failure"))

    def bound(self, rule: str) -> Row:
        """Count the missing of one arm as the best there is, and of the other as the worst."""
        ends = ", the ends of what was seen" if self.scale.seen else ""
        estimate = self._with(self.whole.filled(values_of(rule, self.scale.ends))).contrast()
        return _row(rule, estimate, self._said(f"counted as best in one arm and as worst in the other{ends}"))

    def observed_only(self) -> Row:
        """Leave out those whom nobody saw, so that they count for nothing."""
        members = self.refit.comparison.members
        estimate = self.seen.contrast() if members["matched_set"].notna().any() else self._without_the_missing()
        return _row(names.OBSERVED, estimate, self._said("left out"))

    def weighted(self) -> Row:
        """Let those who were seen stand for others like them."""
        fields = self.refit.estimator.settings_model.model_fields
        said = self._said("weighted for by the inverse probability of observation")
        if "missing" in fields:
            settings = self.refit.settings | {"missing": "weight"}
            return _row(names.WEIGHTED, replace(self.seen, settings=settings).contrast(), said)
        self._need_weights()
        found = contrast(self.whole.means_weighted_for_being_observed(), self.measure)
        return _row(names.WEIGHTED, found, f"{said}, fitted in each arm; weighted means")

    def imputed(self, imputations: int, auxiliaries: list[str]) -> Row:
        """Guess what nobody saw several times, and pool the answers."""
        sample, members = self.sample, self.sample.comparison.population
        data = self.refit.question.data.reindex(members.members.index)
        known = with_auxiliaries(members.model_frame, data, auxiliaries, members.arm)
        drawn = impute(
            np.where(self.whole.observed, sample.outcome, np.nan),
            sample.pair & self.whole.used[:, None],
            known,
            imputations=imputations,
            cluster=sample.cluster,
            seed=self.refit.question.seed,
        )
        found = [self._with(outcome).contrast() for outcome in drawn]
        said = self._said(f"imputed {imputations} times by arm{_helped(auxiliaries)}, Rubin's rules")
        return _row(names.IMPUTED, _pooled(found), said)

    def shifted(self, shifts: list[float]) -> Iterator[Row]:
        """Move the missing of each arm away from what is expected of them."""
        self._need_weights()
        unit = "log odds" if self.whole.is_share else "standard deviations"
        said = self._said(f"what is expected given the covariates in the own arm, shifted on the {unit}")
        for second in shifts:
            for first in shifts:
                yield _row(names.shift(first, second), self._shifts.at(first, second), f"{said}; weighted means")

    def tipping(self) -> Iterator[Row]:
        """Find the least shift of one arm at which the interval, and the estimate, reaches no difference."""
        scale = "log odds" if self.whole.is_share else "standard deviations"
        for which, arm in ((FIRST, "first"), (SECOND, "second")):
            for goal, of in ((names.TO_NO_DIFFERENCE, "interval"), (names.TO_OTHER_SIDE, "estimate")):
                value = tipping(self._shifts, which, of=of)
                reason = None if np.isfinite(value) else f"no shift of up to {FURTHEST:g} either way does it"
                yield {
                    "scenario": names.tipping(arm, goal),
                    "measure": names.TIPPING_SHIFT,
                    "value": value,
                    "se_method": f"least shift of the missing outcomes of one arm on the {scale}",
                    "reason": reason,
                }

    @cached_property
    def _shifts(self) -> Shifts:
        return Shifts(self.whole, self.measure)

    def _said(self, what: str) -> str:
        n = int(self.whole.missing.sum())
        return f"{counted(n, 'missing outcome')} {what}" if n else f"missing tests or reports {what}"

    def _with(self, outcome: NDArray[np.float64]) -> Refit:
        """Return the analysis of what was seen, completed."""
        index = self.sample.comparison.population.members.index
        values = self.seen.question.data[self.outcomes[1]].astype(float).copy()
        values.loc[index] = outcome
        return _completed(self.seen, values)

    def _without_the_missing(self) -> Estimate:
        comparison = self.seen.comparison
        known = self.seen.question.data[self.outcomes[1]].notna()
        together = comparison.together
        if together is not None:
            together = replace(together, members=_weightless(together.members, known))
        members = _weightless(comparison.members, known)
        return replace(self.seen, comparison=replace(comparison, members=members, together=together)).contrast()

    def _need_weights(self) -> None:
        comparison, estimator = self.refit.comparison, self.refit.estimator.name
        if comparison.method == "unweighted" and estimator not in PLAIN:
            raise EstimationError(
                f"the design '{comparison.design}' has no weights to hold the arms alike while outcomes are moved; ask "
                "it under a design that weights or matches"
            )


def _weightless(members: pd.DataFrame, known: pd.Series) -> pd.DataFrame:
    return members.assign(weight=members["weight"].where(known.reindex(members.index), 0.0))


def _completed(refit: Refit, values: pd.Series) -> Refit:
    data = refit.question.data.assign(**{refit.question.outcome: values})
    return replace(refit, question=replace(refit.question, data=data))


def _pooled(found: list[Estimate]) -> Estimate:
    measure = measure_of(found[0].measure)
    without = sum(not np.isfinite(one.se) for one in found)
    if without:
        raise EstimationError(f"{counted(without, 'completed data set has', 'completed data sets have')} no interval")
    values = [measure.from_no_difference(one.value) for one in found]
    complete = float(np.mean([one.degrees_of_freedom for one in found]))
    pooled = pool_imputations(values, [one.se**2 for one in found], complete_degrees_of_freedom=complete).iloc[0]
    ends = pooled[["value", "ci_low", "ci_high"]].to_numpy(float)
    value, low, high = np.exp(ends) if measure.se_scale == "log" else ends
    return Estimate(measure.name, float(value), float(pooled["se"]), measure.se_scale, float(low), float(high))


def _helped(auxiliaries: list[str]) -> str:
    return f" with {', '.join(auxiliaries)}".replace("_", " ") if auxiliaries else ""


def _row(rule: str, estimate: Estimate, said: str) -> Row:
    return {"scenario": rule, **asdict(estimate), "se_method": said}


def _refused(rule: str, reason: str, measure: str) -> Row:
    return {"scenario": rule, "measure": measure, "status": REFUSED, "reason": reason}


def _or_reason(rule: str, make: Callable[[], Row], measure: str) -> Row:
    try:
        return make()
    except StudyError as error:
        return _refused(rule, str(error), measure)
