"""The smallest difference that matters: one an outcome and scale, and none that its scale could not hold."""

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from iop_outcomes.history.outcome_rules import or_say
from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.kernel.registry import ESTIMATORS
from iop_outcomes.study.outcome import Outcome, outcome_of
from iop_outcomes.tables.measure import DIFFERENCE, RATIO, measure_of

if TYPE_CHECKING:
    from iop_outcomes.study import Analysis, Study

Positive = Annotated[float, Field(gt=0)]
#: One number for the scale of the analysis, or one by scale.
Margin = Annotated[
    Positive | dict[Literal["difference", "ratio"], Positive],
    or_say("allowed are a number above 0, or difference: and ratio: with a number above 0 each"),
]


def margin_of(study: "Study", analysis: str, measure: str) -> float:
    """Return the smallest difference that matters on the scale of a measure, missing where nobody has stated it.

    The margin of the study holds for differences of shares; an outcome in another unit, and a ratio, need one of their
    own.
    """
    scale, own = measure_of(measure).scale, {}
    if analysis in study.analyses:
        own = _by_scale(study.analyses[analysis])
        outcome = outcome_of(study, study.analyses[analysis].outcome)
        if scale not in own and scale == DIFFERENCE:
            if outcome.unit_of(measure) == "share":
                return study.margin
            return 100 * study.margin if outcome.is_percent else np.nan
    return own.get(scale, np.nan)


def check_margin(study: "Study", name: str) -> None:
    """Refuse a margin that no difference of its outcome could reach.

    Raises
    ------
    StudyFileError
        One sentence with the place, the number and what is allowed.
    """
    analysis = study.analyses[name]
    outcome, place = outcome_of(study, analysis.outcome), f"analyses.{name}.margin"
    for scale, margin in _by_scale(analysis).items():
        if scale == RATIO:
            if margin <= 1:
                raise StudyFileError(
                    f"{place}: {margin:g} is no ratio that matters, since ratios are compared with 1; give one above "
                    "1, such as 1.25, which stands for 1/1.25 too"
                )
            continue
        most, example = _most(study, outcome, _measures(analysis))
        if margin >= most:
            raise StudyFileError(
                f"{place}: {margin:g} cannot be a difference of '{analysis.outcome}', which is {example}; give a "
                f"number below {most:g}"
            )


def _by_scale(analysis: "Analysis") -> dict[str, float]:
    """Return the margins an analysis states; a single number is on the scale of its first measure."""
    if analysis.margin is None or isinstance(analysis.margin, dict):
        return {scale: margin for scale, margin in (analysis.margin or {}).items()}
    measures = _measures(analysis)
    by_scale: dict[str, float] = {measure_of(measures[0]).scale if measures else DIFFERENCE: analysis.margin}
    return by_scale


def _measures(analysis: "Analysis") -> list[str]:
    asked = [measure for measure in analysis.measures if measure]
    if asked or analysis.estimator not in ESTIMATORS:
        return asked
    return list(ESTIMATORS[analysis.estimator].measures[:1])


def _most(study: "Study", outcome: Outcome, measures: list[str]) -> tuple[float, str]:
    """Return what no difference of an outcome reaches, and what it is, in words."""
    days = study.cohort.follow_up_days
    unit = outcome.unit_of(measures[0]) if measures else outcome.unit
    if unit == "share":
        return 1.0, "a share between 0 and 1 (0.05 is 5 percentage points)"
    if outcome.is_percent:
        return 100.0, "a percentage"
    lengths = {"days": (float(days), "days"), "weeks": (days / 7, "weeks")}
    if unit in lengths:
        most, name = lengths[unit]
        return most, f"counted in {name} of a follow-up of {days} days"
    return np.inf, outcome.unit
