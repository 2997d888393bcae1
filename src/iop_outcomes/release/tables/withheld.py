"""What a withheld comparison takes with it: the arms are not to be compared by eye instead."""

import pandas as pd

from iop_outcomes.study import Study
from iop_outcomes.tables.estimate import WITHHELD, may_be_shown


def everything_withheld(estimate: pd.DataFrame | None) -> bool:
    """Return whether the gate withholds a comparison and no other is shown, so that nothing is shown by arm."""
    if estimate is None or estimate.empty:
        return False
    return bool((estimate["status"] == WITHHELD).any() and not may_be_shown(estimate).any())


def withheld_outcomes(estimate: pd.DataFrame | None, study: Study) -> set[str]:
    """Return the outcomes that may not be shown by arm.

    Those are the outcomes of which every analysis is withheld; all of them when no analysis is shown.

    Parameters
    ----------
    estimate : pandas.DataFrame or None
        Table of that contract, after the gate.
    study : Study
    """
    if estimate is None or estimate.empty:
        return set()
    if everything_withheld(estimate):
        return set(study.metrics)
    withheld = estimate.loc[estimate["status"] == WITHHELD, "outcome"]
    return set(withheld.astype("str")) - set(estimate.loc[may_be_shown(estimate), "outcome"].astype("str"))
