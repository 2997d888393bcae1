"""Levels that a released table hides, and which of them to merge; which of them are small is not told."""

from collections.abc import Mapping

import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import ReleaseRules, merging


def to_merge(counts: Mapping[str, pd.DataFrame], rules: ReleaseRules) -> str:
    """Return a sentence on what would show the hidden levels, empty where none is hidden.

    Parameters
    ----------
    counts : mapping of str to DataFrame
        By column of the study, released people by level (index) and arm (columns), missing where hidden.
    rules : ReleaseRules
        By which the counts were released.
    """
    said = []
    for column, by_level in counts.items():
        hidden = [f"'{level}'" for level in by_level.index[by_level.isna().any(axis=1)]]
        if hidden:
            said.append(f"{words.plain(column)} {words.joined(hidden)} ({merging(by_level, rules)})")
    if not said:
        return ""
    return f" Levels that are hidden, for themselves or to hide another, and what would show them: {'; '.join(said)}."
