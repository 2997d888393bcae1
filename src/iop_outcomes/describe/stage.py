"""What a report says of a cohort beside its metrics: tests against reports, odd records, who is still in care."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from iop_outcomes import tables
from iop_outcomes.dataset.metric_values import compute_metrics
from iop_outcomes.describe.definitions import abstinence_shares, refused_endpoints
from iop_outcomes.describe.intercurrent import intercurrent_events
from iop_outcomes.describe.retention import retention_by_arm
from iop_outcomes.describe.set_aside import records_set_aside, rows_not_taken
from iop_outcomes.describe.weekly import weekly_records
from iop_outcomes.history.history import History
from iop_outcomes.history.intercurrent import EventRules
from iop_outcomes.history.outcome_rules import OutcomeRules
from iop_outcomes.history.session_rules import session_rules
from iop_outcomes.history.urine_weeks import urine_weeks, urine_weeks_or_none
from iop_outcomes.kernel.errors import Refusal, StudyError
from iop_outcomes.kernel.refusing import refused
from iop_outcomes.metrics.composite import agreement
from iop_outcomes.study.view import StudyView
from iop_outcomes.tables.capability import unmet
from iop_outcomes.tables.parts import Table

#: Days on which a report says who is still in care, while they are within the follow-up.
DAYS = (30, 60, 90, 120, 180, 365)

#: Without one of these nobody knows when care ended.
_DATED = ("episode.discharge_day|episode.last_contact_day",)

#: Figures drawn from the weeks of urine tests.
FIGURES = ("urine_weeks", "abstinence_definitions")


def run(
    study: StudyView, made: dict[str, pd.DataFrame], *, tell: Callable[[str], None], folder: Path
) -> dict[str, Table]:
    """Compute every metric of the study and describe what was recorded: the stage ``metrics``."""
    history = History.of(made["cohort"], made, study.outcome_rules, care=study.care)
    metric_value, refusals = compute_metrics(history, study, made["capability"], tell)
    found: dict[str, Any] = describe(history, made["capability"], cluster=study.cluster, events=study.events)
    answered = found["set_aside"][["table", "rule", "n"]].astype({"table": "str", "rule": "str"})
    for sentence in refused(study.refuse, answered.itertuples(index=False, name=None)):
        raise StudyError(sentence)
    found["set_aside"] = pd.concat([rows_not_taken(made["rejected"]), found["set_aside"]], ignore_index=True)
    return found | {"metric_value": metric_value, "refusal": pd.concat([refusals, found["refusal"]], ignore_index=True)}


def describe(
    history: History,
    capability: pd.DataFrame,
    rules: OutcomeRules | None = None,
    *,
    cluster: str | None = "site",
    events: EventRules | None = None,
) -> dict[str, Table]:
    """Return the descriptive tables of a cohort; one that the source cannot give is empty.

    Parameters
    ----------
    history : History
        Members and their records.
    capability : pandas.DataFrame
        Table of that contract.
    rules : OutcomeRules, optional
        Those of the study; the history's own when left out.
    cluster : {"site"} or None
        Unit whose members are alike, in every interval.
    events : EventRules, optional
        What the study makes of completion, transfer, jail and death; the usual rules when left out.

    Returns
    -------
    dict of str to DataFrame or Parts
        ``weekly``, ``abstinence_share``, ``agreement``, ``set_aside``, ``retained``, ``intercurrent``, and ``refusal``:
        what the tests of the source cannot give of them. Tables of those contracts.
    """
    history = history.under(rules or history.rules)
    return {
        "weekly": weekly_records(history, capability),
        "abstinence_share": abstinence_shares(history, capability),
        "agreement": _agreement(history, capability),
        "set_aside": _set_aside(history, capability),
        "retained": _retained(history, capability, cluster),
        "intercurrent": _intercurrent(history, capability, events or EventRules()),
        "refusal": _refusals(history, capability),
    }


def _refusals(history: History, capability: pd.DataFrame) -> pd.DataFrame:
    rows = []
    if not unmet(("drug_test.result",), capability):
        try:
            urine_weeks(history)
            rows = [("published endpoint", name, reason) for name, reason in refused_endpoints(history).items()]
        except Refusal as refusal:
            rows = [("figure", name, f"{name} {refusal}") for name in FIGURES]
    return pd.DataFrame(rows, columns=["kind", "name", "reason"])


def _agreement(history: History, capability: pd.DataFrame) -> pd.DataFrame:
    lacking = unmet(("use_report.days_used",), capability)
    if lacking or urine_weeks_or_none(history, capability) is None:
        return tables.empty("agreement")
    panel = history.rules.targets()
    table = agreement(history, window_days=int(history.follow_up_days.max()), substance=panel)
    return table[table["arm"] != "all"].reset_index(drop=True)


def _set_aside(history: History, capability: pd.DataFrame) -> pd.DataFrame:
    found = [records_set_aside(history)]
    if not unmet(("session.status",), capability):
        sessions = session_rules(history)
        sessions["rule"] = sessions["rule"] + ": " + sessions["answer"]
        found.append(sessions.assign(table="session").rename(columns={"n_sessions": "n"})[["table", "rule", "n"]])
    table = pd.concat(found, ignore_index=True)
    return table[table["n"] > 0].reset_index(drop=True)


def _intercurrent(history: History, capability: pd.DataFrame, events: EventRules) -> pd.DataFrame:
    if not history.n or unmet(_DATED, capability):
        return tables.empty("intercurrent")
    return intercurrent_events(history, events)


def _retained(history: History, capability: pd.DataFrame, cluster: str | None) -> pd.DataFrame:
    days = [day for day in DAYS if day <= history.follow_up_days.max(initial=0)]
    if not days or unmet(_DATED, capability):
        return tables.empty("retained")
    table = retention_by_arm(history, days, cluster)
    return table[["arm", "day", "n_at_risk", "n_ended", "retained", "ci_low", "ci_high"]]
