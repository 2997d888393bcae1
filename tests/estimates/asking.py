"""One estimator asked one question, as the stage and the analyst's calls ask it."""

from collections.abc import Callable

import pandas as pd

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.question import Question, asks_of_risk


def asked(
    estimator: Callable,
    data: pd.DataFrame,
    comparison: Comparison,
    *,
    outcome: str = "time_in_care",
    measure: str = "",
    seed: int = 1,
    **settings,
) -> pd.DataFrame:
    """Return the rows of an estimator (or of its plug-in) for one outcome and measure."""
    question = Question(data, outcome, of_risk=asks_of_risk([measure]), seed=seed)
    return estimator(question, comparison, **settings).rows([measure])
