"""Is every kind of session missed now and then? One that never is may be written down only when it took place.

A video session that nobody joined leaves no trace in some systems. Of the arm that holds more of them fewer sessions
are then missed, whoever comes. How often people miss is an outcome and is not told here.
"""

import pandas as pd

from iop_outcomes.designs.judge.gate import FAIL, PASS, WARN
from iop_outcomes.designs.judge.recording import EXPECTED
from iop_outcomes.tables.canonical import SESSION_KINDS
from iop_outcomes.tables.follow_up import BY_KIND

Row = tuple[str, float, float, str, str]

MISSED_BY_KIND = "missed_by_kind"
#: Care begins by it, so that hardly anybody misses it: the check ``first_session`` speaks of that.
_BEGINNING = "assessment"
#: By what is not on record the arms' shares of sessions missed are apart by more than this.
UNLIKE, FAR = 0.01, 0.03


def judge_kinds(recording: pd.DataFrame, arms: tuple[str, str]) -> list[Row]:
    """Return the check of kinds of sessions that one arm never misses, where both arms' kinds are on record.

    Parameters
    ----------
    recording : DataFrame
        Table of that contract.
    arms : (str, str)
    """
    known = recording.astype({"arm": "str", "what": "str", "level": "str"})
    own = known[(known["what"] == BY_KIND) & known["arm"].isin(arms)]
    if set(own["arm"]) != set(arms):
        return []
    found = {arm: _never_missed(own[own["arm"] == arm]) for arm in arms}
    first, second = (max(found[arm].values(), default=0.0) for arm in arms)
    gap = abs(first - second)
    if gap <= UNLIKE:
        passed = "no kind of session that one arm never misses, though it misses others, sets the arms apart."
        return [(MISSED_BY_KIND, 0.0, 0.0, PASS, passed)]
    said = [
        f"no session of {arm} of the kind “{level.replace('_', ' ')}” is recorded as missed, and many of its others are"
        for arm in arms
        for level in found[arm]
    ]
    reason = (
        f"{'; '.join(said)}: either nobody misses them, or they are written down only when they take place. Read no "
        "outcome of sessions missed before you know which."
    )
    return [(MISSED_BY_KIND, float(len(said)), 0.0, FAIL if gap > FAR else WARN, reason)]


def _never_missed(own: pd.DataFrame) -> dict[str, float]:
    """Return the kinds of an arm that are never missed, with the share of its sessions that should be, by the others.

    Of fewer than ten that should be, none is chance. An assessment, by which care begins, is left out.
    """
    found = {}
    for levels in SESSION_KINDS.values():
        rows = own[own["level"].isin(levels) & (own["level"] != _BEGINNING)]
        never, held = rows[rows["n"] == 0], rows["n_all"].sum()
        for level, n_all in zip(never["level"], never["n_all"], strict=True):
            expected = n_all * rows["n"].sum() / max(held - n_all, 1)
            if expected >= EXPECTED:
                found[level] = float(expected / held)
    return found
