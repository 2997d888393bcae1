"""All metrics of a study over one cohort, and the refusal of those the source cannot give."""

import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from iop_outcomes.history.history import History
from iop_outcomes.kernel.errors import Refusal
from iop_outcomes.study.view import Readable
from iop_outcomes.tables.capability import unmet

#: Reason written for a value that its metric left out without a reason of its own.
NO_VALUE = "not enough was recorded"


def compute_metrics(
    history: History, study: Readable, capability: pd.DataFrame, tell: Callable[[str], None] = lambda _: None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the values of every metric of the study, and what was refused.

    Parameters
    ----------
    history : History
        Members and their records.
    study : Study
        Its ``metrics`` section names them; its rules for urine tests and use hold for all of them.
    capability : pandas.DataFrame
        Table of that contract.
    tell : callable
        Gets a line per metric, for progress.

    Returns
    -------
    metric_value, refusal : pandas.DataFrame
        Tables of those contracts.
    """
    values, refused = [], []
    history = history.under(study.outcome_rules)
    for name in study.metrics:
        plugin, settings = study.metric(name)
        start = time.perf_counter()
        reason = unmet(plugin.needs, capability, history.records)
        try:
            if not reason:
                values.append(as_table(name, plugin(history, **settings), history))
                tell(f"{name}: {time.perf_counter() - start:.1f} s")
        except Refusal as refusal:
            reason = str(refusal)
        if reason:
            refused.append({"kind": "metric", "name": name, "reason": f"{name} {reason}"})
            tell(f"{name}: refused, {reason}")
    refusal = pd.DataFrame(refused, columns=["kind", "name", "reason"])
    return _stack(values, list(study.metrics)), refusal


def as_table(name: str, result: pd.Series | pd.DataFrame, history: History) -> pd.DataFrame:
    """Return what a metric gave as rows of ``metric_value``, one per member.

    Raises
    ------
    ValueError
        The metric gave something else than one row per member; that is a bug in the metric.
    """
    frame = result.to_frame("value") if isinstance(result, pd.Series) else result
    if len(frame) != history.n or not frame.index.equals(history.members.index):
        raise ValueError(f"metric '{name}' must return one row per member, in the order of history.members")
    value = frame["value"].to_numpy(float)
    reason = np.full(len(frame), None, dtype=object)
    missing = np.isnan(value)
    reason[missing] = frame["missing_reason"].to_numpy(object)[missing] if "missing_reason" in frame else NO_VALUE
    code, names = pd.factorize(reason, sort=True)
    table = {
        "member_id": frame.index,
        "metric": name,
        "value": value,
        "observed_share": frame["observed_share"].to_numpy(float) if "observed_share" in frame else np.nan,
        "missing_reason": pd.Categorical.from_codes(code, pd.Index(names, dtype="str")),
    }
    return pd.DataFrame(table)


def _stack(values: list[pd.DataFrame], names: list[str]) -> pd.DataFrame:
    if not values:
        return pd.DataFrame(columns=["member_id", "metric", "value", "observed_share", "missing_reason"])
    reasons = union_categoricals([each.pop("missing_reason").array for each in values], sort_categories=True)
    code = np.concatenate([_place(each.pop("metric"), names) for each in values])
    stacked = pd.concat(values, ignore_index=True)
    stacked.insert(1, "metric", pd.Categorical.from_codes(code, names))
    return stacked.assign(missing_reason=reasons)


def _place(metric: pd.Series, names: list[str]) -> np.ndarray:
    """Return the position of one metric's name among all, once a row."""
    return np.full(len(metric), names.index(metric.iloc[0]) if len(metric) else 0, dtype=np.intp)
