"""What lines tell beside numbers at risk: a line of equal weights, times the people at its start, counts people."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from iop_outcomes.release.attack.reading import Table
from iop_outcomes.study.release_rules import ReleaseRules

#: Where so much of an arm's people is left by weights, a stranger takes them for equal, and a line for a person off.
_NEARLY, _OFF = 0.98, 1.0
#: The outcome of which lines are drawn, by table.
_DRAWN = {"retention_curves": "time_in_care", "ways_out": "time_to_dropout"}
#: Half of the last decimal of a line.
_HALF = 0.0005


def opened_by_lines(tables: Mapping[str, Table], rules: ReleaseRules) -> tuple[int, list[str]]:
    """Return how many differences of a line and a number at risk were tried, and the places of those that are small.

    Parameters
    ----------
    tables : mapping of str to Table
        Of a release; ``estimate`` says how equal the weights are.
    rules : ReleaseRules
        The smallest cell.
    """
    tried, opened = 0, []
    for name in sorted(set(_DRAWN) & set(tables)):
        table = tables[name]
        for arm, rows in table.frame.groupby("arm", sort=False):
            off = _off(tables.get("estimate"), _DRAWN[name], str(arm))
            if off is None:
                continue
            for row, low, high in _differences(table, rows, off):
                tried += 1
                if 1 <= low <= high < rules.min_cell and (low > 1 or high < rules.min_cell - 1):
                    opened.append(f"{name}, row {row + 1}, n_at_risk beside the line")
    return tried, opened


def _off(estimate: Table | None, outcome: str, arm: str) -> float | None:
    """Return how many people the line of an arm may be off for its weights; None where these are not nearly equal."""
    if estimate is None:
        return None
    frame = estimate.frame
    drawn = (frame["outcome"] == outcome) & (frame["role"] == "arm") & (frame["kind"] == "adjusted")
    analysis = frame.loc[drawn, "analysis"].head(1)
    rows = frame.index[drawn & frame["analysis"].isin(analysis) & (frame["arm"] == arm)]
    if frame.loc[rows, "se_method"].str.contains("unweighted").any():
        return 0.0
    kept = [estimate.number(row, "ess") / estimate.number(row, "n") for row in rows]
    return _OFF if any(share >= _NEARLY for share in kept) else None


def _differences(table: Table, rows: pd.DataFrame, off: float) -> Iterator[tuple[int, float, float]]:
    """Yield, for numbers at risk, the fewest and the most who were lost since the line's last point and to its next."""
    counts = [row for row in rows.index if not np.isnan(table.number(row, "n_at_risk"))]
    if not counts:
        return
    first = table.said(n=table.frame["n_at_risk"][counts[0]])
    points = {day: (low * first[0] - off, high * first[1] + off) for day, (low, high) in _line(table, rows).items()}
    for row in counts[1:]:
        day = float(table.frame["day"][row])
        fewest, most = table.said(n=table.frame["n_at_risk"][row])
        before, after = ([d for d in points if d < day], [d for d in points if d >= day])
        if not before:
            continue
        low, high = points[max(before)]
        yield row, np.ceil(low - most), np.floor(high - fewest)
        # Where more are missing than that, people are observed no longer, and the line counts them still.
        if after and np.ceil(low - most) <= 1:
            low, high = points[min(after)]
            yield row, np.ceil(fewest - high), np.floor(most - low)


def _line(table: Table, rows: pd.DataFrame) -> dict[float, tuple[float, float]]:
    """Return between what the share still in care is, by day; of ways out, what all of them leave."""
    column = "survival" if "survival" in table.frame else "incidence"
    shown = [row for row in rows.index if not np.isnan(table.number(row, column))]
    days = rows.loc[shown, "day"].astype(float)
    found = {}
    for day, of_day in days.groupby(days):
        values = [table.number(row, column) for row in of_day.index]
        half = _HALF * len(values)
        value = values[0] if column == "survival" else 1 - sum(values)
        found[float(day)] = (value - half, min(value + half, 1.0))
    return found
