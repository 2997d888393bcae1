"""How many sessions each rule of ``sessions.py`` applied to: nothing is left out or changed in silence."""

import numpy as np
import pandas as pd

from iop_outcomes.history.history import History
from iop_outcomes.history.session_rows import MODES
from iop_outcomes.history.sessions import DENSE, Sessions, joined, sessions_of, shards, visits_of
from iop_outcomes.tables.answered import ALIKE, ANSWERS, CONTRADICTORY, KEPT
from iop_outcomes.tables.canonical import CAME, SESSION_STATUSES, SESSION_TYPES


def session_rules(history: History) -> pd.DataFrame:
    """Return the rules for sessions that cannot be, or that may be one, with what was done and to how many.

    Returns
    -------
    pandas.DataFrame
        ``rule``, ``answer``, ``n_sessions``, ``n_members``; every rule has a row, also where it applied to none.
        Sessions alike in day, type, mode and length are counted beyond the first where they are alike in status too,
        and all of them where some were attended and some were not.
    """
    # Nobody's sessions are in two shards, so that members can be added up as sessions can.
    counts, came = np.zeros((len(ANSWERS) + 2, 2), dtype=np.int64), []
    for first, shard in shards(history):
        counts += _counts(sessions_of(shard))
        came.append(visits_of(shard, first))
    # Metrics ask for them next, and would go through the sessions of all members once more.
    history.once("visits", lambda: joined(came))
    told = {**ANSWERS, ALIKE: KEPT, CONTRADICTORY: KEPT}
    table = pd.DataFrame(counts, columns=["n_sessions", "n_members"])
    table.insert(0, "answer", list(told.values()))
    table.insert(0, "rule", list(told))
    return table


def _counts(sessions: Sessions) -> np.ndarray:
    """Return sessions and members of each rule, of shape (rules, 2)."""
    rows = [sessions.broken[rule] for rule in ANSWERS]
    alike = _alike(sessions)
    rows += [(len(alike[rule]), len(np.unique(alike[rule]))) for rule in (ALIKE, CONTRADICTORY)]
    return np.array(rows, dtype=np.int64)


def _alike(sessions: Sessions) -> dict[str, np.ndarray]:
    """Return the members of the sessions that look like others of the same day."""
    span = int(sessions.day.max(initial=0)) + 1
    day = sessions.member.astype(np.int64) * span + sessions.day
    rows = np.arange(len(day))
    if sessions.n_members * span <= DENSE * len(day):
        # Many days have one session, which is like no other.
        rows = np.flatnonzero(np.bincount(day)[day] > 1)
    length, lengths = pd.factorize(sessions.minutes_scheduled[rows])
    slot = (day[rows] * (len(SESSION_TYPES) + 1) + sessions.type[rows] + 1) * (len(MODES) + 1) + sessions.mode[rows] + 1
    slot = slot * (len(lengths) + 1) + length + 1
    slot = pd.factorize(slot)[0]
    n_alike = np.bincount(slot)
    n_came = np.bincount(slot, sessions.has_status(*CAME)[rows])
    status = slot * (len(SESSION_STATUSES) + 1) + sessions.status[rows]
    alike = np.flatnonzero(n_alike[slot] > 1)
    again = alike[pd.Series(status[alike]).duplicated().to_numpy()]
    both = (n_came > 0) & (n_came < n_alike)
    member = sessions.member[rows]
    return {ALIKE: member[again], CONTRADICTORY: member[both[slot]]}
