"""How much the answer depends on what "abstinent" means: every definition and missing rule side by side."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released, Roles, parts
from iop_outcomes.release.figures import style, telling
from iop_outcomes.release.figures.declare import figure
from iop_outcomes.release.figures.making import rules_of
from iop_outcomes.release.figures.weekly_arms import refuse_withheld
from iop_outcomes.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

#: Of the rules for missing tests, and of the arms, which a print without colours tells apart by how they are filled.
_MARKERS, _FILLED = ("o", "s", "^", "D"), ("full", "none", "left", "bottom", "right", "top")
#: Up to so many definitions the missing rules of one lie beneath each other.
_ROOMY = 24


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return the share abstinent per definition, missing rule and arm."""
    refuse_withheld(tables)
    table = tables["abstinence_share"].astype({"endpoint": "str", "missing_rule": "str"})
    table = table[table["arm"].isin(list(study.cohort.arms))]
    arms = pd.Categorical(table["arm"].astype("str"), categories=list(study.cohort.arms))
    columns = ["endpoint", "missing_rule", "arm", "n", "n_events"]
    table = table.assign(arm=arms)[columns].reset_index(drop=True)
    table["n_arm"] = table["arm"].astype("str").map(tables["cohort"]["arm"].astype("str").value_counts()).astype(float)
    table["n_unknown"], table["n_without"] = table["n_arm"] - table["n"], table["n"] - table["n_events"]
    # Made of exact counts and rounded by their number: of rounded ones it would fall with the few that are not known.
    share = table["n_events"] / table["n"].where(table["n"] > 0)
    rules = rules_of("abstinence_definitions", study)
    share = rules.stepped(share, table["n"], rules.spread(table["n_unknown"]))
    blurred = rules.too_coarse(table["n"], table["n_unknown"])
    blurred |= rules.tells_few(share, table["n_events"], table["n"], table["n_unknown"])
    guards = {"with_it": table["n_events"], "without_it": table["n_without"], "blurred": blurred.astype(float)}
    return table.assign(share=share, is_arm=True, **guards)


def says(table: pd.DataFrame) -> str:
    """Say between which definitions the share of each arm lies, and how many points are not shown."""
    said = []
    for arm in style.arms_of(table):
        own = table[(table["arm"] == arm) & table["share"].notna()].sort_values("share", kind="stable")
        if own.empty:
            continue
        lowest, highest = (
            f"{words.percent(row['share'])} ({words.plain(row['endpoint'])}, {words.plain(row['missing_rule'])})"
            for _, row in own.iloc[[0, -1]].iterrows()
        )
        said.append(f"{words.heading(arm)}: from {lowest} to {highest} abstinent.")
    return telling.joined([*said, telling.not_shown(int(table["share"].isna().sum()), "point")])


@figure(
    title="How the answer depends on the definition",
    caption=(
        "Share abstinent in each arm by every published definition and rule for missing tests, without adjustment. "
        "Colour and filling tell the arm, and the marker what is made of missing tests. Definitions are ordered by the "
        "mean of their shares. A difference here is one of who was assigned as well as of care."
    ),
    needs=("abstinence_share", "cohort"),
    frame=frame,
    roles=Roles(
        labels=("endpoint", "missing_rule", "arm"),
        counts=("n", "n_events"),
        hidden_counts=("n_arm", "n_unknown", "n_without", "with_it", "without_it", "blurred"),
        values={"share": ("with_it", "without_it", "blurred")},
        sums=(parts("n_arm", "n", "n_unknown"), parts("n", "n_events", "n_without")),
        keep={"n_arm": "is_arm"},
        who={"n_arm": "{arm}"},
    ),
    section="sure",
    place=9,
    says=says,
)
def draw(data: Released) -> "Figure":
    """Draw one row per definition, a colour per arm and a marker per missing rule."""
    table = style.shown(data)
    known = table.dropna(subset=["share"])
    if known.empty:
        return style.notice("Nothing to show: no definition has enough people with and without abstinence in any arm.")
    order = list(known.groupby("endpoint")["share"].mean().sort_values(kind="stable").index)
    rules, arms = list(dict.fromkeys(table["missing_rule"])), style.arms_of(table)
    dodge = 0.8 / len(rules) if len(order) <= _ROOMY else 0.0
    names = [style.wrapped(words.plain(name), style.fit(200, 26)) for name in order]
    lines = max(name.count("\n") + 1 for name in names)
    row = max(0.13 * len(rules) + 0.06 if dodge else 0.16, 0.12 * lines if lines > 1 else 0.0)
    columns = style.fit(3, 2)
    drawing = style.blank(0.9 + 0.17 * -(-(len(arms) + len(rules)) // columns) + row * len(order))
    axes = drawing.subplots()
    axes.set_axisbelow(True)
    axes.grid(axis="y", color="#EEEEEE", linewidth=0.6)
    for arm in arms:
        for number, rule in enumerate(rules):
            mine = known[(known["arm"] == arm) & (known["missing_rule"] == rule)]
            look = _of_arm(table, arm) | {"marker": _MARKERS[number % len(_MARKERS)], "markersize": 4.5}
            row_of = np.array([order.index(name) for name in mine["endpoint"]], dtype=float)
            y = row_of - dodge * (number - (len(rules) - 1) / 2)
            axes.plot(mine["share"], y, clip_on=False, zorder=3, **look)
    axes.set_yticks(range(len(order)), names, fontsize=style.readable(6.5))
    axes.set(ylim=(-0.7, len(order) - 0.3), xlim=(0, max(known["share"].max() * 1.05, 0.05)), xlabel="Share abstinent")
    style.percent_axis(axes, "x")
    close = style.fit({}, {"columnspacing": 1.0, "handletextpad": 0.3})
    drawing.legend(handles=_key(table, arms, rules), loc="outside upper center", ncols=columns, **close)
    n_hidden = len(order) * len(rules) * len(arms) - len(known)
    style.note(drawing, [f"{n_hidden} points are not shown, to protect small counts." if n_hidden else ""])
    return drawing


def _key(table: pd.DataFrame, arms: list[str], rules: list[str]) -> "list[Line2D]":
    from matplotlib.lines import Line2D

    look, names = {"linestyle": "", "markersize": 5}, {arm: style.arm_label(arm, style.fit(40, 25)) for arm in arms}
    handles = [Line2D([], [], label=name, marker="o", **look | _of_arm(table, arm)) for arm, name in names.items()]
    for number, rule in enumerate(rules):
        look |= {"marker": _MARKERS[number % len(_MARKERS)], "fillstyle": "none"}
        handles.append(Line2D([], [], color=style.GREY, label=words.plain(rule), **look))
    return handles


def _of_arm(table: pd.DataFrame, arm: str) -> dict[str, object]:
    """Return how the points of an arm look."""
    filled = _FILLED[list(table["arm"].cat.categories).index(arm) % len(_FILLED)]
    look = {"linestyle": "", "color": style.colour(table, arm), "fillstyle": filled, "markeredgewidth": 0.9}
    return look | {"markerfacecoloralt": "white"}
