"""Hours a week in a study: the marginal structural model as rows of its tables, withheld where it rests on too few."""

from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes import tables
from iop_outcomes.participation.clone_censor_weight import TRUNCATED, WEIGHTED
from iop_outcomes.participation.marginal_structural import MarginalStructuralModel, marginal_structural_model
from iop_outcomes.study.participation import Hours, Participation
from iop_outcomes.tables.attending import AS_ATTENDED, MARGINAL
from iop_outcomes.tables.estimate import FLAGGED, SHOWN, WITHHELD

#: Between these a mean stabilised weight speaks for the models behind it (Cole & Hernan 2008, Am J Epidemiol 168:656,
#: ask that it be near 1).
NEAR_ONE = (0.8, 1.25)
#: Ridge of the models of staying and of hours, as if each standardised coefficient were drawn from a normal
#: distribution of standard deviation 1: levels of few people, of whom everybody stayed or left, would else have no
#: finite coefficient (Greenland & Mansournia 2015, Stat Med 34:3133).
RIDGE = 1.0
_TOO_FEW = "too few people came about {hours:g} hours a week: the gate asks for an effective size of {size:g}"
_ALONE = "too few people came about any other number of hours to hold it against"
_STRAYS = "the mean weight strays far from 1, so that the models of the hours do not fit"
_FEW_CARRY = "a few people of large weight carry it: with these cut chance could explain it"


def fit_hours(asked: Participation, hours: Hours, weeks: pd.DataFrame, names: list[str]) -> MarginalStructuralModel:
    """Return the marginal structural model that a study asks for."""
    return marginal_structural_model(
        weeks,
        covariates=names,
        doses=hours.doses(),
        borders=hours.borders,
        counting=hours.counting,
        excused="excused",
        unusable="drop",
        ridge=RIDGE,
        truncate=asked.truncate,
        cluster="site" if asked.bootstrap_by == "site" else None,
    )


def contrast_row(asked: Participation, hours: Hours, found: MarginalStructuralModel) -> dict[str, Any]:
    """Return the high hours against the low ones as a row of the ``participation`` table."""
    own = _at(found.differences, WEIGHTED)[hours.high]
    row: dict[str, Any] = {"way": MARGINAL, "status": SHOWN, "week": asked.weeks, "value": own["risk_difference"]}
    row |= {name: own[name] for name in ("se", "ci_low", "ci_high")}
    row |= {"strategy": f"{hours.high:g} hours a week", "against": f"{hours.low:g} hours a week"}
    risks = _at(found.risks, WEIGHTED)
    for place, dose in (("first", hours.high), ("second", hours.low)):
        near = risks[dose]
        row |= {f"share_{place}": near["risk"], f"n_{place}": float(near["n_near"])}
        row |= {f"with_{place}": float(near["events_near"]), f"ess_{place}": near["ess_near"]}
    return row


def hours_faults(hours: Hours, found: MarginalStructuralModel, least: float) -> list[tuple[str, str]]:
    """Return why the contrast is withheld or flagged, each with its status.

    Parameters
    ----------
    hours : Hours
    found : MarginalStructuralModel
    least : float
        Effective number of people that the gate asks for at either end.
    """
    risks = _at(found.risks, WEIGHTED)
    few = [dose for dose in (hours.high, hours.low) if risks[dose]["ess_near"] < least]
    faults = [(WITHHELD, _TOO_FEW.format(hours=dose, size=least)) for dose in few]
    if not found.weights["mean_weight"].between(*NEAR_ONE).all():
        faults.append((FLAGGED, _STRAYS))
    sides = [_side(found, way, hours.high) for way in (WEIGHTED, TRUNCATED)]
    if sides[0] and sides[0] != sides[1]:
        faults.append((FLAGGED, _FEW_CARRY))
    return faults


def _side(found: MarginalStructuralModel, way: str, dose: float) -> int:
    row = _at(found.differences, way)[dose]
    return int(row["ci_low"] > 0) - int(row["ci_high"] < 0)


def _at(table: pd.DataFrame, way: str) -> dict[float, Any]:
    """Return the rows of one way to weight by their hours."""
    return {float(row["hours"]): row for row in table[table["weights"] == way].to_dict("records")}


def curve_rows(
    asked: Participation, arms: str, found: MarginalStructuralModel, faults: list[tuple[str, str]], least: float
) -> pd.DataFrame:
    """Return the rows of ``participation_hours``: of hours that too few people came about, the reason only."""
    rows = found.risks[found.risks["weights"] == WEIGHTED].sort_values("hours", ignore_index=True)
    rows = rows.assign(outcome=asked.outcome, arms=arms, status=SHOWN, reason=None)
    flagged = "; ".join(reason for status, reason in faults if status == FLAGGED)
    if flagged:
        rows = rows.assign(status=FLAGGED, reason=flagged)
    few = rows["ess_near"] < least
    if (~few).sum() < 2:
        # One number of hours alone says nothing of hours.
        few[:] = True
    rows.loc[few, ["risk", "se", "ci_low", "ci_high"]] = np.nan
    rows.loc[few, "status"] = WITHHELD
    rows["reason"] = rows["reason"].astype("object")
    rows.loc[few, "reason"] = [
        _TOO_FEW.format(hours=dose, size=least) if ess < least else _ALONE
        for dose, ess in zip(rows.loc[few, "hours"], rows.loc[few, "ess_near"], strict=True)
    ]
    return rows.reindex(columns=tables.empty("participation_hours").columns)


def week_rows(asked: Participation, found: MarginalStructuralModel) -> pd.DataFrame:
    """Return the weights of every week as rows of ``participation_week``, without a strategy and without a risk."""
    own = found.weights.rename(columns={"n": "n_uncensored", "mean_weight": "mean_stabilised"})
    own = own.assign(week=own["week"] + 1, strategy=AS_ATTENDED, outcome=asked.outcome, n_deviating=0)
    return own.reindex(columns=tables.empty("participation_week").columns)
