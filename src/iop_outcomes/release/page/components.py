"""What care was made of: the section on components."""

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.page.html import HIDDEN, HtmlTable, count, hidden_note
from iop_outcomes.release.tables.outcomes import EVERYBODY
from iop_outcomes.study import Study


def means(table: Released | None, study: Study) -> HtmlTable | None:
    """Return each measure of a component by arm, and in the levels that the study names."""
    if table is None:
        return None
    rows = []
    for place, (_, row) in enumerate(table.frame.iterrows()):
        number = _with_interval(row, 100 if row["unit"] == "share" else 1)
        if not number:
            hidden = bool(table.suppressed["value"].iloc[place])
            number = HIDDEN if hidden or str(row["status"]) == "shown" else words.capital(str(row["status"]))
        whom = "Everybody" if row["group"] == EVERYBODY else f"{words.plain(str(row['group']))}: {row['level']}"
        what = f"{words.capital(words.plain(str(row['component'])))}: {row['outcome_words']}"
        said = words.sentences(str(row["reason"])) if str(row["reason"]) else ""
        arm = words.arm(str(row["arm"]))
        unit = "%" if row["unit"] == "share" else str(row["unit"])
        rows.append((what, words.capital(whom), arm, number, unit, count(table, place, "n") or "none", said))
    columns = ("What", "Whom", "Arm", "Mean (95% CI)", "In", "People", "In words")
    note = f"Unadjusted: of the arms as they were. {hidden_note(table)}"
    return HtmlTable("What care was made of", columns, rows, note, (3, 5), file="component")


def associations(table: Released | None) -> HtmlTable | None:
    """Return how each measure goes with the outcome, which is no effect."""
    if table is None or table.frame.empty:
        return None
    rows = []
    for place, (_, row) in enumerate(table.frame.iterrows()):
        hidden = bool(table.suppressed["value"].iloc[place])
        number = _with_interval(row, 1) or (HIDDEN if hidden else words.capital(str(row["status"])))
        said = words.sentences(str(row["reason"]))
        rows.append((str(row["metric_words"]), str(row["outcome_words"]), number, said))
    columns = ("With one standard deviation more of", "Differs", "By (95% CI)", "In words")
    note = f"Exploratory, within arms, adjusted for the study's covariates; shares as 0 to 1. {hidden_note(table)}"
    return HtmlTable("How it goes with the outcome", columns, rows, note, (2,), file="component_association")


def _with_interval(row: pd.Series, times: float) -> str:
    if not np.isfinite(row["value"]):
        return ""
    decimals = 0 if times > 1 else 2
    value, low, high = (words.number(times * row[name], decimals) for name in ("value", "ci_low", "ci_high"))
    return f"{value} ({low} to {high})"
