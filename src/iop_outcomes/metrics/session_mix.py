"""Session mix: of what kinds the treatment received was made, and how it was held."""

from typing import Literal

import numpy as np
import pandas as pd

from iop_outcomes.history.history import History
from iop_outcomes.history.result import result, share
from iop_outcomes.history.session_rows import one_of
from iop_outcomes.history.sessions import sessions_of
from iop_outcomes.history.windows import Days
from iop_outcomes.kernel.registry import metric
from iop_outcomes.tables.canonical import CAME, SESSION_MODES, SESSION_TYPES

NO_HOURS = "no attended hours of a recorded type in the window"
NO_MODE = "no attended session with a recorded mode in the window"
HOURS_AND_TYPE = ("session.status", "session.type", "session.minutes_scheduled|session.minutes_attended")
MISSING = "no attended hours of a recorded type: no value; sessions without a type are left out of the shares"

SessionType = Literal[
    "individual", "group", "family", "education", "peer", "case_management", "medication", "assessment", "other"
]


@metric(
    unit="share of hours",
    kind="proportion",
    needs=HOURS_AND_TYPE,
    missing=MISSING,
    source="Hours by type over all hours attended",
    better="neither",
    by_member=True,
)
def session_type_share(history: History, *, type: SessionType = "group", window_days: Days = 84) -> pd.DataFrame:
    """Share of the hours attended that were of one type.

    Examples
    --------
    Three hours of group and one alone; a missed group does not count.

        day      0      7
        session  A..N...A......
        hours    3..3...1
        type     g..g...i
        value    3/4
        value    1/4    type=individual
    """
    shares, observed = _type_shares(history, window_days)
    return result(history, shares[:, SESSION_TYPES.index(type)], NO_HOURS, observed)


@metric(
    unit="nats",
    kind="continuous",
    needs=HOURS_AND_TYPE,
    missing=MISSING,
    source="Shannon entropy of the shares of hours by type, -sum p ln p",
    better="neither",
    by_member=True,
)
def session_type_entropy(history: History, *, window_days: Days = 84) -> pd.DataFrame:
    """How mixed the hours attended were: 0 with one type only, ln 2 with two in equal parts.

    Examples
    --------
        day      0      7
        session  A......A......
        type     g......i
        value    -(0.5*log(0.5)+0.5*log(0.5))
        value    0    window_days=7
    """
    shares, observed = _type_shares(history, window_days)
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return result(history, -(shares * logs).sum(axis=1) + 0.0, NO_HOURS, observed)


@metric(
    unit="share of sessions",
    kind="proportion",
    needs=("session.status", "session.mode"),
    missing="no attended session with a recorded mode: no value; sessions without a mode are left out",
    source="Sessions held by video or telephone over sessions attended",
    better="neither",
    by_member=True,
)
def telehealth_share(
    history: History, *, mode: Literal["either", "video", "phone"] = "either", window_days: Days = 84
) -> pd.DataFrame:
    """Share of the attended sessions that were held by video or telephone; they count as attended like others.

    Examples
    --------
        day      0      7
        session  A..A...A..N...
        mode     p..v...t..v
        value    2/3
        value    1/3    mode=video
        value    1/2    window_days=7
    """
    sessions = sessions_of(history)
    came = (sessions.day < window_days) & sessions.has_status(*CAME)
    recorded = came & (sessions.mode >= 0)
    modes = ("video", "phone") if mode == "either" else (mode,)
    remote = one_of(sessions.mode, SESSION_MODES, *modes)
    n_recorded = sessions.total(recorded)
    rate = share(sessions.total(recorded & remote), n_recorded)
    return result(history, rate, NO_MODE, share(n_recorded, sessions.total(came)))


def _type_shares(history: History, window_days: int) -> tuple[np.ndarray, np.ndarray]:
    """Return shares of hours by member and type, and the share of all attended hours whose type is recorded."""
    return history.once(("type_shares", window_days), lambda: _made_type_shares(history, window_days))


def _made_type_shares(history: History, window_days: int) -> tuple[np.ndarray, np.ndarray]:
    sessions, n_types = sessions_of(history), len(SESSION_TYPES)
    inside = np.flatnonzero((sessions.day < window_days) & (sessions.minutes_attended > 0))
    cell = sessions.member[inside].astype(np.int64) * (n_types + 1) + sessions.type[inside] + 1
    minutes = np.bincount(cell, sessions.minutes_attended[inside], history.n * (n_types + 1))
    minutes = minutes.reshape(history.n, n_types + 1)
    of_types = minutes[:, 1:].sum(axis=1)
    shares = share(minutes[:, 1:], np.repeat(of_types[:, None], n_types, axis=1))
    return shares, share(of_types, minutes.sum(axis=1))
