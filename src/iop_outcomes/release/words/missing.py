"""The rules of a panel in words: what is made of missing outcomes, and what they would have to be."""

import numpy as np
import pandas as pd

from iop_outcomes.conclude.missing_panel import plausible_shift, settings_of
from iop_outcomes.release import words
from iop_outcomes.release.words.vocabulary import MISSING_RULES
from iop_outcomes.study import Study
from iop_outcomes.study.outcome import outcome_of
from iop_outcomes.tables.missing_panel import (
    TIPPING_SHIFT,
    TO_NO_DIFFERENCE,
    TO_OTHER_SIDE,
    grid,
    scenario,
    shift,
    shifts_of_one_arm,
    tipping,
)


def rule_in_words(said: str, arms: tuple[str, str], study: Study) -> str:
    """Return the words for a row of a panel; of what is no rule of one, the scenario itself.

    Parameters
    ----------
    said : str
        As the column ``scenario`` of the ``estimate`` table has it.
    arms : tuple of str
        First and second arm.
    study : Study
        Says which shifts were tried.
    """
    first, second = (words.arm(arm) for arm in arms)
    known = {scenario(rule): text.format(first=first, second=second) for rule, text in MISSING_RULES.items()}
    for (one, other), text in shifts_of(study).items():
        known[text] = _shift_in_words((one, first), (other, second))
    for which, arm in (("first", first), ("second", second)):
        for goal in (TO_NO_DIFFERENCE, TO_OTHER_SIDE):
            known[scenario(tipping(which, goal))] = f"what would tip it, missing of {arm}"
    return known.get(said, words.plain(said))


def rules_in_words(said: list[str], row: pd.Series, study: Study) -> list[str]:
    """Return the words for several rows of a panel; shifts of either arm, either way, are said together.

    Parameters
    ----------
    said : list of str
        Scenarios.
    row : pandas.Series
        The analysis of the panel, with its arms and outcome.
    study : Study
    """
    arms, size = (str(row["arm"]), str(row["against"])), plausible_shift(study, str(row["outcome"]))
    shifts = {scenario(rule) for rule in shifts_of_one_arm(size)}
    together = shifts <= set(said)
    rules = [rule_in_words(one, arms, study) for one in said if not (together and one in shifts)]
    unit = outcome_of(study, str(row["outcome"])).unit_of(TIPPING_SHIFT)
    return [*rules, *([f"missing shifted by up to {size:g} {unit} in one arm"] if together else [])]


def shifts_of(study: Study) -> dict[tuple[float, float], str]:
    """Return by the shift of the first and of the second arm what its row is called, for all that a study tries."""
    asked, found = settings_of(study), {}
    for plausible in (asked["plausible_shift"], asked["plausible_shift_of_numbers"]):
        tried = grid(asked["shifts"], plausible)
        found |= {(first, second): scenario(shift(first, second)) for second in tried for first in tried}
    return found


def tipping_in_words(row: pd.Series) -> str:
    """Return what the least shift of an arm means, from the row that holds it.

    Examples
    --------
    A shift of the log odds by -0.7 halves the odds.

    >>> row = {"value": -0.7, "unit": "log odds", "arm": "iop", "against": "outpatient"}
    >>> row["scenario"] = scenario(tipping("second", TO_NO_DIFFERENCE))
    >>> print(tipping_in_words(pd.Series(row)))
    Chance could explain the difference if the odds of the missing of outpatient care were 0.50 times what is expected.
    """
    said, value = str(row["scenario"]), float(row["value"])
    goals = {scenario(tipping(which, TO_NO_DIFFERENCE)): which for which in ("first", "second")}
    arm = words.arm(row["arm"] if "first arm" in said else row["against"])
    ends = "chance could explain the difference" if said in goals else "the estimate would be no difference"
    if not np.isfinite(value):
        takes = "let chance explain the difference" if said in goals else "take the difference away"
        return f"No shift of the missing of {arm} that was tried would {takes}."
    if said in goals and value == 0:
        return "Chance could explain the difference as it is."
    if row["unit"] == "log odds":
        how = f"the odds of the missing of {arm} were {words.number(np.exp(value), 2)} times what is expected"
    else:
        way = "above" if value > 0 else "below"
        size = words.number(abs(value), 2)
        how = f"the missing of {arm} were {size} standard deviations {way} what is expected"
    return words.capital(f"{ends} if {how}.")


def _shift_in_words(first: tuple[float, str], second: tuple[float, str]) -> str:
    moved = [f"{shift:+g} in {arm}".replace("-", "\N{MINUS SIGN}") for shift, arm in (first, second) if shift]
    return f"missing shifted by {words.joined(moved)}" if moved else "missing as expected"
