"""The contrast of an analysis in every subgroup that the study names, beside everybody's."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures import style, telling
from iop_outcomes.release.figures.declare import NothingToDraw, figure
from iop_outcomes.release.figures.differences import interval
from iop_outcomes.release.figures.making import rules_of
from iop_outcomes.release.tables import subgroups
from iop_outcomes.release.words.numbers import unit_words
from iop_outcomes.study import Study
from iop_outcomes.tables.estimate import FLAGGED, is_contrast, may_be_shown
from iop_outcomes.tables.measure import DIFFERENCE, measure_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Inches of a line, and of what stands above and below the lines.
_LINE, _HEAD, _FOOT = 0.22, 0.35, 0.5


class _Layout(NamedTuple):
    """Inches to the plot and of it, lines of a level, letters of its label and of why there is none."""

    left: float
    plot: float
    lines: int
    label: int
    reason: int


#: Across a page the label of a level stands beside it, in a column above it, and why there is none takes its place.
_PAGE, _COLUMN = _Layout(2.3, 2.6, 1, 34, 44), _Layout(0.08, 1.95, 2, 56, 56)


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return the subgroups of the first analysis that has any, as the table of subgroups holds them."""
    table = subgroups.frame(tables, study, rules_of("subgroup_forest", study))
    first = table["analysis"].iloc[0] if len(table) else ""
    mine = table[table["analysis"] == first].reset_index(drop=True)
    if mine.empty:
        raise NothingToDraw("Nothing to show: no subgroup could be looked at.")
    return mine.assign(outcome_words=words.describe_outcome(study, str(mine["outcome"].iloc[0])).label)


def says(table: pd.DataFrame) -> str:
    """Say the difference in every level, the first of them, and how many are not shown."""
    rows = _of_levels(table)
    known = rows[may_be_shown(rows) & rows["value"].notna()]
    said = [
        f"{words.capital(words.plain(str(row['modifier'])))} {words.plain(str(row['level']))}: {interval(row)}."
        for _, row in known.head(telling.READ).iterrows()
    ]
    what = f"{rows['outcome_words'].iloc[0]}, difference in {unit_words(str(rows['unit'].iloc[0]))}."
    hidden = telling.not_shown(len(rows) - len(known), "level")
    return telling.joined([what, *said, telling.further(len(known), "level"), hidden])


def _of_levels(table: pd.DataFrame) -> pd.DataFrame:
    """Return the difference of every level, or the row that says why there is none."""
    rows = table[is_contrast(table) & table["measure"].map(lambda name: measure_of(name).scale == DIFFERENCE)]
    refused = table[is_contrast(table) & ~table["population"].isin(rows["population"])]
    return pd.concat([rows, refused]).drop_duplicates("population")


@figure(
    title="For whom: the difference in the subgroups that the study names",
    caption=(
        "Difference between the arms, with its 95% confidence interval, among the people of each level; "
        "everybody keeps "
        "the weight of the whole comparison. Hollow: the arms are less alike inside the level than the gate asks. That "
        "one interval leaves no difference out and another does not is no sign that the levels differ; only the test "
        "of the levels says that."
    ),
    needs=("subgroup",),
    frame=frame,
    roles=subgroups.ROLES.also(labels=("outcome_words",)),
    section="whom",
    place=20,
    asked_by="subgroups",
    says=says,
)
def draw(data: Released) -> "Figure":
    """Draw a line per level, under the heading of its modifier."""
    table = style.shown(data)
    rows = _of_levels(table)
    lines, lay = _lines(rows), _COLUMN if style.narrow() else _PAGE
    n_lines = sum(1 if row is None else lay.lines for _, row in lines)
    title = style.wrapped(str(rows["outcome_words"].iloc[0]), style.fit(110, 50))
    height = _HEAD + 0.15 * title.count("\n") + _LINE * n_lines + _FOOT
    drawing = style.blank(height, layout=None)
    tall = _LINE * n_lines / height
    axes = drawing.add_axes((lay.left / style.width(), _FOOT / height, lay.plot / style.width(), tall))
    axes.set_ylim(n_lines - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    unit = str(rows["unit"].iloc[0])
    scale = 100.0 if unit == "share" else 1.0
    ends = rows[["ci_low", "ci_high"]].to_numpy(float).ravel() * scale
    ends = ends[np.isfinite(ends)]
    low, high = (min(0.0, ends.min()), max(0.0, ends.max())) if len(ends) else (-1.0, 1.0)
    room = 0.06 * (high - low or 1.0)
    axes.set_xlim(low - room, high + room)
    axes.axvline(0, color=style.GREY, linewidth=0.8, zorder=1)
    what = "percentage points" if unit == "share" or unit.startswith("percent") else unit
    axes.set_xlabel(f"Difference, {what}")
    place = 0
    for label, row in lines:
        _line(axes, place, label, row, scale, lay)
        place += 1 if row is None else lay.lines
    drawing.text(0.01, 1 - 0.12 / height, title, va="top", weight="bold")
    return drawing


def _lines(rows: pd.DataFrame) -> list[tuple[str, pd.Series | None]]:
    found: list[tuple[str, pd.Series | None]] = []
    for modifier, own in rows.groupby("modifier", sort=False):
        found.append((words.capital(words.plain(str(modifier))), None))
        found += [(words.plain(str(row["level"])), row) for _, row in own.iterrows()]
    return found


def _line(axes, place: int, label: str, row: pd.Series | None, scale: float, lay: _Layout) -> None:
    """Draw a level, its label on the first of its lines and its interval on the last."""
    beside = {"transform": axes.get_yaxis_transform(), "va": "center", "fontsize": style.fit(7.5, 7.0)}
    # In a column the line of no difference may run where labels stand.
    over = {"bbox": {"facecolor": "white", "edgecolor": "none", "pad": 1}, "zorder": 5} if style.narrow() else {}
    if row is None:
        axes.text(style.fit(-0.85, 0.0), place, label, weight="bold", **beside, **over)
        return
    axes.text(style.fit(-0.8, 0.0), place, style.wrapped(label, lay.label), **beside, **over)
    place += lay.lines - 1
    if not may_be_shown(row.to_frame().T).iloc[0] or not np.isfinite(row["value"]):
        said = f"{words.capital(str(row['status']))}: {str(row['reason']).partition(':')[0]}"
        quiet = beside | over | {"fontsize": style.readable(6.5), "color": style.GREY, "style": "italic"}
        axes.text(style.fit(1.05, 0.0), place, style.wrapped(said, lay.reason), **quiet)
        return
    filled = str(row["status"]) != FLAGGED
    axes.plot([row["ci_low"] * scale, row["ci_high"] * scale], [place, place], color=style.INK, linewidth=1.5, zorder=2)
    face = style.INK if filled else "white"
    axes.plot(row["value"] * scale, place, "o", color=style.INK, markerfacecolor=face, markersize=5.5, zorder=3)
    axes.text(1.05, place, interval(row), **beside)
