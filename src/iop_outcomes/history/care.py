"""Time in care: from time zero to the day care ended, or to the last day anybody looked.

Here, and nowhere else, is decided when care ended:

1. On the day of discharge, where one is on record.
2. On the last contact, where a reason of discharge is on record but no day.
3. Otherwise when the gap that the study declares (``care.gap_days``, 30 days) has passed without contact, and dated as
   the study says. Whoever was seen fewer days before the data end is in care, and censored there: at a cut of the data
   most people in care were last seen some days ago.
4. Never started: on day 0, once a discharge or as many days without a first contact show it.

Contacts are the last contact that the source gives, which is taken at its word up to that day, and attended sessions;
without such a day, admission and all attended sessions, up to the first gap. The data end where the observation of
the person does, also when that is after the follow-up: what came later tells whether a gap lasted.
"""

import numpy as np
import pandas as pd

from iop_outcomes.history.history import History
from iop_outcomes.history.result import label_or_none, or_missing
from iop_outcomes.history.session_rows import session_rows
from iop_outcomes.tables.canonical import CAME


def time_in_care(history: History) -> tuple[pd.Series, pd.Series]:
    """Return days from time zero to the end of care, and whether care ended within the observation.

    Death and the end of observation censor. Somebody who never started has zero days and an end at once.

    Returns
    -------
    days, ended : pandas.Series
        By member; missing where the source gives no day on which care ended (as TEDS, whose stays are intervals), and
        for whoever was discharged on a day that nobody wrote down and nothing tells.
    """
    members = history.members
    last_seen = members["follow_up_end_day"].astype(float)
    dated = ~np.isnan(or_missing(history, "discharge_day")) | ~np.isnan(or_missing(history, "last_contact_day"))
    if not dated.any():
        return last_seen.rename("days") * np.nan, pd.Series(pd.NA, index=members.index, dtype="boolean")
    end, undated = history.once(("end of care", history.care), lambda: _end_of_care(history))
    died = (label_or_none(history, "discharge_reason") == "death").to_numpy()
    days = np.where(np.isnan(end), last_seen, np.clip(end, 0, last_seen))
    ended = pd.Series((end <= last_seen.to_numpy()) & ~died, index=members.index, dtype="boolean")
    return history.series(np.where(undated, np.nan, days), "days"), ended.mask(undated)


def _end_of_care(history: History) -> tuple[np.ndarray, np.ndarray]:
    """Return the day care ended, NaN where nothing shows that it did, and who was discharged on a day nobody knows."""
    rules, until = history.care, _watched_until(history)
    discharge, reason = or_missing(history, "discharge_day"), label_or_none(history, "discharge_reason")
    discharged = ~np.isnan(discharge) | reason.notna().to_numpy()
    member, day = _contacts(history, np.isnan(discharge), until)
    last = _last_of_each(member, day, history.n)
    by_gap = _end_by_gap(history, member, day, until)
    end = np.where(np.isnan(discharge), np.where(discharged, last, by_gap), discharge)
    if "admission_day" in history.members:
        never = np.isnan(or_missing(history, "admission_day"))
        waited = discharged | (until >= (rules.gap_days or 0))
        end = np.where(never, np.where(waited, 0.0, np.nan), end)
    return end, np.isnan(end) & discharged


def _end_by_gap(history: History, member: np.ndarray, day: np.ndarray, until: np.ndarray) -> np.ndarray:
    """Return the day on which a gap that the study declares ended care, NaN where none is known to have lasted."""
    gap_days, dated = history.care.gap_days, history.care.dated
    if gap_days is None:
        return np.full(history.n, np.nan)
    before, lasted = _before_first_gap(member, day, until, gap_days)
    return np.where(lasted, before + (gap_days if dated == "confirmation" else 0), np.nan)


def _watched_until(history: History) -> np.ndarray:
    """Return the last day on which a contact of each member could have been recorded."""
    end = or_missing(history, "observation_end_day")
    end = np.where(np.isnan(end), history.members["follow_up_end_day"], end)
    return np.fmin(end, or_missing(history, "death_day"))


def _contacts(history: History, among: np.ndarray, until: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return member and day of the contacts that tell when care ended, sorted by both.

    A source without sessions and without a person's last contact cannot show that this person stayed away, so that
    there are none of them.
    """
    if not among.any():
        return np.zeros(0, dtype=int), np.zeros(0)
    member, day = _attended(history, until)
    start = np.full(history.n, np.nan)
    if len(member):
        admitted = or_missing(history, "admission_day")
        never_came = np.isnan(admitted) & (history.count(member) == 0)
        start = np.where(never_came, 0.0, admitted)
    given = or_missing(history, "last_contact_day")
    start = np.where(np.isnan(given), start, given)
    member, day = member[among[member]], day[among[member]]
    # A contact before the day from which a person's contacts are followed says nothing about its end.
    later = ~(day <= start[member])
    known = np.flatnonzero(~np.isnan(start) & among)
    member, day = np.append(known, member[later]), np.append(start[known], day[later])
    order = np.lexsort((day, member))
    return member[order], day[order]


def _attended(history: History, until: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return member and day of every attended session, also after the follow-up."""
    if not len(history.records.get("session", ())):
        return np.zeros(0, dtype=int), np.zeros(0)
    rows = session_rows(history)
    came = np.flatnonzero((rows.owner >= 0) & rows.has_status(*CAME))
    member, day = rows.owner[came], rows.day[came]
    inside = np.flatnonzero((day >= 0) & (day <= until[member]))
    return member[inside], day[inside]


def _last_of_each(member: np.ndarray, day: np.ndarray, n_members: int) -> np.ndarray:
    last = np.full(n_members, np.nan)
    # Rows are sorted by member and day, so that the last assignment of each member wins.
    last[member] = day
    return last


def _before_first_gap(
    member: np.ndarray, day: np.ndarray, until: np.ndarray, gap_days: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return each member's last contact before the first gap, and whether the gap is known to have lasted."""
    back = np.append(member[1:] == member[:-1], False)[: len(member)]
    away = np.where(back, np.append(day[1:], 0)[: len(day)] - day, np.inf)
    stops = np.flatnonzero(away > gap_days)
    who, first = np.unique(member[stops], return_index=True)
    row = stops[first]
    before, lasted = np.full(len(until), np.nan), np.zeros(len(until), dtype=bool)
    before[who] = day[row]
    lasted[who] = back[row] | (until[who] - day[row] >= gap_days)
    return before, lasted
