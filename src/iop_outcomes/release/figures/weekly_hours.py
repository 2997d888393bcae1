"""Hours attended week by week, beside the nine from which on care is an intensive outpatient programme."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from iop_outcomes.kernel.errors import counted
from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures import attendance_heatmap, style, telling
from iop_outcomes.release.figures.declare import FIGURES, NothingToDraw, figure
from iop_outcomes.release.figures.hours_response import NINE_HOURS
from iop_outcomes.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return the numbers of the heat map, which shows the same people.

    Raises
    ------
    NothingToDraw
        No hours are recorded.
    """
    table = attendance_heatmap.frame(tables, study)
    if not (table["hours_per_person"] > 0).any():
        raise NothingToDraw("Nothing to show: this source records no hours week by week.")
    return table


def says(table: pd.DataFrame) -> str:
    """Say the hours of each arm in the first and the last week that may be shown, and in how many there were nine."""
    said = []
    for arm in style.arms_of(table):
        own = table[(table["arm"] == arm) & table["hours_per_person"].notna()].sort_values("week")
        if len(own):
            told = [
                f"{words.number(row['hours_per_person'])} in week {row['week']:g}"
                for _, row in own.iloc[[0, -1]].iterrows()
            ]
            enough = int((own["hours_per_person"] >= NINE_HOURS).sum())
            said.append(
                f"{words.heading(arm)}: hours {told[0]} and {told[1]}; nine or more in {enough or 'none'} of "
                f"{counted(len(own), 'week')}."
            )
    return telling.joined([*said, telling.not_shown(int(table["hours_per_person"].isna().sum()), "week")])


@figure(
    title="Hours attended, week by week",
    caption=(
        "Mean hours attended per person observed, by arm as assigned and week since time zero: of everybody, whether "
        "or not they still came. The dotted line marks the nine hours a week from which on care is an intensive "
        "outpatient programme (ASAM level 2.1). Weeks with too few people are left out."
    ),
    needs=("weekly.n_eligible", "weekly.hours_attended"),
    frame=frame,
    roles=FIGURES["attendance_heatmap"].roles,
    section="participation",
    place=20,
    asked_by="participation",
    says=says,
)
def draw(data: Released) -> "Figure":
    """Draw a line per arm and one at nine hours."""
    from matplotlib.ticker import MaxNLocator

    table = style.shown(data)
    drawing = style.blank(2.5)
    axes = drawing.subplots()
    for arm in style.arms_of(table):
        own = table[(table["arm"] == arm) & table["hours_per_person"].notna()]
        look = {"color": style.colour(table, arm), "linestyle": style.line(table, arm)}
        axes.plot(own["week"], own["hours_per_person"], label=style.arm_label(arm), marker="o", markersize=3, **look)
    axes.axhline(NINE_HOURS, color=style.GREY, linestyle=":", linewidth=1.0, zorder=0)
    axes.text(1.0, NINE_HOURS, "9 hours", transform=axes.get_yaxis_transform(), ha="right", va="bottom", fontsize=7)
    axes.set_ylim(0, 1.1 * max(NINE_HOURS, float(table["hours_per_person"].max())))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("Week since time zero")
    axes.set_ylabel("Hours per person")
    style.key(drawing, axes)
    return drawing
