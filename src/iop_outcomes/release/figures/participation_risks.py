"""Risk of the outcome by week, had everybody followed one strategy of attending or the other."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures import style, telling
from iop_outcomes.release.figures.declare import NothingToDraw, figure
from iop_outcomes.release.figures.making import rules_of
from iop_outcomes.release.tables import participation
from iop_outcomes.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return weights and risks by week.

    Raises
    ------
    NothingToDraw
        The risks may not be shown.
    """
    rules = rules_of("participation_risks", study)
    shown = participation.frame(tables, rules)
    table = participation.weeks(tables, shown, rules)
    if table["risk"].isna().all():
        raise NothingToDraw("Nothing to show: the data cannot carry risks under these strategies.")
    return table.assign(outcome_words=participation.outcome_words(study))


def says(table: pd.DataFrame) -> str:
    """Say the share with the outcome under each strategy by the last week that may be shown."""
    said = []
    for name, own in table[table["risk"].notna()].groupby("strategy", sort=False):
        last = own.loc[own["week"].idxmax()]
        said.append(f"{words.capital(words.plain(str(name)))}: {telling.share(last, 'risk')} by week {last['week']:g}.")
    return telling.joined([*said, telling.not_shown(int(table["risk"].isna().sum()), "week")])


@figure(
    title="Under which strategy, how many by when",
    caption=(
        "The share with the outcome by the end of each week had everybody followed the strategy; then the effective "
        "number of people who still do, and the mean weight, which is near 1 where the model of who stays fits. Weeks "
        "between which only a few people stopped are left out."
    ),
    needs=("participation", "participation_week"),
    frame=frame,
    roles=participation.WEEK_ROLES.also(labels=("outcome_words",)),
    section="participation",
    place=22,
    asked_by="participation",
    says=says,
)
def draw(data: Released) -> "Figure":
    """Draw risks beside effective size and mean weight, a line per strategy."""
    from matplotlib.ticker import MaxNLocator

    table = style.shown(data)
    if style.narrow():
        drawing = style.blank(4.6)
        left, middle, right = drawing.subplots(3, 1, sharex=True, gridspec_kw={"hspace": 0.08})
    else:
        drawing = style.blank(2.7)
        left, middle, right = drawing.subplots(1, 3)
    for number, (name, own) in enumerate(table.groupby("strategy", sort=False)):
        look = {
            "color": style.ARM_COLOURS[number],
            "linestyle": style.ARM_LINES[number],
            "marker": "o",
            "markersize": 3,
        }
        label = words.plain(str(name))
        # An outcome that is known at the end only has no curve before.
        had = own[own["risk"] > 0]
        left.plot(had["week"], had["risk"], label=label, **look)
        middle.plot(own["week"], own["ess"], label=label, **look)
        right.plot(own["week"], own["mean_stabilised"], label=label, **look)
    style.percent_axis(left)
    right.axhline(1.0, color=style.GREY, linewidth=0.8, zorder=1)
    for axes, title in ((left, "Share with the outcome"), (middle, "Effective number"), (right, "Mean weight")):
        axes.set_title(title)
        if axes is right or not style.narrow():
            axes.set_xlabel("Week")
        axes.set_xlim(0.5, float(table["week"].max()) + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    right.set_ylim(0.75, 1.3)
    left.set_ylim(0, 1.15 * float(table["risk"].max()))
    middle.set_ylim(bottom=0)
    middle.legend(fontsize=style.readable(6))
    return drawing
