"""What attending more does: risks by week under both strategies, and the same question asked three ways."""

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
from iop_outcomes.release.tables import participation
from iop_outcomes.study import Study
from iop_outcomes.tables.attending import BY_ATTENDANCE, CLONES, CLONES_TRUNCATED, LANDMARK, MARGINAL
from iop_outcomes.tables.estimate import may_be_shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: The ways in the words of the figure, from what decides to what misleads.
WAYS = {
    CLONES: "Strategies followed,\nweighted for who stayed",
    CLONES_TRUNCATED: "The same, largest\nweights cut",
    LANDMARK: "Landmark: groups by then,\noutcome from then on",
    MARGINAL: "Weekly hours, weighted\nfor what led to them",
    BY_ATTENDANCE: "Biased: groups formed by\nattendance afterwards",
}


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return the estimates of every way.

    Raises
    ------
    NothingToDraw
        None may be shown.
    """
    table = participation.frame(tables, rules_of("participation_ways", study))
    if not may_be_shown(table).any():
        said = table["reason"].astype("str").iloc[0]
        raise NothingToDraw(f"{words.capital(str(table['status'].iloc[0]))}: {words.sentences(said)}.")
    return table.assign(outcome_words=participation.outcome_words(study))


def says(table: pd.DataFrame) -> str:
    """Say what each way found, in percentage points, or that it is withheld."""
    said = []
    for _, row in table.assign(unit="share").iterrows():
        found = interval(row) if np.isfinite(row["value"]) else str(row["status"])
        said.append(f"{WAYS[str(row['way'])]}: {found}.".replace("\n", " "))
    return f"{words.capital(table['outcome_words'].iloc[0])}, difference in percentage points. {' '.join(said)}"


@figure(
    title="What coming more does, asked in several ways",
    caption=(
        "Difference in the share with the outcome, the first strategy (or higher hours) against the second, with its "
        "95% confidence interval. Filled: everybody starts on both strategies and counts as long as it is followed, "
        "weighted for who still does. Hollow: to be read with caution. Hollow and grey: groups formed by attendance "
        "after the start, shown for the bias that they have; nothing on this page rests on them. Why one is withheld "
        "stands in the table."
    ),
    needs=("participation",),
    frame=frame,
    roles=participation.ROLES.also(labels=("outcome_words",)),
    section="participation",
    place=21,
    asked_by="participation",
    says=says,
)
def draw(data: Released) -> "Figure":
    """Draw a line per way."""
    table = style.shown(data)
    height = (0.95 if style.narrow() else 0.8) + 0.42 * len(table)
    drawing = style.blank(height, layout=None)
    left, wide = (0.03, 0.54) if style.narrow() else (0.3, 0.4)
    head = 0.45 if style.narrow() else 0.3
    axes = drawing.add_axes((left, 0.5 / height, wide, (height - 0.5 - head) / height))
    axes.set_ylim(len(table) - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.axvline(0, color=style.GREY, linewidth=0.8, zorder=1)
    axes.set_xlabel("Difference, percentage points")
    beside = {"transform": axes.get_yaxis_transform(), "va": "center", "fontsize": style.fit(7.5, 7.0)}
    for line, (_, row) in enumerate(table.iterrows()):
        biased = str(row["way"]) == BY_ATTENDANCE
        colour = style.GREY if biased else style.INK
        place = line + 0.2 if style.narrow() else line
        if style.narrow():
            axes.text(0, line - 0.2, WAYS[str(row["way"])].replace("\n", " "), color=colour, **beside)
        else:
            axes.text(-0.04, place, WAYS[str(row["way"])], ha="right", color=colour, **beside)
        if not np.isfinite(row["value"]):
            # Why is in the table: several reasons of several lines would lie over each other here.
            axes.text(1.03, place, words.capital(str(row["status"])), color=style.GREY, style="italic", **beside)
            continue
        value, low, high = (100 * float(row[name]) for name in ("value", "ci_low", "ci_high"))
        face = "white" if biased or str(row["status"]) == "flagged" else colour
        axes.plot([low, high], [place, place], color=colour, linewidth=1.5, zorder=2)
        axes.plot(value, place, "o", color=colour, markerfacecolor=face, markersize=6, zorder=3)
        axes.text(1.03, place, f"{words.number(value)} ({words.number(low)} to {words.number(high)})", **beside)
    title = style.wrapped(f"Share with “{table['outcome_words'].iloc[0]}”", style.fit(110, 52))
    drawing.text(0.01, 1 - 0.1 / height, title, va="top", weight="bold")
    return drawing
