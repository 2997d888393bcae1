"""What attending more would bring, from a study's own records: the ways to ask, and what each can and cannot say."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes import tables
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.seeds import seed_of
from iop_outcomes.participation.changes_of_study import level_changes
from iop_outcomes.participation.clone_censor_weight import (
    TRUNCATED,
    WEIGHTED,
    CloneCensorWeight,
    clone_censor_weight,
)
from iop_outcomes.participation.from_history import HOURS_BEFORE, USE_BEFORE, enough_before, parting, person_weeks
from iop_outcomes.participation.hours_of_study import (
    NEAR_ONE,
    RIDGE,
    contrast_row,
    curve_rows,
    fit_hours,
    hours_faults,
    week_rows,
)
from iop_outcomes.participation.landmarks import landmark
from iop_outcomes.participation.naive import LABEL, by_attendance
from iop_outcomes.study.participation import FIRST_POSITIVE, Participation
from iop_outcomes.study.view import StudyView
from iop_outcomes.tables.attending import BY_ATTENDANCE, CLONES, CLONES_TRUNCATED, LANDMARK, MARGINAL
from iop_outcomes.tables.estimate import FLAGGED, REFUSED, SHOWN, WITHHELD

#: Share of people of whom the outcome must be known.
ENOUGH_KNOWN = 0.8
#: Fewer clusters than this, drawn with replacement, vary too little (Cameron, Gelbach & Miller 2008, Rev Econ Stat
#: 90:414, find a tenth and more of intervals at fault with ten or fewer).
ENOUGH_SITES = 10
_NUMBERS = ["value", "se", "ci_low", "ci_high", "share_first", "share_second"]
Row = dict[str, Any]


def run(
    study: StudyView, made: dict[str, pd.DataFrame], *, tell: Callable[[str], None], folder: Path
) -> dict[str, pd.DataFrame]:
    """Hold strategies, hours and changes of the level of care against each other: the stage ``participation``."""
    asked: Participation = study.participation
    changed = {"level_change": level_changes(study, asked, made)}
    try:
        weeks, names = person_weeks(asked, asked.arms_of(study), made)
        found = _clones(asked, weeks, names, seed_of(study.seed, "participation"))
    except StudyError as error:
        tell(f"refused, {error}")
        columns = tables.empty("participation").columns
        rows = pd.DataFrame([_refused(CLONES, str(error)) | _labels(asked, study)]).reindex(columns=columns)
        nothing = {name: tables.empty(name) for name in ("participation_week", "participation_hours")}
        return {"participation": rows} | nothing | changed
    n_people = int(made["cohort"]["arm"].astype("str").isin(asked.arms_of(study)).sum())
    known = _known_share(weeks, asked, n_people)
    clones = _of_clones(found, asked, WEIGHTED, CLONES)
    faults = _faults(found, study.gate.min_ess, known) + _few_sites(asked, weeks)
    alone = clones["status"] == REFUSED or _state(faults, study.gate.on_failure)["status"] == WITHHELD
    hours, curve, by_week = _of_hours(asked, study, weeks, names, known, alone)
    ways = [
        clones,
        _of_clones(found, asked, TRUNCATED, CLONES_TRUNCATED),
        _of_landmark(asked, weeks, names),
        hours,
        _of_attendance(asked, weeks, study),
    ]
    rows = pd.DataFrame([_labels(asked, study) | row for row in ways if row])
    judged = _judged(rows.reindex(columns=tables.empty("participation").columns), study, faults, alone)
    tell(f"{weeks['person_id'].nunique():,} people, {found.n_replicates} replicates, {judged['status'].iloc[0]}")
    of_weeks = pd.concat([_weeks(found, asked), by_week], ignore_index=True) if len(by_week) else _weeks(found, asked)
    return {"participation": judged, "participation_week": of_weeks, "participation_hours": curve} | changed


def _of_hours(
    asked: Participation, study: StudyView, weeks: pd.DataFrame, names: list[str], known: float, alone: bool
) -> tuple[Row | None, pd.DataFrame, pd.DataFrame]:
    """Return hours held against each other, their curve, and the weights behind both by week."""
    nothing = tables.empty("participation_hours"), tables.empty("participation_week")
    if asked.hours is None:
        return None, *nothing
    try:
        found = fit_hours(asked, asked.hours, weeks, names)
    except StudyError as error:
        return _refused(MARGINAL, str(error)), *nothing
    gate = study.gate
    faults = hours_faults(asked.hours, found, gate.min_ess)
    faults += [(FLAGGED, _UNKNOWN)] if known < ENOUGH_KNOWN else []
    faults += [(FLAGGED, _ALONE)] if alone else []
    row = contrast_row(asked, asked.hours, found) | _state(faults, gate.on_failure)
    least = gate.min_ess if gate.on_failure == "withhold" else 0.0
    curve = curve_rows(asked, "; ".join(asked.arms_of(study)), found, faults, least)
    return _without_numbers(row), curve, week_rows(asked, found)


def _state(faults: list[tuple[str, str]], on_failure: str) -> Row:
    """Return status and reason of a row with some faults."""
    if not faults:
        return {"status": SHOWN}
    hides = any(status == WITHHELD for status, _ in faults) and on_failure == "withhold"
    return {"status": WITHHELD if hides else FLAGGED, "reason": "; ".join(reason for _, reason in faults)}


def _without_numbers(row: Row) -> Row:
    return row | dict.fromkeys(_NUMBERS, np.nan) if row["status"] == WITHHELD else row


def _labels(asked: Participation, study: StudyView) -> dict[str, str]:
    first, second = asked.strategies
    return {"outcome": asked.outcome, "strategy": first, "against": second, "arms": "; ".join(asked.arms_of(study))}


def _refused(way: str, reason: str) -> Row:
    return {"way": way, "status": REFUSED, "reason": reason}


def _clones(asked: Participation, weeks: pd.DataFrame, names: list[str], seed: int) -> CloneCensorWeight:
    return clone_censor_weight(
        weeks,
        strategies=dict(asked.strategies),
        covariates=names,
        excused="excused",
        stepped_up="stepped_up",
        unusable="drop",
        ridge=RIDGE,
        truncate=asked.truncate,
        bootstrap=asked.bootstrap,
        cluster="site" if asked.bootstrap_by == "site" else None,
        seed=seed,
    )


def _of_clones(found: CloneCensorWeight, asked: Participation, way: str, name: str) -> Row:
    """Return the difference by the end of the last week that clones of both strategies reach."""
    own = found.differences[found.differences["weights"] == way]
    own = own[own["risk_difference"].notna()]
    if own.empty or own["week"].iloc[-1] != asked.weeks - 1:
        return _refused(name, "nobody follows one of the strategies up to the last week")
    last = own.iloc[-1]
    row: Row = {"way": name, "value": last["risk_difference"], "week": int(last["week"]) + 1, "status": SHOWN}
    row |= {column: last[column] for column in ("se", "ci_low", "ci_high")}
    if np.isnan(last["se"]):
        row["reason"] = _NO_INTERVAL
    risks = found.risks[(found.risks["weights"] == way) & (found.risks["week"] == last["week"])]
    for place, strategy in zip(("first", "second"), asked.strategies, strict=True):
        weights = found.weights[found.weights["strategy"] == strategy]
        at_end = weights[weights["week"] == last["week"]].iloc[0]
        row |= {
            f"share_{place}": float(risks.loc[risks["strategy"] == strategy, "risk"].iloc[0]),
            f"n_{place}": float(at_end["n_uncensored"]),
            f"with_{place}": float(weights["n_events"].sum()),
            f"ess_{place}": float(at_end["ess"]),
        }
    return row


def _of_landmark(asked: Participation, weeks: pd.DataFrame, names: list[str]) -> Row | None:
    if asked.landmark is None:
        return None
    at = asked.landmark.weeks
    recent = [name for name in (USE_BEFORE, HOURS_BEFORE) if name in names]
    formed = {enough_before(hours) for hours in parting(asked)}
    baseline = [name for name in names if name not in recent and name not in formed]
    # Hours before the landmark are what forms the groups.
    latest = [name for name in recent if name != HOURS_BEFORE]
    try:
        rows = landmark(
            weeks,
            at_week=at,
            least_hours=asked.landmark.least_hours,
            covariates=baseline,
            recent=latest,
            until_week=asked.weeks - 1,
            excused="excused",
            cluster="site" if asked.bootstrap_by == "site" else None,
            estimand="ATO",
        )
    except StudyError as error:
        return _refused(LANDMARK, str(error))
    contrast = rows[rows["role"] == "contrast"].iloc[0]
    arms = rows[rows["role"] == "arm"].set_index("arm")
    # Fewer without the event are more with it.
    row: Row = {"way": LANDMARK, "value": -contrast["value"], "se": contrast["se"], "status": SHOWN}
    row |= {"ci_low": -contrast["ci_high"], "ci_high": -contrast["ci_low"], "week": asked.weeks}
    for place, arm in zip(("first", "second"), ("active", "others"), strict=True):
        own = arms.loc[arm]
        row |= {f"share_{place}": 1 - own["value"], f"n_{place}": own["n"], f"with_{place}": own["n_events"]}
        row |= {f"ess_{place}": own["ess"]}
    return row


def _of_attendance(asked: Participation, weeks: pd.DataFrame, study: StudyView) -> Row | None:
    """Return what forming groups by attendance would have claimed, where the strategies part hours at one number."""
    first, second = asked.strategies.values()
    hours = first.least_hours or second.least_hours
    if hours is None:
        return None
    sign = 1 if first.least_hours is not None else -1
    cluster = "site" if asked.bootstrap_by == "site" else None
    try:
        own = by_attendance(weeks, least_hours=hours, cluster=cluster).iloc[0]
    except StudyError as error:
        return _refused(BY_ATTENDANCE, str(error))
    names = ("active", "others") if sign > 0 else ("others", "active")
    ends = sorted(sign * own[end] for end in ("ci_low", "ci_high"))
    row: Row = {"way": BY_ATTENDANCE, "value": sign * own["risk_difference"], "se": own["se"], "week": asked.weeks}
    row |= {"ci_low": ends[0], "ci_high": ends[1], "status": SHOWN, "reason": LABEL}
    for place, name in zip(("first", "second"), names, strict=True):
        n, share = float(own[f"n_{name}"]), float(own[f"risk_{name}"])
        row |= {f"n_{place}": n, f"share_{place}": share, f"with_{place}": round(n * share), f"ess_{place}": n}
    return row


def _judged(table: pd.DataFrame, study: StudyView, faults: list[tuple[str, str]], alone: bool) -> pd.DataFrame:
    """Withhold or flag what the weights, or the people who still follow a strategy, cannot carry.

    ``faults`` are those of the clones; ``alone`` says that for them, or for want of people, no strategy is shown.
    """
    table, gate = table.copy(), study.gate
    table["reason"] = table["reason"].astype("object")
    failed = {CLONES: faults, CLONES_TRUNCATED: faults, LANDMARK: [fault for fault in faults if fault[1] == _UNKNOWN]}
    own = table[table["way"] == LANDMARK]
    if len(own) and own[["ess_first", "ess_second"]].min(axis=None) < gate.min_ess:
        failed[LANDMARK].append((WITHHELD, _TOO_FEW.format(size=gate.min_ess)))
    if alone:
        failed[LANDMARK].append((FLAGGED, _ALONE))
        failed[BY_ATTENDANCE] = [(WITHHELD, "it would stand alone, and alone it misleads")]
    for way, faults in failed.items():
        mine = ((table["way"] == way) & (table["status"] == SHOWN)).to_numpy()
        if not faults or not mine.any():
            continue
        state = _state(faults, gate.on_failure)
        table.loc[mine, ["status", "reason"]] = [state["status"], state["reason"]]
        if state["status"] == WITHHELD:
            table.loc[mine, _NUMBERS] = np.nan
    return table


_NO_INTERVAL = "everybody who was drawn anew gave the same number, which shows no variance and makes no interval"
_ALONE = "it stands without the strategies, which alone decide: what led people to come may be in it"
_FEW_SITES = "the interval is of {n} sites drawn anew, and of fewer than {least} it comes out too narrow"
_UNKNOWN = "the outcome is known of fewer than four in five, and who does not come is tested or asked less often"
_TOO_FEW = (
    "too few people still follow one of the strategies at the end: the gate asks for an effective size of {size:g}"
)


def _faults(found: CloneCensorWeight, least: float, known: float) -> list[tuple[str, str]]:
    faults = []
    weights = found.weights[found.weights["n_uncensored"] > 0]
    at_end = found.weights[found.weights["week"] == found.weights["week"].max()]
    if at_end["ess"].fillna(0.0).min() < least:
        faults.append((WITHHELD, _TOO_FEW.format(size=least)))
    if not weights["mean_stabilised"].between(*NEAR_ONE).all():
        faults.append((FLAGGED, "the mean weight strays far from 1, so that the model of who stays does not fit"))
    if known < ENOUGH_KNOWN:
        faults.append((FLAGGED, _UNKNOWN))
    return faults


def _few_sites(asked: Participation, weeks: pd.DataFrame) -> list[tuple[str, str]]:
    n = weeks["site"].nunique()
    few = asked.bootstrap_by == "site" and n < ENOUGH_SITES
    return [(FLAGGED, _FEW_SITES.format(n=n, least=ENOUGH_SITES))] if few else []


def _known_share(weeks: pd.DataFrame, asked: Participation, n_people: int) -> float:
    """Return the share of person-weeks that were tested, or of people of whom the outcome is known at the end."""
    if asked.outcome == FIRST_POSITIVE:
        return float(weeks["tested"].mean())
    last = weeks.groupby("person_id")["week"].max()
    return float((last == asked.weeks - 1).sum()) / n_people


def _weeks(found: CloneCensorWeight, asked: Participation) -> pd.DataFrame:
    """Return weights and risk of every strategy and week."""
    risks = found.risks[found.risks["weights"] == WEIGHTED].drop(columns=["weights", "se"], errors="ignore")
    both = found.weights.merge(risks, on=["strategy", "week"], how="left")
    columns = tables.empty("participation_week").columns
    return both.assign(week=both["week"] + 1, outcome=asked.outcome).reindex(columns=columns)
