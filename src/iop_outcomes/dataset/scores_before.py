"""What people answered to questionnaires before time zero: facts that a design may have left out.

Whoever comes after a crisis has more symptoms than in other months, and fewer later whatever the arm does; and whoever
is more ill is so later, too. Where the score before is not adjusted for, either looks like an effect.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.tables.lookup import positions
from iop_outcomes.tables.questionnaires import questionnaires

#: Days before time zero from which on answers count.
FROM = -30
#: Of how many of each arm a score must be known: which forms an arm gives at intake is no fact of its people.
LEAST_KNOWN = 0.5
#: Of an instrument whose total is on record instead of the answers, that is a fact of its own.
TOTAL = "total"


def scores_before(members: pd.DataFrame, records: Mapping[str, pd.DataFrame]) -> dict[str, pd.Series]:
    """Return by instrument the mean answer of each member on the last day up to time zero.

    Whose score is not known gets the median of the others; one that is known of less than half of an arm is left out.

    Parameters
    ----------
    members : DataFrame
        Table ``cohort``, indexed by member.
    records : mapping
        Canonical tables.
    """
    answered = questionnaires(records.get("assessment"))
    if answered is None:
        return {}
    at = positions(members["person_id"], answered["person_id"])
    since = answered["day"].to_numpy(float) - members["time_zero_day"].to_numpy(float)[at]
    own = (at >= 0) & (since >= FROM) & (since <= 0) & answered["value"].notna().to_numpy()
    total = answered["item"].astype("str").str.casefold() == TOTAL
    name = answered["instrument"].astype("str") + np.where(total, "_total", "") + "_before_care"
    rows = pd.DataFrame(
        {"member": at, "since": since, "name": name.to_numpy(), "value": answered["value"].to_numpy(float)}
    )[own]
    last = rows[rows["since"] == rows.groupby(["name", "member"])["since"].transform("max")]
    mean = last.groupby(["name", "member"])["value"].mean()
    scores = {
        str(each): mean.xs(each).reindex(range(len(members))).set_axis(members.index)
        for each in mean.index.unique("name")
    }
    arm = members["arm"].astype("str")
    known = {name: score.notna().groupby(arm).mean().min() for name, score in scores.items()}
    return {name: score.fillna(score.median()) for name, score in scores.items() if known[name] >= LEAST_KNOWN}
