"""Weights of both arms: does a comparison rest on everybody, or on a few who count many times?"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released, ReleaseRules, Roles
from iop_outcomes.release.figures import style
from iop_outcomes.release.figures.declare import NothingToDraw, figure
from iop_outcomes.release.figures.making import rules_of
from iop_outcomes.release.figures.primary import primary_design
from iop_outcomes.study import Study
from iop_outcomes.tables.comparison import of_arms

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Into how many equal parts the people of an arm are divided, the most that leaves enough in each.
_PARTS = (10, 5, 4, 2)
#: Weights that are ratios of counts of people, or whole, are few among many, and tell these counts.
_LEAST_DISTINCT = 0.5
_MARKERS = ("o", "s", "^", "D")


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return each arm's mean weight by part of its people, from the lightest to the heaviest, 1 being the arm's mean.

    ``effective_share`` is Kish's effective size over the people who carry weight.

    Raises
    ------
    NothingToDraw
        Everybody counts alike, or in whole sets, or an arm has too few people.
    """
    rules, propensity = rules_of("weights", study), tables["propensity"]
    arms, design = primary_design(propensity, study)
    members = propensity[of_arms(propensity, arms, design)]
    treated = members["treated"].astype(bool)
    weights = [members.loc[treated == first, "weight"].dropna().to_numpy(float) for first in (True, False)]
    if members["matched_set"].notna().any() or not any(_is_smooth(own) for own in weights):
        raise NothingToDraw(
            "Nothing to show: in this design people count alike, or as the sets they are in do; who was left out is "
            "told beside the balance."
        )
    n_parts = _n_parts(min(map(len, weights)), rules)
    made = [_by_part(own, n_parts).assign(arm=arm) for arm, own in zip(arms, weights, strict=True)]
    return pd.concat(made, ignore_index=True).assign(
        arm=lambda table: pd.Categorical(table["arm"], categories=list(study.cohort.arms))
    )


def _is_smooth(weights: np.ndarray) -> bool:
    return len(np.unique(weights.round(9))) > _LEAST_DISTINCT * len(weights)


def _n_parts(least: int, rules: ReleaseRules) -> int:
    for n_parts in _PARTS:
        if least // n_parts >= rules.clear:
            return n_parts
    raise NothingToDraw(f"Withheld: fewer than {2 * rules.clear} people of an arm carry weight.")


def _by_part(weights: np.ndarray, n_parts: int) -> pd.DataFrame:
    ends = np.linspace(0, 1, n_parts + 1).round(3)
    parts = np.array_split(np.sort(weights), n_parts)
    return pd.DataFrame(
        {
            "share_from": ends[:-1],
            "share_to": ends[1:],
            "n": [float(len(part)) for part in parts],
            "n_arm": float(len(weights)),
            "mean_weight": [part.mean() / weights.mean() for part in parts],
            "effective_share": weights.sum() ** 2 / (len(weights) * (weights @ weights)),
        }
    )


def says(table: pd.DataFrame) -> str:
    """Say how much the heaviest count in each arm, and what that leaves of its people."""
    said = []
    for arm in style.arms_of(table):
        last = table[table["arm"] == arm].iloc[-1]
        heaviest = f"the heaviest {words.percent(last['share_to'] - last['share_from'], 0)} of people count"
        times = f"{words.number(last['mean_weight'], 1)} times as much as the mean of the arm"
        left = f"all together are worth {words.percent(last['effective_share'], 0)} of their number"
        said.append(f"{words.heading(arm)}: {heaviest} {times}; {left}.")
    return " ".join(said)


@figure(
    title="On whom does the comparison rest?",
    caption=(
        "People of each arm in equal parts from those who weigh least to those who weigh most under the design, and "
        "how much a person of each part counts, the mean of the arm being 1. A flat line rests on everybody alike; one "
        "that climbs at its end rests on few. Beside each arm stands its effective size as a share of its people."
    ),
    needs=("propensity.score",),
    frame=frame,
    roles=Roles(
        labels=("arm", "share_from", "share_to"),
        hidden_counts=("n", "n_arm"),
        values={"mean_weight": ("n",), "effective_share": ("n_arm",)},
        decimals={"mean_weight": 2, "effective_share": 2},
        who={"n_arm": "{arm}, with a weight"},
    ),
    section="can",
    place=3,
    says=says,
)
def draw(data: Released) -> "Figure":
    """Draw a line per arm over the parts of its people, with a mark at the middle of each part.

    Raises
    ------
    NothingToDraw
        No arm's weights may be shown.
    """
    table = style.shown(data)
    table = table[table["mean_weight"].notna()]
    if table.empty:
        raise NothingToDraw("Withheld: too few people of an arm carry weight.")
    drawing = style.blank(style.fit(2.9, 3.1))
    axes = drawing.subplots()
    axes.axhline(1, color=style.GREY, linewidth=0.8)
    arms = list(table["arm"].cat.categories)
    for arm in style.arms_of(table):
        own = table[table["arm"] == arm]
        look = {"color": style.colour(table, arm), "linestyle": style.line(table, arm)}
        look |= {"marker": _MARKERS[arms.index(arm) % len(_MARKERS)], "markersize": 4.5, "linewidth": 1.4}
        worth = f"effective size {words.percent(own['effective_share'].iloc[0], 0)} of its people"
        label = style.wrapped(f"{words.heading(arm)}: {worth}", style.fit(80, 44))
        axes.plot((own["share_from"] + own["share_to"]) / 2, own["mean_weight"], label=label, **look)
    axes.set(
        xlim=(0, 1), xlabel="People of the arm, lightest to heaviest", ylabel="Weight of a person,\narm's mean = 1"
    )
    axes.set_ylim(0, 1.08 * max(axes.get_ylim()[1], 1.5))
    style.percent_axis(axes, "x")
    drawing.legend(*axes.get_legend_handles_labels(), loc="outside upper left")
    return drawing
