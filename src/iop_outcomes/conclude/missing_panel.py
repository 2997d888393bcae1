"""Do all rules for what is missing say the same? The part of the panel on which a verdict rests."""

from typing import Any

import pandas as pd

from iop_outcomes.conclude.evidence import interval_of
from iop_outcomes.kernel.registry import CHECKS
from iop_outcomes.study import Study
from iop_outcomes.study.outcome import outcome_of
from iop_outcomes.tables.estimate import SHOWN
from iop_outcomes.tables.missing_panel import (
    BOUNDS,
    PANEL,
    PLAUSIBLE,
    PLAUSIBLE_SHIFT,
    scenario,
    shifts_of_one_arm,
)


def panel_agrees(
    headline: pd.Series,
    panel: pd.DataFrame,
    *,
    plausible_shift: float = PLAUSIBLE_SHIFT,
    bounds_decide: bool = False,
) -> bool | None:
    """Return whether every plausible rule for missing outcomes says what the headline says.

    It does where the estimate has the sign of the headline's and the interval lies on the same side of no difference,
    or holds it as the headline's does. Plausible are missing as failure, observed only, weighted for being observed,
    multiple imputation, and a shift of either arm by no more than ``plausible_shift``.

    Parameters
    ----------
    headline : Series
        A row of the ``estimate`` table.
    panel : DataFrame
        Rows of the check ``missing_panel`` of the same analysis.
    plausible_shift : float
        Of log odds, or in standard deviations for numbers; must be among the shifts of the panel.
    bounds_decide : bool
        Are the best and the worst case asked too?

    Returns
    -------
    bool or None
        None where the panel has no row to ask.
    """
    mine = interval_of(headline)
    rows = deciding(panel, str(headline["measure"]), plausible_shift, bounds_decide)
    others = [interval_of(row) for _, row in rows.iterrows()]
    if not others:
        return None
    # Where the headline shows no difference the sign of what it does show is chance.
    return all(other.side == mine.side and (not mine.side or other.value * mine.value > 0) for other in others)


def deciding(
    panel: pd.DataFrame, measure: str, plausible_shift: float = PLAUSIBLE_SHIFT, bounds_decide: bool = False
) -> pd.DataFrame:
    """Return the rows of a panel that decide whether it agrees, of one measure."""
    rules = (*PLAUSIBLE, *shifts_of_one_arm(plausible_shift), *(BOUNDS if bounds_decide else ()))
    asked = panel["scenario"].astype("str").isin([scenario(rule) for rule in rules])
    return panel[asked & (panel["measure"].astype("str") == measure) & (panel["status"] == SHOWN)]


def deciding_in(panel: pd.DataFrame, study: Study, row: pd.Series) -> pd.DataFrame:
    """Return the rows of the panel of an analysis that decide for its contrast, as the study asks it."""
    if panel.empty:
        return panel
    asked = settings_of(study)
    return deciding(panel, str(row["measure"]), plausible_shift(study, str(row["outcome"])), asked["bounds_decide"])


def plausible_shift(study: Study, outcome: str) -> float:
    """Return the shift of the missing of one arm that a study still believes, in the unit of an outcome's shifts."""
    asked = settings_of(study)
    name = "plausible_shift" if outcome_of(study, outcome).is_share else "plausible_shift_of_numbers"
    return float(asked[name])


def settings_of(study: Study) -> dict[str, Any]:
    """Return what a study asks of the panel, with the check's own defaults where it says nothing."""
    given = next((settings for name, settings in study.checks() if name == PANEL), {})
    return CHECKS[PANEL].check(given)
