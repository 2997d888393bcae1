"""What everybody of a cohort cost: from the source's own items, or from unit costs and the visits that were made."""

from pathlib import Path

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import EstimationError, counted
from iop_outcomes.study.costs import Costs
from iop_outcomes.tables.canonical import CAME

#: Whoever stayed in care for longer and has no item, or none above zero, was not free: nothing was recorded, or billed.
LONGEST_WITHOUT_COST = 7
_UNIT_COSTS = ("level_of_care", "unit", "perspective", "amount", "price_year")


def costs_of(asked: Costs, made: dict[str, pd.DataFrame], folder: Path) -> tuple[pd.DataFrame, str]:
    """Return the cost of every member by perspective, missing where nothing was recorded, and the year of the prices.

    Parameters
    ----------
    asked : Costs
    made : dict of DataFrame
        ``cohort``, ``outcomes``, ``episode``, ``cost``, ``session``.
    folder : path
        Folder that the relative path of unit costs starts from.

    Returns
    -------
    costs : DataFrame, indexed by member
        A column per perspective.
    price_year : str
        Year and currency of the prices.

    Raises
    ------
    EstimationError
        There are neither costs nor unit costs, or prices of several years.
    """
    cohort = made["cohort"].set_index("member_id")
    items = made["cost"]
    if items.empty and not asked.unit_costs:
        raise EstimationError(
            "costs: this source has no costs; name a file of unit costs under costs.unit_costs, such as "
            "data/reference/unit_costs.csv"
        )
    items = recorded_items(items, cohort) if len(items) else _priced(asked, made, cohort, folder)
    years = sorted(items["price_year"].dropna().astype("str").unique())
    if len(years) > 1:
        raise EstimationError(
            f"costs: there are prices of {', '.join(years)}; a sum of several years says nothing, so convert "
            f"them to one"
        )
    stay = made["outcomes"].set_index("member_id")["retention_days"].reindex(cohort.index)
    has_cost = cohort.index.isin(items.loc[items["amount"] > 0, "member_id"])
    unknown = ~has_cost & (stay.isna() | (stay > LONGEST_WITHOUT_COST)).to_numpy()
    borne = items["perspective"].astype("str")
    found = {
        name: items.loc[borne.isin(bearers)].groupby("member_id")["amount"].sum().reindex(cohort.index).fillna(0.0)
        for name, bearers in asked.perspectives.items()
    }
    table = pd.DataFrame(found)
    table.loc[unknown] = np.nan
    if not (table > 0).any(axis=None):
        raise EstimationError(
            "costs: nothing was borne by those whose costs count; name others under costs.perspectives"
        )
    return table, years[0] if years else "not stated"


def recorded_items(items: pd.DataFrame, cohort: pd.DataFrame) -> pd.DataFrame:
    """Return the source's items within follow-up; those without a day count, since they are of the episode.

    Parameters
    ----------
    items : DataFrame
        Table ``cost``.
    cohort : DataFrame, indexed by member

    Returns
    -------
    DataFrame
        ``member_id``, ``amount``, ``perspective``, ``price_year``, ``category`` and ``day`` since time zero.
    """
    mine = items[items["episode_id"].isin(cohort.index)].rename(columns={"episode_id": "member_id"})
    own = cohort.reindex(mine["member_id"])
    day = mine["day"].to_numpy(float) - own["time_zero_day"].to_numpy(float)
    kept = mine.assign(day=day)[np.isnan(day) | ((day >= 0) & (day <= own["follow_up_end_day"].to_numpy(float)))]
    unsaid = {"perspective": "program", "price_year": "not stated", "category": "program"}
    found: pd.DataFrame = kept[["member_id", "amount", "day"]].assign(
        **{name: kept.get(name, instead) for name, instead in unsaid.items()}
    )
    return found


def _priced(asked: Costs, made: dict[str, pd.DataFrame], cohort: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Return unit costs times the weeks with a visit, and times the days with one."""
    prices = _prices(folder / asked.unit_costs)
    session = made["session"]
    came = session[session["status"].astype("str").isin(CAME) & session["episode_id"].isin(cohort.index)]
    if came.empty:
        raise EstimationError("costs: unit costs need sessions that were attended, and this source has none")
    own = cohort.reindex(came["episode_id"])
    day = came["day"].to_numpy(float) - own["time_zero_day"].to_numpy(float)
    within = (day >= 0) & (day <= own["follow_up_end_day"].to_numpy(float))
    visits = pd.DataFrame({"member_id": came["episode_id"].to_numpy(), "day": day})[within]
    level = made["episode"].set_index("episode_id")["level_of_care"].astype("str")
    units = {
        "visit": visits.drop_duplicates().groupby("member_id").size(),
        "week": visits.assign(week=visits["day"] // 7)
        .drop_duplicates(["member_id", "week"])
        .groupby("member_id")
        .size(),
    }
    rows = []
    for unit, times in units.items():
        own_level = pd.DataFrame({"level_of_care": level.reindex(times.index), "times": times}).reset_index()
        known = own_level.merge(prices[prices["unit"] == unit], on="level_of_care", how="left")
        lacking = int((known["amount"].isna() & (unit == "week")).sum())
        if lacking:
            raise EstimationError(
                f"{asked.unit_costs}: there is no price of a week at the level of care of "
                f"{counted(lacking, 'person', 'people')}; add it"
            )
        known = known.dropna(subset=["amount"])
        rows.append(known.assign(amount=known["amount"] * known["times"]))
    return pd.concat(rows, ignore_index=True)[["member_id", "amount", "perspective", "price_year"]]


def _prices(file: Path) -> pd.DataFrame:
    if not file.is_file():
        raise EstimationError(
            f"costs.unit_costs: there is no file {file.name}; give its path from the project's folder"
        )
    prices = pd.read_csv(file, dtype={"level_of_care": "str"})
    absent = [name for name in _UNIT_COSTS if name not in prices]
    if absent:
        raise EstimationError(f"{file.name}: there is no column '{absent[0]}'; it needs {', '.join(_UNIT_COSTS)}")
    amount = pd.to_numeric(prices["amount"], errors="coerce")
    bad = int((amount.isna() | (amount < 0)).sum())
    if bad:
        raise EstimationError(
            f"{file.name}: {counted(bad, 'amount is', 'amounts are')} no number from 0 on; correct them"
        )
    return prices.assign(amount=amount)
