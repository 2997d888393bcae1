"""Standardised differences of the covariates, before and after."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from iop_outcomes.kernel.errors import counted
from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures import style, telling
from iop_outcomes.release.figures.declare import figure
from iop_outcomes.release.figures.primary import primary_design
from iop_outcomes.release.tables import balance
from iop_outcomes.study import Study
from iop_outcomes.tables.comparison import of_arms

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: As many rows as can be read on a page, or in a column where their labels stand above them; those that differed most
#: come first.
_ROWS, _ROWS_OF_A_COLUMN = 36, 24


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return the balance of the primary analysis's arms and design."""
    arms, design = primary_design(tables["balance"], study)
    table = balance.frame(tables, study)
    return table[of_arms(table, arms, design)].reset_index(drop=True)


def says(table: pd.DataFrame) -> str:
    """Say how many levels differ by more than is allowed before and after, and which one does most."""
    known = table.dropna(subset=["smd_before", "smd_after"])
    hidden = telling.not_shown(len(table) - len(known), "level")
    if known.empty:
        return hidden
    before, after = (known[column].abs() for column in ("smd_before", "smd_after"))
    allowed, worst = known["threshold"], known.loc[after.idxmax()]
    beyond = [int((smd > allowed).sum()) for smd in (before, after)]
    said = (
        f"Of {counted(len(known), 'level')}, {beyond[0]} differed by more than {allowed.iloc[0]:g} before and "
        f"{beyond[1]} after. What differs most after is {_label(worst)}, by "
        f"{words.number(abs(worst['smd_after']), 2)} standard deviations; before, the largest difference was "
        f"{words.number(before.max(), 2)}."
    )
    return telling.joined([said, hidden])


@figure(
    title="Are the arms alike?",
    caption=(
        "Standardised mean difference of every covariate level, and of squares of numbers, between the arms, before "
        "(hollow) and after (filled) weighting or matching. Points between the dashed lines are within what the study "
        "allows."
    ),
    needs=("balance",),
    frame=frame,
    roles=balance.ROLES,
    section="can",
    place=1,
    says=says,
)
def draw(data: Released) -> "Figure":
    """Draw one row per covariate level, hollow before and filled after."""
    table = style.shown(data)
    known = table.dropna(subset=["smd_before", "smd_after"])
    order = known["smd_before"].abs().sort_values(ascending=False, kind="stable").index
    rows = known.loc[order[: style.fit(_ROWS, _ROWS_OF_A_COLUMN)][::-1]]
    remarks = _remarks(len(table) - len(known), len(known) - len(rows), data.rules.min_cell)
    if rows.empty:
        return style.notice(" ".join(remarks))
    drawing = style.blank(1.1 + (0.3 if style.narrow() else 0.19) * len(rows))
    axes = drawing.subplots()
    y = range(len(rows))
    axes.hlines(y, rows["smd_before"], rows["smd_after"], color=style.LIGHT, linewidth=1, zorder=1)
    face = {"facecolors": "white", "edgecolors": style.GREY, "linewidths": 1.1}
    axes.scatter(rows["smd_before"], y, s=24, label="before", zorder=2, **face)
    axes.scatter(rows["smd_after"], y, s=24, color=style.INK, label="after", zorder=3)
    threshold = rows["threshold"].iloc[0]
    axes.axvline(0, color=style.GREY, linewidth=0.7)
    for side in (-threshold, threshold):
        axes.axvline(side, color=style.GREY, linewidth=0.8, linestyle="--")
    reach = 1.1 * max(rows[["smd_before", "smd_after"]].abs().max().max(), threshold)
    axes.set(xlim=(-reach, reach), ylim=(-0.8, len(rows) - 0.2))
    labels = [_label(row) for row in rows.itertuples()]
    if style.narrow():
        axes.locator_params(axis="x", nbins=5)
        _above(axes, labels)
    else:
        axes.set_yticks(list(y), labels)
    first, second = (words.arm(arm) for arm in rows[["arm", "against"]].iloc[0])
    said = f"Standardised mean difference (right: higher in {first}; left: in {second})"
    axes.set_xlabel(style.wrapped(said, style.fit(70, 52)))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    style.note(drawing, remarks)
    return drawing


def _above(axes, labels: list[str]) -> None:
    """Write the label of each row above it, from the left edge."""
    axes.set(ylim=(-0.6, len(labels) - 0.1), yticks=[])
    axes.spines["left"].set_visible(False)
    for y, label in enumerate(labels):
        place = {"transform": axes.get_yaxis_transform(), "va": "center", "fontsize": 7}
        axes.text(0, y + 0.5, label, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5}, **place)


def _label(row) -> str:
    covariate = words.capital(words.plain(row.covariate))
    text = f"{covariate}: {words.plain(row.level)}" if row.level else covariate
    return text if len(text) <= 46 else f"{text[:45]}\N{HORIZONTAL ELLIPSIS}"


def _remarks(n_hidden: int, n_left_out: int, min_cell: int) -> list[str]:
    hidden = f"Not shown: {n_hidden} levels, to protect those with fewer than {min_cell} people in an arm."
    more = f"{n_left_out} further levels differed less before and are in the table."
    return [hidden if n_hidden else "", more if n_left_out else ""]
