"""After estimation: what all designs gave, in one table each."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from iop_outcomes.study.view import StudyView
from iop_outcomes.tables.estimate import may_be_shown


def run(
    study: StudyView, made: dict[str, pd.DataFrame], *, tell: Callable[[str], None], folder: Path
) -> dict[str, pd.DataFrame]:
    """Gather what was made for each design: the stage ``conclude``."""
    analyses = made["estimate"].drop_duplicates("analysis")
    tell(f"{len(analyses)} analyses, {int((~may_be_shown(analyses)).sum())} withheld or refused")
    return made
