"""Continuity of care: was somebody who left inpatient or residential treatment seen soon after?"""

from typing import Literal

import numpy as np
import pandas as pd

from iop_outcomes.history.contacts import CodeList, Contacts, contacts_of
from iop_outcomes.history.history import History
from iop_outcomes.history.result import NOT_OBSERVED, label_or_none, or_missing, result
from iop_outcomes.history.windows import Days
from iop_outcomes.kernel.registry import metric
from iop_outcomes.metrics.initiation import INPATIENT_LEVELS

NO_DISCHARGE = "no discharge to count from"
RESIDENTIAL_AFTER_DAYS = 3

#: The discharge that is followed: of the member's own episode, or of the stay before it.
After = Literal["episode", "earlier_stay"]


@metric(
    unit="yes or no",
    kind="binary",
    needs=("service.code|service.level_of_care|session.status",),
    missing="no discharge on record: no value; days after it not observed and nothing seen: no value",
    source="CBE 3453 (7 and 14 days) and CBE 3590 (7 and 30 days) after inpatient or residential SUD treatment",
)
def continuity_of_care(
    history: History, *, within_days: Days = 14, after: After = "earlier_stay", code_list: CodeList = None
) -> pd.DataFrame:
    """Was there a visit on day 1 to 14 after discharge, medication from day 0, or residential care from day 3?

    Residential care continues inpatient care only. ``earlier_stay`` follows people from the last day of an inpatient
    or residential stay that ended within the same number of days before time zero; ``episode`` from the discharge of
    their own episode, whose own sessions do not count.

    Examples
    --------
    Left the hospital eight days before time zero and was seen on day 4, twelve days after discharge.

        service  -8: 0116; 4: H0015
        value    1    code_list={"0116":inpatient,"H0015":visit}
        value    0    code_list={"0116":inpatient,"H0015":visit} within_days=10
        value    none: no discharge to count from    code_list={"0116":inpatient,"H0015":visit} within_days=7

    A residential stay from day 3 on continues a stay in hospital, not one in residential care.

        service  0: 0116; 3: H0018
        value    1    code_list={"0116":inpatient,"H0018":residential}
        value    0    code_list={"0116":residential,"H0018":residential}

    After the member's own discharge on day 20.

        service  31: H0015
        episode  discharge_day=20 discharge_reason=completed
        value    1    after=episode code_list={"H0015":visit}
        value    0    after=episode code_list={"H0015":visit} within_days=7
    """
    contacts = contacts_of(history, code_list, with_sessions=after == "earlier_stay")
    discharge, inpatient = _discharge(history, contacts, after, within_days)
    last = discharge + within_days
    seen = contacts.of("visit").between(discharge + 1, last).number()
    seen += contacts.of("medication", "long_acting_medication").between(discharge, last).number()
    moved = contacts.of("residential").between(discharge + RESIDENTIAL_AFTER_DAYS, last).number()
    met = (seen > 0) | (inpatient & (moved > 0))
    value = np.where(met, 1.0, np.where(history.follow_up_days > last, 0.0, np.nan))
    none = np.isnan(discharge)
    return result(history, np.where(none, np.nan, value), np.where(none, NO_DISCHARGE, NOT_OBSERVED))


def _discharge(history: History, contacts: Contacts, after: After, within_days: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the day of discharge and whether it was from inpatient care."""
    if after == "episode":
        inpatient = label_or_none(history, "level_of_care").isin(INPATIENT_LEVELS).to_numpy()
        return or_missing(history, "discharge_day"), inpatient
    before = contacts.between(-within_days, 0)
    inpatient, residential = before.of("inpatient").last_day(), before.of("residential").last_day()
    discharge = np.fmax(inpatient, residential)
    return discharge, inpatient == discharge
