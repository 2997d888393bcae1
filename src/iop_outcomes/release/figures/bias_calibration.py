"""Estimates of outcomes that no arm can change, beside the estimate that is judged by them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import counted
from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures import style
from iop_outcomes.release.figures.declare import NothingToDraw, figure
from iop_outcomes.release.figures.making import rules_of
from iop_outcomes.release.tables import estimates
from iop_outcomes.study import Study
from iop_outcomes.tables.controls import AS_FOUND, CALIBRATED, CONTROLS, control_rows
from iop_outcomes.tables.estimate import CHECK, may_be_shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: What the ratios rest on.
_GUARDS = estimates.ROLES.values["value"]
_CONTROL, _ESTIMATE = "negative control", "estimate"
#: Normal quantile of an interval of 95%.
_QUANTILE = 1.959964
#: Marks of a wide axis of ratios, and of one that ends before two thirds and one and a half.
_TICKS = (0.1, 0.2, 0.33, 0.5, 0.67, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
_NEAR_TICKS = (0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.4)


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return the ratio of each control and of the first analysis that was held against them.

    ``error_mean`` and ``error_sd`` are those of the systematic error of the log ratio.

    Raises
    ------
    NothingToDraw
        No analysis could be held against its controls.
    """
    table = estimates.frame(tables, study, rules_of("bias_calibration", study))
    mine = table[(table["role"] == CHECK) & (table["estimator"].astype("str") == CONTROLS)]
    found = mine[may_be_shown(mine) & (mine["scenario"].astype("str") == f"{CONTROLS}: {AS_FOUND}")]
    if found.empty:
        said = mine["reason"].dropna().astype("str").unique()
        raise NothingToDraw(f"Nothing to show: {words.sentences(said[0])}." if len(said) else _NONE)
    analysis = found["analysis"].iloc[0]
    controls = control_rows(mine[mine["analysis"] == analysis])
    if not may_be_shown(controls).any():
        raise NothingToDraw("Withheld: one of the negative controls may not be shown, and the others would tell of it.")
    rows = pd.concat([controls, found.iloc[:1]], ignore_index=True)
    mean, sd = _systematic_error(tables["estimate"], analysis)
    return rows.assign(
        row=[_CONTROL] * len(controls) + [_ESTIMATE],
        outcome_words=[words.describe_outcome(study, str(name)).label for name in rows["outcome"]],
        error_mean=mean,
        error_sd=sd,
    )


_NONE = "Nothing to show: no analysis that may be shown has a ratio to hold against negative controls."


def _systematic_error(table: pd.DataFrame, analysis: str) -> tuple[float, float]:
    """Return mean and standard deviation of what was taken from the log ratio, and added to its error, by calibrating.

    The release says both in a sentence as well.
    """
    own = table[(table["analysis"].astype("str") == analysis) & (table["estimator"].astype("str") == CONTROLS)]
    own = own.set_index(own["scenario"].astype("str"))
    before, after = (own.loc[f"{CONTROLS}: {which}", ["value", "se"]].astype(float) for which in (AS_FOUND, CALIBRATED))
    variance = max(0.0, after["se"] ** 2 - before["se"] ** 2)
    return float(np.log(before["value"] / after["value"])), float(np.sqrt(variance))


def says(table: pd.DataFrame) -> str:
    """Say how many controls chance does not explain, what the error is, and whether the estimate lies beyond it."""
    controls, own = table[table["row"] == _CONTROL], table[table["row"] == _ESTIMATE].iloc[0]
    known = controls.dropna(subset=["value", "se"])
    beyond = int(_beyond(known, 0.0, 0.0).sum())
    said = [
        f"Of {counted(len(known), 'negative control')} that {'is' if len(known) == 1 else 'are'} shown, {beyond} "
        f"{'lies' if beyond == 1 else 'lie'} where chance alone does not explain a ratio other than 1."
    ]
    mean, sd = float(own["error_mean"]), float(own["error_sd"])
    if np.isfinite([mean, sd]).all():
        error = f"mean {words.number(mean, 2)} and standard deviation {words.number(sd, 2)}"
        said.append(f"The systematic error of their log ratios has {error}.")
    return " ".join([*said, _of_estimate(own)])


def _of_estimate(own: pd.Series) -> str:
    if not np.isfinite([own["value"], own["se"]]).all():
        return "The estimate itself is not shown."
    value = f"The estimate for {own['outcome_words']} is a ratio of {words.number(own['value'], 2)}"
    if not np.isfinite(own["error_mean"]):
        return f"{value}."
    row = own.to_frame().T
    first, then = (bool(_beyond(row, *error).iloc[0]) for error in ((0.0, 0.0), (own["error_mean"], own["error_sd"])))
    if first and then:
        return f"{value}, which neither chance nor that error explains, if it errs the way the controls do."
    if first:
        return f"{value}, which chance alone does not explain, and chance with that error does."
    return f"{value}, which chance alone could explain" + (
        ", though not with that error taken from it." if then else "."
    )


def _beyond(rows: pd.DataFrame, mean: float, sd: float) -> pd.Series:
    """Return which ratios differ from 1 by more than chance and an error of that mean and spread."""
    log = np.log(rows["value"].astype(float))
    return (log - mean).abs() > _QUANTILE * np.hypot(rows["se"].astype(float), sd)


@figure(
    title="Does the design find effects where there can be none?",
    caption=(
        "Every outcome that no arm can change (circles): its ratio between the arms under the design of the first "
        "analysis, against its standard error. A design without systematic error leaves 95 of 100 of them inside the "
        "cone of solid lines; outside it chance alone does not explain a ratio other than 1. The shaded area is the "
        "same with the error that the controls show. The diamond is the estimate itself: inside the shaded area that "
        "error and chance could explain it, outside they could not if this outcome errs the way the controls do."
    ),
    needs=("estimate",),
    frame=frame,
    roles=estimates.ROLES.also(("row", "outcome_words"), {"error_mean": _GUARDS, "error_sd": _GUARDS}),
    section="sure",
    place=11,
    asked_by="asks_controls",
    says=says,
)
def draw(data: Released) -> "Figure":
    """Draw ratios across and standard errors up, with the two areas that chance explains.

    Raises
    ------
    NothingToDraw
        Neither the estimate nor a control may be shown.
    """
    table = style.shown(data)
    shown = table.dropna(subset=["value", "se", "error_mean", "error_sd"])
    if shown.empty:
        raise NothingToDraw(_NONE)
    drawing = style.blank(style.fit(3.4, 3.5))
    axes = drawing.subplots()
    most = 1.15 * float(shown["se"].max())
    log = np.log(shown["value"].to_numpy(float))
    error = (float(shown["error_mean"].iloc[0]), float(shown["error_sd"].iloc[0]))
    reach = 1.15 * max(np.abs(log).max(), _QUANTILE * most, abs(error[0]) + _QUANTILE * error[1])
    _areas(axes, most, *error)
    own = (shown["row"] == _ESTIMATE).to_numpy()
    face = {"facecolors": "none", "edgecolors": style.INK, "linewidths": 1.1}
    axes.scatter(log[~own], shown["se"][~own], s=26, label="negative control", zorder=3, **face)
    _label_estimate(axes, log[own], shown[own])
    axes.axvline(0, color=style.GREY, linewidth=0.8, zorder=1)
    ticks = [tick for tick in (_TICKS if reach > np.log(1.5) else _NEAR_TICKS) if abs(np.log(tick)) <= reach]
    axes.set_xticks(np.log(ticks), [f"{tick:g}" for tick in ticks])
    axes.set(xlim=(-reach, reach), ylim=(0, most), ylabel="Standard error of the log ratio")
    first, second = (words.arm(str(name)) for name in shown[["arm", "against"]].iloc[0])
    axes.set_xlabel(style.wrapped(f"Ratio, {first} to {second}", style.fit(80, 44)))
    drawing.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=style.fit(2, 1))
    return drawing


def _areas(axes: "Axes", most: float, mean: float, sd: float) -> None:
    """Draw where chance explains a ratio: between two lines from 1, and, shaded, with the systematic error."""
    heights = np.linspace(0, most, 100)
    half = _QUANTILE * np.hypot(heights, sd)
    area = {"color": style.LIGHT, "linewidth": 0, "alpha": 0.8, "zorder": 0}
    axes.fill_betweenx(heights, mean - half, mean + half, label="chance and systematic error", **area)
    for side in (-1, 1):
        label = "chance alone" if side > 0 else None
        axes.plot(side * _QUANTILE * heights, heights, color=style.GREY, linewidth=1, label=label, zorder=2)


def _label_estimate(axes: "Axes", log: np.ndarray, own: pd.DataFrame) -> None:
    if len(own):
        label = style.wrapped(f"estimate: {own['outcome_words'].iloc[0]}", style.fit(60, 44))
        axes.plot(log, own["se"], "D", color=style.BAD, markersize=7, zorder=4, label=label)
