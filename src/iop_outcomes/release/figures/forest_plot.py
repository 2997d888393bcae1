"""Every comparison of the study on one page: shown, withheld or refused."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures import differences, style
from iop_outcomes.release.figures.declare import figure
from iop_outcomes.release.figures.making import rules_of
from iop_outcomes.release.tables import estimates
from iop_outcomes.release.words.advice import told
from iop_outcomes.study import Study
from iop_outcomes.tables.estimate import ADJUSTED, NAIVE, is_contrast, may_be_shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Inches: a line of a label, the head of a panel and its axis.
_LINE, _HEAD, _AXIS = 0.135, 0.5, 0.42


class _Layout(NamedTuple):
    """Inches to the plot, of the plot, and from its end to the middles of three columns; letters of lines of text."""

    left: float
    plot: float
    values: tuple[float, float, float]
    label: int
    heading: int
    reason: int


#: Across a page the labels stand beside their rows; in a column they stand above them, and so does what is withheld.
_PAGE = _Layout(2.15, 2.35, (0.38, 0.98, 1.86), 34, 10, 92)
_COLUMN = _Layout(0.08, 1.3, (0.25, 0.7, 1.47), 56, 8, 56)

_ARMS = ["arm", "against"]
_NUMBERS, _NAIVE = ["value", "ci_low", "ci_high"], ["naive", "naive_low", "naive_high"]
_PLACE = ["analysis", *_ARMS, "measure", "population", "scenario"]
#: More lines than these nobody compares by eye, and a page of them would be of ten megabytes.
_MOST = 60
#: What stands above the values of arms without names, and letters that both have room for above them in a column.
_NAMELESS, _SHORT = ("First arm", "Second arm"), 14
_RATIO_TICKS = (0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
_FEWER_TICKS = (0.1, 0.2, 0.33, 0.5, 0.67, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return the estimates, each with its outcome in words."""
    table = estimates.frame(tables, study, rules_of("forest_plot", study))
    known = {name: words.describe_outcome(study, name).label for name in table["outcome"].astype("str").unique()}
    spoken = cache(lambda said: told(words.spoken(str(said), study)))
    reason = table["reason"].astype("object").map(spoken, na_action="ignore")
    return table.assign(outcome_words=table["outcome"].astype("str").map(known), reason=reason)


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
    says=differences.says,
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
    contrasts, values = _with_naive(contrasts, table), _arm_values(table)
    usual = contrasts.iloc[0][_ARMS]
    labels = [_label(row, is_usual=row[_ARMS].equals(usual)) for _, row in contrasts.iterrows()]
    n_lines = [label.count("\n") + 1 for label in labels]
    contrasts["lines"] = [n + 2 if style.narrow() else max(n, 2) for n in n_lines]
    contrasts["label"] = labels
    panels = [(unit, rows.reset_index(drop=True)) for unit, rows in contrasts.groupby("unit", sort=False)]
    heights = [_margins(rows) + _LINE * (rows["lines"] + 1).sum() for _, rows in panels]
    handles = _legend(contrasts) if _any_shown(contrasts) else []
    key = 0.1 + 0.17 * sum(1 + handle.get_label().count("\n") for handle in handles) if style.narrow() else 0.3
    whole = sum(heights) + key + (style.fit(0.2, 0.3) if n_all > _MOST else 0.0)
    drawing = style.blank(whole, layout=None)
    top = whole - key
    lay = _layout()
    for (unit, rows), height in zip(panels, heights, strict=True):
        foot = _AXIS if _any_shown(rows) else 0.0
        across = (lay.left / style.width(), lay.plot / style.width())
        axes = drawing.add_axes((across[0], (top - height + foot) / whole, across[1], (height - foot) / whole))
        _panel(axes, unit, rows, values)
        top -= height
    columns = 1 if style.narrow() else 3
    drawing.legend(handles=handles, loc="upper left", ncols=columns, bbox_to_anchor=(0.0, 1.0), borderaxespad=0.2)
    if n_all > _MOST:
        left_out = f"The first {_MOST} of {n_all:,} lines, in the order of the study; the table has them all."
        left_out = style.wrapped(left_out, style.fit(125, 60))
        drawing.text(0.005, 0.0, left_out, fontsize=7.5, color=style.GREY, va="bottom")
    return drawing


def _layout() -> _Layout:
    return _COLUMN if style.narrow() else _PAGE


def _any_shown(rows: pd.DataFrame) -> bool:
    return bool(may_be_shown(rows).any())


def _margins(rows: pd.DataFrame) -> float:
    return _HEAD + _AXIS if _any_shown(rows) else 0.1


def _panel(axes, unit: str, rows: pd.DataFrame, values: Mapping[tuple[str, ...], str]) -> None:
    """Draw the rows of one unit; the vertical axis counts inches from the top of the panel."""
    head = _HEAD if _any_shown(rows) else 0.0
    ends = head + _LINE * (rows["lines"] + 1).cumsum()
    middle = ends - (1.8 * _LINE if style.narrow() else _LINE * (rows["lines"] + 1) / 2)
    axes.set_ylim(float(ends.iloc[-1]), 0)
    scale, null = (100.0 if unit == "share" else 1.0), (1.0 if unit == "ratio" else 0.0)
    axes.set_xlim(_limits(rows, scale, null))
    if unit == "ratio":
        _ratio_axis(axes)
    if _any_shown(rows):
        axes.plot((null, null), (head, ends.iloc[-1]), color=style.GREY, linewidth=0.8, zorder=1)
        place = {"x": 0.0, "ha": "left"} if style.narrow() else {}
        axes.set_xlabel("Ratio" if unit == "ratio" else f"Difference, {_unit(unit)}", labelpad=1, **place)
    else:
        axes.axis("off")
    for y, (_, row) in zip(middle, rows.iterrows(), strict=True):
        _point(axes, y + 0.11, row[_NAIVE], scale, filled=False)
        _point(axes, y, row[_NUMBERS], scale, filled=True)
        if np.isfinite(row["true_value"]) and np.isfinite(row["value"]):
            look = {"marker": "D", "markersize": 6.5, "color": style.GOOD, "fillstyle": "none"}
            axes.plot(row["true_value"] * scale, y, zorder=4, clip_on=False, **look)
        if style.narrow():
            above = {"transform": axes.get_yaxis_transform(), "va": "bottom", "fontsize": 7}
            above["bbox"] = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
            axes.text(0, y - 0.7 * _LINE, row["label"], **above)
        else:
            beside = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center"}
            axes.text(-0.04, y, row["label"], fontsize=7.5, **beside)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    _values(axes, middle, rows, values, unit)


def _unit(unit: str) -> str:
    return "percentage points" if unit == "share" else unit


def _limits(rows: pd.DataFrame, scale: float, null: float) -> tuple[float, float]:
    numbers = rows[[*_NUMBERS[1:], *_NAIVE[1:], "true_value"]].to_numpy(float).ravel()
    numbers = numbers[np.isfinite(numbers)] * scale
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
    some = _RATIO_TICKS if not style.narrow() else _FEWER_TICKS
    ticks = [t for t in some if low <= t <= high]
    axes.set_xticks(ticks, [f"{t:g}" for t in ticks])


def _point(axes, y: float, row: pd.Series, scale: float, filled: bool) -> None:
    """Draw a number with its interval, where there is one."""
    value, *ends = row.to_numpy(float) * scale
    if not np.isfinite(value):
        return
    colour = style.INK if filled else style.GREY
    axes.plot(ends, (y, y), color=colour, linewidth=1.6 if filled else 0.8, solid_capstyle="butt", zorder=2)
    look = {"color": colour, "markerfacecolor": colour if filled else "white", "markersize": 6 if filled else 4}
    axes.plot(value, y, "o", zorder=3, **look)


def _with_naive(contrasts: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return each line with its difference without adjustment: sought once, as hundreds of analyses have many rows."""
    naive = table[is_contrast(table, NAIVE) & table["value"].notna()].drop_duplicates(_PLACE)
    naive = naive[_PLACE + _NUMBERS].rename(columns=dict(zip(_NUMBERS, _NAIVE, strict=True)))
    return contrasts.merge(naive, how="left", on=_PLACE)


def _label(row: pd.Series, is_usual: bool) -> str:
    """Return the outcome, and beneath it what tells this row from others of the same outcome."""
    kind = f", {words.plain(row['measure'])}" if row["unit"] == "ratio" else ""
    estimand = f", {row['estimand']}" if row["estimand"] != "none" else ""
    how = f"({words.plain(row['analysis'])}{estimand}{kind})"
    letters = _layout().label
    arms = style.wrapped(f"{words.arm(row['arm'])} v {words.arm(row['against'])}", letters)
    unusual = [] if is_usual else [arms]
    return "\n".join([style.wrapped(row["outcome_words"], letters), *unusual, style.wrapped(how, letters + 2)])


def _values(axes, middle: pd.Series, rows: pd.DataFrame, values: Mapping[tuple[str, ...], str], unit: str) -> None:
    """Write the arms' values and the difference, or why there is none, beside the panel."""
    right = axes.get_yaxis_transform()
    lay = _layout()
    places = [(lay.plot + x) / lay.plot for x in lay.values]
    names = _names(rows)
    contrast = f"{'Ratio' if unit == 'ratio' else 'Difference'}\n(95% CI)"
    heads = [*(_head(name, lay.heading) for name in names or _NAMELESS), contrast]
    if _any_shown(rows):
        letters = style.fit(max(map(len, " ".join(names).split()), default=0), 0)
        look = {"fontsize": 7.0 * min(1.0, lay.heading / max(letters, 1)), "weight": "bold"}
        for x, head in zip(places, heads, strict=True):
            axes.text(x, _HEAD - 0.06, head, transform=right, ha="center", va="bottom", **look)
    for y, (_, row) in zip(middle, rows.iterrows(), strict=True):
        if not np.isfinite(row["value"]):
            text = f"{words.capital(row['status'])}: {words.sentences(row['reason'])}"
            look = {"fontsize": style.readable(6.8), "color": style.GREY, "style": "italic"}
            look |= {"bbox": {"facecolor": "white", "edgecolor": "none", "pad": 1}, "zorder": 5}
            said = _shortened(text, lay.reason, 2 if style.narrow() else int(row["lines"]))
            # In a column the label stands right above.
            top, way = style.fit((y, "center"), (y - 0.4 * _LINE, "top"))
            axes.text(0.02, top, said, transform=right, va=way, **look)
            continue
        of_arms = [values.get((row["analysis"], row["kind"], arm), "") for arm in row[_ARMS]]
        for x, text in zip(places, (*of_arms, differences.interval(row)), strict=True):
            axes.text(x, y, text, transform=right, ha="center", va="center", fontsize=style.fit(7.5, 7.0))


def _pair(rows: pd.DataFrame) -> list[str]:
    """Return the names of the two arms of all rows that are shown, none where there are several pairs."""
    shown = rows.loc[may_be_shown(rows), _ARMS].drop_duplicates()
    return [words.heading(arm) for arm in shown.iloc[0]] if len(shown) == 1 else []


def _head(name: str, letters: int) -> str:
    """Return a name in lines that break between its words."""
    return style.wrapped(name, max(letters, *map(len, name.split())))


def _names(rows: pd.DataFrame) -> list[str]:
    """Return the names of the arms that have room above their values; in a column the key says those that have none."""
    names = _pair(rows)
    longest = [max(map(len, name.split())) for name in names]
    return [] if style.narrow() and sum(longest) > _SHORT else names


def _shortened(text: str, width: int, n_lines: int) -> str:
    lines = style.wrapped(text, width).split("\n")
    return "\n".join(lines[:n_lines]) + ("\N{HORIZONTAL ELLIPSIS}" if len(lines) > n_lines else "")


def _arm_values(table: pd.DataFrame) -> dict[tuple[str, ...], str]:
    """Return the mean of each arm in words, by analysis, kind and arm; where the analysis gives none there is none."""
    names = ["analysis", "kind", "arm"]
    means = table[table["measure"].isin(estimates.MEANS) & table["value"].notna()].drop_duplicates(names)
    told = means["value"].map(words.number).mask(means["unit"] == "share", means["value"].map(words.percent))
    return dict(zip(means[names].itertuples(index=False, name=None), told, strict=True))


def _legend(contrasts: pd.DataFrame) -> list:
    from matplotlib.lines import Line2D

    look = {"color": style.INK, "marker": "o", "markersize": 6, "linewidth": 1.6}
    handles = [Line2D([], [], label="adjusted, 95% CI", **look)]
    if contrasts[_NAIVE[0]].notna().any():
        look = {"color": style.GREY, "marker": "o", "markersize": 4, "markerfacecolor": "white", "linewidth": 0.8}
        handles.append(Line2D([], [], label="not adjusted", **look))
    if style.narrow() and not _names(contrasts):
        told = zip(_NAMELESS, map(words.heading, contrasts.iloc[0][_ARMS]), strict=True)
        handles += [Line2D([], [], linestyle="", label=style.wrapped(f"{place}: {name}", 50)) for place, name in told]
    if contrasts["true_value"].notna().any():
        look = {"color": style.GOOD, "marker": "D", "markersize": 6, "fillstyle": "none", "linestyle": ""}
        handles.append(Line2D([], [], label="true value (simulated)", **look))
    return handles
