"""Negative-control outcomes of a study: how far its design errs where the arm can do nothing, and what that leaves."""

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from pydantic import Field

from iop_outcomes.estimates.means import Means
from iop_outcomes.estimates.measures import Estimate
from iop_outcomes.kernel.errors import EstimationError, StudyError, counted
from iop_outcomes.kernel.registry import check
from iop_outcomes.robustness.negative_controls import SystematicError, calibrate, systematic_error
from iop_outcomes.robustness.refit import Refit
from iop_outcomes.tables.controls import AS_FOUND, CALIBRATED, CALIBRATED_P, CONTROLS, EASE, OF_CONTROL

#: With fewer people of an arm who have a control outcome, or have it not, its ratio has no error to speak of, and most
#: studies could not release it.
FEWEST_EVENTS = 11
#: The ratio by which a design's error is measured, of outcomes of 0 and 1 and of others.
_RATIOS = {True: "risk_ratio", False: "mean_ratio"}


@dataclass(frozen=True)
class _Ratio:
    """Ratio of an outcome, and the fewest people of an arm of whom it is known, and who have it or have it not."""

    found: Estimate
    least_n: float
    least_events: float

    @property
    def log(self) -> float:
        return float(np.log(self.found.value))

    def row(self) -> dict[str, object]:
        names = ("measure", "value", "se", "ci_low", "ci_high")
        return {name: getattr(self.found, name) for name in names} | {"se_scale": "log"}


@check(
    name=CONTROLS,
    description="The systematic error that outcomes show which the arm cannot change, and the estimate less of it",
    refits=True,
)
def negative_controls(refit: Refit, *, outcomes: Annotated[list[str], Field(min_length=1)]) -> list[dict[str, object]]:
    """Return the expected systematic error of an analysis on its ratio, the ratio calibrated by it, and every control.

    Every control is asked by the analysis's own design and estimator. Controls that fewer than eleven people of an arm
    have, or have not, are left out.

    Parameters
    ----------
    refit : Refit
        Of an estimator that gives means of both arms.
    outcomes : list of str
        Metrics of the study that the arm cannot change, ten or more.

    Raises
    ------
    EstimationError
        There are fewer than ten usable controls, or the analysis has no ratio with a standard error.

    References
    ----------
    Schuemie et al. 2014, Stat Med 33:209; Schuemie et al. 2018, PNAS 115:2571.
    """
    if refit.question.outcome in outcomes:
        return []
    own = _ratio(refit)
    if own is None:
        raise EstimationError("negative_controls: the analysis has no ratio with a standard error to hold them against")
    found = {name: ratio for name in outcomes if (ratio := _of_control(refit, name)) is not None}
    error = systematic_error([one.log for one in found.values()], [one.found.se for one in found.values()])
    own_row = own.row() | {"scenario": AS_FOUND}
    return [*_rows(own, error, len(outcomes) - len(found)), own_row, *_each(found)]


def _each(found: dict[str, _Ratio]) -> list[dict[str, object]]:
    return [
        one.row() | {"outcome": name, "scenario": f"{OF_CONTROL}{name}", "n": one.least_n, "n_events": one.least_events}
        for name, one in found.items()
    ]


def _rows(own: _Ratio, error: SystematicError, left_out: int) -> list[dict[str, object]]:
    after = calibrate([own.log], [own.found.se], error).iloc[0]
    dropped = f"; {counted(left_out, 'further one')} had too few people or no ratio" if left_out else ""
    said = (
        f"{error.n_controls} negative controls{dropped}: systematic error of the log ratio with mean {error.mean:.3f} "
        f"and standard deviation {error.sd:.3f}"
    )
    ratio = {"value": "calibrated", "ci_low": "ci_low", "ci_high": "ci_high"}
    calibrated = {name: float(np.exp(after[column])) for name, column in ratio.items()}
    calibrated |= {"se": float(after["calibrated_se"])}
    return [
        {"measure": EASE, "value": error.ease, "se_method": said},
        {"measure": own.found.measure, **calibrated, "se_scale": "log", "scenario": CALIBRATED, "se_method": said},
        {"measure": CALIBRATED_P, "value": float(after["calibrated_p"]), "se_method": said},
    ]


def _of_control(refit: Refit, name: str) -> _Ratio | None:
    """Return the ratio of a control, None where the source does not give it or it has none."""
    if name not in refit.question.data or refit.question.data[name].isna().all():
        return None
    binary = set(refit.question.data[name].dropna().unique()) <= {0.0, 1.0}
    try:
        return _ratio(replace(refit, question=replace(refit.question, outcome=name, of_risk=binary)))
    except StudyError:
        return None


def _ratio(refit: Refit) -> _Ratio | None:
    """Return the ratio of an analysis with its standard error, None where too few people carry it.

    Raises
    ------
    EstimationError
        The estimator gives no means of both arms.
    """
    answer = refit.answer()
    if not isinstance(answer, Means):
        raise EstimationError(
            f"negative_controls: '{refit.estimator.name}' gives no mean of both arms; ask it of an analysis of a mean "
            "or a share"
        )
    binary = answer.sample.kind == "binary"
    arms = answer.counted[1:]
    events = min(min(arm.n_events, arm.n - arm.n_events) for arm in arms) if binary else np.nan
    if events < FEWEST_EVENTS:
        return None
    ratio, _ = answer.estimates(_RATIOS[binary])
    usable = np.isfinite([ratio.value, ratio.se]).all() and ratio.value > 0 and ratio.se > 0
    return _Ratio(ratio, min(arm.n for arm in arms), events) if usable else None
