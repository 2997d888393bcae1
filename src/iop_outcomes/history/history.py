"""What a metric sees: the members of a cohort and everything recorded about them, in days since time zero."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.history.care_rules import CareRules
from iop_outcomes.history.days import days_mended
from iop_outcomes.history.outcome_rules import OutcomeRules
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.tables.lookup import Held, rows_of
from iop_outcomes.tables.parts import whole

#: Day columns that are moved to time zero, by table.
_DAYS = {
    "session": ("day",),
    "drug_test": ("day",),
    "use_report": ("day",),
    "assessment": ("day",),
    "controlled_period": ("start_day", "end_day"),
    "service": ("day",),
    "cost": ("day",),
}
_EPISODE_DAYS = (
    "referral_day",
    "assignment_day",
    "admission_day",
    "discharge_day",
    "last_contact_day",
    "observation_end_day",
)


@dataclass
class History:
    """Members and their records.

    Attributes
    ----------
    members : pandas.DataFrame
        One row per cohort member, indexed by ``member_id`` in sorted order: the ``cohort`` columns, those of their
        episode (days counted from time zero), and ``age_years``, ``sex`` and ``death_day`` of the person.
    records : mapping of str to DataFrame
        The canonical event tables as ingested; use ``table`` to get one ready for use.
    mended : mapping of str to int
        Rules by which days of the members' episodes were answered, and how many fell under each.
    rules : OutcomeRules
        What the study decided for all metrics of urine tests and use.
    care : CareRules
        What ends care where no discharge is on record.
    is_shard : bool
        Are these some of the members only, whose sessions are taken by themselves (``sessions.shards``)?
    """

    members: pd.DataFrame
    records: Mapping[str, Any]
    mended: Mapping[str, int] = field(default_factory=dict)
    rules: OutcomeRules = field(default_factory=OutcomeRules)
    _ready: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)
    _kept: dict[Hashable, Any] = field(default_factory=dict, repr=False)
    care: CareRules = field(default_factory=CareRules)
    is_shard: bool = False

    @classmethod
    def of(
        cls,
        cohort: pd.DataFrame,
        records: Mapping[str, pd.DataFrame],
        rules: OutcomeRules | None = None,
        *,
        care: CareRules | None = None,
    ) -> "History":
        """Join a cohort with the canonical tables it was drawn from, under the rules of a study or the usual ones."""
        members = cohort.set_index("member_id").sort_index()
        episode = records["episode"]
        own = rows_of(episode[[c for c in episode if c not in members.columns]], "episode_id", members.index)
        own, mended = days_mended(own, records.get("session"))
        for column in own.columns.intersection(_EPISODE_DAYS):
            own[column] = own[column] - members["time_zero_day"]
        members = members.join(own)
        if "person" in records:
            columns = [c for c in ("age_years", "age_band", "sex", "death_day") if c in records["person"]]
            person = rows_of(records["person"][["person_id", *columns]], "person_id", members["person_id"])
            members = members.assign(**{c: person[c] for c in columns})
            if "death_day" in members:
                members["death_day"] -= members["time_zero_day"]
        return cls(members, records, mended, rules or OutcomeRules(), care=care or CareRules())

    def under(self, rules: OutcomeRules) -> "History":
        """Return the same members and records under other rules; what was derived from them is shared."""
        return replace(self, rules=rules)

    @property
    def n(self) -> int:
        """Number of members."""
        return len(self.members)

    @property
    def follow_up_days(self) -> np.ndarray:
        """Observed days per member, counting time zero as one: ``follow_up_end_day + 1``."""
        return self.members["follow_up_end_day"].to_numpy() + 1

    @property
    def longest_days(self) -> int:
        """Days for which the member observed longest was, of a shard those of all members."""
        return int(self.once("longest", lambda: self.follow_up_days.max(initial=0)))

    def table(self, name: str) -> pd.DataFrame:
        """Return an event table of the members only, days counted from time zero.

        Returns
        -------
        pandas.DataFrame
            The columns of the canonical table and ``member``, the position (0-based) of the row's member in
            ``members``, which makes sums per member one ``numpy.bincount``. Rows before time zero have negative days;
            rows after ``follow_up_end_day`` are there too, for a metric to cut at its own window. Sorted by nothing.

        Raises
        ------
        StudyError
            The source has no such table.
        """
        if name not in self._ready:
            if name not in self.records:
                raise StudyError(f"this source has no table '{name}'; a metric that needs it must say so in its needs")
            self._ready[name] = self._of_members(name)
        return self._ready[name]

    def positions(self, name: str) -> np.ndarray:
        """Return the position in ``members`` of each row of an event table, -1 for rows of others."""
        return self.owners(whole(self.records[name]))

    def owners(self, frame: pd.DataFrame) -> np.ndarray:
        """Return the position in ``members`` of each row of a frame of episodes or people, -1 for rows of others."""
        link = _link(frame)
        owner = self.members.index if link == "episode_id" else self.members["person_id"]
        return self.once(("held", link), lambda: Held(owner)).positions(frame[link])

    def _of_members(self, name: str) -> pd.DataFrame:
        frame, member = whole(self.records[name]), self.positions(name)
        frame = frame[member >= 0].drop(columns=_link(frame))
        member = member[member >= 0]
        zero = self.members["time_zero_day"].to_numpy()[member]
        moved = {day: frame[day] - zero for day in _DAYS.get(name, ()) if day in frame}
        return frame.assign(**moved, member=member).reset_index(drop=True)

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return ``make()``, computed the first time only: metrics share what they derive from the records."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def series(self, values: np.ndarray, name: str | None = None) -> pd.Series:
        """Return an array with one value per member as a Series indexed by ``member_id``."""
        return pd.Series(values, index=self.members.index, name=name)

    def count(self, member: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        """Return sums per member: of ones, or of weights."""
        return np.bincount(member, weights=weights, minlength=self.n)


def _link(frame: pd.DataFrame) -> str:
    return "episode_id" if "episode_id" in frame else "person_id"
