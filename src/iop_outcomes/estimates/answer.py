"""What an estimator answers: both arms' means, or one contrast, and the rows of every measure that follow from them."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.measures import Estimate
from iop_outcomes.tables.estimate import ARM, CONTRAST

COLUMNS = (
    "role",
    "arm",
    "against",
    "measure",
    "day",
    "value",
    "se",
    "se_scale",
    "ci_low",
    "ci_high",
    "n",
    "n_events",
    "ess",
    "se_method",
    "reason",
)


@dataclass(frozen=True)
class Counted:
    """Members, members with the outcome, and effective size behind one estimate."""

    n: int
    n_events: float
    ess: float


class Answer(ABC):
    """What an estimator gives for one question: fitted once, turned into rows for as many measures as are wanted."""

    #: Day it speaks of, where it speaks of one.
    day: float = np.nan

    @property
    @abstractmethod
    def comparison(self) -> Comparison:
        """Of the members that count."""

    @property
    @abstractmethod
    def method(self) -> str:
        """How the intervals were made, in words."""

    @property
    @abstractmethod
    def counted(self) -> Sequence[Counted]:
        """Who is behind the contrast, the first arm and the second."""

    @abstractmethod
    def estimates(self, measure: str) -> tuple[Estimate, Sequence[Estimate]]:
        """Return the contrast by a measure, the estimator's own for an empty one, and both arms' values, if any.

        Raises
        ------
        EstimationError
            The measure is none that the estimator or the outcome has.
        """

    def rows(self, measures: Sequence[str] = ("",)) -> pd.DataFrame:
        """Return a row for the contrast by each measure and one for each arm's own value.

        Parameters
        ----------
        measures : sequence of str

        Returns
        -------
        DataFrame
            Columns ``COLUMNS``; ``se`` is on the scale ``se_scale``, the logarithm for ratios.
        """
        return pd.DataFrame(self.records(measures), columns=list(COLUMNS))

    def records(self, measures: Sequence[str] = ("",)) -> list[dict[str, object]]:
        """Return the rows as plain records, with ``COLUMNS`` as their keys."""
        first, second = self.comparison.arms
        places = ((CONTRAST, first, second), (ARM, first, ""), (ARM, second, ""))
        found: dict[tuple[str, ...], dict[str, object]] = {}
        for measure in measures:
            between, own = self.estimates(measure)
            for place, estimate, people in zip(places, (between, *own), self.counted, strict=False):
                told = {"day": self.day, "se_method": self.method}
                row = dict(zip(("role", "arm", "against"), place, strict=True)) | asdict(estimate) | asdict(people)
                found.setdefault((*place, estimate.measure), row | told)
        return [{name: row[name] for name in COLUMNS} for row in found.values()]
