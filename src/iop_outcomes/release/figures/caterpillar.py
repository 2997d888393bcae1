"""Sites beneath each other in the order of their estimates, then all pooled, and a further site."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import counted
from iop_outcomes.release import words
from iop_outcomes.release.figures import differences, style, telling
from iop_outcomes.release.words import numbers
from iop_outcomes.tables.measure import RATIO, measure_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: What a row of the numbers is of.
SITE, POOLED, FURTHER = "site", "pooled", "a further site"
#: Inches of a site's line, and of everything else.
_LINE, _REST = 0.2, 1.5
_NUMBERS = ["value", "ci_low", "ci_high"]


def says(table: pd.DataFrame) -> str:
    """Say between which ends the sites lie, what they show together, and how many have no estimate that is shown."""
    sites = table[table["row"] == SITE]
    shown = sites.dropna(subset=["value"])
    unit = str(sites["unit"].iloc[0])
    ends = [numbers.scaled(shown["value"].agg(end), unit) for end in ("min", "max")]
    measure = f"{words.plain(str(sites['measure'].iloc[0]))} {numbers.unit_words(unit)}".strip()
    said = [f"{sites['outcome_words'].iloc[0]}, {measure}: {counted(len(shown), 'site')} from {ends[0]} to {ends[1]}."]
    together = table[table["row"] != SITE].set_index("row").dropna(subset=["value"])
    if len(together):
        further = together.loc[FURTHER]
        low, high = (numbers.scaled(further[end], unit) for end in ("ci_low", "ci_high"))
        said.append(
            f"Pooled {differences.interval(together.loc[POOLED])}; a further site lies between {low} and {high}."
        )
    counts = sites.loc[sites["value"].isna(), "said"].value_counts()
    said += [f"{counted(int(n), 'site')}: {why}." for why, n in counts.items()]
    return telling.joined(said)


def caterpillar(sites: pd.DataFrame, pooled: pd.Series | None, measure: str, unit: str, title: str) -> "Figure":
    """Draw the interval of every site, or why it has none, the pooled one, and that for a further site.

    Parameters
    ----------
    sites : pandas.DataFrame
        ``site``, ``value``, ``ci_low``, ``ci_high``, and in ``said`` why there are none; in the order of the lines.
    pooled : pandas.Series or None
        ``value``, ``ci_low``, ``ci_high``, ``prediction_low``, ``prediction_high``.
    measure, unit, title : str
    """
    drawing = style.blank(_REST + _LINE * (len(sites) + 2 * (pooled is not None)))
    axes = drawing.add_subplot()
    scale, known = (100.0 if unit == "share" else 1.0), measure_of(measure)
    lines = [_site(axes, place, row, scale) for place, (_, row) in enumerate(sites.iterrows())]
    if pooled is not None:
        lines += _pooled(axes, len(sites) + 0.6, pooled.astype(float), scale)
    places, labels = zip(*lines, strict=True)
    axes.axvline(known.no_difference * scale, color=style.GREY, linewidth=0.8, zorder=0)
    axes.set_yticks(places, [style.wrapped(label, style.fit(26, 16)) for label in labels])
    axes.set_ylim(places[-1] + 0.7, -0.7)
    what = words.capital(words.plain(known.name))
    if known.scale == RATIO:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter("{x:g}")
    axes.set_xlabel(what if known.scale == RATIO else f"{what}, {numbers.unit_words(unit)}")
    axes.set_title(style.wrapped(title, style.fit(80, 40)))
    if pooled is not None:
        said = f"Pooled: {numbers.scaled(pooled['value'], unit)} ({numbers.interval(pooled, unit)})"
        style.note(
            drawing, [f"{said}, 95% confidence intervals.", "Dashed: where the effect at a further site lies (95%)."]
        )
    return drawing


def _site(axes: "Axes", place: float, row: pd.Series, scale: float) -> tuple[float, str]:
    value, low, high = row[_NUMBERS].astype(float) * scale
    if np.isfinite(value):
        axes.plot((low, high), (place, place), color=style.GREY, linewidth=1)
        axes.plot(value, place, "o", color=style.INK, markersize=4)
    else:
        beside = {
            "transform": axes.get_yaxis_transform(),
            "va": "center",
            "fontsize": 7,
            "style": "italic",
            "zorder": 5,
        }
        behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
        axes.text(0.01, place, str(row["said"]), color=style.GREY, bbox=behind, **beside)
    return place, str(row["site"])


def _pooled(axes: "Axes", place: float, row: pd.Series, scale: float) -> list[tuple[float, str]]:
    value, low, high = row[_NUMBERS] * scale
    axes.plot((low, high), (place, place), color=style.INK, linewidth=3)
    axes.plot(value, place, "D", color=style.INK, markersize=6)
    ends = row[["prediction_low", "prediction_high"]] * scale
    axes.plot(ends, (place + 1, place + 1), color=style.INK, linewidth=1.2, linestyle="--")
    return [(place, "Pooled"), (place + 1, "A further site")]
