"""How sure one can be: what the checks of a study found, each in words about what its row holds."""

import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures.differences import interval
from iop_outcomes.release.page.found import Row, analysis_of
from iop_outcomes.release.page.html import HtmlTable
from iop_outcomes.release.words.controls import controls_in_words
from iop_outcomes.release.words.missing import rule_in_words, shifts_of, tipping_in_words
from iop_outcomes.study import Study
from iop_outcomes.study.outcome import outcome_of
from iop_outcomes.tables.by_site import site_rows
from iop_outcomes.tables.controls import control_rows
from iop_outcomes.tables.estimate import CHECK, FLAGGED, SHOWN, WITHHELD
from iop_outcomes.tables.measure import WILD_P
from iop_outcomes.tables.missing_panel import TIPPING_SHIFT

#: A ratio of 1 as it is printed.
_NOTHING_NEEDED = "1.00"
_UNITS = {"share": " percentage points", "ratio": ""}


def sensitivity(table: Released | None, study: Study) -> HtmlTable | None:
    """Return what the checks found, and of those that could not be made why."""
    if table is None:
        return None
    frame = table.frame[(table.frame["role"] == CHECK) & (table.frame["status"] != WITHHELD)]
    mapped, drawn = set(shifts_of(study).values()), control_rows(frame).index.union(site_rows(frame).index)
    rules: dict[tuple[str, ...], str] = {}

    def rule_of(row: Row) -> str:
        said, *arms = key = tuple(str(row[name]) for name in ("scenario", "arm", "against"))
        # Made once for all analyses that were checked alike: what a panel tries is a hundred rules.
        if key not in rules:
            rules[key] = words.capital(rule_in_words(said, (arms[0], arms[1]), study))
        return rules[key]

    rows = [
        (analysis_of(row, study), rule_of(row), check_in_words(row))
        for _, row in frame.drop(index=drawn).astype("object").iterrows()
        # Shifts are drawn as a map, controls and sites as figures; in words they would be a page of their own.
        if _on_its_scale(row, study) and row["scenario"] not in mapped
    ]
    return HtmlTable("Sensitivity checks", ("Analysis", "Check", "Result"), rows, file="estimate") if rows else None


def _on_its_scale(row: pd.Series, study: Study) -> bool:
    """Return whether a check means something for its outcome: an E-value is a ratio of risks, and hours have none."""
    outcome = outcome_of(study, str(row["outcome"]))
    is_risk = outcome.is_share or outcome.is_percent or outcome.kind in ("time_to_event", "competing")
    return row["measure"] != "e_value" or is_risk


def check_in_words(row: pd.Series) -> str:
    """Return the result of a check in words, each of them about what the row holds."""
    if row["measure"] == TIPPING_SHIFT:
        return tipping_in_words(row)
    if row["status"] not in (SHOWN, FLAGGED):
        return f"Not made: {words.sentences(str(row['reason']))}."
    if said := controls_in_words(row):
        return said
    value, limit = words.number(row["value"], 2), words.number(row["ci_low"], 2)
    if row["measure"] == "e_value":
        return _e_value(value, limit)
    if row["measure"] == "tipping_gamma":
        return _hidden_bias(value, words.arm(row["arm"]))
    if row["measure"] == WILD_P:
        return _wild_bootstrap(row)
    how = words.sentences(words.signed(str(row["se_method"]))) if pd.notna(row["se_method"]) else ""
    unit = _UNITS.get(row["unit"], f" {row['unit']}")
    return f"{words.capital(words.plain(row['measure']))}: {interval(row)}{unit}" + (f". {how}." if how else "")


def _wild_bootstrap(row: pd.Series) -> str:
    p_value = f"p = {words.number(row['value'], 3)}" if row["value"] >= 0.001 else "p < 0.001"
    how = str(row["se_method"])
    if "does not agree" in how:
        return f"By whole sites it comes to {p_value}, which the interval does not agree with: count on neither alone."
    return f"By whole sites it comes to {p_value}, which agrees with the interval."


def _hidden_bias(value: str, arm: str) -> str:
    if value == _NOTHING_NEEDED:
        return "Chance could explain the difference within pairs without any hidden bias."
    return (
        f"Something that nobody recorded would have to make the odds of {arm} {value} times as high for one of a pair "
        "as for the other before chance could explain the difference."
    )


def _e_value(value: str, limit: str) -> str:
    if value == _NOTHING_NEEDED:
        return "There is no difference that something unrecorded would have to explain."
    if limit == _NOTHING_NEEDED:
        return (
            "The interval includes no difference, so that there is nothing to explain away; the estimate alone would "
            f"take something unrecorded that goes with both the arm and the outcome by a risk ratio of {value} each."
        )
    said = (
        "To explain the estimate away, something that nobody recorded would have to go with both the arm and the "
        f"outcome by a risk ratio of {value} each"
    )
    return f"{said}; {limit} would do to move the interval to no difference." if limit else f"{said}."
