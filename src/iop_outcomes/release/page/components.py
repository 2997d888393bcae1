"""What care was made of: the section on components."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.page.html import HIDDEN, HtmlTable, count, hidden_note
from iop_outcomes.release.tables.outcomes import EVERYBODY


def means(table: Released | None) -> HtmlTable | None:
    """Return each measure of a component by arm."""
    rows = [] if table is None else [(what, arm, *rest) for what, whom, arm, *rest in _rows(table, everybody=True)]
    if table is None or not rows:
        return None
    note = f"Unadjusted: of the arms as they were. {hidden_note(table)}"
    columns = ("What", "Arm", "Mean (95% CI)", "People", "In words")
    return HtmlTable("What care was made of", columns, rows, note, (2, 3), file="component")


def means_by_level(table: Released | None) -> HtmlTable | None:
    """Return the same in the levels of the covariates that the study names."""
    rows = [] if table is None else list(_rows(table, everybody=False))
    if table is None or not rows:
        return None
    note = f"Unadjusted: of the arms as they were. {hidden_note(table)}"
    columns = ("What", "Whom", "Arm", "Mean (95% CI)", "People", "In words")
    return HtmlTable("What care was made of, and for whom", columns, rows, note, (3, 4), file="component")


def _rows(table: Released, everybody: bool) -> Iterator[tuple[str, ...]]:
    for place, (_, row) in enumerate(table.frame.iterrows()):
        if (row["group"] == EVERYBODY) != everybody:
            continue
        share = row["unit"] == "share"
        number = _with_interval(row, 100 if share else 1)
        if not number:
            hidden = bool(table.suppressed["value"].iloc[place]) or str(row["status"]) == "shown"
            number = HIDDEN if hidden else words.capital(str(row["status"]))
        whom = f"{words.capital(words.plain(str(row['group'])))}: {row['level']}"
        what = f"{words.capital(words.plain(str(row['component'])))}: {row['outcome_words']}"
        what += ", %" if share else f", {row['unit']}"
        said = words.sentences(str(row["reason"])) if str(row["reason"]) else ""
        yield what, whom, words.capital(words.arm(str(row["arm"]))), number, count(table, place, "n") or "none", said


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
