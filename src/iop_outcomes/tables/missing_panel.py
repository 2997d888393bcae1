"""What the rows of the check ``missing_panel`` are called: one outcome under every rule for what is missing."""

from collections.abc import Iterable

import pandas as pd

from iop_outcomes.tables.estimate import CHECK

PANEL = "missing_panel"
#: Rules that could each be the answer.
FAILURE, OBSERVED = "missing = failure", "observed only"
WEIGHTED, IMPUTED = "weighted for being observed", "multiple imputation"
PLAUSIBLE = (FAILURE, OBSERVED, WEIGHTED, IMPUTED)
#: Rules that could not, and between which any other lies.
BEST, WORST = "best case", "worst case"
BOUNDS = (BEST, WORST)
#: Shift of the missing outcomes of an arm that is still believed: of log odds, and of other outcomes in standard
#: deviations, of which one log odds is about 0.55 (Chinn S, Stat Med 2000;19:3127-3131).
PLAUSIBLE_SHIFT, PLAUSIBLE_SHIFT_OF_NUMBERS = 1.0, 0.5
#: Shifts of the map, as multiples of that.
STEPS = (-3, -2, -1, 0, 1, 2, 3)

#: Measure of the rows that say how far the missing would have to be from what is expected of them.
TIPPING_SHIFT = "tipping_shift"
TO_NO_DIFFERENCE, TO_OTHER_SIDE = "to no difference", "to the other side"


def scenario(rule: str) -> str:
    """Return what the column ``scenario`` of the ``estimate`` table says of a rule."""
    return f"{PANEL}: {rule}"


def shift(first: float, second: float) -> str:
    """Return the rule by which the missing of both arms are shifted from what is expected of them.

    Examples
    --------
    >>> shift(0.0, -1)
    'shifted by +0 in the first arm, -1 in the second'
    """
    # Adding zero takes the sign from a negative zero.
    return f"shifted by {first + 0.0:+g} in the first arm, {second + 0.0:+g} in the second"


def grid(shifts: Iterable[float] | None, plausible_shift: float) -> list[float]:
    """Return the shifts tried in each arm: none, as much as is believed either way, and those asked for.

    Examples
    --------
    >>> grid(None, 0.5)
    [-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5]
    >>> grid([2], 1.0)
    [-1.0, 0.0, 1.0, 2.0]
    """
    asked = [step * plausible_shift for step in STEPS] if shifts is None else map(float, shifts)
    return sorted({*asked, 0.0, plausible_shift, -plausible_shift})


def shifts_of_one_arm(size: float = PLAUSIBLE_SHIFT) -> tuple[str, ...]:
    """Return the four rules that shift one arm by no more than is believed."""
    return (shift(size, 0), shift(-size, 0), shift(0, size), shift(0, -size))


def tipping(arm: str, goal: str) -> str:
    """Return what a row is of that says how far the missing of an arm, first or second, would have to be shifted."""
    return f"least shift of the {arm} arm {goal}"


def panel_rows(estimate: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the panel of all analyses of an ``estimate`` table."""
    return estimate[(estimate["role"] == CHECK) & (estimate["estimator"] == PANEL)]
