"""How the arms came in: assigned when care had begun, lost before time zero, measured too late.

Each is decided after the assignment. An arm that one enters by staying is an arm of those who stayed, whatever their
baseline says.
"""

from collections.abc import Collection, Iterator, Sequence

import numpy as np
import pandas as pd

from iop_outcomes.designs.judge.gate import FAIL, NOT_EVALUATED, PASS, WARN, share_of_people, stepped
from iop_outcomes.designs.judge.recording import never_used

Row = tuple[str, float, float, str, str]

#: Standard errors beyond which a difference in losses is not chance.
NOT_CHANCE = 2.0


def judge_entry(entry: pd.DataFrame, arms: tuple[str, str], thresholds) -> list[Row]:
    """Return the checks ``assigned_late``, ``lost_before_time_zero`` and ``never_came`` of two arms.

    Parameters
    ----------
    entry : DataFrame
        Table of that contract.
    arms : (str, str)
    thresholds : GateThresholds

    Returns
    -------
    list of (check, value, threshold, status, reason)
    """
    of_arm = entry.set_index("arm").loc[list(arms)]
    if not of_arm["n_assigned"].all():
        return []
    rows = [_late(of_arm, thresholds.max_late_share), _lost(of_arm, thresholds.max_loss_difference)]
    return [*rows, _never_came(of_arm)] if of_arm["n_begun"].all() else rows


def with_late_arms_named(impossible: pd.DataFrame, entry: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of comparisons that could not be made, with what to do where an arm is empty for being late.

    Parameters
    ----------
    impossible : DataFrame
        Rows of the ``diagnostic`` contract.
    entry : DataFrame
        Table of that contract.
    """
    of_arm = entry.set_index("arm")
    late = set(of_arm.index[(of_arm["n_late"] > 0) & (of_arm["n_late"] == of_arm["n_assigned"])])

    def explained(row: pd.Series) -> str:
        named = [arm for arm in (row["arm"], row["against"]) if arm in late]
        if not named:
            return row["reason"]
        return (
            f"{row['reason']}; everybody assigned to '{named[0]}' was assigned when they had been in care for longer "
            "than cohort.assignment.grace_days: date each assignment by the day it was first made"
        )

    return impossible.assign(reason=[explained(row) for _, row in impossible.iterrows()])


def _late(of_arm: pd.DataFrame, threshold: float) -> Row:
    check = "assigned_late"
    if not of_arm["n_begun"].all():
        reason = "the source does not say when care began, so that nobody can say whether the assignment came first."
        return check, np.nan, threshold, NOT_EVALUATED, reason
    late, kept = (of_arm[column] / of_arm["n_assigned"] for column in ("n_late", "n_in_grace"))
    worst = str(late.idxmax())
    value, said = _share(of_arm, late, worst)
    if late.max() > threshold:
        reason = (
            f"{said} of those assigned to {worst} were assigned when they had been in care for longer than the grace, "
            f"more than the {threshold:.0%} allowed: whoever left before could not be among them. Date each assignment "
            "by the day it was first made."
        )
        return check, value, threshold, FAIL, reason
    if late.any():
        reason = f"{said} of those assigned to {worst} were assigned when care had begun, and are left out."
        return check, value, threshold, WARN, reason
    if abs(kept.iloc[0] - kept.iloc[1]) > threshold:
        _, said = _share(of_arm, kept, str(kept.idxmax()))
        reason = (
            f"{said} of those assigned to {kept.idxmax()} were assigned within the grace after care began, unlike "
            "the other arm."
        )
        return check, value, threshold, WARN, reason
    return check, value, threshold, PASS, "nobody was assigned when care had begun, beyond the grace."


def _lost(of_arm: pd.DataFrame, threshold: float) -> Row:
    check = "lost_before_time_zero"
    lost = of_arm["n_lost"] / of_arm["n_assigned"]
    gap, chance = abs(lost.iloc[0] - lost.iloc[1]), np.sqrt((lost * (1 - lost) / of_arm["n_assigned"]).sum())
    (one, said_one), (other, said_other) = (_share(of_arm, lost, str(arm)) for arm in of_arm.index)
    value = abs(one - other)
    if not lost.any():
        return check, 0.0, threshold, PASS, "nobody was lost between assignment and time zero."
    reason = (
        f"{said_one} of those assigned to {of_arm.index[0]} and {said_other} of those assigned to {of_arm.index[1]} "
        "were lost before time zero (never started, died, or no longer observed)"
    )
    if gap > threshold and gap > NOT_CHANCE * chance:
        advice = "compare those who were assigned, with time_zero: assignment"
        return check, value, threshold, FAIL, f"{reason}, a gap of more than the {threshold:.0%} allowed: {advice}."
    return check, value, threshold, WARN, f"{reason}; the comparison is of those who were left."


def _never_came(of_arm: pd.DataFrame) -> Row:
    """Return whether one arm's records know only of those who came: who never did is there for the other to lose."""
    check, never = "never_came", (of_arm["n_assigned"] - of_arm["n_begun"]).rename("never came")
    unknown = [arm for _, arm in never_used(never.to_frame().T, of_arm["n_assigned"])]
    if not unknown:
        return check, 0.0, 0.0, PASS, "the records of both arms know of people who never came, or neither's do."
    other = str(next(arm for arm in of_arm.index if arm != unknown[0]))
    value, said = _share(of_arm, never / of_arm["n_assigned"], other)
    reason = (
        f"{said} of those assigned to {other} never came, and nobody of {unknown[0]} is on record as such: its records "
        "begin with the first visit, so that it has lost fewer people on paper. Add those who were assigned and never "
        "came, or compare those who came, with time_zero: admission."
    )
    return check, value, 0.0, FAIL, reason


def judge_baseline_days(
    entry: pd.DataFrame, arms: tuple[str, str], covariates: Sequence[str], stated: Collection[str], dated: bool
) -> Iterator[Row]:
    """Yield the check ``baseline_days``: is it known that the covariates were measured by time zero?

    Parameters
    ----------
    entry : DataFrame
        Table of that contract.
    arms : (str, str)
    covariates : sequence of str
        Covariates of the study that the source measured at baseline; of none there is nothing to say.
    stated : collection of str
        Those that the study states were measured by assignment.
    dated : bool
        Does the source say on which day the baseline was measured?
    """
    if not len(covariates):
        return
    of_arm = entry.set_index("arm").loc[list(arms)]
    late = of_arm["n_baseline_late"] / of_arm["n_assigned"].clip(lower=1)
    undated = [] if dated else [name for name in covariates if name not in stated]
    value, said = _share(of_arm, late, str(late.idxmax()))
    if late.any():
        status, reason = WARN, f"{said} of the baselines of {late.idxmax()} were measured after time zero: not used"
    elif undated:
        named = ", ".join(undated)
        status, reason = WARN, f"no day is on record on which {named} {'was' if len(undated) == 1 else 'were'} measured"
        reason += f"; add measured_day to baseline, or state measured_by_assignment: [{named}]"
    elif dated:
        status, reason = PASS, "all baselines were measured by time zero"
    else:
        status, reason = PASS, f"the study states that {', '.join(covariates)} were measured by the day of assignment"
    yield "baseline_days", value, 0.0, status, f"{reason}."


def _share(of_arm: pd.DataFrame, share: pd.Series, arm: str) -> tuple[float, str]:
    """Return an arm's share as a number and in words, both so coarse that no few people can be counted from it."""
    n = int(of_arm.loc[arm, "n_assigned"])
    return stepped(share[arm], n), share_of_people(share[arm], n)
