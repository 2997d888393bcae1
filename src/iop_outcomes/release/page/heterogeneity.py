"""For whom: what was explored beside the subgroups that the study names, and said to be no more than that."""

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.page.html import HtmlTable
from iop_outcomes.study import Study
from iop_outcomes.study.outcome import outcome_of
from iop_outcomes.tables.estimate import may_be_shown
from iop_outcomes.tables.exploring import CALIBRATION

_LEVEL = 0.05


def heterogeneity(table: Released | None, study: Study) -> HtmlTable | None:
    """Return the groups by predicted effect, and what the calibration test says.

    Parameters
    ----------
    table : Released or None
        Table ``heterogeneity``.
    study : Study
    """
    if table is None or not len(table.frame):
        return None
    frame = table.frame
    if not may_be_shown(frame).any():
        reason = words.sentences(str(frame["reason"].iloc[0]))
        return HtmlTable(_CAPTION, ("What", "Result"), [("Not shown", f"{reason}.")], file="heterogeneity")
    outcome = outcome_of(study, str(frame["outcome"].iloc[0]))
    rows = [(_name(row), _result(row, outcome.is_share)) for _, row in frame.iterrows()]
    unit = "percentage points" if outcome.is_share else outcome.unit
    note = f"{_said(frame[frame['part'] == CALIBRATION].iloc[0])} {_NOTE}"
    return HtmlTable(_CAPTION, ("What", f"Effect, {unit} (95% CI)"), rows, note, (1,), file="heterogeneity")


_CAPTION = "Exploratory: ranked by predicted effect"
_NOTE = (
    "Effects were predicted from the covariates and looked at only among people from whom nothing was learned, those "
    "counting most who might have been in either arm. Nobody named these groups, so that they may say "
    "where to look next, and no verdict and no claim rests on them."
)


def _name(row: pd.Series) -> str:
    return "Slope of effect on prediction (no unit)" if row["part"] == CALIBRATION else words.capital(str(row["part"]))


def _result(row: pd.Series, is_share: bool) -> str:
    if not np.isfinite(row["value"]):
        return "hidden"
    scale = 100.0 if is_share and row["part"] != CALIBRATION else 1.0
    places = 2 if row["part"] == CALIBRATION else 1
    value, low, high = (words.number(scale * row[name], places) for name in ("value", "ci_low", "ci_high"))
    return f"{value} ({low} to {high})"


def _said(row: pd.Series) -> str:
    p_value = float(row["p_value"])
    if not np.isfinite(p_value):
        return ""
    if p_value >= _LEVEL:
        return f"Chance could explain what the predictions tell (p = {words.number(p_value, 3)}, one-sided)."
    said = f"p = {words.number(p_value, 3)}" if p_value >= 0.001 else "p < 0.001"
    return f"Who was predicted to gain more did gain more ({said}, one-sided)."
