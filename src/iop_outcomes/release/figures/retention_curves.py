"""How long people stay: weighted Kaplan-Meier curves with the numbers at risk beneath."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released, ReleaseRules, Roles, chain, parts, pool
from iop_outcomes.release.figures import beside, style
from iop_outcomes.release.figures.declare import NothingToDraw, figure
from iop_outcomes.release.figures.making import rules_of
from iop_outcomes.release.figures.primary import primary_curve
from iop_outcomes.release.tables import estimates
from iop_outcomes.study import Study
from iop_outcomes.tables.estimate import ADJUSTED, is_contrast, may_be_shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Days between two points of the curve, and at most so many columns of numbers at risk.
_GRID, _COLUMNS = 7, 7
_CURVE = ("survival", "ci_low", "ci_high")


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return each arm's curve at days between which nobody or at least ``min_cell`` people left.

    Numbers at risk stand on a coarser grid of their own; the curve ends where fewer than ``min_cell`` are at risk.

    Raises
    ------
    NothingToDraw
        Every analysis of time in care is withheld.
    """
    rules = rules_of("retention_curves", study)
    curve = shown_curves(tables, study, rules, "curve")
    curve = curve[curve["analysis"] == primary_curve(curve, study)]
    arms = [arm for arm in study.cohort.arms if (curve["arm"] == arm).any()]
    length = max(int(curve["day"].max()), study.cohort.follow_up_days - 1)
    stated = beside.days_of_retention(study)
    parts_ = [_arm_rows(curve[curve["arm"] == arm].sort_values("day"), arm, length, stated, rules) for arm in arms]
    table = pd.concat(parts_, ignore_index=True)
    table["n_left"] = table["n_at_risk"] - table["n_next"]
    table = with_left_out(table, tables.get("cohort"), rules, _CURVE)
    return table.assign(arm=pd.Categorical(table["arm"], categories=list(study.cohort.arms)))


def curve_roles(labels: tuple[str, ...], curve: tuple[str, str, str]) -> Roles:
    """Return what the columns of curves are that stand with the people at risk, by arm and day and whatever else."""
    return Roles(
        labels=labels,
        counts=("n_at_risk",),
        hidden_counts=("n_next", "n_left", "n_arm", "n_left_out"),
        values={name: () for name in (*curve, "mean_day")},
        sums=(
            parts("n_at_risk", "n_next", "n_left"),
            chain("n_next", "n_at_risk", ("arm",), "day"),
            parts("n_arm", "n_at_risk", "n_left_out"),
        ),
        keep={"n_at_risk": "is_first", "n_arm": "is_first"},
        who={
            "n_at_risk": "{arm}|is_first",
            "n_next": "{arm}, in care at the point after day {day}",
            "n_left": "{arm}, left after day {day}",
            "n_arm": "{arm}",
        },
    )


def with_left_out(
    table: pd.DataFrame, cohort: pd.DataFrame | None, rules: ReleaseRules, curve: tuple[str, str, str]
) -> pd.DataFrame:
    """Return curves with those of an arm whom a design left out, as people without a match, on its first rows.

    Where they are few, points of the curve are rounded to steps as wide as one person, and mean days to whole ones:
    whole numbers over the people at risk would tell how many these are.
    """
    sizes = pd.Series(dtype=float) if cohort is None else cohort["arm"].astype("str").value_counts()
    arm, is_first = table["arm"].astype("str"), table["is_first"].astype(bool)
    n_arm = arm.map(sizes).astype(float).where(is_first)
    table = table.assign(n_arm=n_arm, n_left_out=n_arm - table["n_at_risk"])
    few = arm.isin(arm[rules.small(table["n_left_out"])])
    people = table["n_at_risk"].where(is_first).groupby(arm).transform("max")
    for column, way in zip(curve, (np.round, np.floor, np.ceil), strict=True):
        table[column] = table[column].mask(few, rules.stepped(table[column], people, 1 / rules.round_to, way=way))
    return table.assign(mean_day=table["mean_day"].mask(few, table["mean_day"].round()))


def shown_curves(tables: Mapping[str, pd.DataFrame], study: Study, rules: ReleaseRules, name: str) -> pd.DataFrame:
    """Return the rows of a table of curves whose analyses are not withheld; a curve would show what the gate hides."""
    curve, table = tables[name], estimates.frame(tables, study, rules)
    contrasts = table[is_contrast(table, ADJUSTED)]
    hidden = contrasts[~may_be_shown(contrasts)].drop_duplicates("analysis").set_index("analysis")["reason"]
    shown = curve[~curve["analysis"].isin(hidden.index)]
    if shown.empty:
        reason = next((hidden[name] for name in curve["analysis"] if name in hidden), "no curve could be made")
        raise NothingToDraw(f"Withheld: {reason}")
    return shown


def _arm_rows(curve: pd.DataFrame, arm: str, length: int, stated: list[int], rules: ReleaseRules) -> pd.DataFrame:
    own = curve.set_index("day")
    at_risk, left = own["n_at_risk"], own["n_events"]
    days, cuts = table_days(length), []
    if beside.tells_counts(at_risk, left, own["survival"], rules):
        cuts = beside.marks(beside.by_day(at_risk, left.to_frame()), days, stated, rules)
        days = [day for day in days if day in (0, *cuts)]
    points = _coarse(curve, cuts, rules)
    rows = points.merge(numbers_by_day(at_risk, days), on="day", how="outer").sort_values("day", ignore_index=True)
    rows["is_first"] = rows["day"] == 0
    return rows.assign(arm=arm)


def numbers_by_day(at_risk: pd.Series, days: list[int]) -> pd.DataFrame:
    """Return how many are at risk on some days, and how many on the next of them."""
    numbers = pd.DataFrame({"day": days, "n_at_risk": [last_at_risk(at_risk, day) for day in days]})
    numbers["n_next"] = numbers["n_at_risk"].shift(-1, fill_value=0.0)
    return numbers


def last_at_risk(at_risk: pd.Series, day: float) -> float:
    """Return how many are at risk on a day: as many as on the next day with a row, since nobody left in between."""
    later = at_risk[at_risk.index >= day]
    return float(later.iloc[0]) if len(later) else 0.0


def table_days(length: int) -> list[int]:
    """Return the days under which numbers at risk stand."""
    step = next(s for s in (7, 14, 30, 60, 90, 180, 365, 730) if length / s <= _COLUMNS)
    return list(range(0, length + 1, step))


def _coarse(curve: pd.DataFrame, cuts: list[int], rules: ReleaseRules) -> pd.DataFrame:
    """Thin a curve out to days since the last of which at least ``min_cell`` people left, or nobody.

    ``mean_day`` is the mean day on which those who left since the last point did, so that the line drawn can have the
    area of the curve. No two points have one of ``cuts`` between them, but the last day before it is one.
    """
    known = curve[curve["n_at_risk"] >= rules.min_cell]
    last = int(known["day"].max()) if len(known) else 0
    last = last if len(known) == len(curve) else last // _GRID * _GRID
    daily = _daily(known, last)
    ends = [end for days in beside.parted(daily, cuts, last) for end in _ends(days["n_events"], rules)]
    points = daily.loc[ends, list(_CURVE)].rename_axis("day").reset_index()
    if not ends or ends[0] > 0:
        points = pd.concat([pd.DataFrame({"day": [0], **dict.fromkeys(_CURVE, 1.0)}), points], ignore_index=True)
    return points.assign(mean_day=mean_days(points, daily["survival"]))


def _ends(left: pd.Series, rules: ReleaseRules) -> list[int]:
    """Return days, by the week, since the last of which nobody or enough of those who left by day did."""
    weeks = left.groupby(np.ceil(left.index / _GRID).astype(int)).sum()
    pools = pool(weeks, rules)
    enough = ~rules.small(weeks.groupby(pools).sum())
    last = int(left.index[-1])
    return [min(int(weeks.index[pools == number][-1]) * _GRID, last) for number in np.flatnonzero(enough)]


def _daily(curve: pd.DataFrame, last: int) -> pd.DataFrame:
    """Return a curve for every day from 0 to the last; on a day without a row it is what it was before."""
    by_day = curve.set_index("day")
    position = by_day.index.searchsorted(np.arange(last + 1), side="right") - 1
    start = pd.DataFrame(dict.fromkeys(_CURVE, 1.0), index=[0])
    daily = pd.concat([start, by_day[list(_CURVE)]]).iloc[position + 1].set_axis(range(last + 1))
    return daily.assign(n_events=by_day["n_events"].reindex(daily.index, fill_value=0))


def mean_days(points: pd.DataFrame, survival: pd.Series) -> list[float]:
    """Return the mean day on which those who left between two points did, NaN for the first point and for nobody."""
    means = [np.nan]
    heights, days = points["survival"].to_numpy(), points["day"].to_numpy(int)
    for high, low, first, last in zip(heights, heights[1:], days, days[1:], strict=False):
        area = survival.loc[first : last - 1].sum()
        means.append(first + (area - low * (last - first)) / (high - low) if high > low else np.nan)
    return means


def says(table: pd.DataFrame) -> str:
    """Say how many of each arm are still in care half way and at the end of its curve."""
    said = []
    for arm in style.arms_of(table):
        points = table[(table["arm"] == arm) & table["survival"].notna()]
        if not points["day"].gt(0).any():
            said.append(f"{words.heading(arm)}: not shown, since too few left on any day.")
            continue
        half = points.iloc[int((points["day"] - points["day"].max() / 2).abs().to_numpy().argmin())]
        told = [f"{words.percent(row['survival'], 0)} on day {row['day']:.0f}" for row in (half, points.iloc[-1])]
        said.append(f"{words.heading(arm)}: still in care {told[0]} and {told[1]}.")
    return " ".join(said)


@figure(
    title="How long people stay in care",
    caption=(
        "Share of each arm still in care by day since time zero: weighted Kaplan-Meier curves with 95% confidence "
        "bands; beneath, the people in care and observed. A line falls only over days on which enough people left, and "
        "has the area of the curve beneath it, the mean time in care; within these days it does not say when they left."
    ),
    needs=("curve", "estimate"),
    frame=frame,
    roles=curve_roles(("arm", "day"), _CURVE),
    section="what",
    place=5,
    says=says,
)
def draw(data: Released) -> "Figure":
    """Draw the curves above and the numbers at risk beneath, on one axis of days."""
    table = style.shown(data)
    arms = style.arms_of(table)
    drawing = style.blank(3.2 + 0.3 * len(arms))
    axes, numbers = drawing.subplots(2, 1, sharex=True, height_ratios=[3.0, 0.25 + 0.28 * len(arms)])
    for arm in arms:
        rows = line(table[(table["arm"] == arm) & table["survival"].notna()])
        look = {"color": style.colour(table, arm), "linestyle": style.line(table, arm)}
        axes.plot(rows["day"], rows["survival"], label=style.arm_label(arm, 40), linewidth=1.6, **look)
        axes.fill_between(rows["day"], rows["ci_low"], rows["ci_high"], alpha=0.15, color=look["color"])
    axes.set(ylim=(0, 1.02), ylabel="Still in care", xlabel="Days since time zero")
    axes.tick_params(labelbottom=True)
    style.key(drawing, axes, loc="upper right")
    style.percent_axis(axes)
    numbers_at_risk(numbers, table, arms)
    return drawing


def line(points: pd.DataFrame) -> pd.DataFrame:
    """Return the points of a line, with a bend between two of them where those who left did so early or late.

    The bend is at the height of one of the two, on the day that keeps the area beneath the curve: points that are only
    joined, or held as steps, would show another mean time in care than was computed.
    """
    rows = []
    for row in points[["day", *_CURVE, "mean_day"]].itertuples(index=False):
        if rows and not np.isnan(row.mean_day):
            start = rows[-1]
            late = 2 * row.mean_day > start.day + row.day
            bend = 2 * row.mean_day - (row.day if late else start.day)
            rows.append((start if late else row)._replace(day=min(max(bend, start.day), row.day)))
        rows.append(row)
    return pd.DataFrame(rows, columns=["day", *_CURVE, "mean_day"])


def numbers_at_risk(axes, table: pd.DataFrame, arms: list[str], value: str = "survival") -> None:
    """Write the numbers at risk of the arms beneath the curves; a row without a value of the curve has numbers only."""
    days = sorted(table.loc[table["n_at_risk"].notna() | table[value].isna(), "day"].unique())
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
