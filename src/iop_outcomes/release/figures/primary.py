"""Which arms, design and analysis a figure or table with room for one shows: the primary ones."""

import pandas as pd

from iop_outcomes.study import Study


def primary_design(table: pd.DataFrame, study: Study) -> tuple[tuple[str, str], str]:
    """Return arms and design of the study's first analysis, or the first in the table if it has none of these."""
    # Told apart first, so that a million people are not named one by one.
    several = table[["arm", "against", "design"]].drop_duplicates().astype("str")
    found = list(several.itertuples(index=False, name=None))
    asked = [(*study.contrast(analysis), analysis.design) for analysis in study.analyses.values()]
    first, second, design = next((wanted for wanted in asked if wanted in found), found[0])
    return (first, second), design


def primary_curve(curve: pd.DataFrame, study: Study) -> str:
    """Return the study's first analysis that has a curve."""
    found = list(curve["analysis"].astype("str").unique())
    return next((name for name in study.analyses if name in found), found[0])
