"""Scheduled contacts as compact columns, read once and shared by all metrics of attendance.

What cannot be is answered by rule when the sessions are read, and counted (``session_rules.py``):

1. Sessions before time zero, after the end of a member's follow-up, more than 7 days after discharge, or with a status
   that is not known are left out.
2. A ``session_id`` is a slot. A slot that stands there twice counts once, with the first of its statuses in the order
   attended, partial, no show, late cancellation, and so on as in the contract.
3. Several sessions on one day are several sessions if their ids differ, even if they are alike in everything else,
   because programmes of three hours often book three of one hour; days of treatment count the day once.
4. More minutes attended than scheduled are cut to those scheduled.
5. The status decides whether somebody came: minutes in a missed session are none, and an attended session of zero
   minutes or without minutes has those scheduled. A partial one without minutes counts half.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from iop_outcomes.history.history import History
from iop_outcomes.history.result import or_missing
from iop_outcomes.history.session_rows import SessionRows, one_of, session_rows
from iop_outcomes.tables.answered import ANSWERS
from iop_outcomes.tables.canonical import CAME, DAYS_AFTER_DISCHARGE, SESSION_STATUSES, SESSION_TYPES
from iop_outcomes.tables.parts import Parts

#: Sessions of a shard of members, few enough for what is made of them to be small.
SHARD_SESSIONS = 2**20
#: Numbers there may be for each that there is, up to which marking them off is faster than sorting.
DENSE = 16

#: Member, day, and whether it was for medication.
Visits = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Sessions:
    """The sessions of the members' follow-up, one array element each, in the order of the table.

    Attributes
    ----------
    n_members : int
        Number of members in the history.
    member, day : ndarray of int32
        Position of the member in ``history.members``; days since time zero.
    status, type, mode : ndarray of int8
        Positions in ``SESSION_STATUSES``, ``SESSION_TYPES`` and ``SESSION_MODES``, -1 where not recorded.
    attended : ndarray of float
        1 attended, 0 not, the share of the minutes for a partial attendance.
    minutes_scheduled, minutes_attended : ndarray of float
        NaN where the source has no minutes; ``minutes_attended`` is 0 in sessions nobody came to.
    broken : mapping of str to tuple of int
        Sessions and members that each rule of ``ANSWERS`` applied to.
    """

    n_members: int
    member: np.ndarray
    day: np.ndarray
    status: np.ndarray
    type: np.ndarray
    mode: np.ndarray
    attended: np.ndarray
    minutes_scheduled: np.ndarray
    minutes_attended: np.ndarray
    broken: dict[str, tuple[int, int]]

    def has_status(self, *names: str) -> np.ndarray:
        """Return which sessions have one of some statuses."""
        return one_of(self.status, SESSION_STATUSES, *names)

    def total(self, where: np.ndarray, values: np.ndarray | None = None) -> np.ndarray:
        """Return sums per member over the sessions chosen: of ones, or of values."""
        # By position: to take by a mask that follows no order takes five times as long.
        rows = np.flatnonzero(where)
        weights = None if values is None else values[rows]
        return np.bincount(self.member[rows], weights, self.n_members)

    def weekly(self, n_weeks: int, where: np.ndarray, values: np.ndarray | None = None) -> np.ndarray:
        """Return sums per member and whole week over the sessions chosen, shape (members, weeks)."""
        rows = np.flatnonzero(where & (self.day < 7 * n_weeks))
        cell = self.member[rows].astype(np.int64) * n_weeks + self.day[rows] // 7
        weights = None if values is None else values[rows]
        return np.bincount(cell, weights, self.n_members * n_weeks).reshape(self.n_members, n_weeks)


def sessions_of(history: History) -> Sessions:
    """Return the sessions of a history; read the first time, then remembered."""
    return history.once("sessions", lambda: _read(history))


def attended_days(history: History) -> tuple[np.ndarray, np.ndarray]:
    """Return member and day of every day with at least one attended session, each once, sorted by both."""
    return history.once("attended_days", lambda: _attended_days(history))


def attended_edges(history: History) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and the last day attended of each member, NaN without one; not to be written into."""
    return history.once("attended_edges", lambda: edges(*attended_days(history), history.n))


def in_shards(history: History) -> bool:
    """Are the members taken a shard at a time?"""
    return not history.is_shard and isinstance(history.records.get("session"), Parts) and history.n > 0


def shards(history: History) -> Iterator[tuple[int, History]]:
    """Yield the members a shard at a time, with the position of the first: all at once unless sessions come in parts.

    A shard has its members' sessions; whoever asks it for other records, or for everybody, gets another answer than of
    the whole. It is gone when the next is made, with everything made of it.
    """
    if not in_shards(history):
        yield 0, history
        return
    rows = session_rows(history)
    ends = np.searchsorted(rows.owner, np.arange(history.n, dtype=rows.owner.dtype), side="right")
    first = 0
    while first < history.n:
        before = int(ends[first - 1]) if first else 0
        stop = max(int(np.searchsorted(ends, before + SHARD_SESSIONS, side="right")), first + 1)
        own = {"session rows": rows.cut(slice(before, int(ends[stop - 1])), first), "longest": history.longest_days}
        yield first, replace(history, members=history.members.iloc[first:stop], is_shard=True, _ready={}, _kept=own)
        first = stop


def edges(member: np.ndarray, day: np.ndarray, n_members: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and the last day of each member, NaN without one; rows are sorted by member and day."""
    n = np.bincount(member, minlength=n_members)
    there, stop = n > 0, np.cumsum(n)
    first, last = np.full(n_members, np.nan), np.full(n_members, np.nan)
    first[there], last[there] = day[(stop - n)[there]], day[stop[there] - 1]
    return first, last


def distinct(values: np.ndarray, below: int) -> np.ndarray:
    """Return the distinct whole numbers from 0 up to one, sorted; ``numpy.unique`` takes twenty times as long as this.

    Where they are dense they are marked off on a list of all that there may be, and else sorted.
    """
    if below <= DENSE * len(values):
        there = np.zeros(below, dtype=bool)
        there[values] = True
        return np.flatnonzero(there)
    values = np.sort(values)
    new = np.ones(len(values), dtype=bool)
    new[1:] = values[1:] != values[:-1]
    return values[new]


def visits(history: History) -> Visits:
    """Return member, day, and whether it was for medication, of what was attended: each once, sorted by all three."""
    return history.once("visits", lambda: joined(visits_of(shard, first) for first, shard in shards(history)))


def _attended_days(history: History) -> tuple[np.ndarray, np.ndarray]:
    member, day, _ = visits(history)
    new = np.ones(len(day), dtype=bool)
    new[1:] = (member[1:] != member[:-1]) | (day[1:] != day[:-1])
    return (member, day) if new.all() else (member[new], day[new])


def joined(found: Iterable[Visits]) -> Visits:
    """Return the visits of all shards as those of one."""
    member, day, medication = (np.concatenate(each) for each in zip(*found, strict=True))
    return member, day, medication


def visits_of(shard: History, first: int) -> Visits:
    """Return the visits of the members of a shard, the first of whom is at a place among all."""
    sessions, span = sessions_of(shard), max(shard.longest_days, 1)
    came = np.flatnonzero(sessions.has_status(*CAME))
    medication = sessions.type[came] == SESSION_TYPES.index("medication")
    slot = (sessions.member[came].astype(np.int64) * span + sessions.day[came]) * 2 + medication
    slot = distinct(slot, 2 * shard.n * span)
    member, day = np.divmod(slot // 2, span)
    return member.astype(np.int32) + np.int32(first), day.astype(np.int32), slot % 2 == 1


def _read(history: History) -> Sessions:
    rows = session_rows(history)
    broken, keep = _left_out(history, rows)
    kept = slice(None) if keep.all() else np.flatnonzero(keep)
    member, status = rows.owner[kept], rows.status[kept]
    scheduled, recorded = (minutes[kept].astype(float) for minutes in (rows.scheduled, rows.recorded))
    attended, minutes, changed = _received(status, scheduled, recorded)
    tallies = {rule: _tally(at, rows.owner) for rule, at in broken.items()}
    tallies |= {rule: _tally(at, member) for rule, at in changed.items()}
    kind, mode = rows.type[kept], rows.mode[kept]
    return Sessions(history.n, member, rows.day[kept], status, kind, mode, attended, scheduled, minutes, tallies)


def _left_out(history: History, rows: SessionRows) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the members' sessions each rule leaves out, and those that are kept."""
    owner, day = rows.owner, rows.day
    keep = owner >= 0
    unknown, before, discharged, unobserved, again = list(ANSWERS)[:5]
    last_day = or_missing(history, "discharge_day") + DAYS_AFTER_DISCHARGE
    broken = {
        unknown: keep & (rows.status < 0),
        before: keep & (day < 0),
        discharged: keep & (day > last_day[owner]),
        unobserved: keep & (day >= history.follow_up_days[owner]),
    }
    for each in broken.values():
        keep = keep & ~each
    broken[again] = _slots_again(rows, keep)
    return broken, keep & ~broken[again]


def _slots_again(rows: SessionRows, among: np.ndarray) -> np.ndarray:
    """Return which rows name a slot that another of these rows names with a status that comes first."""
    again = np.zeros(len(rows.owner), dtype=bool)
    if rows.slot is None or not _any_twice(rows.slot):
        return again
    at = np.flatnonzero(rows.slot.duplicated(keep=False) & among)
    slots = pd.DataFrame({"owner": rows.owner[at], "slot": rows.slot.to_numpy()[at], "status": rows.status[at]})
    slots["minutes"], slots["day"] = -rows.recorded[at], rows.day[at]
    slots = slots.sort_values(["owner", "slot", "status", "minutes", "day"], kind="stable")
    again[at[slots.index[slots.duplicated(["owner", "slot"])]]] = True
    return again


def _any_twice(names: pd.Series) -> bool:
    """Return whether a name may stand there twice; hashes are sorted because sorting or looking up text is slow."""
    import polars as pl

    hashes = np.sort(pl.Series(pl.from_pandas(names)).hash().to_numpy())
    return bool((hashes[1:] == hashes[:-1]).any())


def _received(
    status: np.ndarray, scheduled: np.ndarray, recorded: np.ndarray
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Return the share attended and the minutes received, and the sessions of which what was recorded was changed."""
    over, missed, zero = list(ANSWERS)[5:]
    attended, partial = (one_of(status, SESSION_STATUSES, name) for name in ("attended", "partial"))
    changed = {
        over: recorded > scheduled,
        missed: (recorded > 0) & ~attended & ~partial,
        zero: attended & (recorded == 0) & (scheduled > 0),
    }
    minutes, cut = recorded.copy(), np.flatnonzero(changed[over])
    minutes[cut] = scheduled[cut]
    share = attended.astype(float)
    part = np.flatnonzero(partial)
    with np.errstate(invalid="ignore", divide="ignore"):
        of_minutes = minutes[part] / scheduled[part]
    share[part] = np.where(np.isfinite(of_minutes), of_minutes, 0.5)
    unknown = np.flatnonzero(np.isnan(minutes) | changed[zero])
    minutes[unknown] = share[unknown] * scheduled[unknown]
    minutes[np.flatnonzero(~attended & ~partial)] = 0
    return share, minutes, changed


def _tally(rows: np.ndarray, owner: np.ndarray) -> tuple[int, int]:
    at = np.flatnonzero(rows)
    return len(at), len(np.unique(owner[at]))
