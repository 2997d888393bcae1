"""What a report says of a cohort beside its metrics: tests against reports, odd records, who is still in care."""

import pandas as pd

from iop_outcomes import tables
from iop_outcomes.describe.definitions import abstinence_shares
from iop_outcomes.describe.retention import retention_by_arm
from iop_outcomes.describe.set_aside import records_set_aside
from iop_outcomes.describe.weekly import weekly_records
from iop_outcomes.history.history import History
from iop_outcomes.history.session_rules import session_rules
from iop_outcomes.metrics.composite import agreement
from iop_outcomes.tables.capability import unmet

#: Days on which a report says who is still in care, while they are within the follow-up.
DAYS = (30, 60, 90, 120, 180, 365)


def describe(history: History, capability: pd.DataFrame, substance: str | None = None) -> dict[str, pd.DataFrame]:
    """Return the descriptive tables of a cohort; one that the source cannot give is empty.

    Parameters
    ----------
    history : History
        Members and their records.
    capability : pandas.DataFrame
        Table of that contract.
    substance : str, optional
        Substance or panel whose tests count; all that are not prescribed when left out.

    Returns
    -------
    dict of str to DataFrame
        ``weekly``, ``abstinence_share``, ``agreement``, ``set_aside`` and ``retained``, tables of those contracts.
    """
    return {
        "weekly": weekly_records(history, capability, substance),
        "abstinence_share": abstinence_shares(history, capability, substance),
        "agreement": _agreement(history, capability, substance),
        "set_aside": _set_aside(history, capability),
        "retained": _retained(history, capability),
    }


def _agreement(history: History, capability: pd.DataFrame, substance: str | None) -> pd.DataFrame:
    if unmet(("drug_test.result", "use_report.days_used"), capability):
        return tables.empty("agreement")
    table = agreement(history, window_days=int(history.follow_up_days.max()), substance=substance)
    return table[table["arm"] != "all"].reset_index(drop=True)


def _set_aside(history: History, capability: pd.DataFrame) -> pd.DataFrame:
    found = [records_set_aside(history)]
    if not unmet(("session.status",), capability):
        sessions = session_rules(history)
        sessions["rule"] = sessions["rule"] + ": " + sessions["answer"]
        found.append(sessions.assign(table="session").rename(columns={"n_sessions": "n"})[["table", "rule", "n"]])
    table = pd.concat(found, ignore_index=True)
    return table[table["n"] > 0].reset_index(drop=True)


def _retained(history: History, capability: pd.DataFrame) -> pd.DataFrame:
    days = [day for day in DAYS if day <= history.follow_up_days.max(initial=0)]
    if not days or unmet(("episode.discharge_day|episode.last_contact_day",), capability):
        return tables.empty("retained")
    return retention_by_arm(history, days)[["arm", "day", "n_at_risk", "n_ended", "retained", "ci_low", "ci_high"]]
