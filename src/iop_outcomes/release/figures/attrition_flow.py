"""Flow of episodes into the cohort, arm by arm."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released, Roles, chain, parts, same
from iop_outcomes.release.disclosure.sums import Equation
from iop_outcomes.release.figures import style, telling
from iop_outcomes.release.figures.declare import figure
from iop_outcomes.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Inches: a step, the line of a rule, and the line above.
_ROW, _LINE, _ORIGIN = 0.56, 0.125, 0.3


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return one row per step and arm: before, excluded and after the rule."""
    steps = tables["attrition"].sort_values(["step"], kind="stable").reset_index(drop=True)
    arms = list(study.cohort.arms)
    steps = steps[steps["arm"].isin(arms)].reset_index(drop=True)
    flow = steps.assign(
        arm=pd.Categorical(steps["arm"].astype("str"), categories=arms),
        rule=steps["rule"].astype("str"),
        n_excluded=steps["n_before"] - steps["n_after"],
        is_cohort=steps["step"] == steps["step"].max(),
        is_total=True,
    )
    n_accepted = _accepted_episodes(tables.get("intake"))
    flow["n_episodes"] = n_accepted
    flow["n_elsewhere"] = n_accepted - flow.loc[flow["step"] == flow["step"].min(), "n_before"].sum()
    if (flow["n_elsewhere"] < 0).any():
        flow[["n_episodes", "n_elsewhere"]] = np.nan
    columns = ["step", "rule", "arm", "n_episodes", "n_elsewhere", "n_before", "n_excluded", "n_after"]
    return flow[[*columns, "is_cohort", "is_total"]]


def _accepted_episodes(intake: pd.DataFrame | None) -> float:
    """Return the accepted rows of the file that holds the episodes; rows of several files may be one episode."""
    episodes = intake[intake["table"].astype("str") == "episode"] if intake is not None else ()
    return float(episodes["n_accepted"].iloc[0]) if len(episodes) == 1 else np.nan


def _arms_add_up(frame: pd.DataFrame) -> Iterator[Equation]:
    """All accepted episodes are in one of the arms, or elsewhere."""
    if len(frame):
        first = np.flatnonzero(frame["step"] == frame["step"].min())
        yield {(0, "n_episodes"): 1.0, (0, "n_elsewhere"): -1.0, **{(int(r), "n_before"): -1.0 for r in first}}


def says(flow: pd.DataFrame) -> str:
    """Say of each arm how many episodes there were, how many are in the cohort, and which rule took most."""
    said = []
    for arm in style.arms_of(flow):
        own = flow[flow["arm"] == arm].sort_values("step")
        ends = (own["n_before"].iloc[0], own["n_after"].iloc[-1])
        first, last = (words.people(number) or "a number not shown" for number in ends)
        known = own.dropna(subset=["n_excluded"])
        most = known.loc[known["n_excluded"].idxmax()] if known["n_excluded"].gt(0).any() else None
        which = "most" if len(known) == len(own) else "of those shown, most"
        by = "" if most is None else f"; {which} left by \u201c{most['rule']}\u201d, {words.people(most['n_excluded'])}"
        said.append(f"{words.heading(arm)}: {first} at first, {last} in the cohort{by}.")
    hidden = int(flow["n_excluded"].isna().sum())
    return telling.joined([*said, telling.not_shown(hidden, "number of those excluded", "numbers of those excluded")])


@figure(
    title="Who was compared",
    caption=(
        "Episodes of each arm, those excluded by each rule in the order in which the rules were applied, and those "
        "that became the cohort. Rules that excluded nobody are in the table only."
    ),
    needs=("attrition",),
    frame=frame,
    roles=Roles(
        labels=("step", "rule", "arm"),
        counts=("n_episodes", "n_elsewhere", "n_before", "n_excluded", "n_after"),
        sums=(
            parts("n_before", "n_excluded", "n_after"),
            chain("n_after", "n_before", ("arm",), "step"),
            same("n_episodes", ()),
            same("n_elsewhere", ()),
            _arms_add_up,
        ),
        keep={"n_after": "is_cohort", "n_episodes": "is_total"},
        who={"n_after": "{arm}|is_cohort", "n_episodes": "rows accepted of episode"},
    ),
    section="who",
    place=0,
    says=says,
)
def draw(data: Released) -> "Figure":
    """Draw a column per arm, boxes for those left and arrows for those excluded; a few arms side by side at most."""
    flow = style.shown(data)
    arms = [arm for arm in style.arms_of(flow) if flow.loc[flow["arm"] == arm, "n_before"].ne(0).any()]
    if not arms:
        return style.notice("Nothing to show: the source has no episode in any arm.")
    abreast = style.fit(4, 2)
    blocks = [arms[start : start + abreast] for start in range(0, len(arms), abreast)]
    height = _ORIGIN + sum(_block_height(flow, block) for block in blocks)
    drawing = style.blank(height, layout=None)
    axes = drawing.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, style.width()), ylim=(-height, 0))
    axes.axis("off")
    axes.text(0.1, -_ORIGIN / 2, _origin(flow, arms), va="center", fontsize=style.fit(8, 7), color=style.GREY)
    top = -_ORIGIN
    for block in blocks:
        _block(axes, flow, block, top)
        top -= _block_height(flow, block)
    return drawing


def _origin(flow: pd.DataFrame, arms: list[str]) -> str:
    """Say how many episodes there were at all, and which arms have none."""
    read = words.people(flow["n_episodes"].iloc[0])
    absent = [words.arm(arm) for arm in style.arms_of(flow) if arm not in arms]
    said = (f"{read} episodes were read" if read else "", f"None in {words.joined(absent)}" if absent else "")
    return style.wrapped(". ".join(part for part in said if part), style.fit(125, 58))


def _rules() -> float:
    """Return the inches of the column of rules."""
    return 1.35 if style.narrow() else 2.3


def _rule(flow: pd.DataFrame, step: int) -> str:
    return style.wrapped(flow.loc[flow["step"] == step, "rule"].iloc[0], style.fit(36, 22))


def _row(flow: pd.DataFrame) -> float:
    """Return the inches of a step, in which the longest rule has its place."""
    return max(_ROW, 0.1 + _LINE * max(_rule(flow, step).count("\n") + 1 for step in _steps(flow)))


def _labels(arms: list[str]) -> list[str]:
    column = (style.width() - _rules()) / len(arms)
    return [style.arm_label(arm, max(9, int(column * 12))) for arm in arms]


def _head(arms: list[str]) -> float:
    return 0.25 + 0.14 * max(label.count("\n") + 1 for label in _labels(arms))


def _steps(flow: pd.DataFrame) -> list[int]:
    """Return the first step, those that excluded somebody, and the last; the others are in the table only."""
    steps = sorted(set(flow["step"]))
    idle = flow.assign(idle=flow["n_excluded"] == 0).groupby("step")["idle"].all()
    return [step for step in steps if step in (steps[0], steps[-1]) or not idle[step]]


def _block_height(flow: pd.DataFrame, arms: list[str]) -> float:
    return _head(arms) + _row(flow) * len(_steps(flow))


def _block(axes, flow: pd.DataFrame, arms: list[str], top: float) -> None:
    """Draw some of the arms beside each other, the rules at the left."""
    steps, tall = _steps(flow), _row(flow)
    head, column = _head(arms), (style.width() - _rules()) / len(arms)
    for position, (arm, label) in enumerate(zip(arms, _labels(arms), strict=True)):
        x, colour = _rules() + (position + 0.5) * column, style.colour(flow, arm)
        axes.text(x, top - head / 2, label, ha="center", va="center", weight="bold", color=colour)
        for number, step in enumerate(steps):
            row = flow[(flow["step"] == step) & (flow["arm"] == arm)]
            if len(row):
                y = top - head - tall * (number + 0.35)
                _box(axes, x, y, column, tall, row.iloc[0], colour, number == 0, number == len(steps) - 1)
    for number, step in enumerate(steps):
        y = top - head - tall * (number + 0.35)
        weight = "bold" if number == len(steps) - 1 else None
        axes.text(0.1, y, _rule(flow, step), va="center", fontsize=style.fit(8, 7), weight=weight)


def _box(
    axes, x: float, y: float, column: float, step: float, row: pd.Series, colour: str, first: bool, last: bool
) -> None:
    """Draw those left after a rule, and the arrow from those before it with the number excluded."""
    from matplotlib.patches import FancyBboxPatch

    width, tall = min(1.2, column * 0.62), 0.28
    corner, shape = (x - width / 2, y - tall / 2), "round,pad=0,rounding_size=0.04"
    face = colour if last else "white"
    axes.add_patch(FancyBboxPatch(corner, width, tall, boxstyle=shape, facecolor=face, edgecolor=colour))
    count, ink = words.people(row["n_after"]), "white" if last else style.INK
    size = 8.5 if count else style.fit(8.5, 7.0)
    axes.text(x, y, count or "not shown", ha="center", va="center", fontsize=size, color=ink, weight="bold")
    if first:
        return
    arrow = {"arrowstyle": "-|>", "color": style.GREY, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=(x, y + tall / 2 + 0.01), xytext=(x, y + step - tall / 2), arrowprops=arrow)
    gone = words.people(row["n_excluded"])
    text = {"": "not shown", "0": "none"}.get(gone, f"\N{MINUS SIGN}{gone}")
    axes.text(x + 0.06, y + step / 2, text, ha="left", va="center", fontsize=7, color=style.GREY)
