"""Heavy drinking, by day, from calendars with numbers of drinks."""

from dataclasses import replace
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field, NonNegativeInt

from iop_outcomes.history.abstinence import Missing, abstinent_between, free_days, share_of_use
from iop_outcomes.history.calendar import ABSTINENT, DEAD, SOME, UNKNOWN, USED, Calendar, Stretches
from iop_outcomes.history.death import under_rule
from iop_outcomes.history.evidence import ControlledRule, usable, use_calendar
from iop_outcomes.history.history import History
from iop_outcomes.history.outcome_rules import AfterDeath
from iop_outcomes.history.panel import bears_on
from iop_outcomes.history.result import result
from iop_outcomes.history.windows import Days, Share
from iop_outcomes.kernel.registry import metric

NEEDS = ("use_report.days_used", "use_report.amount")
SOURCE = "FDA 2015 draft guidance on alcoholism: no heavy-drinking days; 4 drinks or more for women, 5 for men"
ALCOHOL = "alcohol"

Drinks = Annotated[float, Field(gt=0)]


@metric(
    unit="percent of days",
    kind="continuous",
    needs=NEEDS,
    missing="days without a number of drinks are left out, no value below the known share; use: they are heavy",
    source=SOURCE,
    better="lower",
)
def heavy_drinking_days(
    history: History,
    *,
    window_days: Days = 180,
    women: Drinks = 4,
    men: Drinks = 5,
    controlled: ControlledRule = "set_apart",
    missing: Missing = "observed",
    min_known_share: Share = 0.5,
    after_death: AfterDeath | None = None,
) -> pd.DataFrame:
    """100 times the days with at least so many drinks over the days on which the number of drinks is known.

    A denied day has no drinks. The lower number holds for people whose sex is not recorded as male.

    Examples
    --------
    Two of eight known days reach four drinks, one reaches five.

        day     0      7
        drinks  0040.520.0
        value   100*2/8    window_days=10
        value   100*4/10   window_days=10 missing=use

        day     0      7
        drinks  0040.520.0
        person  sex=male
        value   100*1/8    window_days=10
    """
    calendar = heavy_calendar(history, women, men, controlled)
    known = calendar.days(0, window_days, ABSTINENT, USED, DEAD)
    free = free_days(calendar, 0, window_days)
    heavy, reason, seen = share_of_use(calendar.used_days(0, window_days), known, free, missing, min_known_share)
    return under_rule(history, result(history, 100 * heavy, reason, seen), window_days, after_death)


@metric(
    unit="yes or no",
    kind="binary",
    needs=NEEDS,
    missing="observed: no value below the known share asked for; use: below it, not free of heavy drinking",
    source=SOURCE,
)
def no_heavy_drinking_days(
    history: History,
    *,
    window_days: Days = 168,
    grace_days: NonNegativeInt = 0,
    women: Drinks = 4,
    men: Drinks = 5,
    controlled: ControlledRule = "set_apart",
    missing: Missing = "observed",
    min_known_share: Share = 0.8,
    after_death: AfterDeath | None = None,
) -> pd.DataFrame:
    """No day with at least so many drinks in the window, after a grace period if one is given.

    One such day decides, even if other days are not known.

    Examples
    --------
        day     0      7
        drinks  0402130010
        value   0    window_days=10
        value   1    window_days=10 grace_days=3
        value   1    window_days=10 women=5
    """
    calendar = heavy_calendar(history, women, men, controlled)
    first_day = min(grace_days, window_days - 1)
    heavy = calendar.used_in(first_day, window_days)
    scored = abstinent_between(calendar, first_day, window_days, heavy, missing, min_known_share)
    return under_rule(history, result(history, *scored), window_days, after_death)


def heavy_calendar(history: History, women: float, men: float, controlled: ControlledRule) -> Calendar:
    """Return the use calendar of alcohol with heavy drinking in the place of use.

    A day with drinks below the cut-off counts as a day without; a day with drinks whose number is not known is unknown.
    Of several numbers for a day the largest holds.
    """
    calendar = use_calendar(history, ALCOHOL, "self_report", controlled)
    reports = history.table("use_report")
    told = usable(reports) & reports["amount"].notna().to_numpy() & (reports["window_days"] == 1).to_numpy()
    reports = reports[told & bears_on(history, reports, ALCOHOL, np.zeros(len(reports), dtype=bool))]
    member, day = reports["member"].to_numpy(), reports["day"].to_numpy().astype(np.int64)
    inside = (day >= 0) & (day < calendar.follow_up_days[member])
    drinks = np.full(calendar.state.shape, -1.0, dtype=np.float32)
    np.maximum.at(drinks, (member[inside], day[inside]), reports["amount"].to_numpy(np.float32)[inside])
    cut_off = _cut_off(history, women, men)[:, None]
    state = calendar.state.copy()
    drank = (state == USED) | (drinks > 0)
    state[drank] = np.where(drinks < 0, UNKNOWN, np.where(drinks >= cut_off, USED, ABSTINENT))[drank]
    state[state == SOME] = UNKNOWN
    nothing = np.zeros(0, dtype=np.int64)
    return replace(calendar, state=state, stretches=Stretches(nothing, nothing, nothing * 1.0, nothing * 1.0))


def _cut_off(history: History, women: float, men: float) -> np.ndarray:
    sex = history.members.get("sex", pd.Series(index=history.members.index, dtype=object))
    return np.where((sex == "male").to_numpy(), men, women)
