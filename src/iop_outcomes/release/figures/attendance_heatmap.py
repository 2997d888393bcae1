"""Attendance week by week: share of sessions attended, and hours."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released, Roles, dominating
from iop_outcomes.release.figures import style, telling
from iop_outcomes.release.figures.declare import figure
from iop_outcomes.release.figures.making import rules_of
from iop_outcomes.release.figures.weekly_arms import weekly_by_arm
from iop_outcomes.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Sessions of a week may be those of a few, or most of them one person's, of however many who are observed.
_GUARDS = ("n_people", "n_expected", "n_attended", "n_missed", "dominating_sessions")
#: With more weeks than this the cells are too narrow for their numbers, across a page or in a column.
_WEEKS_WITH_NUMBERS = (26, 9)


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return per arm and week the share of eligible sessions attended and mean hours per person observed."""
    weekly, limits = weekly_by_arm(tables, study), study.release.dominance
    own = tables["cohort"].set_index("member_id").get("site_id")
    sites = None if own is None else weekly["member_id"].map(own.astype("str"))
    sums = weekly.groupby(["arm", "week"], observed=True).agg(
        n_people=("member_id", "size"),
        n_expected=("n_eligible", lambda sessions: (sessions > 0).sum()),
        n_eligible=("n_eligible", "sum"),
        n_attended=("n_attended", "sum"),
        hours=("hours_attended", lambda values: values.sum(min_count=1)),
        spread=("hours_attended", "std"),
        dominating=("hours_attended", lambda hours: dominating(hours, sites, limits)),
        dominating_sessions=("n_eligible", lambda sessions: dominating(sessions, sites, limits)),
    )
    table = sums.reset_index()
    table["n_missed"] = table["n_eligible"] - table["n_attended"]
    table["share_attended"] = np.where(table["n_eligible"] > 0, table["n_attended"] / table["n_eligible"], np.nan)
    table["hours_per_person"] = table["hours"] / table["n_people"]
    rules = rules_of("attendance_heatmap", study)
    table["share_attended"] = rules.stepped(table["share_attended"], table["n_expected"], finest=0.01)
    table["hours_per_person"] = rules.stepped(table["hours_per_person"], table["n_people"], table["spread"], 0.1)
    return table[["arm", "week", "share_attended", "hours_per_person", *_GUARDS, "dominating"]]


def says(table: pd.DataFrame) -> str:
    """Say what each arm attended in the first and the last week that may be shown."""
    said = []
    for arm in style.arms_of(table):
        own = table[(table["arm"] == arm) & table["share_attended"].notna()].sort_values("week")
        if len(own):
            told = [
                f"{words.percent(row['share_attended'])} of sessions{_hours(row)} in week {row['week']:g}"
                for _, row in own.iloc[[0, -1]].iterrows()
            ]
            said.append(f"{words.heading(arm)}: {words.joined(list(dict.fromkeys(told)))}.")
    return telling.joined([*said, telling.not_shown(int(table["share_attended"].isna().sum()), "cell")])


def _hours(row: pd.Series) -> str:
    hours = row["hours_per_person"]
    return f" and {words.number(hours)} hours a person" if hours > 0 else ""


@figure(
    title="Attendance week by week",
    caption=(
        "Share of scheduled sessions attended and, where minutes are recorded, mean hours attended per person "
        "observed, by arm and week since time zero. White cells have no sessions, or too few people or sessions to be "
        "shown."
    ),
    needs=("weekly.n_eligible",),
    frame=frame,
    roles=Roles(
        labels=("arm", "week"),
        hidden_counts=(*_GUARDS, "dominating"),
        values={"share_attended": _GUARDS, "hours_per_person": ("n_people", "dominating")},
        decimals={"share_attended": 2, "hours_per_person": 1},
    ),
    section="what",
    place=4,
    says=says,
)
def draw(data: Released) -> "Figure":
    """Draw two heat maps, arms as rows and weeks as columns."""
    table = style.shown(data)
    arms = style.arms_of(table)
    maps = [("share_attended", "Sessions attended, %", 1.0, lambda v: f"{100 * v:.0f}")]
    if (table["hours_per_person"] > 0).any():
        maps.append(("hours_per_person", "Hours per person", None, lambda v: f"{v:.1f}" if v < 9.95 else f"{v:.0f}"))
    n_lines = max(_arm(arm).count("\n") + 1 for arm in arms)
    drawing = style.blank(0.7 + len(maps) * (0.4 + max(0.3, style.fit(0.0, 0.14) * n_lines) * len(arms)))
    panels = drawing.subplots(len(maps), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (column, label, top, show) in zip(panels, maps, strict=True):
        wide = table.pivot(index="arm", columns="week", values=column).reindex(arms)
        _heat_map(drawing, axes, wide, label, top, show)
    axes.set_xlabel("Week since time zero")
    return drawing


def _arm(arm: str) -> str:
    return style.arm_label(arm, style.fit(22, 12))


def _heat_map(drawing: "Figure", axes, wide: pd.DataFrame, label: str, top: float | None, show) -> None:
    values = wide.to_numpy(float)
    top = top or (np.nanmax(values) if np.isfinite(values).any() else 1.0) or 1.0
    weeks = wide.columns.to_numpy(float)
    extent = (weeks[0] - 0.5, weeks[-1] + 0.5, len(wide) - 0.5, -0.5)
    picture = axes.imshow(values, aspect="auto", cmap="cividis", vmin=0, vmax=top, extent=extent, interpolation="none")
    axes.set_yticks(range(len(wide)), [_arm(str(arm)) for arm in wide.index])
    axes.set_title(label, fontsize=8.5, weight="normal")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    bar = drawing.colorbar(picture, ax=axes, pad=0.01, aspect=8)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7, length=2)
    if top == 1.0 and label.endswith("%"):
        bar.set_ticks([0, 0.5, 1], labels=["0", "50", "100"])
    if len(weeks) <= style.fit(*_WEEKS_WITH_NUMBERS):
        for (row, position), value in np.ndenumerate(values):
            if np.isfinite(value):
                ink = style.INK if value > 0.6 * top else "white"
                look = {"ha": "center", "va": "center", "fontsize": style.readable(6), "color": ink}
                axes.text(weeks[position], row, show(value), **look)
