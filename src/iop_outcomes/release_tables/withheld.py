"""What a withheld comparison takes with it: the arms are not to be compared by eye instead."""

import pandas as pd

from iop_outcomes.study import Study


def everything_withheld(estimate: pd.DataFrame | None) -> bool:
    """Return whether the gate withholds a comparison and no other is shown, so that nothing is shown by arm."""
    if estimate is None or estimate.empty:
        return False
    return bool(_by_gate(estimate).any() and not estimate["reportable"].astype(bool).any())


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
    shown = estimate["reportable"].astype(bool)
    by_gate = _by_gate(estimate)
    return set(estimate.loc[by_gate, "outcome"].astype("str")) - set(estimate.loc[shown, "outcome"].astype("str"))


def _by_gate(estimate: pd.DataFrame) -> pd.Series:
    return estimate["reason"].astype("str").str.startswith("withheld")
