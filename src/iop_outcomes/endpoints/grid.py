"""People x study weeks: where each person's days fall.

A *span* says, per person, which days are looked at and on which day study week 1 begins: a DataFrame indexed by person
with integer columns ``first_day``, ``last_day`` (both included) and ``week_one_day``.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.endpoints.matrix import OUTSIDE
from iop_outcomes.kernel.errors import ContractError, counted

SPAN_COLUMNS = ("first_day", "last_day", "week_one_day")


def study_week(day, week_one_day, week_length: int = 7):
    """Return the study week of a day: week 1 is days ``week_one_day`` to ``week_one_day + week_length - 1``."""
    return (day - week_one_day) // week_length + 1


@dataclass(frozen=True)
class WeekGrid:
    """People x study weeks, with the weeks each person's span covers.

    Parameters
    ----------
    spans : DataFrame
        One row per person (see the module's first lines).
    week_length : int
        Days in a study week.

    Raises
    ------
    ContractError
        If spans lack a column, name a person twice, hold nulls or end before they begin.
    """

    spans: pd.DataFrame
    week_length: int = 7

    def __post_init__(self):
        """Check the spans."""
        check_columns("spans", self.spans, SPAN_COLUMNS)
        repeated = int(self.spans.index.duplicated().sum())
        if repeated:
            raise ContractError(f"spans: {counted(repeated, 'row')} for people already named; give one row per person.")
        if self.week_length < 1:
            raise ContractError(f"week length: {self.week_length} days is no week; give 1 or more.")
        for column in SPAN_COLUMNS:
            whole_days("spans", self.spans[column])
        backwards = int((self.spans["last_day"] < self.spans["first_day"]).sum())
        if backwards:
            raise ContractError(
                f"spans: {counted(backwards, 'person has', 'people have')} a last_day before the first_day; "
                "leave out people who are not observed."
            )

    @property
    def first_week(self) -> np.ndarray:
        """Return each person's first study week."""
        return self._week_of(self._day("first_day"))

    @property
    def last_week(self) -> np.ndarray:
        """Return each person's last study week, perhaps only partly inside the span."""
        return self._week_of(self._day("last_day"))

    @property
    def weeks(self) -> np.ndarray:
        """Return the study weeks that are the columns of the grid."""
        if self.spans.empty:
            return np.arange(0)
        return np.arange(self.first_week.min(), self.last_week.max() + 1)

    @property
    def covered(self) -> np.ndarray:
        """Return which weeks each span covers, shape (people, weeks)."""
        return (self.weeks >= self.first_week[:, None]) & (self.weeks <= self.last_week[:, None])

    def _day(self, column: str) -> np.ndarray:
        return whole_days("spans", self.spans[column])

    def _week_of(self, day: np.ndarray) -> np.ndarray:
        return study_week(day, self._day("week_one_day"), self.week_length)

    def person_days(self, days: pd.DataFrame) -> np.ndarray:
        """Return the distinct person-days inside the spans as sorted integers, which sets can be taken of.

        Days outside the person's span, and days of people who have none, are not among them.
        """
        row = self.spans.index.get_indexer(days["person"])
        day = whole_days("records", days["day"])
        row, day = row[row >= 0], day[row >= 0]
        inside = (day >= self._day("first_day")[row]) & (day <= self._day("last_day")[row])
        return np.unique(row[inside] * self._n_days + (day[inside] - self._origin))

    @property
    def _origin(self) -> int:
        return int(self._day("first_day").min()) if len(self.spans) else 0

    @property
    def _n_days(self) -> int:
        return int(self._day("last_day").max()) - self._origin + 1 if len(self.spans) else 1

    def row_and_day(self, person_days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the row in ``spans`` and the day of each person-day."""
        row, day = np.divmod(person_days, self._n_days)
        return row, day + self._origin

    def days_per_week(self, person_days: np.ndarray) -> np.ndarray:
        """Return how many of the person-days fall in each week, shape (people, weeks)."""
        row, day = self.row_and_day(person_days)
        n_weeks = len(self.weeks)
        if not n_weeks:
            return np.zeros((len(self.spans), 0), dtype=np.int64)
        column = study_week(day, self._day("week_one_day")[row], self.week_length) - self.weeks[0]
        return np.bincount(row * n_weeks + column, minlength=len(self.spans) * n_weeks).reshape(-1, n_weeks)

    def span_days_per_week(self) -> np.ndarray:
        """Return how many days of the span lie in each week; the first and the last can be cut short."""
        starts = self._day("week_one_day")[:, None] + (self.weeks - 1) * self.week_length
        ends = np.minimum(starts + self.week_length - 1, self._day("last_day")[:, None])
        return np.maximum(ends - np.maximum(starts, self._day("first_day")[:, None]) + 1, 0)

    def scheduled(self, schedule: Iterable[int] | pd.DataFrame | None = None) -> np.ndarray:
        """Return in which weeks a result was expected, shape (people, weeks).

        Parameters
        ----------
        schedule : iterable of int, DataFrame or None
            Study weeks of the protocol, the same for all; or a table with columns person and week; or None for every
            week from week 1 on.
        """
        if schedule is None:
            return np.broadcast_to(self.weeks >= 1, self.covered.shape)
        if isinstance(schedule, pd.DataFrame):
            check_columns("schedule", schedule, ("person", "week"))
            expected = np.zeros(self.covered.shape, dtype=bool)
            row = self.spans.index.get_indexer(schedule["person"])
            column = pd.Index(self.weeks).get_indexer(schedule["week"])
            known = (row >= 0) & (column >= 0)
            expected[row[known], column[known]] = True
            return expected
        return np.broadcast_to(np.isin(self.weeks, list(schedule)), self.covered.shape)

    def frame(self, codes: np.ndarray) -> pd.DataFrame:
        """Return codes as a table of people x study weeks, ``OUTSIDE`` where the span does not reach."""
        codes = np.where(self.covered, codes, OUTSIDE).astype(np.int8)
        return pd.DataFrame(codes, index=self.spans.index, columns=pd.Index(self.weeks, name="week"))


def check_columns(what: str, table: pd.DataFrame, columns: Iterable[str]) -> None:
    """Refuse a table that lacks one of the columns, or has it twice."""
    lacking = [column for column in columns if column not in table]
    if lacking:
        raise ContractError(f"{what}: column '{lacking[0]}' is missing; it needs {', '.join(columns)}.")
    names = list(table.columns)
    repeated = [column for column in columns if names.count(column) > 1]
    if repeated:
        raise ContractError(f"{what}: there is more than one column '{repeated[0]}'; keep the one that is meant.")


def whole_days(what: str, days: pd.Series) -> np.ndarray:
    """Return days as integers, or say how many are not whole numbers."""
    numbers = pd.to_numeric(days, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    bad = int((~np.isfinite(numbers) | (numbers != np.floor(numbers))).sum())
    if bad:
        raise ContractError(
            f"{what}: {counted(bad, 'value')} of '{days.name}' {'is' if bad == 1 else 'are'} not a whole study day; "
            "leave rows without a day out, or date them."
        )
    return numbers.astype(np.int64)
