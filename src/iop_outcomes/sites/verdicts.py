"""The verdict of several sites together: the rules of one study, and what only sites can show."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from iop_outcomes.conclude.evidence import COMPLETE, ENOUGH_KNOWN, UNEXAMINED, Evidence, Interval
from iop_outcomes.conclude.judging import FIRST, OTHERS, OTHERS_AFTER_A_DIFFERENCE
from iop_outcomes.conclude.verdict import Decision, decide
from iop_outcomes.sites.pooling import FEWEST, Pooled
from iop_outcomes.stats.multiplicity import adjust_p_values
from iop_outcomes.tables.conclusion import (
    BETTER,
    CANNOT_TELL,
    DIFFERENT,
    FURTHER,
    INCONCLUSIVE,
    NO_DIFFERENCE,
    PRIMARY,
    SECONDARY,
    WITHHELD,
    WORSE,
)
from iop_outcomes.tables.measure import measure_of

_SHOWS = (BETTER, WORSE, DIFFERENT)


@dataclass(frozen=True)
class OverSites:
    """What the rules of sites look at: the evidence, the verdict that one study would get, and how sites spread.

    Attributes
    ----------
    n_used : int
        Sites that were pooled.
    evidence : Evidence or None
        None with too few sites.
    alone : Decision or None
        By the rules of one study.
    without : tuple of Interval
        Pooled without each site in turn.
    prediction : Interval or None
        Where the effect at a further site lies.
    """

    n_used: int
    evidence: Evidence | None = None
    alone: Decision | None = None
    without: tuple[Interval, ...] = ()
    prediction: Interval | None = None

    @property
    def shows(self) -> bool:
        """Is a difference shown by the rules of one study?"""
        return self.alone is not None and self.alone.verdict in _SHOWS


@dataclass(frozen=True)
class SiteRule:
    """A row of the table; see ``conclude.verdict.Rule``. Where none holds, the rules of one study decide."""

    code: str
    verdict: str
    when: str
    holds: Callable[[OverSites], bool]


def _beyond_margin(over: OverSites) -> bool:
    reach = over.prediction
    if over.evidence is None or over.alone is None or reach is None or over.alone.verdict != NO_DIFFERENCE:
        return False
    return max(abs(reach.low), abs(reach.high)) > over.evidence.margin


RULES: tuple[SiteRule, ...] = (
    SiteRule(
        "too_few_sites",
        WITHHELD,
        f"fewer than {FEWEST} sites can be pooled, so that nobody knows how much sites differ",
        lambda o: o.n_used < FEWEST,
    ),
    SiteRule(
        "hangs_on_one_site",
        INCONCLUSIVE,
        "a difference would be shown, and without one of the sites it would not be",
        lambda o: o.shows and o.evidence is not None and any(w.side != o.evidence.side for w in o.without),
    ),
    SiteRule(
        "sites_differ",
        CANNOT_TELL,
        "no difference would be shown, and at a further site one that matters is possible: the mean of unlike sites "
        "is no answer for any of them",
        _beyond_margin,
    ),
)

#: Added to a difference.
REMARK = SiteRule(
    "another_site_may_not",
    "",
    "a difference is shown, and the interval for a further site holds none",
    lambda o: o.shows and o.prediction is not None and o.prediction.side == 0,
)


def judge_sites(pooled: Sequence[Pooled], made_up: dict[str, bool]) -> dict[str, Decision]:
    """Return the verdict on every analysis of several sites, by its name.

    Parameters
    ----------
    pooled : sequence of Pooled
        In the order of the study.
    made_up : dict of str to bool
        Does an analysis's outcome make something of what nobody saw?
    """
    evidence = {one.analysis: _evidence(one, made_up[one.analysis]) for one in pooled if one.whole is not None}
    p_values = {one.analysis: float(one.whole["p_value"]) for one in pooled if one.whole is not None}
    others = [name for name, own in evidence.items() if own.place == SECONDARY]
    adjusted = dict(zip(others, adjust_p_values([p_values[name] for name in others]), strict=True))
    found: dict[str, Decision] = {}
    allowed = OTHERS
    for one in pooled:
        own = evidence.get(one.analysis)
        if own is not None:
            answer = evidence.get(str(one.first["answer"]))
            own = replace(
                own,
                p_adjusted=float(adjusted.get(one.analysis, np.nan)),
                p_allowed={PRIMARY: FIRST, SECONDARY: allowed}.get(own.place, np.nan),
                answer_side=answer.side if answer is not None and own.place == FURTHER else 0,
            )
        found[one.analysis] = _decided(one, own)
        if own is not None and own.place == PRIMARY and found[one.analysis].verdict in _SHOWS:
            allowed = OTHERS_AFTER_A_DIFFERENCE
    return found


def _decided(pooled: Pooled, evidence: Evidence | None) -> Decision:
    over = OverSites(len(pooled.used))
    if evidence is not None and pooled.whole is not None and pooled.without is not None:
        turned = int(measure_of(pooled.first["measure"]).follows) < 0
        without = tuple(_turned(row, turned) for _, row in pooled.without.iterrows())
        prediction = _turned(pooled.whole, turned, ("prediction_low", "prediction_high"))
        over = OverSites(len(pooled.used), evidence, decide(evidence), without, prediction)
    rule = next((rule for rule in RULES if rule.holds(over)), None)
    if rule is not None or over.alone is None:
        return Decision(rule.verdict if rule else WITHHELD, (rule.code if rule else "too_few_sites",))
    return replace(over.alone, codes=(*over.alone.codes, *([REMARK.code] if REMARK.holds(over) else [])))


def _evidence(pooled: Pooled, made_up: bool) -> Evidence:
    first, used = pooled.first, pooled.used
    measure = measure_of(first["measure"])
    good = {"higher": 1, "lower": -1}.get(str(first["better"]), 0)
    few_known = made_up or bool((used["known_share"] < ENOUGH_KNOWN).any())
    return Evidence(
        _turned(pooled.whole, measure.follows < 0),
        measure=measure.name,
        margin=measure.from_no_difference(float(used["margin"].min())),
        # The table says which way of the measure is good, and an interval is turned to the way of the outcome.
        good=good * measure.follows,
        place=str(first["place"]),
        missing=UNEXAMINED if few_known else COMPLETE,
    )


def _turned(row: Any, over: bool, ends: tuple[str, str] = ("ci_low", "ci_high")) -> Interval:
    value, low, high = (float(row[name]) for name in ("value", *ends))
    return Interval(-value, -high, -low) if over else Interval(value, low, high)
