"""What came of each member: one column per metric, and time in care. Joins the covariates only to be estimated."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from iop_outcomes.history.before import use_before
from iop_outcomes.history.care import time_in_care
from iop_outcomes.history.endings import care_states, completed_days
from iop_outcomes.history.history import History
from iop_outcomes.history.intercurrent import EventRules
from iop_outcomes.history.result import or_missing
from iop_outcomes.study.names import WEEKLY_URINE
from iop_outcomes.study.view import StudyView
from iop_outcomes.tables.lookup import positions


def run(
    study: StudyView, made: dict[str, pd.DataFrame], *, tell: Callable[[str], None], folder: Path
) -> dict[str, pd.DataFrame]:
    """Put what came of the members into one row each: the stage ``outcomes``."""
    history = History.of(made["cohort"], made, care=study.care)
    weekly = made["weekly"] if study.has_repeated_outcome else None
    outcomes = build_outcomes(history, made["metric_value"], weekly, study.events)
    before = use_before(history.under(study.outcome_rules))
    return {"outcomes": outcomes.join(before, on="member_id")}


def build_outcomes(
    history: History,
    metric_value: pd.DataFrame,
    weekly: pd.DataFrame | None = None,
    events: EventRules | None = None,
) -> pd.DataFrame:
    """Return the ``outcomes`` table: one column per metric, time in care, and what ended it.

    Parameters
    ----------
    history : History
        Members and their records.
    metric_value : pandas.DataFrame
        Table of that contract.
    weekly : pandas.DataFrame, optional
        Table of that contract, where the urine result of every week is an outcome (``weekly_urine_1``, ...).
    events : EventRules, optional
        What completion, transfer, jail and death mean for outcomes of care; the usual rules when left out.
    """
    stays = [c for c in ("stay_days_low", "stay_days_high") if c in history.members]
    frame = _care(history, events or EventRules()).join(history.members[stays])
    by_metric = pd.DataFrame(_by_metric(metric_value, history.members.index), index=frame.index)
    # At once: a hundred columns put in one by one make a frame in pieces.
    frame = pd.concat([frame.drop(columns=by_metric.columns, errors="ignore"), by_metric], axis=1)
    if weekly is not None and "urine" in weekly:
        frame = frame.join(_urine_by_week(weekly))
    return frame.reset_index()


def _by_metric(metric_value: pd.DataFrame, members: pd.Index) -> dict[str, np.ndarray]:
    """Return the values of each metric in the order of the members, missing where there is none."""
    metric = metric_value["metric"].astype("category")
    found = {}
    for code, name in enumerate(metric.cat.categories):
        own = metric_value[(metric.cat.codes == code).to_numpy()]
        if len(own):
            where = positions(own["member_id"], members)
            found[str(name)] = np.append(own["value"].to_numpy(float), np.nan)[where]
    return found


def _care(history: History, events: EventRules) -> pd.DataFrame:
    """Return time in care, what ended it, and how long treatment was planned and found to last."""
    days, ended = time_in_care(history)
    dated = not ended.isna().all()
    columns = {
        "retention_days": days,
        "retention_ended": ended,
        "care_ended_by": events.ended_by(care_states(history)["state"]) if dated else None,
        "completed_days": completed_days(history),
        "prescribed_days": 7 * or_missing(history, "prescribed_weeks"),
    }
    return pd.DataFrame(columns, index=history.members.index)


def _urine_by_week(weekly: pd.DataFrame) -> pd.DataFrame:
    """Return ``weekly_urine_1``, ``_2``, ...: 1 negative, 0 positive or mixed, missing where no result was seen."""
    result = weekly["urine"].astype("str").map({"-": 1.0, "+": 0.0, "*": 0.0})
    table = weekly.assign(result=result).pivot(index="member_id", columns="week", values="result")
    seen = np.flatnonzero(table.notna().any().to_numpy())
    table = table.iloc[:, : seen[-1] + 1 if len(seen) else 0]
    return table.set_axis([f"{WEEKLY_URINE}_{int(week)}" for week in table.columns], axis=1)
