"""The weekly table with each member's arm."""

from collections.abc import Mapping

import pandas as pd

from iop_outcomes.study import Study


def weekly_by_arm(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return the ``weekly`` table with ``arm`` as categories in the order of the study."""
    arm = tables["cohort"].set_index("member_id")["arm"].astype("str")
    weekly = tables["weekly"]
    arms = pd.Categorical(weekly["member_id"].map(arm), categories=list(study.cohort.arms))
    return weekly.assign(arm=arms).dropna(subset=["arm"])
