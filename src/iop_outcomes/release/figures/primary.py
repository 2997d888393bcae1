"""Which contrast, design and analysis a figure with room for one shows: the primary one."""

import pandas as pd

from iop_outcomes.study import Study


def primary_contrast(table: pd.DataFrame, study: Study) -> tuple[str, str]:
    """Return contrast and design of the study's first analysis, or the first in the table if it has none of these."""
    found = table[["contrast", "design"]].astype("str").drop_duplicates()
    for analysis in study.analyses.values():
        wanted = (" v ".join(study.contrast(analysis)), analysis.design)
        if wanted in set(found.itertuples(index=False, name=None)):
            return wanted
    return tuple(found.iloc[0])


def primary_curve(curve: pd.DataFrame, study: Study) -> str:
    """Return the study's first analysis that has a curve."""
    found = list(dict.fromkeys(curve["analysis"].astype("str")))
    return next((name for name in study.analyses if name in found), found[0])
