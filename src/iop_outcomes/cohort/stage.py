"""The stage ``cohort``: from the canonical tables to members and attrition."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from iop_outcomes.cohort.build import build_cohort, candidates_of
from iop_outcomes.cohort.entry import entry_by_arm
from iop_outcomes.study.view import StudyView


def run(
    study: StudyView, made: dict[str, pd.DataFrame], *, tell: Callable[[str], None], folder: Path
) -> dict[str, pd.DataFrame]:
    """Draw the cohort from the canonical tables."""
    candidates = [candidates_of(made, study.cohort)]
    entry = entry_by_arm(made, study.cohort, candidates[0])
    # Handed over, so that those whom the first rules leave out need not be held until the last.
    cohort, attrition = build_cohort(made, study.cohort, candidates.pop())
    tell(f"{len(cohort):,} members in {cohort['arm'].nunique()} arms")
    return {"cohort": cohort, "attrition": attrition, "entry": entry}
