"""The gate of a design that makes more than two arms comparable at once: no contrast passes unless all pairs do."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.judge.balance import EVERYBODY
from iop_outcomes.designs.judge.gate import FAIL, PASS, diagnostic_rows, judge_design, largest_difference
from iop_outcomes.designs.judge.second_moments import FIRST
from iop_outcomes.tables.comparison import of_arms

Arms = tuple[str, str]
POPULATION = "an arm and everybody it stands for"


def judge_together(comparisons: Mapping[Arms, Comparison], thresholds, levels: pd.DataFrame) -> pd.DataFrame:
    """Return the checks of every pair of arms, each with two more: the other pairs, and the common population.

    Parameters
    ----------
    comparisons : mapping of arms to Comparison
        All pairs of arms of one design.
    thresholds : GateThresholds
        Or any object with the same attributes, such as a study's ``gate``.
    levels : DataFrame
        Of ``designs.judge.balance.balance_together``.

    Returns
    -------
    DataFrame
        Rows of the ``diagnostic`` contract, as :func:`iop_outcomes.designs.judge.gate.judge_design` gives them. The
        check ``other_pairs`` fails if a check of another pair does, because all contrasts speak of one population;
        ``max_smd_everybody`` if an arm differs too much from that population.
    """
    after = levels[(levels["stage"] == "after") & (levels["moment"] == FIRST)]
    own = {
        pair: judge_design(comparison, thresholds, balance_table=levels[of_arms(levels, pair)])
        for pair, comparison in comparisons.items()
    }
    from_population = after[after["against"] == EVERYBODY]
    rows = []
    for pair, table in own.items():
        more = [_other_pairs(pair, own)]
        if len(from_population):
            said = largest_difference(from_population, thresholds.max_smd, POPULATION, "all arms and everybody")
            more.append(("max_smd_everybody", *said[1:]))
        rows += [table, diagnostic_rows(more, pair, comparisons[pair].design)]
    return pd.concat(rows, ignore_index=True)


def _other_pairs(pair: Arms, own: Mapping[Arms, pd.DataFrame]):
    failing = {}
    for other, table in own.items():
        found = table[table["status"] == FAIL]
        if other != pair and len(found):
            failing[other] = found["reason"].iloc[0]
    if not failing:
        reason = "the other arms can be compared with these, and with each other."
        return "other_pairs", np.nan, np.nan, PASS, reason
    (first, second), why = next(iter(failing.items()))
    more = f" (and {len(failing) - 1} more)" if len(failing) > 1 else ""
    reason = f"all contrasts speak of one population, in which {first} and {second} cannot be compared{more}: {why}"
    return "other_pairs", np.nan, np.nan, FAIL, reason
