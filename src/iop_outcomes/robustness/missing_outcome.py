"""Of which outcome of a study it can be said that nobody saw it, and what else is known of those people."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.study.outcome import Outcome, outcome_of, seen_only
from iop_outcomes.study.view import Readable

#: Time in care of everybody, beside the metrics.
TIME = "retention_days"


@dataclass(frozen=True)
class Scale:
    """The ends of an outcome: the worst value for the person and the best, and whether they are those seen."""

    worst: float
    best: float
    seen: bool

    @property
    def ends(self) -> tuple[float, float]:
        """Worst and best."""
        return self.worst, self.best


def outcome_seen(study: Readable, name: str) -> str:
    """Return the outcome of the same metric that is missing where nobody saw anything.

    Raises
    ------
    EstimationError
        The study has none.
    """
    found = seen_only(study, name)
    if found is None:
        own = outcome_of(study, name)
        raise EstimationError(
            f"missing_panel: '{name}' makes something of missing tests and reports (missing: "
            f"{own.settings['missing']}) and does not say whose are missing; add to the study's metrics one that is "
            f"{own.metric} with the same settings and missing: observed, where the metric has that"
        )
    return found


def scale_of(outcome: Outcome, known: np.ndarray) -> Scale | None:
    """Return the ends of an outcome, None where nobody has said which way is better.

    Parameters
    ----------
    outcome : Outcome
    known : ndarray
        Its known values: of an outcome without ends of its own, theirs are taken.
    """
    if not outcome.good:
        return None
    if outcome.is_share or outcome.is_percent:
        low, high, seen = 0.0, 1.0 if outcome.is_share else 100.0, False
    else:
        low, high, seen = float(known.min()), float(known.max()), True
    return Scale(low, high, seen) if outcome.good > 0 else Scale(high, low, seen)


def auxiliaries_of(
    study: Readable, data: pd.DataFrame, names: list[str] | None, outcomes: tuple[str, ...]
) -> list[str]:
    """Return the outcomes that may tell of the missing ones: those named, or time in care and what sessions say.

    Parameters
    ----------
    study : Study
    data : DataFrame
        The outcomes.
    names : list of str or None
        As a study file gives them.
    outcomes : tuple of str
        What is to be imputed, which says nothing of itself.

    Raises
    ------
    EstimationError
        There is no such outcome, or it is the one to be imputed.
    """
    for name in names or ():
        if name not in data.columns or name in outcomes:
            raise EstimationError(
                f"missing_panel.auxiliaries: '{name}' is not among the other outcomes of this study; name metrics of it"
            )
    if names is not None:
        return list(names)
    of_sessions = [name for name in study.metrics if _needs_sessions_only(outcome_of(study, name))]
    return [name for name in (TIME, *of_sessions) if name in data.columns and name not in outcomes]


def with_auxiliaries(covariates: pd.DataFrame, data: pd.DataFrame, names: list[str], arm: np.ndarray) -> pd.DataFrame:
    """Return the covariates with what else is known; where that is missing, the arm's mean and a sign of it."""
    found = covariates.copy()
    for name in names:
        values = data[name].astype(float)
        if not values.notna().any():
            continue
        found[f"auxiliary {name}"] = values.fillna(values.groupby(arm).transform("mean")).fillna(values.mean())
        if values.isna().any():
            found[f"auxiliary {name} missing"] = values.isna().astype(float)
    return found


def _needs_sessions_only(outcome: Outcome) -> bool:
    return bool(outcome.needs) and all(need.startswith("session.") for need in outcome.needs)
