"""What was perhaps known only in hindsight, and how often each arm was tested."""

import numpy as np
import pandas as pd

from iop_outcomes.designs.judge.gate import (
    FAIL,
    NAMED_AT_MOST,
    NOT_EVALUATED,
    PASS,
    WARN,
    share_of_people,
    stepped,
)

Row = tuple[str, float, float, str, str]

#: A tie that is all but complete: the one was made from the other.
DETERMINED = 0.9
#: Check that concerns outcomes of drug tests and no others, and how many times as often is too often to read them.
TESTING, OBTAINED, FAR_MORE = "testing_by_arm", "tests_obtained", 2.0
_CALLED = {"arm": "the arm", "covariate": "the covariate {}", "rule": "the eligibility rule “{}”"}


def judge_hindsight(hindsight: pd.DataFrame, threshold: float) -> Row:
    """Return the check ``hindsight``: does anything that decides the comparison go with what came later?

    Parameters
    ----------
    hindsight : DataFrame
        Table of that contract.
    threshold : float
        Closest tie that raises no suspicion; all but complete ties fail.
    """
    check = "hindsight"
    if hindsight.empty:
        return check, np.nan, threshold, NOT_EVALUATED, "the source does not say how long people stayed or attended."
    ordered = hindsight.astype({"role": "str", "name": "str", "later": "str"})
    ordered = ordered.sort_values(["strength", "role", "name"], ascending=[False, True, True])
    suspicious = ordered[ordered["strength"] > threshold]
    if suspicious.empty:
        # Whoever knew how the arm goes with the stay would know an outcome before its analysis.
        value = ordered.loc[ordered["role"] != "arm", "strength"].max()
        return check, float(value), threshold, PASS, "no covariate and no rule goes closely with staying or attending."
    named = [_in_words(row) for row in suspicious.head(NAMED_AT_MOST).itertuples()]
    value = float(suspicious["strength"].iloc[0])
    fails = value > DETERMINED
    said = "all but determined by it" if fails else "so closely as few things do that were known before"
    reason = f"{'; '.join(named)}: {said}. Make sure that it was recorded by the day of assignment, or leave it out."
    return check, value, threshold, FAIL if fails else WARN, reason


def _in_words(row) -> str:
    called = _CALLED[row.role].format(row.name)
    return f"{called} goes with {row.later} ({row.strength:.2f} of 1)"


def judge_testing(surveillance: pd.DataFrame, arms: tuple[str, str], thresholds) -> list[Row]:
    """Return the checks ``testing_by_arm`` and, where missed tests are on record, ``tests_obtained``.

    Parameters
    ----------
    surveillance : DataFrame
        Table of that contract; of a source without drug tests there is nothing to say.
    arms : (str, str)
    thresholds : GateThresholds
    """
    of_arm = surveillance.set_index("arm").reindex(list(arms))
    if surveillance.empty or not of_arm["weeks_in_care"].gt(0).all():
        return []
    rows = [_schedule(of_arm, thresholds.max_testing_ratio)]
    if (of_arm["n_due"] > of_arm["n_obtained"]).any() and (of_arm["n_due"] > 0).all():
        rows.append(_obtained(of_arm, thresholds.max_obtained_difference))
    return rows


def _schedule(of_arm: pd.DataFrame, threshold: float) -> Row:
    rate = of_arm["n_due"] / of_arm["weeks_in_care"]
    said = " and ".join(f"{size:.1f} a week in {arm}" for arm, size in rate.items())
    value = float(rate.max() / rate.min()) if rate.min() > 0 else (1.0 if rate.max() == 0 else np.inf)
    reason = f"while in care people were tested, or a test was due, {said}"
    if value <= threshold:
        return TESTING, value, threshold, PASS, f"{reason}."
    reason += (
        f", more than {threshold:g} times as often in one arm: whoever is tested more is found positive more. Thin the "
        "schedules to what both arms share (urine_thinning), or read no outcome of drug tests as a difference in use."
    )
    return TESTING, value, threshold, FAIL if value > FAR_MORE else WARN, reason


def _obtained(of_arm: pd.DataFrame, threshold: float) -> Row:
    share = of_arm["n_obtained"] / of_arm["n_due"]
    due = {arm: int(n) for arm, n in of_arm["n_due"].items()}
    said = " and ".join(f"{share_of_people(size, due[arm])} in {arm}" for arm, size in share.items())
    gap = float(abs(share.iloc[0] - share.iloc[1]))
    value, reason = stepped(gap, min(due.values())), f"of the tests due while in care {said} were obtained"
    if gap <= threshold:
        return OBTAINED, value, threshold, PASS, f"{reason}."
    reason += f", a gap of more than the {threshold:.0%} allowed: what is made of missing tests decides the answer."
    return OBTAINED, value, threshold, WARN, reason
