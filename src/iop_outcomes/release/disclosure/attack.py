"""The attacker: what can be worked out about a hidden count from everything that is shown.

The attacker here is stronger than a real one: all sums are known, and every count that is shown is known before
rounding. What this attacker cannot do nobody can do with the rounded table.
"""

import numpy as np
import pandas as pd

from iop_outcomes.release.disclosure.roles import Roles
from iop_outcomes.release.disclosure.system import Block, blocks
from iop_outcomes.study.release_rules import ReleaseRules

_TOLERANCE = 1e-6


def attack(frame: pd.DataFrame, hidden: pd.DataFrame, roles: Roles, rules: ReleaseRules) -> pd.DataFrame:
    """Bound every small hidden count as tightly as the shown counts and the sums allow.

    Parameters
    ----------
    frame : pandas.DataFrame
        The true counts.
    hidden : pandas.DataFrame of bool
        Which cells of the count columns are hidden; same rows.
    roles : Roles
        Counts and sums.
    rules : ReleaseRules
        What counts as small.

    Returns
    -------
    pandas.DataFrame
        One row per small count: row, column, low, high (infinite where nothing bounds it).
    """
    found = []
    for block in blocks(frame, roles.guarded, roles.sums):
        unknown = np.array([bool(hidden[column].iloc[row]) for row, column in block.cells])
        for cell in np.flatnonzero(rules.small(block.counts)):
            low, high = _bounds(block, cell, unknown)
            found.append((*block.cells[cell], low, high))
    return pd.DataFrame(found, columns=["row", "column", "low", "high"])


def derivable(frame: pd.DataFrame, hidden: pd.DataFrame, roles: Roles, rules: ReleaseRules) -> pd.DataFrame:
    """Return the small counts about which more than "1 to ``min_cell - 1``" can be worked out; empty if all is well."""
    bounds = attack(frame, hidden, roles, rules)
    told = (bounds["low"] > 1 + _TOLERANCE) | (bounds["high"] < rules.min_cell - 1 - _TOLERANCE)
    return bounds[told].reset_index(drop=True)


def _bounds(block: Block, cell: int, unknown: np.ndarray) -> tuple[float, float]:
    if not unknown[cell]:
        return block.counts[cell], block.counts[cell]
    if not len(block.equations):
        return 0.0, np.inf
    from scipy.optimize import linprog

    limits = [(0, None) if free else (count, count) for free, count in zip(unknown, block.counts, strict=True)]
    ends = []
    for sign in (1.0, -1.0):
        aim = np.zeros(len(block.counts))
        aim[cell] = sign
        zero = np.zeros(len(block.equations))
        answer = linprog(aim, A_eq=block.equations, b_eq=zero, bounds=limits, method="highs")
        ends.append(sign * answer.fun if answer.status == 0 else sign * -np.inf)
    return ends[0], ends[1]
