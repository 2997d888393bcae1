"""How often the first arm is better value, by what a unit of the effect is worth."""

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
    """Return net benefit and acceptability by price.

    Raises
    ------
    NothingToDraw
        They may not be shown.
    """
    found = costs.frames(tables, study, rules_of("acceptability_curve", study)).get("acceptability")
    if found is None:
        raise NothingToDraw("Nothing to show: costs and effects may not be shown, or could not be had.")
    return found


def says(table: pd.DataFrame) -> str:
    """Say how often the first arm is better value at the lowest and the highest price, and the net benefit there."""
    said = []
    for name, own in table.dropna(subset=["acceptability"]).groupby("perspective", sort=False):
        told = [
            f"{words.percent(row['acceptability'])} of draws at {words.number(row['willingness'], 0)} (net benefit "
            f"{words.number(row['net_benefit'], 0)}, {words.number(row['ci_low'], 0)} to "
            f"{words.number(row['ci_high'], 0)})"
            for _, row in own.iloc[[0, -1]].iterrows()
        ]
        said.append(
            f"{words.capital(words.plain(str(name)))}: the first arm is better value in {told[0]} and in {told[1]}."
        )
    return " ".join(said) or "No price may be shown."


@figure(
    title="At which price of the effect is it good value?",
    caption=(
        "How often in the draws the first arm gains more, by what a unit of the effect is worth, and then the mean "
        "gain in money with its 95% interval. Half of the draws is no evidence either way."
    ),
    needs=("acceptability",),
    frame=frame,
    roles=costs.PRICE_ROLES,
    section="costs",
    place=24,
    asked_by="costs",
    says=says,
)
def draw(data: Released) -> "Figure":
    """Draw a line per perspective in both panels."""
    table = style.shown(data)
    drawing = style.blank(style.fit(2.8, 4.6))
    left, right = drawing.subplots(*style.fit((1, 2), (2, 1)))
    for number, (name, own) in enumerate(table.groupby("perspective", sort=False)):
        look = {"color": style.ARM_COLOURS[number], "linestyle": style.ARM_LINES[number % len(style.ARM_LINES)]}
        label = words.capital(words.plain(str(name)))
        left.plot(own["willingness"], own["acceptability"], label=label, **look)
        right.plot(own["willingness"], own["net_benefit"], label=label, **look)
        right.fill_between(
            own["willingness"], own["ci_low"], own["ci_high"], color=look["color"], alpha=0.12, linewidth=0
        )
    left.set_ylim(-0.02, 1.02)
    style.percent_axis(left)
    left.set_title("Draws in favour of the first arm")
    right.set_title("Net benefit a person")
    right.axhline(0, color=style.GREY, linewidth=0.8)
    right.yaxis.set_major_formatter(lambda value, _: words.number(value, 0))
    for axes in (left, right):
        axes.set_xlabel("Worth of a unit of the effect")
        axes.xaxis.set_major_formatter(lambda value, _: words.number(value, 0))
    left.legend()
    return drawing
