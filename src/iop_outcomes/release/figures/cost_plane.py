"""Cost beside effect: every draw of both, from each perspective."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures import style
from iop_outcomes.release.figures.declare import NothingToDraw, figure
from iop_outcomes.release.figures.making import rules_of
from iop_outcomes.release.tables import costs
from iop_outcomes.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return the draws of every perspective that may be shown.

    Raises
    ------
    NothingToDraw
        None may be shown.
    """
    found = costs.frames(tables, study, rules_of("cost_plane", study)).get("cost_plane")
    if found is None:
        raise NothingToDraw("Nothing to show: costs and effects may not be shown, or could not be had.")
    return found


def says(table: pd.DataFrame) -> str:
    """Say in which share of the draws the first arm does more, and costs more."""
    said = []
    for name, own in table.dropna(subset=["effect", "cost"]).groupby("perspective", sort=False):
        more, dearer = (words.percent((own[column] > 0).mean()) for column in ("effect", "cost"))
        whose = words.capital(words.plain(str(name)))
        said.append(f"{whose}: of {len(own):,} draws the first arm does more in {more}, and costs more in {dearer}.")
    return " ".join(said) or "No draw may be shown."


@figure(
    title="Cost beside effect",
    caption=(
        "Each point is the difference of cost and of effect in one bootstrap draw of people, or of whole sites, "
        "cost and "
        "effect drawn together. To the right the first arm does more, upward it costs more."
    ),
    needs=("cost_plane",),
    frame=frame,
    roles=costs.PLANE_ROLES,
    section="costs",
    place=23,
    asked_by="costs",
    says=says,
)
def draw(data: Released) -> "Figure":
    """Draw a panel per perspective."""
    table = style.shown(data)
    names = list(table["perspective"].unique())
    rows, columns = (len(names), 1) if style.narrow() else (1, len(names))
    drawing = style.blank(0.6 + 2.2 * rows)
    panels = drawing.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    for axes, name in zip(panels, names, strict=True):
        own = table[table["perspective"] == name]
        axes.axhline(0, color=style.GREY, linewidth=0.8)
        axes.axvline(0, color=style.GREY, linewidth=0.8)
        axes.plot(own["effect"], own["cost"], "o", color=style.ARM_COLOURS[0], markersize=3, alpha=0.5)
        axes.set_title(words.capital(words.plain(str(name))))
        if axes is panels[-1] or not style.narrow():
            axes.set_xlabel("Difference of effect (more is better)")
        axes.yaxis.set_major_formatter(lambda value, _: words.number(value, 0))
    for axes in panels[:rows]:
        axes.set_ylabel("Difference of cost")
    return drawing
