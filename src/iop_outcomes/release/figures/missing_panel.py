"""One outcome under every rule for what is missing, and what the missing would have to be for another answer."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.conclude.missing_panel import plausible_shift
from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures import style
from iop_outcomes.release.figures.declare import NothingToDraw, figure
from iop_outcomes.release.figures.differences import interval
from iop_outcomes.release.figures.making import rules_of
from iop_outcomes.release.tables import estimates
from iop_outcomes.release.words.missing import rule_in_words, shifts_of
from iop_outcomes.release.words.numbers import scaled, unit_words
from iop_outcomes.study import Study
from iop_outcomes.study.outcome import outcome_of
from iop_outcomes.tables.estimate import ADJUSTED, MAIN, has_interval, is_contrast, may_be_shown
from iop_outcomes.tables.measure import RATIO, Measure, measure_of
from iop_outcomes.tables.missing_panel import PLAUSIBLE, TIPPING_SHIFT, panel_rows, scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ADDED = ("rule_words", "decides", "shift_first", "shift_second", "shift_unit", "plausible_shift", "outcome_words")
#: Inches: lines and map, how tall they are, what stands above them, and below them.
_LINES, _MAP, _TALL, _HEAD, _FOOT = 1.75, 2.4, 2.25, 0.35, 0.8


#: Beyond this part of the largest difference a cell is too dark for dark numbers.
_DARK = 0.7


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return the panel of the study's first analysis that has one, with the analysis as it was made before it.

    Raises
    ------
    NothingToDraw
        No analysis that may be shown has a panel.
    """
    if panel_rows(tables["estimate"]).empty:
        raise NothingToDraw("Nothing to show: no analysis asks for the check missing_panel.")
    table = estimates.frame(tables, study, rules_of("missing_panel", study))
    table = table[may_be_shown(table)]
    names = [name for name in study.analyses if name in set(panel_rows(table)["analysis"])]
    if not names:
        raise NothingToDraw("Nothing to show: no analysis with missing outcomes may be shown.")
    mine = table[table["analysis"] == names[0]]
    main = mine[is_contrast(mine, ADJUSTED) & (mine["scenario"] == MAIN)].head(1)
    panel = panel_rows(mine)
    shown = pd.concat([main, panel[panel["measure"] == main["measure"].iloc[0]]], ignore_index=True)
    return _in_words(shown, study)


def _in_words(table: pd.DataFrame, study: Study) -> pd.DataFrame:
    first = table.iloc[0]
    outcome, arms = str(first["outcome"]), (str(first["arm"]), str(first["against"]))
    shifts = {said: pair for pair, said in shifts_of(study).items()}
    moved = [shifts.get(said, (np.nan, np.nan)) for said in table["scenario"]]
    rules = [rule_in_words(str(said), arms, study) for said in table["scenario"]]
    described = words.describe_outcome(study, outcome)
    rules[0] = f"as analysed ({described.rule})" if described.rule else "as analysed"
    return table.assign(
        rule_words=rules,
        decides=table["scenario"].isin([scenario(rule) for rule in PLAUSIBLE]),
        shift_first=[first for first, _ in moved],
        shift_second=[second for _, second in moved],
        shift_unit=outcome_of(study, outcome).unit_of(TIPPING_SHIFT),
        plausible_shift=plausible_shift(study, outcome),
        outcome_words=described.label,
    )


def says(table: pd.DataFrame) -> str:
    """Say the difference as analysed, between which ends it lies under other rules, and whether a shift turns it."""
    main, rules = table.iloc[0], table.iloc[1:]
    mapped, lines = rules[rules["shift_first"].notna()], rules[rules["shift_first"].isna()].dropna(subset=["value"])
    said = [f"{main['outcome_words']}, {main['rule_words']}: {interval(main)} {unit_words(main['unit'])}".strip() + "."]
    if len(lines):
        ends = [lines.loc[found] for found in (lines["value"].idxmin(), lines["value"].idxmax())]
        told = [f"{scaled(row['value'], row['unit'])} ({row['rule_words']})" for row in ends]
        said.append(f"Under other rules from {told[0]} to {told[1]}.")
    if mapped["value"].notna().any():
        null = measure_of(main["measure"]).no_difference
        turned = ((mapped["value"] - null) * (main["value"] - null) < 0).sum()
        said.append(f"Of {len(mapped)} shifts tried, {turned or 'none'} would put the other arm ahead.")
    return " ".join(said)


@figure(
    title="One outcome under every rule for what is missing",
    caption=(
        "The lines: the first answer with missing outcomes, as analysed and under other rules for them, with 95% "
        "confidence intervals; hollow, the best and the worst case, between which every other rule lies. The map: the "
        "difference if the missing of each arm were shifted from what is expected of people like them (0, 0); it "
        "vanishes along the solid line, and chance could explain it beyond, or between, the dashed ones. Framed "
        "are the shifts of one arm that are still believed."
    ),
    needs=("estimate",),
    frame=frame,
    roles=estimates.ROLES.also(labels=_ADDED),
    section="sure",
    place=10,
    says=says,
)
def draw(data: Released) -> "Figure":
    """Draw a line per rule, and a map of the shifts."""
    table = style.shown(data)
    rules = table[table["shift_first"].isna()].reset_index(drop=True)
    mapped = table[table["shift_first"].notna()]
    scale = 100.0 if table["unit"].iloc[0] == "share" else 1.0
    label = style.wrapped(table["outcome_words"].iloc[0], style.fit(95, 50))
    head = _HEAD + 0.15 * label.count("\n")
    names = [style.wrapped(words.capital(text), style.fit(31, 26)) for text in rules["rule_words"]]
    beneath = _TALL + 0.5 if style.narrow() and len(mapped) else 0.0
    tall = max(_TALL, style.fit(0.0, 0.125) * len(names) * (1 + max(name.count("\n") for name in names)))
    height = head + tall + beneath + _FOOT
    drawing = style.blank(height, layout=None)

    wide = style.width()
    box = (style.fit(1.95, 1.65) / wide, (_FOOT + beneath) / height, _LINES / wide, tall / height)
    _lines(drawing.add_axes(box), rules, names, scale)
    if len(mapped):
        box = ((wide - _MAP - 0.1) / wide, _FOOT / height, _MAP / wide, _TALL / height)
        _map(drawing, drawing.add_axes(box), mapped, scale)
    drawing.text(0.08 / style.width(), 1 - 0.08 / height, label, va="top", fontsize=style.fit(9, 8), weight="bold")
    return drawing


def _lines(axes, rules: pd.DataFrame, names: list[str], scale: float) -> None:
    null = measure_of(rules["measure"].iloc[0]).no_difference
    axes.axvline(null * scale, color=style.GREY, linewidth=0.8, zorder=1)
    for place, row in rules.iterrows():
        solid = place == 0 or row["decides"]
        colour = style.INK if solid else style.GREY
        if has_interval(row):
            ends, width = (row["ci_low"] * scale, row["ci_high"] * scale), 1.8 if place == 0 else 1.2
            axes.plot(ends, (place, place), color=colour, linewidth=width, zorder=2)
        look = {"markersize": 5.5, "color": colour, "markerfacecolor": colour if solid else "white"}
        axes.plot(row["value"] * scale, place, "o", zorder=3, **look)
    axes.set_yticks(range(len(rules)), names)
    axes.tick_params(axis="y", length=0, labelsize=style.fit(7.5, 7.0))
    axes.set_ylim(len(rules) - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel(_of_measure(rules.iloc[0]), fontsize=8)


def _of_measure(row: pd.Series) -> str:
    if row["unit"] == "ratio":
        return words.capital(words.plain(row["measure"]))
    return f"Difference, {'percentage points' if row['unit'] == 'share' else row['unit']}"


def _map(drawing: "Figure", axes, mapped: pd.DataFrame, scale: float) -> None:
    """Draw the shifts of the first arm along, of the second up, and the lines along which the answer tips."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    measure, first = measure_of(mapped["measure"].iloc[0]), mapped.iloc[0]
    wide = {name: _wide(mapped, name) for name in ("value", "ci_low", "ci_high")}
    across, up = wide["value"].columns.to_numpy(float), wide["value"].index.to_numpy(float)
    _cells(axes, wide["value"], measure, scale)
    for name, kind, width in (("value", "solid", 1.6), ("ci_low", "dashed", 1.0), ("ci_high", "dashed", 1.0)):
        heights = wide[name].to_numpy(float)
        if np.nanmin(heights) < measure.no_difference < np.nanmax(heights):
            look = {"colors": style.INK, "linestyles": kind, "linewidths": width}
            axes.contour(across, up, heights, levels=[measure.no_difference], **look)
    believed, half = float(first["plausible_shift"]), np.diff(across).min() / 2
    for width, height in ((believed + half, half), (half, believed + half)):
        box = Rectangle((-width, -height), 2 * width, 2 * height, fill=False, edgecolor=style.INK, linewidth=0.7)
        axes.add_patch(box)
    labels = [f"Missing of {words.arm(first[arm])} shifted, {first['shift_unit']}" for arm in ("arm", "against")]
    axes.set_xlabel(style.wrapped(labels[0], 42), fontsize=7.5)
    axes.set_ylabel(style.wrapped(labels[1], 36), fontsize=7.5)
    axes.set_xticks(across)
    axes.set_yticks(up)
    axes.tick_params(length=0, labelsize=7)
    axes.spines[:].set_visible(False)
    handles = [Line2D([], [], color=style.INK, linestyle=kind) for kind in ("solid", "dashed")]
    said = ["no difference", "interval reaches it"]
    drawing.legend(handles, said, loc="lower right", ncols=2, fontsize=7.5, borderaxespad=0.1)


def _cells(axes, wide: pd.DataFrame, measure: Measure, scale: float) -> None:
    """Draw the differences as colours, the arm that is ahead by its hue, with their numbers."""
    values = wide.to_numpy(float)
    apart = np.vectorize(measure.from_no_difference)(values)
    most = np.nanmax(np.abs(apart)) or 1.0
    across, up = wide.columns.to_numpy(float), wide.index.to_numpy(float)
    colours = {"cmap": "PuOr_r", "vmin": -most, "vmax": most, "alpha": 0.75}
    axes.pcolormesh(across, up, apart, shading="nearest", **colours)
    decimals = 2 if measure.scale == RATIO else 0 if scale == 100 else 1
    for (row, column), value in np.ndenumerate(values):
        ink = "white" if abs(apart[row, column]) > _DARK * most else style.INK
        centred = {"ha": "center", "va": "center", "fontsize": style.readable(6.5), "color": ink}
        axes.text(across[column], up[row], words.number(value * scale, decimals), **centred)


def _wide(mapped: pd.DataFrame, column: str) -> pd.DataFrame:
    return mapped.pivot(index="shift_second", columns="shift_first", values=column)
