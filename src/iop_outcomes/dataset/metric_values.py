"""All metrics of a study over one cohort, and the refusal of those the source cannot give."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from iop_outcomes.dataset.kept_values import of_shard
from iop_outcomes.history.history import History
from iop_outcomes.history.session_rules import shards_counted
from iop_outcomes.history.sessions import in_shards
from iop_outcomes.kernel.errors import Refusal
from iop_outcomes.study.view import Readable
from iop_outcomes.tables.capability import unmet
from iop_outcomes.tables.parts import MOST_ROWS, Parts, Table

#: Reason written for a value that its metric left out without a reason of its own.
NO_VALUE = "not enough was recorded"


def compute_metrics(
    history: History, study: Readable, capability: pd.DataFrame, tell: Callable[[str], None] = lambda _: None
) -> tuple[Table, pd.DataFrame]:
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
    metric_value, refusal : pandas.DataFrame or Parts
        Tables of those contracts; many values come in parts.
    """
    values, refused = [], []
    history = history.under(study.outcome_rules)
    asked = {name: study.metric(name) for name in study.metrics}
    # Many metrics need the same, which is looked for once.
    lacking = {needs: unmet(needs, capability, history.records) for needs in {one.needs for one, _ in asked.values()}}
    unfit = {name: lacking[plugin.needs] for name, (plugin, _) in asked.items()}
    of_shards = _by_shard(history, {n: one for n, one in asked.items() if one[0].by_member and not unfit[n]}, tell)
    for name, (plugin, settings) in asked.items():
        start = time.perf_counter()
        reason = unfit[name]
        try:
            if not reason:
                found = of_shards.pop(name) if name in of_shards else plugin(history, **settings)
                values.append(as_table(name, found, history))
                tell(f"{name}: {time.perf_counter() - start:.1f} s")
        except Refusal as refusal:
            reason = str(refusal)
        if reason:
            refused.append({"kind": "metric", "name": name, "reason": f"{name} {reason}"})
            tell(f"{name}: refused, {reason}")
    refusal = pd.DataFrame(refused, columns=["kind", "name", "reason"])
    return _stack(values, list(study.metrics)), refusal


def _by_shard(
    history: History, asked: Mapping[str, tuple[Any, Mapping[str, Any]]], tell: Callable[[str], None]
) -> dict[str, pd.DataFrame]:
    """Return what metrics of single members give, from a shard of members after the other; none if all are one."""
    found: dict[str, list[pd.DataFrame]] = {name: [] for name in asked}
    if not asked or not in_shards(history):
        return {}
    start = time.perf_counter()
    for first, shard in shards_counted(history):
        made = of_shard(first, shard.members.index, partial(_called, shard, asked))
        for name, frame in made.items():
            found[name].append(frame)
    tell(f"{len(found)} metrics of single members, in shards: {time.perf_counter() - start:.1f} s")
    return {name: pd.concat(each) for name, each in found.items()}


def _called(shard: History, asked: Mapping[str, tuple[Any, Mapping[str, Any]]]) -> dict[str, pd.DataFrame]:
    made = {name: plugin(shard, **settings) for name, (plugin, settings) in asked.items()}
    return {name: one.to_frame("value") if isinstance(one, pd.Series) else one for name, one in made.items()}


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
        "metric": pd.Categorical.from_codes(np.zeros(len(frame), dtype=np.int8), [name]),
        "value": value,
        "observed_share": frame["observed_share"].to_numpy(float) if "observed_share" in frame else np.nan,
        "missing_reason": pd.Categorical.from_codes(code, pd.Index(names, dtype="str")),
    }
    return pd.DataFrame(table)


def _stack(values: list[pd.DataFrame], names: list[str]) -> Table:
    """Return the values of all metrics as one table, in parts where they are many: each metric is held once."""
    if not values:
        return pd.DataFrame(columns=["member_id", "metric", "value", "observed_share", "missing_reason"])
    reasons = union_categoricals([each["missing_reason"].array for each in values], sort_categories=True).categories

    def made(each: pd.DataFrame) -> pd.DataFrame:
        place = names.index(each["metric"].iloc[0]) if len(each) else 0
        metric = pd.Categorical.from_codes(np.full(len(each), place, dtype=np.intp), names)
        return each.assign(metric=metric, missing_reason=each["missing_reason"].cat.set_categories(reasons))

    n_rows = sum(len(each) for each in values)
    found = Parts(lambda: (partial(made, each) for each in values), n_rows)
    return found.whole() if n_rows <= MOST_ROWS else found
