"""Every comparison of the study on one page: shown, withheld or refused."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from iop_outcomes import words
from iop_outcomes.disclosure import Released
from iop_outcomes.figures import style
from iop_outcomes.figures.making import figure
from iop_outcomes.release_tables import estimates
from iop_outcomes.study import Study

_ROW = 0.42
_AXES = {"share": "Difference, percentage points", "ratio": "Ratio"}


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return the estimates with the arms' labels as the study orders them."""
    table = estimates.frame(tables, study)
    known = {name: words.describe_outcome(study, name).noun for name in table["outcome"].astype("str").unique()}
    return table.assign(outcome_words=table["outcome"].astype("str").map(known))


@figure(
    title="What difference it made",
    caption=(
        "Difference between the arms in every analysis, with its 95% confidence interval (filled), and the naive "
        "difference without adjustment (hollow). At the right the adjusted values of the arms and the difference. "
        "Analyses that the gate withholds or the data cannot carry keep their line and say why."
    ),
    needs=("estimate",),
    frame=frame,
    roles=estimates.ROLES.also(labels=("outcome_words",)),
    place=7,
)
def draw(data: Released) -> Figure:
    """Draw a panel per unit, a row per analysis, contrast and measure."""
    table = style.shown(data)
    contrasts = table[(table["arm"] == "") & (table["kind"] == estimates.ADJUSTED)].reset_index(drop=True)
    if contrasts.empty:
        return style.notice("Nothing to show: the study has no comparison.")
    panels = [(unit, rows) for unit, rows in contrasts.groupby("unit", sort=False)]
    heights = [len(rows) + 1.6 for _, rows in panels]
    drawing = style.blank(_ROW * sum(heights) + 0.45)
    grid = drawing.subplots(len(panels), 2, squeeze=False, height_ratios=heights, width_ratios=[1, 0.72])
    for (unit, rows), (axes, side) in zip(panels, grid, strict=True):
        _panel(axes, side, unit, rows.reset_index(drop=True), table)
    handles = _legend(grid[0, 0], contrasts, table)
    drawing.legend(handles=handles, loc="outside upper left", ncols=len(handles))
    return drawing


def _panel(axes, side, unit: str, rows: pd.DataFrame, table: pd.DataFrame) -> None:
    scale = 100.0 if unit == "share" else 1.0
    null = 1.0 if unit == "ratio" else 0.0
    if unit == "ratio":
        axes.set_xscale("log")
    for place, row in rows.iterrows():
        _point(axes, place, row, scale, filled=True)
        naive = _naive(table, row)
        if naive is not None:
            _point(axes, place + 0.22, naive, scale, filled=False)
        if np.isfinite(row["true_value"]):
            axes.plot(
                row["true_value"] * scale, place, marker="D", markersize=6, color=style.GOOD, fillstyle="none", zorder=4
            )
    axes.axvline(null, color=style.GREY, linewidth=0.8)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks(range(len(rows)), [_row_label(row) for _, row in rows.iterrows()])
    axes.tick_params(left=False)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(_AXES.get(unit, f"Difference, {unit}"))
    _widen(axes, null)
    _values_at_the_side(side, axes, rows, table, unit)


def _point(axes, place: float, row: pd.Series, scale: float, filled: bool) -> None:
    if not np.isfinite(row["value"]):
        return
    colour = style.INK if filled else style.GREY
    ends = (row["ci_low"] * scale, row["ci_high"] * scale)
    axes.plot(ends, (place, place), color=colour, linewidth=1.6 if filled else 0.8, solid_capstyle="butt", zorder=2)
    face = colour if filled else "white"
    axes.plot(
        row["value"] * scale, place, "o", color=colour, markerfacecolor=face, markersize=6 if filled else 4, zorder=3
    )


def _naive(table: pd.DataFrame, row: pd.Series) -> pd.Series | None:
    same = (table["analysis"] == row["analysis"]) & (table["contrast"] == row["contrast"])
    found = table[
        same & (table["measure"] == row["measure"]) & table["value"].notna() & (table["kind"] == estimates.NAIVE)
    ]
    return found.iloc[0] if len(found) else None


def _row_label(row: pd.Series) -> str:
    label = words.capital(row["outcome_words"])
    day = "" if pd.isna(row["day"]) or row["unit"] == "days" else f", day {row['day']:.0f}"
    how = f"{words.plain(row['analysis'])}: {row['estimand']}, {words.plain(row['measure'])}{day}"
    return f"{style.wrapped(label, 34)}\n{style.wrapped(how, 40)}"


def _widen(axes, null: float) -> None:
    low, high = axes.get_xlim()
    if not axes.lines[:-1]:
        low, high = (0.5, 2.0) if null else (-1.0, 1.0)
    axes.set_xlim(min(low, null), max(high, null))


def _values_at_the_side(side, axes, rows: pd.DataFrame, table: pd.DataFrame, unit: str) -> None:
    side.set_ylim(axes.get_ylim())
    side.set_xlim(0, 1)
    side.axis("off")
    first, second = (words.heading(arm) for arm in rows["contrast"].iloc[0].split(" v "))
    several = len(set(rows["contrast"])) > 1
    heads = ("First arm", "Second arm") if several else (first, second)
    for x, head in zip((0.14, 0.4, 0.78), (*heads, "Difference (95% CI)"), strict=True):
        head = head if unit != "ratio" else head.replace("Difference", "Ratio")
        side.text(
            x, -0.62, style.wrapped(head, 13 if x < 0.5 else 24), ha="center", va="bottom", fontsize=7.5, weight="bold"
        )
    for place, row in rows.iterrows():
        if row["status"] != estimates.SHOWN:
            text = style.wrapped(f"{row['status']}: {row['reason']}", 52)
            lines = text.split("\n")
            text = "\n".join(lines[:3]) + ("\N{HORIZONTAL ELLIPSIS}" if len(lines) > 3 else "")
            side.text(0.0, place, text, va="center", fontsize=7, color=style.GREY, style="italic")
            continue
        values = [arm_value(table, row, arm) for arm in row["contrast"].split(" v ")]
        for x, text in zip((0.14, 0.4, 0.78), (*values, interval(row)), strict=True):
            side.text(x, place, text, ha="center", va="center", fontsize=8)


def arm_value(table: pd.DataFrame, row: pd.Series, arm: str) -> str:
    """Return the adjusted mean of one arm, empty where the analysis gives none."""
    same = (table["analysis"] == row["analysis"]) & (table["estimator"] == row["estimator"]) & (table["arm"] == arm)
    found = table[same & table["measure"].isin(estimates.MEANS) & table["value"].notna()]
    if found.empty:
        return ""
    value, unit = found["value"].iloc[0], found["unit"].iloc[0]
    return words.percent(value) if unit == "share" else words.number(value)


def interval(row: pd.Series) -> str:
    """Return an estimate with its interval in the unit of its axis, without the unit."""
    scale, decimals = (100.0, 1) if row["unit"] == "share" else (1.0, 2 if row["unit"] == "ratio" else 1)
    value, low, high = (words.number(row[c] * scale, decimals) for c in ("value", "ci_low", "ci_high"))
    return f"{value} ({low} to {high})"


def _legend(axes, contrasts: pd.DataFrame, table: pd.DataFrame) -> list:
    look = {"color": style.INK, "marker": "o", "markersize": 6, "linewidth": 1.6, "label": "adjusted, 95% CI"}
    handles = axes.plot([], [], **look)
    if any(_naive(table, row) is not None for _, row in contrasts.iterrows()):
        look = {"color": style.GREY, "marker": "o", "markersize": 4, "markerfacecolor": "white", "linewidth": 0.8}
        handles += axes.plot([], [], label="not adjusted", **look)
    if contrasts["true_value"].notna().any():
        look = {"color": style.GOOD, "marker": "D", "markersize": 6, "fillstyle": "none", "linestyle": ""}
        handles += axes.plot([], [], label="true value (simulated)", **look)
    return handles
