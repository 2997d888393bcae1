"""The rules for whether an answer differs between the levels of a modifier: the first that holds decides.

That a level shows a difference and another does not is no answer to whether they differ; only the test that the
contrast is the same in all of them is, and it must hold on both scales.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.conclude.families import is_crude
from iop_outcomes.study import Study
from iop_outcomes.tables.conclusion import CANNOT_TELL, DIFFERENT, INCONCLUSIVE, REFUSED, WITHHELD
from iop_outcomes.tables.estimate import FLAGGED, SHOWN, may_be_shown
from iop_outcomes.tables.estimate import REFUSED as IS_REFUSED
from iop_outcomes.tables.measure import DIFFERENCE, RATIO, measure_of

#: What an adjusted p-value must be below, as for the first answer of a study.
ALLOWED = 0.05


@dataclass(frozen=True)
class Levels:
    """What is known of one modifier of one analysis.

    Attributes
    ----------
    status : str
        Of the analysis in everybody: shown, flagged, withheld or refused.
    verdict : str
        Of the analysis in everybody.
    n_shown, n_flagged : int
        Levels that may be shown, and those of them that are flagged.
    p_difference, p_ratio : float
        Adjusted p-values on both scales; missing without a test.
    crude : bool
        Does the analysis compare the arms as they are?
    """

    status: str = SHOWN
    verdict: str = ""
    n_shown: int = 2
    n_flagged: int = 0
    p_difference: float = np.nan
    p_ratio: float = np.nan
    crude: bool = False


@dataclass(frozen=True)
class Rule:
    """A row of the table: its code, what it decides, when, in words, and the same of ``Levels``."""

    code: str
    verdict: str
    when: str
    holds: Callable[[Levels], bool]


RULES: tuple[Rule, ...] = (
    Rule("refused", REFUSED, "the analysis could not be made", lambda m: m.status == IS_REFUSED),
    Rule(
        "withheld",
        WITHHELD,
        "the analysis, or every level, is withheld",
        lambda m: m.status == WITHHELD or not m.n_shown,
    ),
    Rule(
        "too_few_levels",
        WITHHELD,
        "fewer than two levels may be shown, so that there is nothing to hold against each other",
        lambda m: m.n_shown < 2,
    ),
    Rule("crude", CANNOT_TELL, "the arms are compared as they are", lambda m: m.crude),
    Rule(
        "answer_inconclusive",
        INCONCLUSIVE,
        "the answer for everybody is inconclusive, or its comparison failed a check",
        lambda m: m.status == FLAGGED or m.verdict == INCONCLUSIVE,
    ),
    Rule(
        "no_test",
        CANNOT_TELL,
        "the levels could not be tested on both scales",
        lambda m: bool(np.isnan(m.p_difference) or np.isnan(m.p_ratio)),
    ),
    Rule(
        "not_shown",
        CANNOT_TELL,
        "adjusted for the number of tests, chance could explain that the levels differ; that is not the same as alike",
        lambda m: min(m.p_difference, m.p_ratio) >= ALLOWED,
    ),
    Rule(
        "one_scale_only",
        CANNOT_TELL,
        "the levels differ on one scale, points or ratios, and chance could explain it on the other: how common the "
        "outcome is without the first arm may be all that differs",
        lambda m: max(m.p_difference, m.p_ratio) >= ALLOWED,
    ),
    Rule(
        "not_alike_inside",
        CANNOT_TELL,
        "the levels differ, but inside one of them the arms are less alike than the gate asks",
        lambda m: m.n_flagged > 0,
    ),
    Rule("levels_differ", DIFFERENT, "the levels differ on both scales", lambda m: True),
)


def decide(levels: Levels) -> tuple[str, str]:
    """Return the verdict on a modifier and the code of the rule that decided.

    Examples
    --------
    >>> decide(Levels(p_difference=0.01, p_ratio=0.02))
    ('different', 'levels_differ')
    >>> decide(Levels(p_difference=0.3, p_ratio=0.02))
    ('cannot tell', 'one_scale_only')
    """
    rule = next(rule for rule in RULES if rule.holds(levels))
    return rule.verdict, rule.code


def judge_subgroups(
    subgroup: pd.DataFrame, interaction: pd.DataFrame | None, everybody: dict[str, tuple[str, str]], study: Study
) -> pd.DataFrame:
    """Return a row per analysis and modifier: ``verdict``, ``reasons`` (a code) and the adjusted p-values.

    Parameters
    ----------
    subgroup, interaction : pandas.DataFrame
        Of those contracts, or as released.
    everybody : mapping of str to (str, str)
        Status and verdict of the analyses asked of everybody.
    study : Study
    """
    rows = []
    for (analysis, modifier), own in subgroup.groupby(["analysis", "modifier"], observed=True, sort=False):
        contrasts = own[own["role"] == "contrast"]
        by_level = contrasts.groupby("level", observed=True, sort=False)
        shown = int(by_level.apply(lambda rows: bool(may_be_shown(rows).any())).sum())
        flagged = contrasts.loc[contrasts["status"].astype("str") == FLAGGED, "level"].nunique()
        p_values = _p_values(interaction, str(analysis), str(modifier))
        status, verdict = everybody.get(str(analysis), (IS_REFUSED, ""))
        crude = is_crude(study, study.analyses[str(analysis)])
        known = Levels(status, verdict, shown, flagged, p_values[DIFFERENCE], p_values[RATIO], crude)
        decided, code = decide(known)
        rows.append(
            {
                "analysis": str(analysis),
                "modifier": str(modifier),
                "verdict": decided,
                "reasons": code,
                "p_difference": known.p_difference,
                "p_ratio": known.p_ratio,
            }
        )
    return pd.DataFrame(rows, columns=["analysis", "modifier", "verdict", "reasons", "p_difference", "p_ratio"])


def _p_values(interaction: pd.DataFrame | None, analysis: str, modifier: str) -> dict[str, float]:
    found = {DIFFERENCE: np.nan, RATIO: np.nan}
    if interaction is None:
        return found
    mine = (interaction["analysis"].astype("str") == analysis) & (interaction["modifier"].astype("str") == modifier)
    for _, row in interaction[mine].iterrows():
        found[measure_of(row["measure"]).scale] = float(row["p_adjusted"])
    return found
