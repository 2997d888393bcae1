"""For whom: the section on the subgroups that a study names."""

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures.differences import interval
from iop_outcomes.release.page.found import analysis_of
from iop_outcomes.release.page.html import HtmlTable, hidden_note
from iop_outcomes.release.tables.subgroups import NOT_ALIKE
from iop_outcomes.release.words.finding import lower
from iop_outcomes.release.words.vocabulary import MODIFIERS
from iop_outcomes.study import Study
from iop_outcomes.tables.estimate import FLAGGED, is_contrast
from iop_outcomes.tables.measure import DIFFERENCE, RATIO, measure_of


def subgroups(table: Released | None, study: Study) -> HtmlTable | None:
    """Return the difference and the ratio of every level, or why there is none."""
    if table is None:
        return None
    rows, contrasts = [], table.frame[is_contrast(table.frame)]
    for (_, modifier, level), own in contrasts.groupby(["analysis", "modifier", "level"], sort=False, observed=True):
        by_scale = {measure_of(row["measure"]).scale: row for _, row in own.iterrows()}
        first = own.iloc[0]
        said = words.sentences(str(first["reason"])) if str(first["reason"]) else ""
        shown = [_number(by_scale.get(scale)) for scale in (DIFFERENCE, RATIO)]
        if not any(shown):
            shown = [words.capital(str(first["status"])), ""]
        smd = first["max_smd"]
        alike = "" if pd.isna(smd) else words.number(float(smd), 2)
        caution = f"With caution: {said[:1].lower()}{said[1:]}" if str(first["status"]) == FLAGGED else said
        rows.append(
            (
                analysis_of(first, study),
                modifier_in_words(str(modifier)),
                words.plain(str(level)),
                *shown,
                alike,
                caution,
            )
        )
    columns = (
        "Analysis",
        "Subgroups by",
        "Level",
        "Difference (95% CI)",
        "Ratio (95% CI)",
        "Most unlike",
        "In words",
    )
    note = (
        "Everybody keeps the weight of the whole comparison. Most unlike: the largest standardised difference of a "
        f"covariate left between the arms inside the level. {hidden_note(table)}"
    )
    return HtmlTable("The same question in every subgroup", columns, rows, note, (3, 4, 5), file="subgroup")


def interactions(table: Released | None, study: Study) -> HtmlTable | None:
    """Return whether the levels of each modifier differ: one row a modifier, its verdict in a sentence."""
    if table is None:
        return None
    told = table.frame.drop_duplicates(["analysis", "modifier"])
    rows = [
        (
            _asked(str(row.analysis), study),
            modifier_in_words(str(row.modifier)),
            words.sentences(str(row.sentence).replace(f" {NOT_ALIKE}", "")),
        )
        for row in told.itertuples()
    ]
    power = (
        f"Where chance could explain it: {lower(NOT_ALIKE)} " if told["sentence"].str.contains(NOT_ALIKE).any() else ""
    )
    note = f"{power}P-values are adjusted by Holm's method for all modifiers and analyses that were asked for."
    columns = ("Analysis", "Subgroups by", "Answer")
    return HtmlTable("Do the levels differ?", columns, rows, note, file="subgroup_verdict")


def _asked(analysis: str, study: Study) -> str:
    """Return an analysis by its outcome, and by the name that the study gives it."""
    return f"{words.describe_outcome(study, study.analyses[analysis].outcome).label} [{words.plain(analysis)}]"


def modifier_in_words(name: str) -> str:
    """Return a modifier in words."""
    return MODIFIERS.get(name, words.capital(words.plain(name)))


def _number(row: pd.Series | None) -> str:
    return "" if row is None or not np.isfinite(row["value"]) else interval(row)
