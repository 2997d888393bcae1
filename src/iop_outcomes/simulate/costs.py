"""What care costs: the programme's weekly cost and the client's time, as DATCAP studies found them."""

import numpy as np
import pandas as pd

from iop_outcomes.simulate.course import Course
from iop_outcomes.simulate.draws import Draws
from iop_outcomes.simulate.identifiers import numbered
from iop_outcomes.simulate.sessions import (
    INTENSIVE_HOURS_PER_WEEK,
    INTENSIVE_WEEKS,
    minutes_per_session,
    slots_per_week,
)

#: Mean cost of a week, USD 2001 (NIDA Notes 2005, from DATCAP: 6 IOPs and 14 outpatient programmes). Weeks of
#: step-down between the two are priced by their hours.
IOP_WEEK, OUTPATIENT_WEEK = 462.0, 121.0
#: Spread of the logarithm of a person's price level, which together with the spread of stays gives about the published
#: standard deviations of an episode, 6,302 on a mean of 4,445 for IOP and 1,960 on 1,944 for outpatient care.
IOP_SPREAD, OUTPATIENT_SPREAD = 0.95, 0.65
#: Client's time and travel per visit (the same studies).
CLIENT_VISIT = 38.0
PRICE_YEAR = "USD2001"


def make_costs(sessions: pd.DataFrame, course: Course, draws: Draws) -> pd.DataFrame:
    """Return the ``cost`` table: by week in care, the programme's cost and the client's time for the visits made."""
    n, weeks = course.engaged.shape
    since = course.weeks_in_care
    paid = course.started[:, None] & (since >= 0) & (np.arange(weeks) <= (course.last_day // 7)[:, None])
    person, in_week = np.nonzero(paid)
    level = _price_level(course.iop, draws)[person]
    program = _week_price(course.iop[person], since[person, in_week]) * level
    came = sessions["minutes_attended"].to_numpy() > 0
    visit = sessions["person"].to_numpy()[came] * weeks + sessions["day"].to_numpy()[came] // 7
    visits = np.bincount(visit, minlength=n * weeks)
    visited = np.flatnonzero(visits)
    return pd.concat(
        [
            _items("program", "program", person, in_week, program),
            _items("client_time", "client", visited // weeks, visited % weeks, CLIENT_VISIT * visits[visited]),
        ],
        ignore_index=True,
    )


def _week_price(iop: np.ndarray, weeks_in_care: np.ndarray) -> np.ndarray:
    hours = slots_per_week(iop, weeks_in_care) * minutes_per_session(iop, weeks_in_care) / 60
    by_hours = np.maximum(IOP_WEEK * hours / INTENSIVE_HOURS_PER_WEEK, OUTPATIENT_WEEK)
    return np.where(iop, np.where(weeks_in_care < INTENSIVE_WEEKS, IOP_WEEK, by_hours), OUTPATIENT_WEEK)


def _price_level(iop: np.ndarray, draws: Draws) -> np.ndarray:
    spread = np.where(iop, IOP_SPREAD, OUTPATIENT_SPREAD)
    return np.exp(spread * draws.normal("price level") - spread**2 / 2)


def _items(category: str, perspective: str, person: np.ndarray, week: np.ndarray, amount: np.ndarray) -> pd.DataFrame:
    n = len(person)
    return pd.DataFrame(
        {
            "cost_id": numbered({"program": "CP", "client_time": "CT"}[category], (person + 1, 7), (week + 1, 3)),
            "episode_id": numbered("E", (person + 1, 7)),
            "day": (7 * week).astype(np.int32),
            "category": pd.Categorical.from_codes(
                np.full(n, category == "client_time", dtype=np.int8), ["program", "client_time"]
            ),
            "amount": np.round(amount, 2),
            "perspective": pd.Categorical.from_codes(
                np.full(n, perspective == "client", dtype=np.int8), ["program", "client"]
            ),
            "price_year": pd.Categorical.from_codes(np.zeros(n, dtype=np.int8), [PRICE_YEAR]),
        }
    )
