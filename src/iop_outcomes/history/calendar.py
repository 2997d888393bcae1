"""The use calendar: what is known of every member on every day since time zero.

A matrix of members by days, one small code a day, made once for a history and shared by all metrics that read it.
``evidence.py`` fills it from reports, tests and controlled periods.
"""

from dataclasses import dataclass

import numpy as np

#: ``SOME`` is a day of a stretch that was reported as a number of days with use, not day by day.
UNKNOWN, ABSTINENT, USED, CONTROLLED, SOME, DEAD = range(6)

#: How states are drawn in worked examples and tests.
SYMBOLS = {".": UNKNOWN, "-": ABSTINENT, "+": USED, "c": CONTROLLED, "?": SOME, "x": DEAD}


@dataclass(frozen=True)
class Stretches:
    """Stretches of days of which only the number of days with use is known.

    Attributes
    ----------
    cell : ndarray of int
        Flat positions in the calendar of the days in question, ``member * n_days + day``; sorted by stretch and day.
    stretch : ndarray of int
        Stretch each of those days belongs to.
    used_days, open_days : ndarray of float
        By stretch: days with use that no single day accounts for, and days on which they may lie, those outside the
        calendar included.
    """

    cell: np.ndarray
    stretch: np.ndarray
    used_days: np.ndarray
    open_days: np.ndarray

    @property
    def share(self) -> np.ndarray:
        """Return the expected use on each day, if the days with use are spread evenly."""
        return (self.used_days / self.open_days)[self.stretch]


@dataclass(frozen=True)
class Calendar:
    """States of members on days 0 to ``n_days - 1``.

    Attributes
    ----------
    state : ndarray of int8, shape (members, days)
        Codes of this module; days after the end of a member's follow-up are ``UNKNOWN``, after death ``DEAD``.
    follow_up_days : ndarray of int
        Days each member was observed for.
    died : ndarray of bool
        Did the follow-up end with the member's death?
    stretches : Stretches
        What is known of the days marked ``SOME``.
    """

    state: np.ndarray
    follow_up_days: np.ndarray
    died: np.ndarray
    stretches: Stretches

    @property
    def n_members(self) -> int:
        """Number of members."""
        return self.state.shape[0]

    @property
    def n_days(self) -> int:
        """Number of days in the calendar."""
        return self.state.shape[1]

    def window(self, first_day: int, end_day: int) -> np.ndarray:
        """Return the states of days ``first_day`` to ``end_day - 1``; after the calendar ``UNKNOWN`` or ``DEAD``."""
        inside = self.state[:, first_day:end_day]
        lacking = max(end_day - first_day - inside.shape[1], 0)
        if not lacking:
            return inside
        after = np.where(self.died, DEAD, UNKNOWN).astype(np.int8)
        return np.hstack([inside, np.repeat(after[:, None], lacking, axis=1)])

    def days(self, first_day: int, end_day: int, *states: int) -> np.ndarray:
        """Return how many days of a window each member spent in any of the states."""
        window = self.window(first_day, end_day)
        return sum((np.count_nonzero(window == state, axis=1) for state in states), np.zeros(self.n_members, int))

    def used_days(self, first_day: int, end_day: int) -> np.ndarray:
        """Return the days with use in a window, including days after death and the share of a stretch inside."""
        some = self._some_between(first_day, end_day)
        cells = self.stretches.cell[some] // max(self.n_days, 1)
        spread = np.bincount(cells, weights=self.stretches.share[some], minlength=self.n_members)
        return self.days(first_day, end_day, USED, DEAD) + spread

    def expected_use(self, first_day: int, end_day: int) -> np.ndarray:
        """Return the expected use on each day of a window: 1 used or dead, a share on days of a stretch, else 0."""
        expected = np.isin(self.window(first_day, end_day), (USED, DEAD)).astype(np.float32)
        some = self._some_between(first_day, end_day)
        member, day = np.divmod(self.stretches.cell[some], max(self.n_days, 1))
        expected[member, day - first_day] = self.stretches.share[some]
        return expected

    def used_in(self, first_day: int, end_day: int) -> np.ndarray:
        """Return whether use in a window is certain: a day with use, or a stretch whose use cannot all lie outside.

        Somebody who died within the window counts as having used.
        """
        return self.used_in_periods(first_day, end_day, max(end_day - first_day, 1))[:, 0]

    def used_in_periods(self, first_day: int, end_day: int, length: int) -> np.ndarray:
        """Return whether use is certain in each period of some days within a window.

        Returns
        -------
        ndarray of bool, shape (members, periods)
        """
        n_periods = -(-max(end_day - first_day, 1) // length)
        window = self.window(first_day, first_day + n_periods * length)[:, : max(end_day - first_day, 0)]
        lacking = n_periods * length - window.shape[1]
        used = (
            np.pad(np.isin(window, (USED, DEAD)), ((0, 0), (0, lacking)))
            .reshape(self.n_members, n_periods, length)
            .any(axis=2)
        )
        some = self._some_between(first_day, end_day)
        if some.any():
            member, day = np.divmod(self.stretches.cell[some], self.n_days)
            stretch, period = self.stretches.stretch[some], (day - first_day) // length
            # Cells are sorted by stretch and day, so that those of one stretch and period stand together.
            begins = np.append(True, (np.diff(stretch) != 0) | (np.diff(period) != 0))
            first = np.flatnonzero(begins)
            inside = np.diff(np.append(first, len(begins)))
            without_use = (self.stretches.open_days - self.stretches.used_days)[stretch[first]]
            # More days inside than the stretch has days without use: at least one of them must be a day with use.
            certain = first[inside - without_use > 1e-9]
            used[member[certain], period[certain]] = True
        return used

    def _some_between(self, first_day: int, end_day: int) -> np.ndarray:
        day = self.stretches.cell % max(self.n_days, 1)
        return (day >= first_day) & (day < end_day)
