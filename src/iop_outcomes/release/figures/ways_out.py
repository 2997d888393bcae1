"""How care ends: cumulative incidence of dropout, completion and other ways, with the numbers at risk beneath."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released, ReleaseRules
from iop_outcomes.release.figures import beside, style, telling
from iop_outcomes.release.figures.declare import NothingToDraw, figure
from iop_outcomes.release.figures.making import rules_of
from iop_outcomes.release.figures.primary import primary_curve
from iop_outcomes.release.figures.retention_curves import (
    curve_roles,
    line,
    mean_days,
    numbers_at_risk,
    numbers_by_day,
    shown_curves,
    table_days,
    with_left_out,
)
from iop_outcomes.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Days between two points of a curve.
_GRID = 7
_CURVE = ("incidence", "ci_low", "ci_high")
#: Names of arms up to this length stand side by side.
_SHORT = 20
#: What stands on the rows that hold numbers at risk only.
PEOPLE = "in care"
#: What is drawn: all ways apart, or where one of them is of too few, completion and the rest.
_APART, _TOGETHER = ("dropout", "completion", "other"), ("left", "completion")
_TITLES = {
    "dropout": "Dropped out",
    "completion": "Completed",
    "other": "Transferred, jailed or died",
    "left": "Left in any other way",
}


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return each arm's incidences at days between which nobody or at least ``min_cell`` people left in each way.

    Numbers at risk stand on rows of their own; a curve ends where fewer than ``min_cell`` are at risk.

    Raises
    ------
    NothingToDraw
        Every analysis of the time to an end of care is withheld, or too few left in some way.
    """
    rules = rules_of("ways_out", study)
    table = shown_curves(tables, study, rules, "incidence")
    table = table[table["analysis"] == primary_curve(table, study)].astype({"arm": "str", "cause": "str"})
    arms = [arm for arm in study.cohort.arms if (table["arm"] == arm).any()]
    known = {arm: _known(table[table["arm"] == arm], rules) for arm in arms}
    causes = next((drawn for drawn in (_APART, _TOGETHER) if not _few(known.values(), drawn, rules)), None)
    if causes is None:
        raise NothingToDraw(f"Withheld: fewer than {rules.min_cell} people of an arm completed, or left otherwise")
    length = max(int(table["day"].max()), study.cohort.follow_up_days - 1)
    made = []
    for arm in arms:
        at_risk = table[(table["arm"] == arm) & (table["cause"] == causes[0])].set_index("day")["n_at_risk"]
        days, cuts = table_days(length), _cuts(table[table["arm"] == arm], causes, table_days(length), study, rules)
        if cuts is not None:
            days = [day for day in days if day in (0, *cuts)]
        made += [_points(known[arm], causes, cuts or [], rules), numbers_by_day(at_risk, days).assign(cause=PEOPLE)]
        made[-2:] = [rows.assign(arm=arm) for rows in made[-2:]]
    found = pd.concat(made, ignore_index=True)
    found["n_left"] = found["n_at_risk"] - found["n_next"]
    found["is_first"] = (found["day"] == 0) & (found["cause"] == PEOPLE)
    found = with_left_out(found, tables.get("cohort"), rules, _CURVE)
    return found.assign(arm=pd.Categorical(found["arm"], categories=list(study.cohort.arms)))


def _known(curve: pd.DataFrame, rules: ReleaseRules) -> pd.DataFrame:
    """Return an arm's curves up to the day, in whole weeks, on which enough people are still at risk."""
    enough = curve[curve["n_at_risk"] >= rules.min_cell]
    last = int(enough["day"].max()) if len(enough) else 0
    last = last if len(enough) == len(curve) else last // _GRID * _GRID
    return curve[curve["day"] <= last]


def _few(curves, causes: tuple[str, ...], rules: ReleaseRules) -> bool:
    """Return whether fewer than ``min_cell`` people, and not nobody, of some arm left in one of some ways."""
    totals = [curve.groupby("cause")["n_events"].sum().reindex(causes, fill_value=0) for curve in curves]
    return any(rules.small(total).any() for total in totals)


def _cuts(
    curve: pd.DataFrame, causes: tuple[str, ...], days: list[int], study: Study, rules: ReleaseRules
) -> list[int] | None:
    """Return days on which numbers at risk may stand beside an arm's curves; None where the curves tell no count."""
    wide = curve[curve["cause"].isin(causes)].pivot(index="day", columns="cause")
    at_risk, left = wide["n_at_risk"][causes[0]], wide["n_events"]
    if not beside.tells_counts(at_risk, left.sum(axis=1), 1 - wide["incidence"].sum(axis=1), rules):
        return None
    return beside.marks(beside.by_day(at_risk, left), days, beside.days_of_retention(study), rules)


def _points(curve: pd.DataFrame, causes: tuple[str, ...], cuts: list[int], rules: ReleaseRules) -> pd.DataFrame:
    """Return the curves of one arm at the days that may be shown, the same for all causes.

    ``mean_day`` is the mean day on which those who left between two points did, so that a line can keep its area.
    """
    events = curve.pivot(index="day", columns="cause", values="n_events")[list(causes)]
    ends = []
    for days in beside.parted(events, cuts, int(events.index.max())):
        by_week = days.groupby(_GRID * np.ceil(days.index / _GRID)).sum()
        ends += cut_days(by_week, rules, int(days.index.max()))
    found = []
    for cause in causes:
        own = curve[curve["cause"] == cause].set_index("day")
        points = own.loc[ends, list(_CURVE)].rename_axis("day").reset_index()
        if not ends or ends[0] > 0:
            # Those who left on day 0 are counted at the next point.
            points = pd.concat([pd.DataFrame({"day": [0], **dict.fromkeys(_CURVE, 0.0)}), points], ignore_index=True)
        free = (1 - own["incidence"]).where(own.index > 0, 1.0)
        means = mean_days(points.assign(survival=1 - points["incidence"]), free)
        found.append(points.assign(cause=cause, mean_day=means))
    return pd.concat(found, ignore_index=True)


def cut_days(events: pd.DataFrame, rules: ReleaseRules, last: int) -> list[int]:
    """Return days between which in every way nobody or at least ``min_cell`` people left.

    What comes after the last of them, of too few to stand alone, is joined to the days before.

    Parameters
    ----------
    events : DataFrame
        People who left, by week (its last day) and way.
    rules : ReleaseRules
    last : int
        Last day that is known.
    """
    ends, parts_, now = [], [], np.zeros(events.shape[1])
    for day, row in zip(events.index, events.to_numpy(float), strict=True):
        now = now + row
        if now.sum() and not rules.small(now).any():
            ends.append(min(int(day), last))
            parts_.append(now)
            now = np.zeros(events.shape[1])
    while now.sum() and ends:
        ends.pop()
        now = now + parts_.pop()
        if not rules.small(now).any():
            return [*ends, last]
    return ends


def says(table: pd.DataFrame) -> str:
    """Say in which ways the care of each arm had ended by the end of its curves."""
    said = []
    for arm in style.arms_of(table):
        own = table[(table["arm"] == arm) & table["incidence"].notna() & (table["cause"] != PEOPLE)]
        if own.empty:
            continue
        ends = own.loc[own.groupby("cause")["day"].idxmax()].set_index("cause")
        shares = {cause: telling.share(ends.loc[cause], "incidence") for cause in _TITLES if cause in ends.index}
        told = [f"{_TITLES[cause].lower()} {share}" for cause, share in shares.items()]
        said.append(f"{words.heading(arm)} by day {ends['day'].max():.0f}: {', '.join(told)}.")
    return " ".join(said) or "No curve may be shown."


@figure(
    title="How care ends",
    caption=(
        "Share of each arm whose care had ended in each way by day since time zero, while the other ways compete: "
        "weighted Aalen-Johansen curves with 95% confidence bands; beneath, the people in care and observed. Whoever "
        "has completed can no longer drop out. A line rises only over days on which enough people left, and has the "
        "area of the curve beneath it; within these days it does not say when they left."
    ),
    needs=("incidence", "estimate"),
    frame=frame,
    roles=curve_roles(("arm", "cause", "day"), _CURVE),
    section="what",
    place=6,
    says=says,
)
def draw(data: Released) -> "Figure":
    """Draw a panel for each way to end care side by side, and the numbers at risk beneath."""
    table = style.shown(data)
    arms = style.arms_of(table)
    causes = [cause for cause in _TITLES if (table["cause"] == cause).any()]
    drawing, panels, people = _places(len(causes), len(arms))
    highest = float(np.nanmax(table[list(_CURVE)].to_numpy(float), initial=0.05))
    for axes, cause in zip(panels, causes, strict=True):
        for arm in arms:
            _curve(axes, table, arm, cause)
        axes.set(ylim=(0, min(1.02, 1.08 * highest)), xlim=(0, table["day"].max()))
        axes.set_title(style.wrapped(_TITLES[cause], style.fit(18, 50)))
        style.percent_axis(axes)
        axes.tick_params(labelleft=axes is panels[0] or style.narrow())
        if axes is panels[-1] or not style.narrow():
            axes.set_xlabel("Days since time zero")
    handles, labels = panels[0].get_legend_handles_labels()
    drawing.legend(handles, labels, loc="outside upper left", ncols=1 if max(map(len, labels)) > _SHORT else 3)
    numbers_at_risk(people, table[table["cause"] == PEOPLE], arms, "incidence")
    # Under three panels it is a table of its own, whose days are a head and not one more axis.
    people.set_title("In care and observed, on day", fontsize=8, weight="normal", color=style.GREY)
    people.tick_params(labeltop=True, labelsize=8, labelcolor=style.GREY, pad=1)
    room = style.fit(0.04, 0.09) * table["day"].max()
    people.set_xlim(-room, table["day"].max() + room)
    return drawing


def _places(n_causes: int, n_arms: int) -> "tuple[Figure, list[Axes], Axes]":
    """Return a figure with a panel for each way, side by side or beneath each other, and one for numbers at risk."""
    numbers = 0.3 + 0.28 * n_arms
    if style.narrow():
        drawing = style.blank(1.2 * n_causes + numbers + 0.9)
        grid = drawing.add_gridspec(n_causes + 1, 1, height_ratios=[*[1.2] * n_causes, numbers])
    else:
        drawing = style.blank(3.6 + 0.3 * n_arms)
        grid = drawing.add_gridspec(2, n_causes, height_ratios=[3.0, numbers])
    panels = [drawing.add_subplot(grid[n, 0] if style.narrow() else grid[0, n]) for n in range(n_causes)]
    return drawing, panels, drawing.add_subplot(grid[-1, :])


def _curve(axes, table: pd.DataFrame, arm: str, cause: str) -> None:
    """Draw one arm's line of one way to end care, with its band."""
    own = table[(table["arm"] == arm) & (table["cause"] == cause)]
    free = own.assign(survival=1 - own["incidence"], ci_low=1 - own["ci_high"], ci_high=1 - own["ci_low"])
    rows = line(free)
    look = {"color": style.colour(table, arm), "linestyle": style.line(table, arm)}
    axes.plot(rows["day"], 1 - rows["survival"], label=style.arm_label(arm, 40), linewidth=1.6, **look)
    axes.fill_between(rows["day"], 1 - rows["ci_high"], 1 - rows["ci_low"], alpha=0.15, color=look["color"])
