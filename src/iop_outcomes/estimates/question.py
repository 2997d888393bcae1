"""What an estimator is asked."""

from dataclasses import dataclass

import pandas as pd

from iop_outcomes.tables.measure import MEASURES


@dataclass(frozen=True)
class Question:
    """One outcome of the members of a comparison; of whom it is asked, the comparison says.

    Attributes
    ----------
    data : DataFrame
        Outcomes, a row per member of the comparison and in its order.
    outcome : str
        Column of ``data``, or the name that its columns begin with.
    of_risk : bool
        Is it asked as a risk? Zeros alone are then a share without events, and not a number of days.
    horizon : float or None
        Last day of follow-up, up to which mean times are compared unless a setting says otherwise.
    seed : int
        For folds, boosting and draws.
    only_value : bool
        Is nothing asked but the value, as in a replicate of a bootstrap? What only its standard error needs may be left
        out.
    """

    data: pd.DataFrame
    outcome: str
    of_risk: bool = False
    horizon: float | None = None
    seed: int = 0
    only_value: bool = False


def asks_of_risk(measures: list[str]) -> bool:
    """Return whether one of the measures asked for is only for outcomes of 0 and 1."""
    return any(measure in MEASURES and MEASURES[measure].only_binary for measure in measures)
