"""How long people stay: weighted Kaplan-Meier curves with the numbers at risk beneath."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released, ReleaseRules, Roles, chain, parts, pool
from iop_outcomes.release.figures import style
from iop_outcomes.release.figures.making import NothingToDraw, figure
from iop_outcomes.release.figures.primary import primary_curve
from iop_outcomes.release.tables import estimates
from iop_outcomes.study import Study
from iop_outcomes.tables.estimate import ADJUSTED, is_contrast, may_be_shown

#: Days between two points of the curve, and at most so many columns of numbers at risk.
_GRID, _COLUMNS = 7, 7


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return each arm's curve at days between which nobody or at least ``min_cell`` people left.

    Numbers at risk stand on a coarser grid of their own; the curve ends where fewer than ``min_cell`` are at risk.

    Raises
    ------
    NothingToDraw
        Every analysis of time in care is withheld.
    """
    rules, curve = ReleaseRules.of(study.release), _shown(tables, study)
    curve = curve[curve["analysis"] == primary_curve(curve, study)]
    arms = [arm for arm in study.cohort.arms if (curve["arm"] == arm).any()]
    length = int(curve["day"].max())
    parts_ = [_arm_rows(curve[curve["arm"] == arm].sort_values("day"), arm, length, rules) for arm in arms]
    table = pd.concat(parts_, ignore_index=True)
    table["n_left"] = table["n_at_risk"] - table["n_next"]
    return table.assign(arm=pd.Categorical(table["arm"], categories=list(study.cohort.arms)))


def _shown(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return the curves of analyses that are not withheld; a curve would show what the gate hides."""
    curve, table = tables["curve"], estimates.frame(tables, study)
    contrasts = table[is_contrast(table, ADJUSTED)]
    hidden = contrasts[~may_be_shown(contrasts)].drop_duplicates("analysis").set_index("analysis")["reason"]
    shown = curve[~curve["analysis"].isin(hidden.index)]
    if shown.empty:
        reason = next((hidden[name] for name in curve["analysis"] if name in hidden), "no curve could be made")
        raise NothingToDraw(f"Withheld: {reason}")
    return shown


def _arm_rows(curve: pd.DataFrame, arm: str, length: int, rules: ReleaseRules) -> pd.DataFrame:
    at_risk = curve.set_index("day")["n_at_risk"]
    table_days = _table_days(length)
    numbers = pd.DataFrame({"day": table_days, "n_at_risk": [_last(at_risk, day) for day in table_days]})
    numbers["n_next"] = numbers["n_at_risk"].shift(-1, fill_value=0.0)
    points = _coarse(curve, length, rules)
    rows = points.merge(numbers, on="day", how="outer").sort_values("day", ignore_index=True)
    rows["is_first"] = rows["day"] == 0
    return rows.assign(arm=arm)


def _last(at_risk: pd.Series, day: float) -> float:
    """Return how many are at risk on a day: as many as on the next day with a row, since nobody left in between."""
    later = at_risk[at_risk.index >= day]
    return float(later.iloc[0]) if len(later) else 0.0


def _table_days(length: int) -> list[int]:
    step = next(s for s in (7, 14, 30, 60, 90, 180, 365, 730) if length / s <= _COLUMNS)
    return list(range(0, length + 1, step))


def _coarse(curve: pd.DataFrame, length: int, rules: ReleaseRules) -> pd.DataFrame:
    """Thin a curve out to days since the last of which at least ``min_cell`` people left, or nobody."""
    curve = curve[(curve["n_at_risk"] >= rules.min_cell) & (curve["day"] > 0)]
    start = pd.DataFrame({"day": [0], "survival": [1.0], "ci_low": [1.0], "ci_high": [1.0]})
    if curve.empty:
        return start
    interval = np.ceil(curve["day"] / _GRID).to_numpy(int)
    by_interval = curve.groupby(interval).agg(
        {"day": "last", "survival": "last", "ci_low": "last", "ci_high": "last", "n_events": "sum"}
    )
    by_interval["day"] = np.minimum(by_interval.index.to_numpy() * _GRID, length)
    by_interval["pool"] = pool(by_interval["n_events"], rules)
    kept = by_interval.groupby("pool").last()
    enough = ~rules.small(by_interval.groupby("pool")["n_events"].sum())
    return pd.concat([start, kept.loc[enough, list(start)]], ignore_index=True)


@figure(
    title="How long people stay in care",
    caption=(
        "Share of each arm still in care by day since time zero: weighted Kaplan-Meier curves with 95% confidence "
        "bands; beneath, the people in care and observed. A curve has a step only where enough people left since the "
        "last one."
    ),
    needs=("curve", "estimate"),
    frame=frame,
    roles=Roles(
        labels=("arm", "day"),
        counts=("n_at_risk",),
        hidden_counts=("n_next", "n_left"),
        values={name: () for name in ("survival", "ci_low", "ci_high")},
        sums=(parts("n_at_risk", "n_next", "n_left"), chain("n_next", "n_at_risk", ("arm",), "day")),
        keep={"n_at_risk": "is_first"},
    ),
    place=5,
)
def draw(data: Released) -> Figure:
    """Draw the curves above and the numbers at risk beneath, on one axis of days."""
    table = style.shown(data)
    arms = style.arms_of(table)
    drawing = style.blank(3.2 + 0.3 * len(arms))
    axes, numbers = drawing.subplots(2, 1, sharex=True, height_ratios=[3.0, 0.25 + 0.28 * len(arms)])
    for arm in arms:
        rows = table[(table["arm"] == arm) & table["survival"].notna()]
        look = {"color": style.colour(table, arm), "linestyle": style.line(table, arm)}
        axes.step(rows["day"], rows["survival"], where="post", label=style.arm_label(arm, 40), linewidth=1.6, **look)
        axes.fill_between(rows["day"], rows["ci_low"], rows["ci_high"], step="post", alpha=0.15, color=look["color"])
    axes.set(ylim=(0, 1.02), ylabel="Still in care", xlabel="Days since time zero")
    axes.tick_params(labelbottom=True)
    axes.legend(loc="upper right")
    style.percent_axis(axes)
    _numbers_at_risk(numbers, table, arms)
    return drawing


def _numbers_at_risk(axes, table: pd.DataFrame, arms: list[str]) -> None:
    days = sorted(table.loc[table["n_at_risk"].notna() | table["survival"].isna(), "day"].unique())
    for row, arm in enumerate(arms):
        mine = table[table["arm"] == arm].set_index("day")["n_at_risk"]
        for day in days:
            text = words.people(mine.get(day, np.nan)) or "\N{EN DASH}"
            axes.text(day, row, text, ha="center", va="center", fontsize=8, color=style.colour(table, arm))
    axes.set(ylim=(len(arms) - 0.5, -0.5), xticks=days)
    axes.set_yticks(range(len(arms)), [style.arm_label(arm, 24) for arm in arms], fontsize=8)
    axes.set_title("In care and observed", fontsize=8, weight="normal", color=style.GREY)
    axes.tick_params(left=False, bottom=False, labelbottom=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
