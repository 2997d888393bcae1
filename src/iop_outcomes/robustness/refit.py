"""An analysis that can be made anew with one thing changed."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.answer import Answer
from iop_outcomes.estimates.measures import Estimate
from iop_outcomes.estimates.question import Question
from iop_outcomes.estimates.several_arms import data_for
from iop_outcomes.kernel.registry import Estimator
from iop_outcomes.study.view import Readable


@dataclass(frozen=True)
class Refit:
    """One analysis of a study as it was made, and what is needed to make it again.

    Attributes
    ----------
    rows : DataFrame
        Its finished rows of the ``estimate`` contract, under its design.
    question : Question
        Its data are of everybody in ``people``, indexed by ``member_id``.
    comparison : Comparison
    estimator : Estimator
    settings : dict
        Of the estimator, checked.
    measure : str
        The first that was asked for, which is the one that is judged.
    people : DataFrame
        Rows of the ``covariates`` contract: everybody of whom the design was made.
    design : callable
        Makes the comparison anew from rows of ``people``.
    study : Study
        What it says of its outcomes.
    leads : bool
        Is it the first of its design and arms that may be shown, of those whose people somebody assigned?
    """

    rows: pd.DataFrame
    question: Question
    comparison: Comparison
    estimator: Estimator
    settings: dict[str, object]
    measure: str
    people: pd.DataFrame
    design: Callable[[pd.DataFrame], Comparison]
    study: Readable
    leads: bool = False

    @property
    def sites(self) -> NDArray[np.object_] | None:
        """Site of everybody in ``people``; None if the study names none."""
        return self.people["cluster"].to_numpy(object) if "cluster" in self.people else None

    def answer(self) -> Answer:
        """Return what the estimator answers, fitted anew.

        Raises
        ------
        StudyError
            It cannot be estimated with what was changed.
        """
        comparison = self.comparison
        data = self.question.data.reindex(comparison.population.members.index)
        question = replace(self.question, data=data_for(self.estimator, data, comparison))
        answer: Answer = self.estimator(question, comparison, **self.settings)
        return answer

    def contrast(self) -> Estimate:
        """Return the contrast that is judged, fitted anew."""
        return self.answer().estimates(self.measure)[0]

    def among(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> "Refit":
        """Return the analysis with its design made anew among some of its people.

        Parameters
        ----------
        rows : ndarray
            A mask, or positions, in which somebody may come more than once.
        """
        positions = np.flatnonzero(rows) if rows.dtype == bool else rows
        chosen = self.people.iloc[positions]
        # Somebody drawn twice is two people, in the order of the rows.
        names = pd.Index([f"{number:09d}" for number in range(len(chosen))], name="member_id")
        data = self.question.data.reindex(chosen["member_id"]).set_axis(names)
        people = chosen.assign(member_id=names.to_numpy())
        question = replace(self.question, data=data)
        return replace(self, people=people, question=question, comparison=self.design(people))
