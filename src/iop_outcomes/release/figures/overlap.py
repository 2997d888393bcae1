"""Preference score by arm: are there people who might have been in either?"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released, ReleaseRules, Roles, pool
from iop_outcomes.release.figures import style, telling
from iop_outcomes.release.figures.declare import figure
from iop_outcomes.release.figures.making import rules_of
from iop_outcomes.release.figures.primary import primary_design
from iop_outcomes.study import Study
from iop_outcomes.tables.comparison import of_arms

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BINS = 25
_EQUIPOISE = (0.3, 0.7)


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return one row per arm and bin of the preference score; neighbouring bins are pooled until none is small."""
    rules, propensity = rules_of("overlap", study), tables["propensity"]
    propensity = propensity[propensity["score"].notna()]
    arms, design = primary_design(propensity, study)
    members = propensity[of_arms(propensity, arms, design)]
    rows = []
    for arm, treated in zip(arms, (True, False), strict=True):
        scores = members.loc[members["treated"].astype(bool) == treated, "preference_score"].to_numpy(float)
        rows += [(arm, *row) for row in _histogram(scores, rules)]
    table = pd.DataFrame(rows, columns=["arm", "score_low", "score_high", "n", "n_arm"])
    return table.assign(arm=pd.Categorical(table["arm"], categories=list(study.cohort.arms)), share=np.nan)


def _histogram(scores: np.ndarray, rules: ReleaseRules) -> list[tuple[float, float, float, float]]:
    edges = np.linspace(0, 1, _BINS + 1)
    counts = np.histogram(scores, edges)[0]
    pools = pool(counts, rules)
    rows = []
    for number in range(pools.max() + 1):
        bins = np.flatnonzero(pools == number)
        low, high = float(edges[bins[0]]), float(edges[bins[-1] + 1])
        rows.append((round(low, 4), round(high, 4), float(counts[bins].sum()), float(counts.sum())))
    return rows


def says(table: pd.DataFrame) -> str:
    """Say about which share of each arm lies in the band where people might have been in either."""
    low, high = _EQUIPOISE
    said = []
    for arm in style.arms_of(table):
        own = table[(table["arm"] == arm) & table["share"].notna()]
        wide = own["score_high"] - own["score_low"]
        inside = (own["score_high"].clip(upper=high) - own["score_low"].clip(lower=low)).clip(lower=0) / wide
        about = words.percent((own["share"] * inside).sum())
        said.append(f"{words.heading(arm)}: about {about} have a score of {low:g} to {high:g}.")
    return telling.joined([*said, telling.not_shown(int(table["share"].isna().sum()), "bar")])


@figure(
    title="Could people have been in either arm?",
    caption=(
        "Distribution of the preference score (the chance of the first arm given the covariates, with the arms' sizes "
        "taken out), one arm upward and the other downward. People in the shaded band, 0.3 to 0.7, might well have "
        "been in either arm."
    ),
    needs=("propensity.score",),
    frame=frame,
    roles=Roles(
        labels=("arm", "score_low", "score_high"),
        counts=("n", "n_arm"),
        shares={"share": ("n", "n_arm")},
        who={"n_arm": "{arm}"},
    ),
    section="can",
    place=2,
    says=says,
)
def draw(data: Released) -> "Figure":
    """Draw mirrored histograms; the area of a bar is the share of the arm in it."""
    table = style.shown(data)
    drawing = style.blank(2.9)
    axes = drawing.subplots()
    axes.axvspan(*_EQUIPOISE, color="#F0F0F0", zorder=0)
    arms = style.arms_of(table)
    for arm, sign in zip(arms, (1, -1), strict=False):
        rows = table[(table["arm"] == arm) & table["share"].notna()]
        width = rows["score_high"] - rows["score_low"]
        tall = sign * rows["share"] / (width * _BINS)
        bars = {"align": "edge", "color": style.colour(table, arm), "edgecolor": "white", "linewidth": 0.4}
        axes.bar(rows["score_low"], tall, width, zorder=2, **bars)
        place = {"xy": (0.01, 0.97 if sign > 0 else 0.03), "xycoords": "axes fraction"}
        place |= {"va": "top" if sign > 0 else "bottom", "weight": "bold", "color": style.colour(table, arm)}
        axes.annotate(style.arm_label(arm, style.fit(60, 40)), **place)
    axes.axhline(0, color=style.INK, linewidth=0.8)
    axes.set(xlim=(0, 1), xlabel="Preference score", ylabel=f"Share of the arm\nper {1 / _BINS:.2f} of score")
    reach = 1.15 * max(abs(v) for v in axes.get_ylim())
    axes.set_ylim(-reach, reach)
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * abs(value):.3g}%")
    style.note(drawing, [f"Bins are pooled until each holds at least {data.rules.clear} people."])
    return drawing
