"""Metrics that read the use calendar: the settings they share, declared once."""

import functools
import inspect
from collections.abc import Callable

import numpy as np
import pandas as pd

from iop_outcomes.history.death import under_rule
from iop_outcomes.history.detection import DetectionDays
from iop_outcomes.history.evidence import ControlledRule, Evidence, use_calendar
from iop_outcomes.history.history import History
from iop_outcomes.history.outcome_rules import AfterDeath, Panel
from iop_outcomes.history.result import result
from iop_outcomes.kernel.registry import metric

#: Value, reason why there is none and share of the days known, one element per member.
Scored = tuple[np.ndarray, np.ndarray, np.ndarray]


def calendar_metric(
    *,
    needs: tuple[str, ...] = ("use_report.days_used",),
    evidence: Evidence = "self_report",
    judges_death: bool = True,
    **facts,
):
    """Declare a metric that is a function of the use calendar and its own settings and returns ``Scored``.

    The metric that a study sees takes a history, and the settings of ``use_calendar`` beside its own: ``substance``,
    ``evidence``, ``controlled``, ``detection_days`` and ``after_death``.

    Parameters
    ----------
    needs, **facts
        As ``registry.metric``.
    evidence : str
        Default of that setting.
    judges_death : bool
        Is it an outcome that the rule for death is for?
    """

    def declare(function: Callable[..., Scored]) -> Callable[..., pd.DataFrame]:
        @functools.wraps(function, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
        def of_history(
            history: History,
            *,
            substance: Panel = None,
            evidence: Evidence = evidence,
            controlled: ControlledRule = "set_apart",
            detection_days: DetectionDays = None,
            after_death: AfterDeath | None = None,
            **own,
        ) -> pd.DataFrame:
            calendar = use_calendar(history, substance, evidence, controlled, detection_days)
            scored = result(history, *function(calendar, **own))
            return (
                under_rule(history, scored, {**windows, **own}["window_days"], after_death) if judges_death else scored
            )

        of_history.__signature__ = _joined(function, of_history)
        windows = {"window_days": of_history.__signature__.parameters["window_days"].default}
        return metric(needs=needs, **facts)(of_history)

    return declare


def _joined(function: Callable, of_history: Callable) -> inspect.Signature:
    """Return the signature with a history first, the function's own settings next and the shared ones last."""
    history, *shared = inspect.signature(of_history, follow_wrapped=False).parameters.values()
    _, *own = inspect.signature(function, eval_str=True).parameters.values()
    return inspect.Signature([history, *own, *(p for p in shared if p.kind is p.KEYWORD_ONLY)])
