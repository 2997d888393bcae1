"""What protection costs a reader: what is hidden, and how far counts that are shown are from the true ones."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from iop_outcomes.release.disclosure.protection import Released
from iop_outcomes.release.disclosure.system import Part

#: Where it lies among working results: it is made of true counts and never leaves.
REPORT = "utility.csv"
#: The row of all tables together.
ALL = "all tables"


def utility(parts: Sequence[Part], released: Mapping[str, Released]) -> pd.DataFrame:
    """Count, table by table and in all, what is hidden and by how much counts that are shown are off.

    Parameters
    ----------
    parts : sequence of Part
        Tables of true numbers.
    released : mapping of str to Released
        What was made of them, by name.

    Returns
    -------
    pandas.DataFrame
        ``table``; ``counts`` above 0 and ``counts_hidden``; ``values`` and ``values_hidden``; ``mean_error`` and
        ``mean_error_percent`` of the counts that are shown, missing where none is.
    """
    rows, errors = [], []
    for part in parts:
        out = released[part.name]
        off, share, hidden = _errors(part, out)
        names = [name for name in (*part.roles.values, *part.roles.shares) if name in out.suppressed]
        there = out.frame[names].notna() | out.suppressed[names]
        rows.append(
            (part.name, len(off) + hidden, hidden, int(there.sum().sum()), int(out.suppressed[names].sum().sum()))
        )
        errors.append((off, share))
    table = pd.DataFrame(rows, columns=["table", "counts", "counts_hidden", "values", "values_hidden"])
    whole = pd.DataFrame([{"table": ALL} | table.drop(columns="table").sum().to_dict()])
    errors.append(tuple(np.concatenate(own) for own in zip(*errors, strict=True)) if errors else ((), ()))
    means = [[float(np.mean(own)) if len(own) else np.nan for own in pair] for pair in errors]
    both = pd.concat([table, whole], ignore_index=True)
    return both.assign(
        mean_error=np.round([off for off, _ in means], 2), mean_error_percent=np.round([100 * s for _, s in means], 2)
    )


def in_words(found: pd.DataFrame) -> str:
    """Return what is hidden of all tables, and the mean error of a count, without a stop."""
    row = found.set_index("table").loc[ALL]
    numbers = f"{row['counts_hidden']:,.0f} of {row['counts']:,.0f} counts and {row['values_hidden']:,.0f} of "
    numbers += f"{row['values']:,.0f} other numbers hidden"
    if np.isnan(row["mean_error"]):
        return numbers
    return (
        f"{numbers}; a count that is shown is off by {row['mean_error']:g} ({row['mean_error_percent']:g}%) on average"
    )


def _errors(part: Part, out: Released) -> tuple[np.ndarray, np.ndarray, int]:
    """Return by how much counts above 0 that are shown are off, as numbers and as shares, and how many are hidden."""
    names = list(part.roles.counts)
    true, shown = part.frame[names].to_numpy(float).ravel(), out.frame[names].to_numpy(float).ravel()
    hidden = int(out.suppressed[names].sum().sum())
    seen = ~np.isnan(shown) & (true > 0)
    off = np.abs(shown - true)[seen]
    return off, off / true[seen], hidden
