"""Contacts with treatment of several kinds, for the windows of initiation, engagement and continuity.

What is a treatment visit is a list of codes. The lists of published measures are copyrighted, so none is shipped: a
study names a file of its own, ``code_list: lists/iet.csv`` with the columns ``code`` and ``kind``, or writes a short
list out, ``code_list: {H0015: visit, H2035: visit}``. Then the codes of the ``service`` table decide. Without a list,
attended sessions are visits (those of the type medication are medication), and services are known by their level.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from iop_outcomes.history.history import History
from iop_outcomes.history.session_rows import one_of
from iop_outcomes.history.sessions import distinct, edges, visits
from iop_outcomes.kernel.errors import StudyError, counted, did_you_mean

KINDS = ("visit", "medication", "long_acting_medication", "inpatient", "residential", "hospice")

MEDICATIONS = ("medication", "long_acting_medication")

#: Kinds that are treatment of substance use.
TREATMENT = ("visit", *MEDICATIONS, "inpatient", "residential")

#: What services are where no list says so; early intervention and ambulatory detox are no treatment visits.
KIND_OF_LEVEL = {"1": "visit", "2.1": "visit", "2.5": "visit", "3": "residential", "4": "inpatient"}
KIND_OF_LEVEL |= {"detox_inpatient": "inpatient"}

CodeList = str | dict[str, str] | None


@dataclass(frozen=True)
class Contacts:
    """Days with contacts: each member, day and kind once, sorted, until the end of follow-up.

    Attributes
    ----------
    n_members : int
        Number of members in the history.
    member, day : ndarray of int
        Position of the member; days since time zero, negative before.
    kind : ndarray of int8
        Position in ``KINDS``.
    """

    n_members: int
    member: np.ndarray
    day: np.ndarray
    kind: np.ndarray

    def of(self, *kinds: str) -> "Contacts":
        """Return the contacts of some kinds."""
        return self._where(one_of(self.kind, KINDS, *kinds))

    def between(self, first: np.ndarray | float, last: np.ndarray | float) -> "Contacts":
        """Return the contacts on the days ``first`` to ``last``, both included, which may differ by member."""
        chosen = self.day >= self._of_each(first)
        chosen &= self.day <= self._of_each(last)
        return self._where(chosen)

    def number(self) -> np.ndarray:
        """Return how many there are of each member: days, counted once for each kind."""
        return np.bincount(self.member, minlength=self.n_members)

    def first_day(self) -> np.ndarray:
        """Return the day of the first contact of each member, NaN without one."""
        return edges(self.member, self.day, self.n_members)[0]

    def last_day(self) -> np.ndarray:
        """Return the day of the last contact of each member, NaN without one."""
        return edges(self.member, self.day, self.n_members)[1]

    @cached_property
    def _rows_of_each(self) -> np.ndarray:
        return self.number()

    def _of_each(self, limit: np.ndarray | float) -> np.ndarray | float:
        """Return the limit of the member of each contact; contacts are sorted by members."""
        return np.repeat(limit, self._rows_of_each) if np.ndim(limit) else limit

    def _where(self, chosen: np.ndarray) -> "Contacts":
        rows = np.flatnonzero(chosen)
        if len(rows) == len(chosen):
            return self
        return Contacts(self.n_members, self.member[rows], self.day[rows], self.kind[rows])


def contacts_of(history: History, code_list: CodeList = None, with_sessions: bool = True) -> Contacts:
    """Return the contacts of the members; made once for each list, then remembered.

    Parameters
    ----------
    history : History
        Members and their records.
    code_list : str, dict or None
        Path of a CSV file with the columns ``code`` and ``kind``, the same as a mapping, or nothing.
    with_sessions : bool
        Do attended sessions count where there is no list?

    Raises
    ------
    StudyError
        The list cannot be used, or none of its codes is in the data.
    """
    codes = None if code_list is None else read_code_list(code_list)
    key = ("contacts", None if codes is None else tuple(sorted(codes.items())), with_sessions)
    return history.once(key, lambda: _make(history, codes, with_sessions))


def read_code_list(code_list: str | dict[str, str]) -> dict[str, str]:
    """Return kinds by code, codes in capitals without blanks around them.

    Raises
    ------
    StudyError
        There is no such file, it has other columns, a kind is not known, or a code has two kinds.
    """
    if isinstance(code_list, dict):
        place, pairs = "code_list", list(code_list.items())
    else:
        place, pairs = f"code_list '{code_list}'", _rows_of_file(code_list)
    codes: dict[str, str] = {}
    for code, kind in pairs:
        code, kind = str(code).strip().upper(), str(kind).strip().lower()
        if kind not in KINDS:
            raise StudyError(f"{place}: there is no kind '{kind}'; {did_you_mean(kind, KINDS)}")
        if codes.setdefault(code, kind) != kind:
            raise StudyError(f"{place}: the code '{code}' is given as {codes[code]} and as {kind}; keep one")
    if not codes:
        raise StudyError(f"{place}: the list is empty; give at least one code and its kind")
    return codes


def _rows_of_file(path: str) -> list[tuple[str, str]]:
    if not Path(path).is_file():
        raise StudyError(f"code_list: there is no file '{path}'; give a CSV file with the columns code and kind")
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, compression=None)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError):
        raise StudyError(f"code_list '{path}': this is no CSV file in UTF-8 with the columns code and kind") from None
    absent = [column for column in ("code", "kind") if column not in frame]
    if absent:
        raise StudyError(f"code_list '{path}': column '{absent[0]}' is missing; it needs the columns code and kind")
    return list(zip(frame["code"], frame["kind"], strict=True))


def _make(history: History, codes: dict[str, str] | None, with_sessions: bool) -> Contacts:
    parts = [_services(history, codes)]
    if codes is None and with_sessions and "session" in history.records:
        member, day, medication = visits(history)
        kind = np.where(medication, KINDS.index("medication"), KINDS.index("visit")).astype(np.int8)
        if not len(parts[0][0]):
            # Of sessions alone every day and kind stands there once, in order, and within the follow-up.
            return Contacts(history.n, member, day, kind)
        parts.append((member, day, kind))
    member, day, kind = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    seen = day < history.follow_up_days[member]
    member, day, kind = member[seen], day[seen], kind[seen]
    first = int(day.min(initial=0))
    span = int(day.max(initial=0)) - first + 1
    cell = distinct((member.astype(np.int64) * span + day - first) * len(KINDS) + kind, history.n * span * len(KINDS))
    cell, kind = np.divmod(cell, len(KINDS))
    member, day = np.divmod(cell, span)
    return Contacts(history.n, member.astype(np.int32), (day + first).astype(np.int32), kind.astype(np.int8))


def _services(history: History, codes: dict[str, str] | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if not len(history.records.get("service", ())):
        if codes is not None:
            raise StudyError("code_list: this source has no services with codes; leave the list out to use sessions")
        nothing = np.zeros(0, dtype=np.int32)
        return nothing, nothing, nothing
    table = history.table("service")
    column, known = ("level_of_care", KIND_OF_LEVEL) if codes is None else ("code", codes)
    names = table.get(column, pd.Series(None, index=table.index, dtype=object)).astype("category")
    plain = [str(name).strip().upper() if codes else name for name in names.cat.categories]
    if codes is not None and not set(plain) & set(codes):
        raise StudyError(
            f"code_list: none of its {counted(len(codes), 'code')} stands in the services of this cohort; check how "
            "codes are written"
        )
    place = np.array([KINDS.index(known[name]) if name in known else -1 for name in plain] + [-1], dtype=np.int8)
    kind = place[names.cat.codes.to_numpy()]
    listed = kind >= 0
    return table["member"].to_numpy()[listed], table["day"].to_numpy()[listed], kind[listed]
