"""Dose-response: the share with the outcome had everybody come so many hours in every week."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures import style, telling
from iop_outcomes.release.figures.declare import NothingToDraw, figure
from iop_outcomes.release.figures.making import rules_of
from iop_outcomes.release.tables import attending, participation
from iop_outcomes.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Hours a week from which on care is an intensive outpatient programme (ASAM level 2.1).
NINE_HOURS = 9


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return the risk at each number of hours.

    Raises
    ------
    NothingToDraw
        None may be shown.
    """
    table = attending.hours(tables, rules_of("hours_response", study))
    if table["risk"].notna().sum() < 2:
        raise NothingToDraw(f"Withheld: {words.sentences(str(table['reason'].iloc[0]))}.")
    return table.assign(outcome_words=participation.outcome_words(study))


def says(table: pd.DataFrame) -> str:
    """Say the share with the outcome at the fewest and the most hours that may be shown."""
    known = table[table["risk"].notna()].sort_values("hours")
    told = [f"{telling.share(row, 'risk')} at {row['hours']:g} hours" for _, row in known.iloc[[0, -1]].iterrows()]
    hidden = telling.not_shown(len(table) - len(known), "number of hours", "numbers of hours")
    return telling.joined([f"{words.capital(table['outcome_words'].iloc[0])}: {told[0]}, {told[1]}.", hidden])


@figure(
    title="What so many hours in every week would bring",
    caption=(
        "Share with the outcome had everybody come so many hours in every week, by a marginal structural model, with "
        "its 95% confidence interval; below, how many people came about as much. Hollow: shown with caution. Hours "
        "about which too few came are left out, and the line between points is no more than their order. The dotted "
        "line marks the nine hours from which on care is an intensive outpatient programme."
    ),
    needs=("participation_hours",),
    frame=frame,
    roles=attending.HOURS_ROLES.also(labels=("outcome_words",)),
    section="participation",
    place=22,
    asked_by="asks_hours",
    says=says,
)
def draw(data: Released) -> "Figure":
    """Draw a point per number of hours, with the people it rests on below.

    Raises
    ------
    NothingToDraw
        Disclosure control leaves one number of hours, which says nothing of hours.
    """
    table = style.shown(data)
    table = table[np.isfinite(table["risk"])]
    if len(table) < 2:
        raise NothingToDraw("Withheld: too few people came about as much, and had or had not the outcome.")
    drawing = style.blank(2.9)
    axes = drawing.subplots()
    low, high = table["risk"] - table["ci_low"], table["ci_high"] - table["risk"]
    axes.plot(table["hours"], table["risk"], color=style.GREY, linewidth=0.8, zorder=1)
    axes.errorbar(table["hours"], table["risk"], yerr=[low, high], fmt="none", ecolor=style.INK, linewidth=1.3)
    for _, row in table.iterrows():
        face = "white" if str(row["status"]) == "flagged" else style.INK
        axes.plot(row["hours"], row["risk"], "o", color=style.INK, markerfacecolor=face, markersize=5, zorder=3)
        people = words.number(row["n_near"], 0) if np.isfinite(row["n_near"]) else "few"
        beside = {"xycoords": axes.get_xaxis_transform(), "ha": "center", "fontsize": 7, "color": style.GREY}
        axes.annotate(people, (row["hours"], 0.02), **beside)
    if table["hours"].min() <= NINE_HOURS <= table["hours"].max():
        axes.axvline(NINE_HOURS, color=style.GREY, linestyle=":", linewidth=1.0, zorder=0)
    style.percent_axis(axes)
    room = 0.12 * max(float(table["ci_high"].max() - table["ci_low"].min()), 0.05)
    axes.set_ylim(float(table["ci_low"].min()) - 2 * room, float(table["ci_high"].max()) + room)
    axes.set_xticks(table["hours"], [f"{hours:g}" for hours in table["hours"]])
    said = "Hours in every week (people who came about as much, above the axis)"
    axes.set_xlabel(style.wrapped(said, style.fit(80, 44)))
    axes.set_title(style.wrapped(f"Share with “{table['outcome_words'].iloc[0]}”", style.fit(100, 42)), loc="left")
    return drawing
