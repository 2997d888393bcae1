"""The rules for whether the first arm is good value: the first that holds decides.

Value is never surer than the effect that is bought: where the answer about the effect is inconclusive, so is its price.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.study import Study
from iop_outcomes.tables.conclusion import BETTER, CANNOT_TELL, INCONCLUSIVE, REFUSED, WITHHELD, WORSE
from iop_outcomes.tables.costing import SURE
from iop_outcomes.tables.estimate import FLAGGED, SHOWN
from iop_outcomes.tables.estimate import REFUSED as IS_REFUSED
from iop_outcomes.tables.estimate import WITHHELD as IS_WITHHELD

#: Codes of a verdict that says that what is bought differs by plan, or is no effect.
BY_PLAN = ("unlike_plans", "unlike_lengths", "predicts_only")


@dataclass(frozen=True)
class Value:
    """What is known of cost and effect from one perspective.

    Attributes
    ----------
    status : str
        shown, flagged, withheld or refused.
    effect : str
        Verdict of the analysis whose effect is bought.
    effect_codes : str
        Its codes, the rule that decided first.
    dominates, dominated : float
        Share of the draws in which the first arm does more and costs less; does less and costs more.
    acceptability : float
        Share of the draws in which it gains more at the price the study states; missing without one.
    """

    status: str = SHOWN
    effect: str = BETTER
    effect_codes: str = ""
    dominates: float = 0.0
    dominated: float = 0.0
    acceptability: float = np.nan


@dataclass(frozen=True)
class Rule:
    """A row of the table: its code, what it decides, when, in words, and the same of ``Value``."""

    code: str
    verdict: str
    when: str
    holds: Callable[[Value], bool]


RULES: tuple[Rule, ...] = (
    Rule(
        "refused", REFUSED, "there are no costs, or no effect", lambda v: v.status == IS_REFUSED or v.effect == REFUSED
    ),
    Rule(
        "withheld",
        WITHHELD,
        "the gate, or disclosure control, allows no number",
        lambda v: v.status == IS_WITHHELD or v.effect == WITHHELD,
    ),
    Rule("gate_failed", INCONCLUSIVE, "a check of the comparison failed", lambda v: v.status == FLAGGED),
    Rule(
        "effect_inconclusive",
        INCONCLUSIVE,
        "the answer about the effect is inconclusive, and its price can be no surer",
        lambda v: v.effect == INCONCLUSIVE,
    ),
    Rule(
        "crude",
        CANNOT_TELL,
        "the arms are compared as they are",
        lambda v: v.effect_codes.startswith("crude"),
    ),
    Rule(
        "effect_by_plan",
        CANNOT_TELL,
        "the effect differs by plan, or is none: its measure only predicts",
        lambda v: v.effect_codes.partition(";")[0] in BY_PLAN,
    ),
    Rule(
        "dominates", BETTER, "it does more and costs less in at least 975 of 1,000 draws", lambda v: v.dominates >= SURE
    ),
    Rule(
        "dominated", WORSE, "it does less and costs more in at least 975 of 1,000 draws", lambda v: v.dominated >= SURE
    ),
    Rule(
        "no_worth",
        CANNOT_TELL,
        "neither is sure, and the study does not say what a unit of the effect is worth",
        lambda v: bool(np.isnan(v.acceptability)),
    ),
    Rule(
        "worth_it",
        BETTER,
        "at the price stated it gains more in at least 975 of 1,000 draws, and the effect is shown",
        lambda v: v.acceptability >= SURE and v.effect == BETTER,
    ),
    Rule(
        "not_worth_it",
        WORSE,
        "at the price stated it gains less in at least 975 of 1,000 draws",
        lambda v: v.acceptability <= 1 - SURE,
    ),
    Rule("chance", CANNOT_TELL, "chance could explain which of the two gains more", lambda v: True),
)


def decide(value: Value) -> tuple[str, str]:
    """Return the verdict and the code of the rule that decided.

    Examples
    --------
    >>> decide(Value(acceptability=0.99))
    ('better', 'worth_it')
    >>> decide(Value(acceptability=0.99, effect="cannot tell"))
    ('cannot tell', 'chance')
    """
    rule = next(rule for rule in RULES if rule.holds(value))
    return rule.verdict, rule.code


def judge_costs(
    beside: pd.DataFrame, by_price: pd.DataFrame | None, effect: tuple[str, str], study: Study
) -> pd.DataFrame:
    """Return ``perspective``, ``verdict`` and ``reasons`` (a code) for every perspective.

    Parameters
    ----------
    beside, by_price : pandas.DataFrame
        Tables ``cost_effectiveness`` and ``acceptability``, or as released.
    effect : (str, str)
        Verdict and codes of the analysis whose effect is bought.
    study : Study
    """
    rows = []
    for _, row in beside.iterrows():
        known = Value(
            str(row["status"]),
            *effect,
            dominates=_or_none(row["share_se"]),
            dominated=_or_none(row["share_nw"]),
            acceptability=_at(by_price, str(row["perspective"]), study),
        )
        verdict, code = decide(known)
        rows.append({"perspective": str(row["perspective"]), "verdict": verdict, "reasons": code})
    return pd.DataFrame(rows, columns=["perspective", "verdict", "reasons"])


def _or_none(share: float) -> float:
    return float(share) if np.isfinite(share) else 0.0


def _at(by_price: pd.DataFrame | None, perspective: str, study: Study) -> float:
    """Return the acceptability at the price that the study states, missing without one."""
    if by_price is None or study.costs is None or study.costs.worth is None:
        return np.nan
    mine = (by_price["perspective"].astype("str") == perspective) & (by_price["willingness"] == study.costs.worth)
    found = by_price.loc[mine, "acceptability"]
    return float(found.iloc[0]) if len(found) else np.nan
