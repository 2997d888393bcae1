"""The sites of one analysis, in the order of their estimates, with what they show together."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from iop_outcomes.release import words
from iop_outcomes.release.figures import style
from iop_outcomes.release.words import numbers
from iop_outcomes.sites.pooling import Pooled
from iop_outcomes.tables.measure import RATIO, measure_of

#: Inches of a site's line, and of everything else.
_LINE, _REST = 0.2, 1.5
_UNIT = {"share": "percentage points"}


def caterpillar(pooled: Pooled, row: pd.Series) -> Figure:
    """Draw the interval of every site that was pooled, the pooled one, and that for a further site.

    Parameters
    ----------
    pooled : Pooled
    row : pandas.Series
        Its numbers, from ``pooling.numbers``.
    """
    used = pooled.used.sort_values(["value", "site"])
    if pooled.whole is None:
        return style.notice("Nothing to show: fewer than three sites can be pooled.")
    measure, unit = measure_of(row["measure"]), str(row["unit"])
    scale = 100.0 if unit == "share" else 1.0
    figure = style.blank(_REST + _LINE * len(used))
    axes = figure.add_subplot()
    for place, (_, site) in enumerate(used.iterrows()):
        axes.plot(site[["ci_low", "ci_high"]].astype(float) * scale, (place, place), color=style.GREY, linewidth=1)
        axes.plot(site["value"] * scale, place, "o", color=style.INK, markersize=4)
    below, beyond = len(used) + 0.6, len(used) + 1.6
    axes.plot(np.array([row["ci_low"], row["ci_high"]]) * scale, (below, below), color=style.INK, linewidth=3)
    axes.plot(row["value"] * scale, below, "D", color=style.INK, markersize=6)
    ends = np.array([row["prediction_low"], row["prediction_high"]]) * scale
    axes.plot(ends, (beyond, beyond), color=style.INK, linewidth=1.2, linestyle="--")
    axes.axvline(measure.no_difference * scale, color=style.GREY, linewidth=0.8, zorder=0)
    axes.set_yticks(
        [*range(len(used)), below, beyond],
        [*(style.wrapped(str(name), 26) for name in used["site"]), "All pooled", "A further site"],
    )
    axes.set_ylim(beyond + 0.7, -0.7)
    if measure.scale == RATIO:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter("{x:g}")
    what = words.capital(words.plain(measure.name))
    axes.set_xlabel(what if measure.scale == RATIO else f"{what}, {_UNIT.get(unit, unit)}")
    axes.set_title(words.capital(words.plain(pooled.analysis)))
    ends_said = numbers.interval(row, unit)
    figure_note = f"Pooled: {numbers.scaled(row['value'], unit)} ({ends_said}), 95% confidence intervals."
    style.note(figure, [figure_note, "Dashed: where the effect at a further site lies (95%)."])
    return figure
