"""What a verdict must know beside the estimates: of how many people an outcome is known, and until when."""

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from iop_outcomes.designs.judge.concerns import OF_SOME, concerns
from iop_outcomes.designs.judge.door import EPISODES
from iop_outcomes.designs.judge.due import BY_PLAN
from iop_outcomes.designs.judge.gate import WARN
from iop_outcomes.designs.judge.over_time import OVER_TIME
from iop_outcomes.designs.judge.twice import ADMITTED_AGAIN, ONCE
from iop_outcomes.study.outcome import Outcome
from iop_outcomes.tables.comparison import of_arms
from iop_outcomes.tables.measure import HAZARD, measure_of

T = TypeVar("T")

#: Checks of the gate whose warning says that the arms may differ for another reason than what they were assigned to.
OF_BIAS = (
    "unadjusted_imbalance",
    "site_balance",
    "hindsight",
    "lost_before_time_zero",
    "assigned_late",
    "calendar_overlap",
    OVER_TIME,
    "products",
    "prescribed_alike",
    EPISODES,
)
#: Checks whose warning says what an answer costs, or of whom it speaks, and nothing against it.
OF_REACH = ("few_sites", "extreme_scores", "matched_treated", ONCE, ADMITTED_AGAIN)
#: Observation that ends this many days after care, or sooner, ends with it.
DAYS_AFTER = 1
#: Share of those who left before the end of follow-up for whom observation must end with care to be named.
MOST_OF_THEM = 0.5


@dataclass(frozen=True)
class Known:
    """Of how many people of two arms an outcome is known; ``least`` is the share in the arm that has less."""

    n: float
    n_people: float
    least: float

    @property
    def share(self) -> float:
        """The share of both arms together."""
        return self.n / self.n_people


@dataclass(frozen=True)
class Facts:
    """Facts of a study that its estimates do not hold.

    Attributes
    ----------
    counts : pandas.DataFrame or None
        ``outcome``, ``arm``, ``n`` (known) and ``n_people``, missing where they may not be shown.
    ends_with_care : bool
        Does observation end with care for most of those who left?
    diagnostic : pandas.DataFrame or None
        Table of that contract.
    unlike_lengths : mapping of (str, str) to float
        Pairs of arms in which completed treatment lasts unlike, with the day on which the shorter ends.
    cut_short : collection of (str, str, str)
        Outcomes and pairs of arms of which one has many more whose observation ended while they were in care.
    """

    counts: pd.DataFrame | None = None
    ends_with_care: bool = False
    diagnostic: pd.DataFrame | None = None
    unlike_lengths: Mapping[tuple[str, str], float] = field(default_factory=dict)
    cut_short: Collection[tuple[str, str, str]] = ()
    #: What was asked before: hundreds of analyses ask the same of a handful of comparisons.
    _told: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def _once(self, key: Hashable, make: Callable[[], T]) -> T:
        if key not in self._told:
            self._told[key] = make()
        found: T = self._told[key]
        return found

    def planned_apart(self, arms: tuple[str, str], outcome: Outcome, measure: str, day: float) -> bool:
        """Return whether an outcome differs between two arms for the length of their programmes alone.

        Before the day on which the shorter one ends it does not; nor do rates of dropout among those still in care.
        """
        end = self.unlike_lengths.get(arms, self.unlike_lengths.get(arms[::-1]))
        if end is None or not outcome.hangs_on_length:
            return False
        if measure_of(measure).of == HAZARD:
            return outcome.is_length
        asked = outcome.settings.get("day", outcome.settings.get("window_days", day))
        return not (isinstance(asked, (int, float)) and asked < end)

    def known_of_leavers(self, arms: tuple[str, str], outcome: Outcome) -> bool:
        """Return whether an outcome of staying or leaving is known of those who left and not of those who stayed."""
        one, other = sorted(arms)
        return outcome.hangs_on_length and (outcome.name, one, other) in self.cut_short

    def counts_what_is_planned(self, arms: tuple[str, str], design: str, outcome: Outcome) -> bool:
        """Return whether an outcome differs between two arms for what each of them plans alone."""
        return bool(self._warned(arms, design, tuple(BY_PLAN[plan] for plan in outcome.by_plan)))

    def warnings(self, arms: tuple[str, str], design: str, outcome: Outcome) -> dict[str, str]:
        """Return the reasons of those checks of a comparison that warn of a bias in an outcome, by check."""
        some = tuple(check for check in OF_SOME if concerns(check, outcome))
        return self._warned(arms, design, OF_BIAS + some)

    def remarks(self, arms: tuple[str, str], design: str) -> dict[str, str]:
        """Return the reasons of those checks of a comparison that warn of its reach, by check."""
        return self._warned(arms, design, OF_REACH)

    def _warned(self, arms: tuple[str, str], design: str, checks: tuple[str, ...]) -> dict[str, str]:
        return dict(self._once((arms, design, checks), lambda: self._warned_now(arms, design, checks)))

    def _warned_now(self, arms: tuple[str, str], design: str, checks: tuple[str, ...]) -> dict[str, str]:
        if self.diagnostic is None:
            return {}
        rows = self.diagnostic[of_arms(self.diagnostic, arms, design)]
        rows = rows[(rows["status"].astype("str") == WARN) & rows["check"].astype("str").isin(checks)]
        return dict(zip(rows["check"].astype("str"), rows["reason"].astype("str"), strict=True))

    def known(self, outcome: str, arms: tuple[str, str]) -> Known | None:
        """Return of how many people of two arms an outcome is known, None where that may not be said."""
        return self._once((outcome, arms), lambda: self._known_now(outcome, arms))

    def _known_now(self, outcome: str, arms: tuple[str, str]) -> Known | None:
        if self.counts is None:
            return None
        mine = (self.counts["outcome"].astype("str") == outcome) & self.counts["arm"].astype("str").isin(arms)
        rows = self.counts.loc[mine, ["n", "n_people"]]
        if len(rows) < len(arms) or rows.isna().any(axis=None) or not (rows["n_people"] > 0).all():
            return None
        return Known(float(rows["n"].sum()), float(rows["n_people"].sum()), float((rows["n"] / rows["n_people"]).min()))


def ends_with_care(cohort: pd.DataFrame, outcomes: pd.DataFrame, least: int = 1) -> bool:
    """Return whether most people who left care were not observed any more from then on.

    Parameters
    ----------
    cohort : pandas.DataFrame
        ``member_id``, ``follow_up_end_day``, ``end_reason``.
    outcomes : pandas.DataFrame
        ``member_id``, ``retention_days``, ``retention_ended``.
    least : int
        Of fewer who left nothing is said.
    """
    if "retention_days" not in outcomes or outcomes["retention_days"].isna().all():
        return False
    both = cohort.merge(outcomes[["member_id", "retention_days", "retention_ended"]], on="member_id")
    left = both["retention_ended"].fillna(False).astype(bool) & (both["end_reason"].astype("str") != "death")
    # Those who left on the last day of follow-up would have been seen no longer in any case.
    left &= both["retention_days"] < both["follow_up_end_day"].max() - DAYS_AFTER
    if left.sum() < max(least, 1):
        return False
    with_care = both["follow_up_end_day"] - both["retention_days"] <= DAYS_AFTER
    return bool(np.mean(with_care[left]) > MOST_OF_THEM)


def seen_only_in_care(outcome: Outcome, facts: Facts) -> bool:
    """Return whether an outcome is known only of those who stayed: it needs more than the days of the episode."""
    in_episode = all(need.startswith("episode.") for need in outcome.needs)
    return facts.ends_with_care and bool(outcome.needs) and not in_episode
