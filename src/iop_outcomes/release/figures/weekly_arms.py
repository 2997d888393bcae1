"""The weekly table with each member's arm, and the rule that what is withheld is not drawn by arm."""

from collections.abc import Mapping

import pandas as pd

from iop_outcomes.release.figures.declare import NothingToDraw
from iop_outcomes.release.tables.withheld import everything_withheld
from iop_outcomes.study import Study
from iop_outcomes.tables.lookup import positions


def weekly_by_arm(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return the ``weekly`` table with ``arm`` as categories in the order of the study.

    Raises
    ------
    NothingToDraw
        Every comparison is withheld.
    """
    refuse_withheld(tables)
    cohort, weekly = tables["cohort"], tables["weekly"]
    arm = pd.Categorical(cohort["arm"].astype("str"), categories=list(study.cohort.arms))
    where = positions(cohort["member_id"], weekly["member_id"])
    return weekly.assign(arm=arm.take(where, allow_fill=True)).dropna(subset=["arm"])


def refuse_withheld(tables: Mapping[str, pd.DataFrame]) -> None:
    """Leave a figure by arm undrawn where the arms may not be compared."""
    if everything_withheld(tables.get("estimate")):
        raise NothingToDraw("Withheld: the arms may not be compared, so they are not drawn side by side either.")
