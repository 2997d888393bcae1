"""Initiation and engagement of treatment in the manner of HEDIS IET and its electronic version, CMS137.

This is the engine of windows; the value sets of the published measures are the user's (``contacts.py``). Time zero is
the day of the episode. The published calendar rules (intake from 1 January to 14 November) are a matter of the
cohort, since no calendar days are kept; a cohort has each person once, so that both versions are by person here.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from iop_outcomes.history.contacts import MEDICATIONS, TREATMENT, CodeList, Contacts, contacts_of
from iop_outcomes.history.history import History
from iop_outcomes.history.result import NOT_OBSERVED, label_or_none, or_missing, result
from iop_outcomes.kernel.registry import metric

INITIATION_DAYS, ENGAGEMENT_DAYS = 14, 34
YOUNGEST_YEARS = 13
INPATIENT_LEVELS = ("4", "detox_inpatient")

Lookback = Annotated[int, Field(ge=0)] | None


@dataclass(frozen=True)
class Variant:
    """What the versions of the measure do differently.

    Attributes
    ----------
    lookback_days : int
        Days before time zero without treatment that make an episode new. The 194 days of HEDIS are as commonly
        quoted, not checked against the specification; ``lookback_days`` overrides it.
    without_hospice : bool
        Are people in hospice care left out?
    kinds : tuple of str
        Kinds of contact that begin and continue treatment. CMS137 has psychosocial visits and medication, no stays.
    with_index : bool
        Does the contact that makes the episode begin treatment? CMS137 asks for a visit other than that one.
    """

    lookback_days: int
    without_hospice: bool
    kinds: tuple[str, ...]
    with_index: bool


VARIANTS = {
    "hedis": Variant(194, False, TREATMENT, True),
    "ecqm": Variant(60, True, ("visit", *MEDICATIONS), False),
}

#: Where the window of engagement begins for whoever began treatment with an inpatient stay.
InpatientFrom = Literal["discharge", "admission"]

NEEDS = ("session.status|service.code|service.level_of_care",)
SOURCE = "NCQA HEDIS Initiation and Engagement of SUD Treatment; CMS137 (eCQM). Windows only, code lists are the user's"
MISSING = (
    "younger than 13, not a new episode, or in hospice (ecqm): no value; window not observed and not met: no value"
)
TOO_YOUNG = f"younger than {YOUNGEST_YEARS}"
NOT_NEW = "treated in the days before, so not a new episode"
IN_HOSPICE = "in hospice"
STILL_INPATIENT = "no discharge from the inpatient stay on record"


@metric(unit="yes or no", kind="binary", needs=NEEDS, missing=MISSING, source=SOURCE)
def hedis_initiation(
    history: History,
    *,
    variant: Literal["hedis", "ecqm"] = "hedis",
    code_list: CodeList = None,
    lookback_days: Lookback = None,
) -> pd.DataFrame:
    """Did treatment begin within 14 days, on the day of the episode or the next 13?

    For ``hedis`` any treatment counts: a visit, medication, an inpatient or residential stay, and an episode that
    begins with inpatient care has begun. For ``ecqm`` visits and medication count, and a visit on the day of the
    episode is the one that made it. A source without services cannot show earlier treatment, and leaves nobody out
    for it.

    Examples
    --------
    First visit on day 13; on day 14 it is too late.

        day      0      7      14
        session  N............A.......
        value    1

        day      0      7      14
        session  N.............A......
        value    0

    Nothing after the visit that made the episode.

        day      0      7      14
        session  A....................
        value    1
        value    0    variant=ecqm

    Days are still missing.

        day      0      7
        session  N........
        value    none: observed for less than this time

    Codes of the user's own list decide, and treatment before time zero makes it no new episode.

        service  -100: H0004; 3: H0015; 9: 99999
        value    none: treated in the days before, so not a new episode    code_list={"H0015":visit,"H0004":visit}
        value    1    code_list={"H0015":visit,"H0004":visit} variant=ecqm
        value    1    code_list={"H0015":visit,"H0004":visit} lookback_days=90
        value    0    code_list={"99999":hospice,"H0010":visit,"H0004":inpatient} lookback_days=0
        value    none: in hospice    code_list={"99999":hospice,"H0015":visit} variant=ecqm

    Treatment 60 days before is within the look-back of the eCQM, 61 days before is not.

        service  -60: H0015; 3: H0015
        value    none: treated in the days before, so not a new episode    code_list={"H0015":visit} variant=ecqm

        service  -61: H0015; 3: H0015
        value    1    code_list={"H0015":visit} variant=ecqm
    """
    contacts = contacts_of(history, code_list)
    begun = initiation_day(history, contacts, VARIANTS[variant])
    return _measure(history, contacts, variant, lookback_days, ~np.isnan(begun), np.full(history.n, INITIATION_DAYS))


@metric(unit="yes or no", kind="binary", needs=NEEDS, missing=MISSING, source=SOURCE, by_plan="sessions")
def hedis_engagement(
    history: History,
    *,
    variant: Literal["hedis", "ecqm"] = "hedis",
    code_list: CodeList = None,
    lookback_days: Lookback = None,
    inpatient_from: InpatientFrom = "discharge",
) -> pd.DataFrame:
    """Was initiation followed by enough treatment on the next 34 days?

    Enough are two visits, two medication events, one of each, or one long-acting medication, on the days 1 to 34 after
    initiation. Several of one kind on one day are one, because nobody knows whether they were of different providers.
    Everybody counts, also those who did not initiate. Where treatment began with an inpatient stay the days count from
    discharge: that of the member's own inpatient episode, or the last of the days in a row with an inpatient contact;
    with ``inpatient_from=admission`` from its first day. Stays are no engagement for ``ecqm``.

    Examples
    --------
    Initiated on day 0, two visits after it, the last on day 34.

        day      0      7      14     21     28
        session  A...A.............................A
        value    1

    The second visit comes a day too late.

        day      0      7      14     21     28     35
        session  A...A..............................A
        value    0

    After an inpatient stay until day 20 the days 21 to 54 count.

        service  22: H0015; 50: H0015
        episode  level_of_care="4" discharge_day=20 discharge_reason=completed
        value    1    code_list={"H0015":visit}
        value    0    code_list={"H0015":visit} inpatient_from=admission

    Two inpatient detoxification stays and no visit.

        service  3: H0009; 20: H0009
        value    0    code_list={"H0009":inpatient} variant=ecqm

    One long-acting medication is enough.

        service   2: H0015; 20: J2315
        value     1    code_list={"H0015":visit,"J2315":long_acting_medication}
        value     0    code_list={"H0015":visit,"J2315":medication}
    """
    contacts, rules = contacts_of(history, code_list), VARIANTS[variant]
    begun = initiation_day(history, contacts, rules)
    start = begun if inpatient_from == "admission" else _left_inpatient_care(history, contacts, begun, rules)
    after = contacts.of(*rules.kinds).between(start + 1, start + ENGAGEMENT_DAYS)
    long_acting = after.of("long_acting_medication").number()
    engaged = (after.number() - long_acting >= 2) | (long_acting >= 1)
    days = np.where(np.isnan(begun), INITIATION_DAYS, start + ENGAGEMENT_DAYS + 1)
    return _measure(history, contacts, variant, lookback_days, engaged, days)


def initiation_day(history: History, contacts: Contacts, rules: Variant) -> np.ndarray:
    """Return the day on which treatment began within 14 days of time zero, NaN where it did not."""
    window = contacts.of(*rules.kinds).between(0, INITIATION_DAYS - 1)
    if not rules.with_index:
        medication = window.of(*MEDICATIONS).first_day()
        return np.fmin(medication, window.between(1, INITIATION_DAYS - 1).first_day())
    return np.where(_inpatient_episode(history), 0.0, window.first_day())


def _inpatient_episode(history: History) -> np.ndarray:
    return label_or_none(history, "level_of_care").isin(INPATIENT_LEVELS).to_numpy()


def _left_inpatient_care(history: History, contacts: Contacts, begun: np.ndarray, rules: Variant) -> np.ndarray:
    """Return the day of initiation, or of discharge where that was an inpatient stay; NaN without a discharge."""
    if "inpatient" not in rules.kinds:
        return begun
    stays = contacts.of("inpatient")
    # Contacts are sorted by member and day: a stay goes on while the next day of the member has one too.
    ends = np.append((np.diff(stays.member) != 0) | (np.diff(stays.day) != 1), True)[: len(stays.day)]
    last_day = stays.day[np.flatnonzero(ends)[np.cumsum(ends) - ends]]
    first = stays.day == begun[stays.member]
    left = begun.copy()
    left[stays.member[first]] = last_day[first]
    return np.where(_inpatient_episode(history), or_missing(history, "discharge_day"), left)


def _measure(
    history: History, contacts: Contacts, variant: str, lookback_days: Lookback, met: np.ndarray, days: np.ndarray
) -> pd.DataFrame:
    """Return yes, no, or why a member is not in the measure; ``days`` are those that must have been observed."""
    rules = VARIANTS[variant]
    lookback = rules.lookback_days if lookback_days is None else lookback_days
    young = or_missing(history, "age_years") < YOUNGEST_YEARS
    treated = contacts.of(*TREATMENT).between(-lookback, -1).number() > 0
    hospice = rules.without_hospice & (contacts.of("hospice").between(0, np.inf).number() > 0)
    value = np.where(met, 1.0, np.where(history.follow_up_days >= days, 0.0, np.nan))
    out = [young, treated, hospice, np.isnan(days)]
    reason = np.select(out, [TOO_YOUNG, NOT_NEW, IN_HOSPICE, STILL_INPATIENT], NOT_OBSERVED)
    return result(history, np.where(young | treated | hospice, np.nan, value), reason)
