"""Every specification of the first question in the order of its estimate, above the choices that make it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures import style
from iop_outcomes.release.figures.declare import NothingToDraw, figure
from iop_outcomes.release.figures.differences import interval
from iop_outcomes.release.figures.making import rules_of
from iop_outcomes.release.tables import specifications
from iop_outcomes.study import Study
from iop_outcomes.tables.estimate import may_be_shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Inches of the curve, of a line, and of what stands between and around the choices.
_CURVE, _LINE, _GAP, _AROUND = 2.1, 0.15, 0.12, 0.75
_HEADINGS = {
    "arm_rule": "Arms",
    "time_zero": "Time zero",
    "outcome": "Outcome",
    "design": "Design",
    "trimming": "Ends of the scores",
    "estimator": "Estimator",
}


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return the specifications in the order of their estimates."""
    table = specifications.frame(tables, rules_of("specification_curve", study))
    if not may_be_shown(table).any():
        raise NothingToDraw("Nothing to show: no specification may be shown.")
    return table.sort_values("value", kind="stable", ignore_index=True)


def says(table: pd.DataFrame) -> str:
    """Say between which ends all ways to ask lie, how many leave zero out, and the one chosen beforehand."""
    shown = table[may_be_shown(table) & table["value"].notna()]
    if shown.empty:
        return "No specification may be shown."
    low, middle, high = (words.number(100 * found) for found in shown["value"].quantile([0, 0.5, 1]))
    beyond = int(((shown["ci_low"] > 0) | (shown["ci_high"] < 0)).sum())
    said = [
        f"Of {len(table)} specifications {len(shown)} are shown: from {low} to {high} percentage points, the median "
        f"{middle}; zero lies outside {beyond or 'none'} of their intervals."
    ]
    chosen = shown[shown["locked"].astype(bool)].assign(unit="share")
    said += [f"Chosen beforehand: {interval(row)}." for _, row in chosen.iterrows()]
    return " ".join(said)


@figure(
    title="Would another way of asking have answered otherwise?",
    caption=(
        "Every combination of the choices that the study lists, in the order of its estimate: the difference of shares "
        "with its 95% confidence interval (dark where the interval leaves no difference out), more being better, and "
        "beneath it the choices that make it. The diamond is the study’s own path. What the gate "
        "withholds is not in it. That many ways agree says nothing of what nobody recorded: all of them lack it."
    ),
    needs=("specification",),
    frame=frame,
    roles=specifications.ROLES,
    section="sure",
    place=26,
    asked_by="specifications",
    says=says,
)
def draw(data: Released) -> "Figure":
    """Draw the curve, and a mark for every choice of every specification below it."""
    table = style.shown(data)
    shown = table[may_be_shown(table) & table["value"].notna()].reset_index(drop=True)
    if shown.empty:
        return style.notice("Nothing to show: no specification may be shown.")
    choices = _choices(shown)
    below = sum(_level() * len(levels) + _GAP + _LINE for _, levels in choices)
    height = _CURVE + below + _AROUND
    drawing = style.blank(height, layout=None)
    labels = style.fit(2.4, 0.6)
    left, wide = labels / style.width(), 1 - labels / style.width() - 0.02
    axes = drawing.add_axes((left, (below + 0.35) / height, wide, _CURVE / height))
    _curve(axes, shown)
    marks = drawing.add_axes((left, 0.12 / height, wide, (below + 0.1) / height), sharex=axes)
    _marks(marks, shown, choices)
    return drawing


def _level() -> float:
    """Return the inches of a level of a choice, whose label stands beside it, or above it in a column."""
    return _LINE if not style.narrow() else 1.8 * _LINE


def _choices(shown: pd.DataFrame) -> list[tuple[str, list[str]]]:
    """Return the choices that were varied, with their levels."""
    found = [(name, list(dict.fromkeys(shown[name]))) for name in specifications.CHOICES]
    return [(name, levels) for name, levels in found if len(levels) > 1]


def _curve(axes: "Axes", shown: pd.DataFrame) -> None:
    place = np.arange(len(shown))
    low, high, value = (100 * shown[name].to_numpy(float) for name in ("ci_low", "ci_high", "value"))
    beyond = (low > 0) | (high < 0)
    for which, colour in ((~beyond, style.LIGHT), (beyond, style.GREY)):
        axes.vlines(place[which], low[which], high[which], color=colour, linewidth=_thin(len(shown)), zorder=1)
        axes.plot(
            place[which], value[which], ".", color=style.INK if colour == style.GREY else style.GREY, markersize=3
        )
    axes.axhline(0, color=style.GREY, linewidth=0.8)
    axes.axhline(float(np.median(value)), color=style.GREY, linewidth=0.7, linestyle=":")
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8}
    place_of = {"xycoords": ("axes fraction", "data"), "ha": "right", "va": "center", "bbox": behind}
    axes.annotate("median", (0.99, float(np.median(value))), fontsize=7, **place_of)
    locked = np.flatnonzero(shown["locked"].astype(bool))
    if len(locked):
        axes.plot(locked, value[locked], "D", color=style.BAD, markersize=6, zorder=4, label="the study’s own path")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.1)
    axes.set_ylabel("Difference,\npercentage points")
    axes.set_xlim(-1, len(shown))
    axes.tick_params(labelbottom=False, bottom=False)
    axes.spines["bottom"].set_visible(False)


def _thin(n: int) -> float:
    return float(np.clip(180 / n, 0.4, 2.0))


def _marks(axes: "Axes", shown: pd.DataFrame, choices: list[tuple[str, list[str]]]) -> None:
    """Draw inches from the top: a heading for each choice, and a line for each of its levels."""
    y = 0.0
    beside = {"transform": axes.get_yaxis_transform(), "va": "center", "ha": style.fit("right", "left")}
    edge, up = style.fit(-0.01, -0.17), style.fit(0.0, 0.85 * _LINE)
    for name, levels in choices:
        y += _GAP + _LINE
        axes.text(edge, y, _HEADINGS[name], weight="bold", fontsize=7.5, **beside)
        for level in levels:
            y += _level()
            chosen = np.flatnonzero(shown[name] == level)
            axes.plot(
                chosen, np.full(len(chosen), y), "|", color=style.INK, markersize=5, markeredgewidth=_thin(len(shown))
            )
            label = _cut(words.capital(words.plain(level)), style.fit(42, 56))
            axes.text(edge, y - up, label, fontsize=style.readable(6.8), **beside)
    axes.set_ylim(y + _LINE, 0)
    axes.axis("off")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"
