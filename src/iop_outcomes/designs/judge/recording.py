"""Was the same thing written down in both arms, and was the same prescribed beside the care that is compared?

How often people miss is an outcome and is not told here; told is which word one arm's records never use, and whether
one writes down missed sessions far more often.
"""

import pandas as pd

from iop_outcomes.designs.judge.gate import FAIL, PASS, WARN, share_of_people
from iop_outcomes.tables.canonical import MISSED
from iop_outcomes.tables.follow_up import PRESCRIBED as PRESCRIBED_TO
from iop_outcomes.tables.follow_up import SERVED, STATUS

Row = tuple[str, float, float, str, str]

RECORDED, PRESCRIBED, SERVED_ALIKE = "recorded_alike", "prescribed_alike", "served_alike"
#: Of so many expected by the other arm's habit, none is no chance.
EXPECTED = 10.0
#: A medication of fewer people is not named: which they are expected to be would tell how many they are at least.
FEWEST = 20
#: Missed sessions are far more often on record in one arm: so many times as often, and by so much of its sessions.
TIMES, POINTS = 2.0, 0.1


def judge_recording(recording: pd.DataFrame, arms: tuple[str, str]) -> list[Row]:
    """Return the checks ``recorded_alike``, ``prescribed_alike`` and ``served_alike``, each where it can be asked.

    Parameters
    ----------
    recording : DataFrame
        Table of that contract.
    arms : (str, str)
    """
    known = recording.astype({"arm": "str", "what": "str", "level": "str"})
    rows = []
    for what, judge in ((STATUS, _sessions), (PRESCRIBED_TO, _medications), (SERVED, _services)):
        own = known[known["what"] == what]
        n = own.pivot_table(index="level", columns="arm", values="n", aggfunc="sum").reindex(columns=list(arms))
        size = own.groupby("arm")["n_all"].max().reindex(list(arms))
        if len(n) and size.gt(0).all():
            rows.append(judge(n.fillna(0), size))
    return rows


def never_used(n: pd.DataFrame, size: pd.Series) -> list[tuple[str, str]]:
    """Return which level has nobody in which arm though the other arm's habit would lead one to expect ten or more.

    Parameters
    ----------
    n : DataFrame
        Counts by level and arm.
    size : Series
        By arm.
    """
    found = []
    for arm, other in (tuple(size.index), tuple(size.index)[::-1]):
        expected = n[other] / size[other] * size[arm]
        found += [(str(level), str(arm)) for level in n.index[(n[arm] == 0) & (expected >= EXPECTED)]]
    return found


def _sessions(n: pd.DataFrame, size: pd.Series) -> Row:
    never = never_used(n, size)
    missed = n.reindex(list(MISSED)).sum() / size
    often = missed.idxmax()
    far = missed.max() > TIMES * missed.min() and missed.max() - missed.min() > POINTS
    if not never and not far:
        return RECORDED, 0.0, 0.0, PASS, "sessions of both arms are recorded in the same words, missed ones among them."
    said = [
        f"no session of {arm} is recorded as “{_plain(level)}”, and many of the other arm are" for level, arm in never
    ]
    if far and not never:
        said.append(f"missed sessions are on record more than {TIMES:g} times as often in {often}")
    reason = (
        f"{'; '.join(said)}: either people differ, or two systems write down different things. Read no outcome of "
        "sessions missed before you know which."
    )
    return RECORDED, float(len(never) or 1), 0.0, WARN, reason


def _plain(level: str) -> str:
    return level.replace("_", " ")


def _medications(n: pd.DataFrame, size: pd.Series) -> Row:
    never = never_used(n[n.max(axis=1) >= FEWEST], size)
    if not never:
        return PRESCRIBED, 0.0, 0.0, PASS, "medications on record are prescribed in both arms, or to few."
    said = []
    for level, arm in never:
        other = next(name for name in size.index if name != arm)
        share = share_of_people(float(n.loc[level, other] / size[other]), int(size[other]))
        said.append(f"{level} is prescribed to {share} of {other} and to nobody of {arm}")
    reason = f"{'; '.join(said)}: what differs may be the medication, and a test for it shows use in one arm only."
    return PRESCRIBED, float(len(never)), 0.0, WARN, reason


def _services(n: pd.DataFrame, size: pd.Series) -> Row:
    never = never_used(n, size)
    if not never:
        return SERVED_ALIKE, 0.0, 0.0, PASS, "people of both arms have services on record, or hardly anybody has."
    arm = never[0][1]
    other = next(name for name in size.index if name != arm)
    share = share_of_people(float(n[other].sum() / size[other]), int(size[other]))
    reason = (
        f"{share} of {other} and nobody of {arm} have a service on record within the follow-up: those of {arm} may be "
        "kept elsewhere. Add them, or read no outcome of services."
    )
    return SERVED_ALIKE, 1.0, 0.0, FAIL, reason
