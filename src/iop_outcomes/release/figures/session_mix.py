"""What care was made of: each measure of a component, arm beside arm."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures import style, telling
from iop_outcomes.release.figures.declare import NothingToDraw, figure
from iop_outcomes.release.figures.making import rules_of
from iop_outcomes.release.tables import components
from iop_outcomes.release.tables.outcomes import EVERYBODY
from iop_outcomes.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARKERS = ("o", "s", "^", "D")
#: Measures apart from each other, and arms within a measure, in rows.
_BETWEEN_ARMS = 0.22


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return the table of components whole, so that both are protected alike."""
    table = components.means(tables, study, rules_of("session_mix", study))
    return table.assign(arm=pd.Categorical(table["arm"].astype("str"), list(study.cohort.arms)))


def says(table: pd.DataFrame) -> str:
    """Say the means of the arms in every measure, the first of them."""
    everybody = table[table["group"] == EVERYBODY]
    measures = [own for _, own in everybody.groupby(["outcome_words", "unit"], sort=False, observed=True)]
    said = [_of_measure(own) for own in measures[: telling.READ]]
    hidden = telling.not_shown(int(everybody["value"].isna().sum()), "mean")
    return telling.joined([*said, telling.further(len(measures), "measure"), hidden])


def _of_measure(own: pd.DataFrame) -> str:
    first = own.iloc[0]
    unit = "" if first["unit"] == "share" else f", {first['unit']}"
    show = words.percent if first["unit"] == "share" else words.number
    told = [f"{words.arm(row['arm'])} {show(row['value']) or 'not shown'}" for _, row in own.iterrows()]
    return f"{words.capital(first['outcome_words'])}{unit}: {', '.join(told)}."


@figure(
    title="What care was made of",
    caption=(
        "Mean of every measure of a component by arm, with its 95% confidence interval, without adjustment: what the "
        "arms had, and not what any of it does. Measures of one unit stand in one panel; what is withheld or of too "
        "few people is left out."
    ),
    needs=("component",),
    frame=frame,
    roles=components.ROLES,
    section="components",
    place=27,
    asked_by="components",
    says=says,
)
def draw(data: Released) -> "Figure":
    """Draw a panel per unit, a row per measure and a marker per arm.

    Raises
    ------
    NothingToDraw
        No mean may be shown.
    """
    table = style.shown(data)
    shown = table[(table["group"] == EVERYBODY) & table["value"].notna()]
    if shown.empty:
        raise NothingToDraw("Withheld: no measure of a component has enough people in any arm.")
    units = {str(unit): list(dict.fromkeys(own["outcome_words"])) for unit, own in shown.groupby("unit", sort=False)}
    n_rows = [len(measures) for measures in units.values()]
    drawing = style.blank(style.fit(0.6, 0.8) + 0.6 * len(units) + 0.42 * sum(n_rows))
    panels = drawing.subplots(len(units), 1, squeeze=False, height_ratios=n_rows)[:, 0]
    for axes, (unit, measures) in zip(panels, units.items(), strict=True):
        _panel(axes, shown[shown["unit"].astype("str") == unit], unit, measures)
    drawing.legend(handles=_key(shown), loc="outside upper left", ncols=style.fit(3, 1))
    return drawing


def _key(shown: pd.DataFrame) -> list:
    from matplotlib.lines import Line2D

    handles = []
    for arm in style.arms_of(shown):
        look = {"marker": _marker(shown, arm), "color": style.colour(shown, arm), "linestyle": "", "markersize": 5}
        handles.append(Line2D([], [], label=style.arm_label(arm, 40), **look))
    return handles


def _marker(shown: pd.DataFrame, arm: str) -> str:
    return _MARKERS[list(shown["arm"].cat.categories).index(arm) % len(_MARKERS)]


def _panel(axes, shown: pd.DataFrame, unit: str, measures: list[str]) -> None:
    """Draw the measures of one unit, from 0 on."""
    arms, scale = list(shown["arm"].cat.categories), 100.0 if unit == "share" else 1.0
    for arm in style.arms_of(shown):
        own = shown[shown["arm"] == arm]
        place = np.array([measures.index(said) for said in own["outcome_words"]], dtype=float)
        place += _BETWEEN_ARMS * (arms.index(arm) - (len(arms) - 1) / 2)
        look = {"color": style.colour(shown, arm), "zorder": 3}
        axes.hlines(place, own["ci_low"] * scale, own["ci_high"] * scale, linewidth=1.4, **look)
        axes.plot(own["value"] * scale, place, _marker(shown, arm), markersize=5, clip_on=False, **look)
    axes.set_yticks(range(len(measures)), [style.wrapped(words.capital(said), style.fit(40, 22)) for said in measures])
    axes.set_ylim(len(measures) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(left=0)
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel("%" if unit == "share" else words.capital(unit))
