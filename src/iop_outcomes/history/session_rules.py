"""How many sessions each rule of ``sessions.py`` applied to: nothing is left out or changed in silence."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from iop_outcomes.history.history import History
from iop_outcomes.history.session_rows import one_of
from iop_outcomes.history.sessions import DENSE, Sessions, joined, sessions_of, shards, visits
from iop_outcomes.tables.answered import ALIKE, ANSWERS, CONTRADICTORY, KEPT
from iop_outcomes.tables.canonical import CAME, SESSION_MODES, SESSION_STATUSES, SESSION_TYPES


def session_rules(history: History) -> pd.DataFrame:
    """Return the rules for sessions that cannot be, or that may be one, with what was done and to how many.

    Returns
    -------
    pandas.DataFrame
        ``rule``, ``answer``, ``n_sessions``, ``n_members``; every rule has a row, also where it applied to none.
        Sessions alike in day, type, mode and length are counted beyond the first where they are alike in status too,
        and all of them where some were attended and some were not.
    """
    counts = _added((_counts(shard) for _, shard in shards(history)), history)
    told = {**ANSWERS, ALIKE: KEPT, CONTRADICTORY: KEPT}
    table = pd.DataFrame(counts, columns=["n_sessions", "n_members"])
    table.insert(0, "answer", list(told.values()))
    table.insert(0, "rule", list(told))
    return table


def shards_counted(history: History) -> Iterator[tuple[int, History]]:
    """Yield what ``shards`` does, and remember what the report and other metrics will ask of all sessions.

    Each of them would go through the sessions of all members once more.
    """
    counts, came = [], []
    for first, shard in shards(history):
        yield first, shard
        counts.append(_counts(shard))
        member, day, medication = visits(shard)
        came.append((member + np.int32(first), day, medication))
    _added(counts, history)
    history.once("visits", lambda: joined(came))


def _added(counts: Iterable[np.ndarray], history: History) -> np.ndarray:
    """Return sessions and members of each rule in all shards; nobody's sessions are in two of them."""
    added: np.ndarray = history.once("session rules", lambda: np.sum(list(counts), axis=0))
    return added


def _counts(history: History) -> np.ndarray:
    """Return sessions and members of each rule, of shape (rules, 2)."""
    sessions = sessions_of(history)
    rows = [sessions.broken[rule] for rule in ANSWERS]
    alike = _alike(sessions)
    rows += [(len(alike[rule]), len(np.unique(alike[rule]))) for rule in (ALIKE, CONTRADICTORY)]
    return np.array(rows, dtype=np.int64)


def _alike(sessions: Sessions) -> dict[str, np.ndarray]:
    """Return the members of the sessions that look like others of the same day."""
    member, look = _looks(sessions)
    kind, status = np.divmod(look, len(SESSION_STATUSES))
    again = np.append(False, look[1:] == look[:-1])[: len(look)]
    group = np.cumsum(np.append(True, kind[1:] != kind[:-1])[: len(look)]) - 1
    n_alike, n_came = np.bincount(group), np.bincount(group, one_of(status, SESSION_STATUSES, *CAME))
    both = ((n_came > 0) & (n_came < n_alike))[group]
    return {ALIKE: member[again], CONTRADICTORY: member[both]}


def _looks(sessions: Sessions) -> tuple[np.ndarray, np.ndarray]:
    """Return the member and a number for day, type, mode, length and status, which comes last, sorted by the number.

    Of days with several sessions only: one that is alone is like no other.
    """
    span = int(sessions.day.max(initial=0)) + 1
    day = sessions.member.astype(np.int64) * span + sessions.day
    if sessions.n_members * span > DENSE * len(day):
        day = pd.factorize(day)[0]
    several = np.bincount(day) > 1
    rows = np.flatnonzero(several[day])
    place = np.cumsum(several)[day[rows]]
    member = np.zeros(len(rows) + 1, dtype=np.int32)
    member[place] = sessions.member[rows]
    length, lengths = pd.factorize(sessions.minutes_scheduled[rows])
    columns = (sessions.type[rows] + 1, SESSION_TYPES), (sessions.mode[rows] + 1, SESSION_MODES), (length + 1, lengths)
    look = place
    for codes, names in columns:
        look = look * (len(names) + 1) + codes
    # Sessions mostly come by members, so that the numbers are nearly in order.
    look = np.sort(look * len(SESSION_STATUSES) + sessions.status[rows], kind="stable")
    n_looks = len(SESSION_STATUSES) * int(np.prod([len(names) + 1 for _, names in columns]))
    return member[look // n_looks], look
