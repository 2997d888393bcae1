"""Every comparison of the study on one page: shown, withheld or refused."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures import style
from iop_outcomes.release.figures.declare import figure
from iop_outcomes.release.figures.making import rules_of
from iop_outcomes.release.tables import estimates
from iop_outcomes.study import Study
from iop_outcomes.tables.estimate import ADJUSTED, NAIVE, has_interval, is_contrast, may_be_shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Inches: a line of a label, the head of a panel and its axis, and the widths of labels, plot and values.
_LINE, _HEAD, _AXIS = 0.135, 0.5, 0.42
_LABELS, _PLOT, _VALUES = 2.15, 2.35, 2.4
_ARMS = ["arm", "against"]
_PLACE = ["analysis", *_ARMS, "measure", "population", "scenario"]
#: More lines than these nobody compares by eye, and a page of them would be of ten megabytes.
_MOST = 60
_RATIO_TICKS = (0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return the estimates, each with its outcome in words."""
    table = estimates.frame(tables, study, rules_of("forest_plot", study))
    known = {name: words.describe_outcome(study, name).label for name in table["outcome"].astype("str").unique()}
    return table.assign(outcome_words=table["outcome"].astype("str").map(known))


@figure(
    title="What difference it made",
    caption=(
        "Difference between the arms in every analysis, the first sixty lines where there are more, with its 95% "
        "confidence interval (filled), and the naive difference without adjustment (hollow). At the right the adjusted "
        "values of the arms and the difference. Analyses that the gate withholds or the data cannot carry keep their "
        "line and say why."
    ),
    needs=("estimate",),
    frame=frame,
    roles=estimates.ROLES.also(labels=("outcome_words",)),
    section="difference",
    place=8,
)
def draw(data: Released) -> "Figure":
    """Draw a panel per unit, a row per analysis, contrast and measure."""
    table = style.shown(data)
    contrasts = table[is_contrast(table, ADJUSTED)].reset_index(drop=True)
    if contrasts.empty:
        return style.notice("Nothing to show: the study has no comparison.")
    # One line says why an analysis is not shown, however many measures it asked for.
    again = contrasts.duplicated(["analysis", *_ARMS]) & ~may_be_shown(contrasts)
    contrasts = contrasts[~again].reset_index(drop=True)
    # The first of the study's own order, which nobody chose by what was found.
    n_all, contrasts = len(contrasts), contrasts.head(_MOST)
    usual = contrasts.iloc[0][_ARMS]
    labels = [_label(row, is_usual=row[_ARMS].equals(usual)) for _, row in contrasts.iterrows()]
    contrasts["lines"] = [max(label.count("\n") + 1, 2) for label in labels]
    contrasts["label"] = labels
    panels = [(unit, rows.reset_index(drop=True)) for unit, rows in contrasts.groupby("unit", sort=False)]
    heights = [_margins(rows) + _LINE * (rows["lines"] + 1).sum() for _, rows in panels]
    whole = sum(heights) + 0.3 + (0.2 if n_all > _MOST else 0.0)
    drawing = style.blank(whole, layout=None)
    top = whole - 0.3
    for (unit, rows), height in zip(panels, heights, strict=True):
        foot = _AXIS if _any_shown(rows) else 0.0
        box = (_LABELS / style.WIDTH, (top - height + foot) / whole, _PLOT / style.WIDTH, (height - foot) / whole)
        axes = drawing.add_axes(box)
        _panel(axes, unit, rows, table)
        top -= height
    handles = _legend(contrasts, table) if _any_shown(contrasts) else []
    drawing.legend(handles=handles, loc="upper left", ncols=3, bbox_to_anchor=(0.0, 1.0), borderaxespad=0.2)
    if n_all > _MOST:
        left_out = (
            f"The first {_MOST} of {n_all:,} lines, in the order of the study; the table of estimates has them all."
        )
        drawing.text(0.005, 0.0, left_out, fontsize=7.5, color=style.GREY, va="bottom")
    return drawing


def _any_shown(rows: pd.DataFrame) -> bool:
    return bool(may_be_shown(rows).any())


def _margins(rows: pd.DataFrame) -> float:
    return _HEAD + _AXIS if _any_shown(rows) else 0.1


def _panel(axes, unit: str, rows: pd.DataFrame, table: pd.DataFrame) -> None:
    """Draw the rows of one unit; the vertical axis counts inches from the top of the panel."""
    head = _HEAD if _any_shown(rows) else 0.0
    ends = head + _LINE * (rows["lines"] + 1).cumsum()
    middle = ends - _LINE * (rows["lines"] + 1) / 2
    axes.set_ylim(float(ends.iloc[-1]), 0)
    scale, null = (100.0 if unit == "share" else 1.0), (1.0 if unit == "ratio" else 0.0)
    axes.set_xlim(_limits(rows, table, scale, null))
    if unit == "ratio":
        _ratio_axis(axes)
    if _any_shown(rows):
        axes.plot((null, null), (head, ends.iloc[-1]), color=style.GREY, linewidth=0.8, zorder=1)
        axes.set_xlabel("Ratio" if unit == "ratio" else f"Difference, {_unit(unit)}", labelpad=1)
    else:
        axes.axis("off")
    for y, (_, row) in zip(middle, rows.iterrows(), strict=True):
        naive = _naive(table, row)
        if naive is not None:
            _point(axes, y + 0.11, naive, scale, filled=False)
        _point(axes, y, row, scale, filled=True)
        if np.isfinite(row["true_value"]) and np.isfinite(row["value"]):
            look = {"marker": "D", "markersize": 6.5, "color": style.GOOD, "fillstyle": "none"}
            axes.plot(row["true_value"] * scale, y, zorder=4, clip_on=False, **look)
        beside = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center"}
        axes.text(-0.04, y, row["label"], fontsize=7.5, **beside)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    _values(axes, middle, rows, table, unit)


def _unit(unit: str) -> str:
    return "percentage points" if unit == "share" else unit


def _limits(rows: pd.DataFrame, table: pd.DataFrame, scale: float, null: float) -> tuple[float, float]:
    naive = [n for n in (_naive(table, row) for _, row in rows.iterrows()) if n is not None]
    numbers = [*rows[["ci_low", "ci_high", "true_value"]].to_numpy(float).ravel()]
    numbers = [n * scale for n in [*numbers, *(n[c] for n in naive for c in ("ci_low", "ci_high"))] if np.isfinite(n)]
    low, high = min([null, *numbers]), max([null, *numbers])
    if low == high:
        return (0.5, 2.0) if null else (-1.0, 1.0)
    if null:
        return low / 1.08, high * 1.08
    return low - 0.06 * (high - low), high + 0.06 * (high - low)


def _ratio_axis(axes) -> None:
    low, high = axes.get_xlim()
    axes.set_xscale("log")
    axes.minorticks_off()
    ticks = [t for t in _RATIO_TICKS if low <= t <= high]
    axes.set_xticks(ticks, [f"{t:g}" for t in ticks])


def _point(axes, y: float, row: pd.Series, scale: float, filled: bool) -> None:
    if not np.isfinite(row["value"]):
        return
    colour = style.INK if filled else style.GREY
    ends = (row["ci_low"] * scale, row["ci_high"] * scale)
    axes.plot(ends, (y, y), color=colour, linewidth=1.6 if filled else 0.8, solid_capstyle="butt", zorder=2)
    look = {"color": colour, "markerfacecolor": colour if filled else "white", "markersize": 6 if filled else 4}
    axes.plot(row["value"] * scale, y, "o", zorder=3, **look)


def _naive(table: pd.DataFrame, row: pd.Series) -> pd.Series | None:
    same = (table[_PLACE] == row[_PLACE]).all(axis=1)
    found = table[same & table["value"].notna() & is_contrast(table, NAIVE)]
    return found.iloc[0] if len(found) else None


def _label(row: pd.Series, is_usual: bool) -> str:
    """Return the outcome, and beneath it what tells this row from others of the same outcome."""
    kind = f", {words.plain(row['measure'])}" if row["unit"] == "ratio" else ""
    estimand = f", {row['estimand']}" if row["estimand"] != "none" else ""
    how = f"({words.plain(row['analysis'])}{estimand}{kind})"
    arms = style.wrapped(f"{words.arm(row['arm'])} v {words.arm(row['against'])}", 34)
    unusual = [] if is_usual else [arms]
    return "\n".join([style.wrapped(row["outcome_words"], 34), *unusual, style.wrapped(how, 36)])


def _values(axes, middle: pd.Series, rows: pd.DataFrame, table: pd.DataFrame, unit: str) -> None:
    """Write the arms' values and the difference, or why there is none, beside the panel."""
    right = axes.get_yaxis_transform()
    places = [(_PLOT + 0.1 + x) / _PLOT for x in (0.28, 0.88, 1.76)]
    shown = rows.loc[may_be_shown(rows), _ARMS].drop_duplicates()
    names = [words.heading(arm) for arm in shown.iloc[0]] if len(shown) == 1 else ["First arm", "Second arm"]
    heads = [style.wrapped(name, 10) for name in names] + [f"{'Ratio' if unit == 'ratio' else 'Difference'}\n(95% CI)"]
    if len(shown):
        for x, head in zip(places, heads, strict=True):
            axes.text(x, _HEAD - 0.06, head, transform=right, ha="center", va="bottom", fontsize=7, weight="bold")
    for y, (_, row) in zip(middle, rows.iterrows(), strict=True):
        if not np.isfinite(row["value"]):
            text = f"{words.capital(row['status'])}: {words.sentences(row['reason'])}"
            look = {"fontsize": 6.8, "color": style.GREY, "style": "italic", "va": "center", "zorder": 5}
            look["bbox"] = {"facecolor": "white", "edgecolor": "none", "pad": 1}
            axes.text(0.02, y, _shortened(text, 92, int(row["lines"])), transform=right, **look)
            continue
        values = [arm_value(table, row, arm) for arm in row[_ARMS]]
        for x, text in zip(places, (*values, interval(row)), strict=True):
            axes.text(x, y, text, transform=right, ha="center", va="center", fontsize=7.5)


def _shortened(text: str, width: int, n_lines: int) -> str:
    lines = style.wrapped(text, width).split("\n")
    return "\n".join(lines[:n_lines]) + ("\N{HORIZONTAL ELLIPSIS}" if len(lines) > n_lines else "")


def arm_value(table: pd.DataFrame, row: pd.Series, arm: str) -> str:
    """Return the adjusted mean of one arm, empty where the analysis gives none."""
    same = (table["analysis"] == row["analysis"]) & (table["kind"] == row["kind"]) & (table["arm"] == arm)
    found = table[same & table["measure"].isin(estimates.MEANS) & table["value"].notna()]
    if found.empty:
        return ""
    value, unit = found["value"].iloc[0], found["unit"].iloc[0]
    return words.percent(value) if unit == "share" else words.number(value)


def interval(row: pd.Series) -> str:
    """Return an estimate with its interval in the unit of its axis, without the unit."""
    scale, decimals = (100.0, 1) if row["unit"] == "share" else (1.0, 2 if row["unit"] == "ratio" else 1)
    value, low, high = (words.number(row[c] * scale, decimals) for c in ("value", "ci_low", "ci_high"))
    return f"{value} ({low} to {high})" if has_interval(row) else f"{value} (no interval)"


def _legend(contrasts: pd.DataFrame, table: pd.DataFrame) -> list:
    from matplotlib.lines import Line2D

    look = {"color": style.INK, "marker": "o", "markersize": 6, "linewidth": 1.6}
    handles = [Line2D([], [], label="adjusted, 95% CI", **look)]
    if any(_naive(table, row) is not None for _, row in contrasts.iterrows()):
        look = {"color": style.GREY, "marker": "o", "markersize": 4, "markerfacecolor": "white", "linewidth": 0.8}
        handles.append(Line2D([], [], label="not adjusted", **look))
    if contrasts["true_value"].notna().any():
        look = {"color": style.GOOD, "marker": "D", "markersize": 6, "fillstyle": "none", "linestyle": ""}
        handles.append(Line2D([], [], label="true value (simulated)", **look))
    return handles
