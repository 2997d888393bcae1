"""Drug tests week by week: negative, positive, missed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released, Roles, levels
from iop_outcomes.release.figures import style, telling
from iop_outcomes.release.figures.declare import figure
from iop_outcomes.release.figures.making import rules_of
from iop_outcomes.release.figures.weekly_arms import weekly_by_arm
from iop_outcomes.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: What the symbols of the weekly words mean; weeks without a test due, or in a controlled place, are no part of this.
_RESULTS = {"-": "negative", "+": "positive", "*": "positive", "o": "missed"}
#: As light as they are apart in colour, so that a print without colours tells them, too.
_COLOURS = {"negative": "#00664B", "positive": "#CC79A7", "missed": "#DDDDDD"}


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return per arm, week and result the people with it among those whose test was due."""
    weekly = weekly_by_arm(tables, study)
    weekly = weekly.assign(result=weekly["urine"].astype("str").map(_RESULTS)).dropna(subset=["result"])
    counts = weekly.groupby(["arm", "week", "result"], observed=True).size()
    places = weekly[["arm", "week"]].drop_duplicates().sort_values(["arm", "week"])
    table = places.merge(pd.DataFrame({"result": list(_COLOURS)}), how="cross")
    table["n"] = counts.reindex(pd.MultiIndex.from_frame(table), fill_value=0).to_numpy(float)
    table["n_due"] = table.groupby(["arm", "week"], observed=True)["n"].transform("sum")
    share = table["n"] / table["n_due"].where(table["n_due"] > 0)
    return table.assign(share=rules_of("urine_weeks", study).stepped(share, table["n_due"]))


def says(table: pd.DataFrame) -> str:
    """Say the results of each arm in the first and the last week that may be shown whole."""
    whole = table[table.groupby(["arm", "week"], observed=True)["share"].transform("count") == len(_COLOURS)]
    said = []
    for arm in style.arms_of(table):
        own = whole[whole["arm"] == arm]
        for week in sorted({own["week"].min(), own["week"].max()}) if len(own) else ():
            shares = own[own["week"] == week].set_index("result")["share"]
            told = [f"{words.percent(shares[result])} {result}" for result in _COLOURS]
            said.append(f"{words.heading(arm)}, week {week:g}: {', '.join(told)}.")
    hidden = int((table.groupby(["arm", "week"], observed=True)["share"].count() < len(_COLOURS)).sum())
    return telling.joined([*said, telling.not_shown(hidden, "week, or a part of it", "weeks, or parts of them")])


@figure(
    title="Drug tests week by week",
    caption=(
        "Results of the people whose test was due, by arm and week since time zero. Missed tests are shown as missed: "
        "whether they count as use is a choice that every abstinence outcome states."
    ),
    needs=("weekly.urine",),
    frame=frame,
    roles=Roles(
        labels=("arm", "week", "result"),
        # How many were due would tell, with the size of the arm, how few were not.
        hidden_counts=("n", "n_due"),
        sums=(levels("n", "n_due", ("arm", "week")),),
        values={"share": ("n",)},
    ),
    section="what",
    place=7,
    says=says,
)
def draw(data: Released) -> "Figure":
    """Draw stacked bars, a panel per arm; what may not be shown is hatched."""
    from matplotlib.patches import Patch

    table = style.shown(data)
    arms = style.arms_of(table)
    drawing = style.blank(0.9 + 1.25 * len(arms))
    panels = drawing.subplots(len(arms), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    any_hidden = False
    for axes, arm in zip(panels, arms, strict=True):
        wide = table[table["arm"] == arm].pivot(index="week", columns="result", values="share")
        # Shares of rounded counts need not add up to one; drawn bars do.
        wide = wide.div(wide.sum(axis=1).where(wide.notna().all(axis=1), 1), axis=0)
        floor = np.zeros(len(wide))
        for result, colour in _COLOURS.items():
            share = wide[result].fillna(0).to_numpy()
            axes.bar(wide.index, share, 0.86, bottom=floor, color=colour)
            floor += share
        hidden = np.where(wide.isna().any(axis=1), np.maximum(1 - floor, 0), 0)
        any_hidden |= bool((hidden > 0).any())
        axes.bar(
            wide.index, hidden, 0.86, bottom=floor, color="white", edgecolor=style.GREY, hatch="////", linewidth=0.4
        )
        axes.set(ylim=(0, 1), yticks=[0, 0.5, 1])
        axes.set_title(style.arm_label(arm, style.fit(60, 40)), color=style.colour(table, arm))
        style.percent_axis(axes)
    axes.set_xlabel("Week since time zero")
    drawing.supylabel("People with a test due", fontsize=8.5)
    keys = [Patch(facecolor=colour, label=result) for result, colour in _COLOURS.items()]
    if any_hidden:
        keys.append(Patch(facecolor="white", edgecolor=style.GREY, hatch="////", label="too few to show apart"))
    drawing.legend(handles=keys, loc="outside upper center", ncols=style.fit(4, 3 if len(keys) < 4 else 2))
    return drawing
