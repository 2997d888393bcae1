"""Changes of the level of care in a study: trials nested in its weeks, as rows of its table."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes import tables
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.participation import sequential
from iop_outcomes.participation.from_history import Made, weeks_of_change
from iop_outcomes.participation.hours_of_study import RIDGE
from iop_outcomes.participation.sequential import SequentialTrials, sequential_trials
from iop_outcomes.participation.trial_members import CHANGED, LABEL, STAYED
from iop_outcomes.study.participation import LevelChange, Participation
from iop_outcomes.study.view import StudyView
from iop_outcomes.tables.attending import AS_STARTED, EVER_CHANGED, PER_PROTOCOL
from iop_outcomes.tables.estimate import FLAGGED, REFUSED, SHOWN, WITHHELD

#: Share of person-weeks in which somebody must have been tested.
ENOUGH_TESTED = 0.8
_NUMBERS = ["value", "se", "ci_low", "ci_high", "share_changed", "share_stayed"]
_UNTESTED = "fewer than four in five weeks have a test, and who does not come is tested less often"
Row = dict[str, Any]


def level_changes(study: StudyView, asked: Participation, made: Made) -> pd.DataFrame:
    """Return the rows of ``level_change``: each change in each way, withheld where it rests on too little."""
    parts = [_of_change(name, change, study, asked, made) for name, change in asked.changes.items()]
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    return whole.reindex(columns=tables.empty("level_change").columns)


def _of_change(name: str, change: LevelChange, study: StudyView, asked: Participation, made: Made) -> pd.DataFrame:
    labels = {"change": name, "to": change.to, "arms": "; ".join(change.arms), "weeks": change.weeks}
    try:
        weeks, covariates = weeks_of_change(asked, change, made)
        found = sequential_trials(
            weeks,
            changed="changed",
            horizon=change.weeks,
            covariates=covariates,
            excused="excused",
            recurring=True,
            per_protocol=change.per_protocol,
            unusable="drop",
            ridge=RIDGE,
            cluster="site" if asked.bootstrap_by == "site" else None,
        )
    except StudyError as error:
        return pd.DataFrame(
            [labels | {"way": AS_STARTED, "status": REFUSED, "reason": str(error).removeprefix("changed: ")}]
        )
    table = pd.DataFrame([labels | row for row in _rows(found)]).astype({"reason": "object"})
    return _judged(table, found, float(weeks["tested"].mean()), study)


def _rows(found: SequentialTrials) -> Iterator[Row]:
    people = _people(found)
    smd = found.balance.loc[found.balance["stage"] == "after", "smd"].abs().max()
    for way, said in ((sequential.AS_STARTED, AS_STARTED), (sequential.PER_PROTOCOL, PER_PROTOCOL)):
        own = found.differences[found.differences["way"] == way]
        if own.empty:
            continue
        last = own.iloc[-1]
        row: Row = {"way": said, "value": last["risk_difference"], "status": SHOWN, "max_smd": smd, "reason": None}
        row |= {name: last[name] for name in ("se", "ci_low", "ci_high")}
        risks = found.risks[found.risks["way"] == way].groupby("arm")["risk"].last()
        for place in (CHANGED, STAYED):
            row |= {f"share_{place}": risks[place], f"n_{place}": float(people[place]["n"])}
            row |= {f"with_{place}": float(people[place]["n_events"]), f"ess_{place}": people[place]["ess"]}
        yield row
    naive = found.naive.iloc[0]
    row = {"way": EVER_CHANGED, "value": naive["risk_difference"], "status": SHOWN, "reason": LABEL}
    row |= {name: naive[name] for name in ("se", "ci_low", "ci_high")}
    for place in (CHANGED, STAYED):
        n, share = float(naive[f"n_{place}"]), float(naive[f"risk_{place}"])
        row |= {f"n_{place}": n, f"share_{place}": share, f"with_{place}": float(round(n * share)), f"ess_{place}": n}
    yield row


def _people(found: SequentialTrials) -> dict[str, Any]:
    return {str(row["arm"]): row for row in found.people.to_dict("records")}


def _judged(table: pd.DataFrame, found: SequentialTrials, tested: float, study: StudyView) -> pd.DataFrame:
    gate, people = study.gate, _people(found)
    faults = [
        (WITHHELD, f"too few people {place}: the gate asks for an effective size of {gate.min_ess:g}")
        for place in (CHANGED, STAYED)
        if people[place]["ess"] < gate.min_ess
    ]
    left = found.balance[found.balance["stage"] == "after"]
    worst = left.iloc[int(np.argmax(left["smd"].abs()))]
    if abs(worst["smd"]) > gate.max_smd:
        faults.append(
            (WITHHELD, f"weights leave those who changed and those who stayed unlike in “{worst['covariate']}”")
        )
    if tested < ENOUGH_TESTED:
        faults.append((FLAGGED, _UNTESTED))
    if not faults:
        return table
    hides = any(status == WITHHELD for status, _ in faults) and gate.on_failure == "withhold"
    naive = table["way"] == EVER_CHANGED
    table.loc[~naive, "status"] = WITHHELD if hides else FLAGGED
    table.loc[~naive, "reason"] = "; ".join(reason for _, reason in faults)
    if hides:
        table.loc[naive, ["status", "reason"]] = [WITHHELD, "it would stand alone, and alone it misleads"]
        table[_NUMBERS] = np.nan
    return table
